/** Holes in what a camera recorded: pure. */

import type { Recordings } from "../api/types";

export interface Gap {
  from: number;
  /** undefined: it goes on */
  to: number | undefined;
  /** why the footage before it ended */
  reason: string;
}

/** A recording that goes on is told of a segment late. */
export const LATE_MS = 180_000;

/** The newest first; before the first span nothing is known. */
export function gapsOf(spans: Recordings["spans"], now: number): Gap[] {
  const sorted = [...spans].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  const found = sorted.flatMap(({ end, reason }, index): Gap[] => {
    const from = Date.parse(end);
    const next = sorted[index + 1];
    if (!next) return now - from > LATE_MS ? [{ from, to: undefined, reason }] : [];
    const to = Date.parse(next.start);
    return to > from ? [{ from, to, reason }] : [];
  });
  return found.reverse();
}
