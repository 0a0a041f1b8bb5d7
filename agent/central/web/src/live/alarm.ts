/** Which camera has the newest alarm: for a wall that follows them. */

import { useEffect, useState } from "preact/hooks";
import { cell, useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { isNews } from "../events/sound";
import { clockAhead, onEvent } from "../news";

const KEY = "lamppost.follow";
const STAYS_MS = 30_000;

const following = cell<boolean>(localStorage.getItem(KEY) === "on");

export function useFollowing(): [on: boolean, set: (on: boolean) => void] {
  const set = (on: boolean) => {
    localStorage.setItem(KEY, on ? "on" : "off");
    following.set(on);
  };
  return [useCell(following), set];
}

/** `site/gateway/camera` of the newest alarm, for half a minute. */
export function useAlarm(on: boolean): string | undefined {
  const [key, set] = useState<string>();
  useEffect(() => {
    if (!on) return undefined;
    const seen = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onEvent((event) => {
      if (!isNews(event, seen, Date.now() + clockAhead.value)) return;
      seen.add(event.id);
      set(cameraKey(event));
      clearTimeout(timer);
      timer = setTimeout(() => set(undefined), STAYS_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
      set(undefined);
    };
  }, [on]);
  return key;
}
