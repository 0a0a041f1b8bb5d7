/** A piece may be answered by a longer clip that others asked for: pure. */

import type { Clip } from "../api/types";
import type { Stretch } from "./time";

/** A clip ends with its last picture, which may be so long before the end that was asked for; the centre bears as much. */
const LAST_PICTURE_MS = 1_000;

/** Did a longer clip come to nothing, or without the piece, or did another who shared it call it off? Then it is asked for once more. */
export function lentInVain(clip: Clip, { from, to }: Stretch): boolean {
  if (clip.state === "cancelled") return true;
  if (Date.parse(clip.start) >= from && Date.parse(clip.end) <= to) return false;
  if (clip.state === "failed") return true;
  if (clip.state !== "ready" || !clip.actual_start || !clip.actual_end) return false;
  return Date.parse(clip.actual_start) > from || Date.parse(clip.actual_end) < to - LAST_PICTURE_MS;
}
