/** The footage that is nearest to a moment at which there is none. */

import * as api from "../api/client";
import { cameraOf } from "../events/filter";
import type { Stretch } from "./time";

const DAY_MS = 24 * 3_600_000;
/** It is looked for further and further away. */
const REACHES_MS = [DAY_MS / 24, DAY_MS, 7 * DAY_MS, 31 * DAY_MS];
/** Of what ended before, the last is shown from so long before its end. */
const TAIL_MS = 10_000;

/** Where to go: the begin of what comes after, or the end of what was before, whichever is nearer. */
export function nearestIn(spans: readonly Stretch[], at: number): number | undefined {
  let best: { far: number; to: number } | undefined;
  for (const { from, to } of spans) {
    const far = at < from ? from - at : Math.max(0, at - to);
    if (best === undefined || far < best.far) best = { far, to: at < from ? from : Math.max(from, Math.min(at, to - TAIL_MS)) };
  }
  return best?.to;
}

/** Of one camera, at most a month away; undefined: there is none. */
export async function nearestFootage(camera: string, at: number): Promise<number | undefined> {
  for (const reach of REACHES_MS) {
    const { spans } = await api.recorded(cameraOf(camera), new Date(at - reach).toISOString(), new Date(at + reach).toISOString(), 0);
    const found = nearestIn(spans.map(({ start, end }) => ({ from: Date.parse(start), to: Date.parse(end) })), at);
    if (found !== undefined) return found;
  }
  return undefined;
}
