/** Incidents that are open, and those of the last day, kept true by what the centre tells. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Incident } from "../api/types";
import { useCell } from "../cell";
import { centreNow, onIncident, refetch } from "../news";
import { withIncident } from "./incident";

const DAY_MS = 86_400_000;
const KEY = "lamppost.incidents";

export function useIncidents(): readonly Incident[] {
  const [list, set] = useState<readonly Incident[]>([]);
  const generation = useCell(refetch);
  useEffect(() => {
    let stale = false;
    const meanwhile: Incident[] = []; // told while the answer was on its way
    api.incidents(new Date(centreNow() - DAY_MS)).then(
      (found) => stale || set([...found, ...meanwhile].reduce(withIncident, [])),
      () => undefined, // what is known stays; the banner tells of the connection, and the next hello looks again
    );
    const stop = onIncident((told) => {
      meanwhile.push(told);
      set((old) => withIncident(old, told));
    });
    return () => {
      stale = true;
      stop();
    };
  }, [generation]);
  return list;
}

/** Are they on the map? As this browser was told last; at first they are. */
export function useShown(): [shown: boolean, show: (on: boolean) => void] {
  const [shown, set] = useState(() => localStorage.getItem(KEY) !== "off");
  const show = (on: boolean) => {
    localStorage.setItem(KEY, on ? "on" : "off");
    set(on);
  };
  return [shown, show];
}
