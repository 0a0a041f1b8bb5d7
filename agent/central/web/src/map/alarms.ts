/** Alarms that nobody has seen to yet, by camera, as long as they are open. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { addressOf, cameraKey, everything } from "../events/filter";
import { paced } from "../events/paced";
import { onEvent, refetch } from "../news";

export type OpenAlarms = ReadonlyMap<string, number>;

const STEP_MS = 2_000;
const NONE: OpenAlarms = new Map();

/** Where they are listed: of one camera, or of all. */
export const alarmsPath = (camera?: string) => `/events${addressOf({ ...everything, camera, alarms: true, state: "open" })}`;

/** Could it have opened or closed an alarm? One that was made none says only that somebody has seen to it. */
const matters = ({ severity, review }: LamppostEvent) => severity === "alarm" || review.version > 0;

export function useOpenAlarms(): OpenAlarms {
  const [open, set] = useState(NONE);
  const generation = useCell(refetch);
  useEffect(() => {
    let newest = 0;
    const look = () => {
      const asked = ++newest;
      api.openAlarms().then(
        (cameras) => asked === newest && set(new Map(cameras.map((one) => [cameraKey(one), one.count]))),
        () => undefined, // what is known stays; the banner tells of the connection, and the next hello looks again
      );
    };
    look();
    const news = paced<LamppostEvent>(look, STEP_MS);
    const stop = onEvent((event) => matters(event) && news.push(event));
    return () => {
      newest = -1;
      stop();
      news.stop();
    };
  }, [generation]);
  return open;
}
