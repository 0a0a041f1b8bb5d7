/** The playhead: one wall time for all pictures. It waits while one of them is not there yet. */

export const SPEEDS = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16] as const;

export interface Head {
  at: number;
  playing: boolean;
  speed: number;
}

/** Where it is `elapsed` milliseconds later; `held` while a picture is waited for. At `limit` it goes on with the limit. */
export function advanced(head: Head, elapsed: number, held: boolean, limit: number): Head {
  if (!head.playing || held) return head;
  const at = head.at + Math.min(elapsed, LONGEST_STEP_MS) * head.speed;
  return { ...head, at: Math.max(head.at, Math.min(at, limit)) };
}
/** A page in the background is woken once a second: what it did not show it did not play. */
const LONGEST_STEP_MS = 250;

/** A picture that is further off than this is moved; less is caught up by itself. */
export const driftAllowed = (speed: number) => 0.12 * Math.max(1, speed);
