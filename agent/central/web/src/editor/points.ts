/** Points of an area or line: pure. 0..1 of the picture, x to the right, y down. */

import type { Point, Points } from "./draft";

/** As the file has them: a ten-thousandth of the picture is less than a pixel. */
const round = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
export const inside = ([x, y]: Point): Point => [round(x), round(y)];

export const moved = (points: Points, index: number, to: Point): Points => points.map((one, i) => (i === index ? inside(to) : one));

/** All of them by so much, as far as none leaves the picture. */
export function shifted(points: Points, [dx, dy]: Point): Points {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const within = (by: number, all: number[]) => Math.max(-Math.min(...all), Math.min(1 - Math.max(...all), by));
  const [sx, sy] = [within(dx, xs), within(dy, ys)];
  return points.map(([x, y]) => inside([x + sx, y + sy]));
}

export const inserted = (points: Points, after: number, point: Point): Points => [...points.slice(0, after + 1), inside(point), ...points.slice(after + 1)];
export const dropped = (points: Points, index: number): Points => points.filter((_, i) => i !== index);

/** Half-way along each side; an area has one more, back to its first corner. */
export function middles(points: Points, closed: boolean): Points {
  const sides = closed ? points.length : points.length - 1;
  return Array.from({ length: Math.max(0, sides) }, (_, i) => {
    const [a, b] = [points[i]!, points[(i + 1) % points.length]!];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as const;
  });
}

/** Where a line's arrow stands, and which way it points: from its left to its right hand side, going along it. In px. */
export function across(points: Points, width: number, height: number): { at: Point; to: Point } | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) return undefined;
  const [dx, dy] = [(last[0] - first[0]) * width, (last[1] - first[1]) * height];
  const length = Math.hypot(dx, dy);
  if (length === 0) return undefined;
  const middle = points.length % 2 === 1 ? points[(points.length - 1) / 2]! : middles(points, false)[points.length / 2 - 1]!;
  const at: Point = [middle[0] * width, middle[1] * height];
  const reach = Math.min(width, height) * 0.07;
  return { at, to: [at[0] - (dy / length) * reach, at[1] + (dx / length) * reach] };
}
