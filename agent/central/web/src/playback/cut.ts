/** A span to export, as it is being chosen: pure. All times are milliseconds of the epoch. */

import type { Stretch } from "./time";

/** The gateway cuts at most so much at once. */
export const LONGEST_CUT_MS = 600_000;
export const SHORTEST_CUT_MS = 1_000;

/** `to` is undefined until an edge was set by itself: till then the span reaches from there to the playhead. */
export interface Cut {
  from: number;
  to: number | undefined;
}
export type Edge = "from" | "to";

/** The span that is meant, with the playhead there; never longer than a gateway cuts. */
export function spanOf(cut: Cut, at: number): Stretch {
  if (cut.to !== undefined) return { from: cut.from, to: cut.to };
  const from = Math.min(cut.from, at);
  return { from, to: Math.min(Math.max(cut.from, at), from + LONGEST_CUT_MS) };
}

/** With one edge moved there, as far as the other lets it. */
export function edged({ from, to }: Stretch, edge: Edge, at: number): Stretch {
  const between = (least: number, most: number) => Math.min(most, Math.max(least, at));
  if (edge === "from") return { from: between(to - LONGEST_CUT_MS, to - SHORTEST_CUT_MS), to };
  return { from, to: between(from + SHORTEST_CUT_MS, from + LONGEST_CUT_MS) };
}

/** What keeps it from being exported; `reason` is undefined for who needs none. */
export function lacking({ from, to }: Stretch, reason: string | undefined): "length" | "reason" | undefined {
  if (to - from < SHORTEST_CUT_MS) return "length";
  return reason === "" ? "reason" : undefined;
}
