/** How much what is found looks like what is looked for, and where that ends: pure. */

import type { Track } from "../api/types";

/**
 * Below that two are not called alike. Of colours it takes more than one of two parts, of looks less than the 0.72 by which
 * a gateway knows somebody again at one camera: between cameras light and view differ.
 */
export const ALIKE = 0.6;

type Ranked = Pick<Track, "likeness">;

export const isAlike = ({ likeness }: Ranked): boolean => likeness === null || likeness >= ALIKE;

/** How many are alike, of those that are ranked; undefined while all of them are: what is less alike may be further on. */
export function alikeIn(ranked: readonly Ranked[]): number | undefined {
  const end = ranked.findIndex((one) => !isAlike(one));
  return end < 0 ? undefined : end;
}
