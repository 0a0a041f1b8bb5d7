/** Which camera has the newest alarm, or looks at where the newest incident is: for a wall that follows them. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { CameraName } from "../api/types";
import { cell, useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { isNewIncident, isNews } from "../events/sound";
import { centreNow, onEvent, onIncident } from "../news";

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
    let over = false;
    const show = (hot: CameraName) => {
      if (over) return;
      set(cameraKey(hot));
      clearTimeout(timer);
      timer = setTimeout(() => set(undefined), STAYS_MS);
    };
    const look = async (id: string) => {
      const { cameras } = await api.incident(id);
      const first = cameras.find(({ covers }) => covers);
      if (first) show(first);
    };
    const stops = [
      onEvent((event) => {
        if (!isNews(event, seen, centreNow())) return;
        seen.add(event.id);
        show(event);
      }),
      onIncident((incident) => {
        if (!isNewIncident(incident, seen, centreNow())) return;
        seen.add(incident.id);
        look(incident.id).catch(() => undefined); // the wall stays as it is
      }),
    ];
    return () => {
      over = true;
      for (const stop of stops) stop();
      clearTimeout(timer);
      set(undefined);
    };
  }, [on]);
  return key;
}
