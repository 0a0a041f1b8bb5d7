/** How much moved, for the timeline: pure. Where nobody looked there is nothing, not a line from one side to the other. */

import type { Recordings } from "../api/types";
import type { Stretch } from "./time";

/** A level for each `step` ms from `from` on, null where nobody looked: ten times the root of the moving share in percent. */
export interface Motion {
  from: number;
  step: number;
  levels: readonly (number | null)[];
}

/** The height of the drawing: its units go up to here. */
export const HEIGHT = 100;
/** Where a quarter of the picture moves the strip is full. */
const FULL_LEVEL = 50;
/** So high where somebody looked and nothing moved. */
const FLOOR = 10;

export const motionOf = (told: Recordings["motion"]): Motion | undefined => (told ? { from: Date.parse(told.start), step: told.step_s * 1000, levels: told.levels } : undefined);

const top = (level: number) => Math.max(0, Math.round((HEIGHT - FLOOR) * (1 - level / FULL_LEVEL)));

/** An SVG path of columns, one unit wide for each step: a closed shape for every run in which somebody looked. */
export function columns({ levels }: Motion): string {
  let path = "";
  let drawn: number | undefined;
  levels.forEach((level, x) => {
    const y = level === null ? undefined : top(level);
    if (y === drawn) return;
    if (drawn === undefined) path += `M${x} ${HEIGHT}V${y}`;
    else path += y === undefined ? `H${x}V${HEIGHT}Z` : `H${x}V${y}`;
    drawn = y;
  });
  return drawn === undefined ? path : `${path}H${levels.length}V${HEIGHT}Z`;
}

/** What of the drawing is seen: moving and zooming change this alone, never the path. */
export const seen = ({ from, step }: Motion, view: Stretch): string => `${(view.from - from) / step} 0 ${(view.to - view.from) / step} ${HEIGHT}`;

/** Undefined where nobody looked. */
export function levelAt(motion: Motion | undefined, at: number): number | undefined {
  return motion?.levels[Math.floor((at - motion.from) / motion.step)] ?? undefined;
}

export type Degree = "none" | "little" | "some" | "much";

/** For those who hear it: some is a hundredth of the picture, much a tenth. */
export const degree = (level: number): Degree => (level === 0 ? "none" : level < 10 ? "little" : level < 32 ? "some" : "much");

interface Row {
  name: string;
  past: { motion?: Motion | undefined };
}

/** The cameras before which something moves at a moment, the most first; one alone is named whether it does or not. */
export function stirring(rows: readonly Row[], at: number): { name: string; degree: Degree }[] {
  const known = rows.flatMap(({ name, past }) => {
    const level = levelAt(past.motion, at);
    return level === undefined ? [] : [{ name, level }];
  });
  const told = rows.length > 1 ? known.filter(({ level }) => level > 0) : known;
  return told.sort((a, b) => b.level - a.level).map(({ name, level }) => ({ name, degree: degree(level) }));
}
