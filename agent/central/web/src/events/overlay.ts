/** Where the box of an event or track stands at a moment: pure. Boxes are [x1, y1, x2, y2], 0..1, y down. */

export type Box = readonly [number, number, number, number];
export type PathPoint = readonly [seconds: number, x1: number, y1: number, x2: number, y2: number];

/** An object's way through the picture; `startMs` is the wall time of its second 0. */
export interface Path {
  startMs: number;
  points: readonly PathPoint[];
}

/** A hole in the path longer than this is no straight line: nothing is drawn in it. */
const LONGEST_GAP_S = 4;
/** A path that ended stays that long, so that the last box can be seen. */
const LINGER_S = 0.4;

const boxOf = (point: PathPoint): Box => [point[1], point[2], point[3], point[4]];

/** The box at a wall time, straight between the points beside it; undefined while the object is not there. */
export function boxAt(path: Path, wallMs: number): Box | undefined {
  const points = path.points;
  const seconds = (wallMs - path.startMs) / 1000;
  const after = firstAfter(points, seconds);
  const before = points[after - 1];
  const next = points[after];
  if (!before) return next && next[0] - seconds < LINGER_S ? boxOf(next) : undefined;
  if (!next) return seconds - before[0] < LINGER_S ? boxOf(before) : undefined;
  const gap = next[0] - before[0];
  if (gap > LONGEST_GAP_S) return undefined;
  return mix(boxOf(before), boxOf(next), gap > 0 ? (seconds - before[0]) / gap : 0);
}

/** Index of the first point later than `seconds` (binary search: a path holds up to 2,000 points). */
function firstAfter(points: readonly PathPoint[], seconds: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as PathPoint)[0] <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function mix(a: Box, b: Box, share: number): Box {
  const at = (i: 0 | 1 | 2 | 3) => a[i] + (b[i] - a[i]) * share;
  return [at(0), at(1), at(2), at(3)];
}

/** An event without a path shows its box around its moment only, fading in and out: 0 (not) to 1 (fully). */
export function strengthAt(wallMs: number, startMs: number, endMs: number): number {
  const outside = Math.max(startMs - wallMs, wallMs - endMs, 0) / 1000;
  return Math.max(0, Math.min(1, 1.5 - outside));
}
