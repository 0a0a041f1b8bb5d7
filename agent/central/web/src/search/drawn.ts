/** What is drawn on a camera's picture to search by: pure. In the address it stands as the API has it. */

import type { Mark, MarkKind, Way } from "../editor/canvas";
import type { Points } from "../editor/draft";

/** In the order in which they are offered. */
export const DRAWABLE = ["region", "crossed", "along"] as const;
export type Drawable = (typeof DRAWABLE)[number];
export const WAYS: readonly Way[] = ["both", "left_to_right", "right_to_left"];

/** Points as `x,y x,y ...`; empty: not drawn. */
export interface Drawn extends Readonly<Record<Drawable, string>> {
  readonly way: Way;
  /** how far from a path one may have gone, a share of the picture */
  readonly within: number;
}

/** As the API takes them, and what it takes where nothing is said. */
export const WITHIN = { least: 0.01, most: 0.5, usual: 0.08 } as const;
export const NOTHING: Drawn = { region: "", crossed: "", along: "", way: "both", within: WITHIN.usual };
/** A line is told by its two ends; it can be bent when it is there. */
export const CORNERS: Readonly<Partial<Record<Drawable, number>>> = { crossed: 2 };
export const MARKS: Readonly<Record<Drawable, MarkKind>> = { region: "zone", crossed: "line", along: "path" };
/** What is put on the picture for somebody who draws by keyboard, to be moved from there. */
export const FIRST: Readonly<Record<Drawable, Points>> = {
  region: [[0.35, 0.4], [0.65, 0.4], [0.65, 0.75], [0.35, 0.75]],
  crossed: [[0.3, 0.6], [0.7, 0.6]],
  along: [[0.2, 0.7], [0.5, 0.6], [0.8, 0.7]],
};

const MOST = 32;
/** With fewer points there is nothing to search by. */
export const least = (what: Drawable): number => (what === "region" ? 3 : 2);

/** None when they are not what the API takes. */
export function pointsOf(said: string, what: Drawable): Points {
  const points = said.trim().split(/\s+/).map((one) => one.split(",").map((value) => (value === "" ? NaN : Number(value))));
  const sound = points.every((point) => point.length === 2 && point.every((value) => value >= 0 && value <= 1));
  const different = new Set(points.map((point) => point.join())).size >= least(what);
  return sound && different && points.length <= MOST ? points.map(([x, y]) => [x!, y!]) : [];
}

export const saidOf = (points: Points): string => points.slice(0, MOST).map((point) => point.join()).join(" ");

/** Read from the page's address; what makes no sense is not drawn. */
export function drawnOf(query: URLSearchParams): Drawn {
  const read = (what: Drawable) => saidOf(pointsOf(query.get(what) ?? "", what));
  const way = WAYS.find((one) => one === query.get("crossed_way")) ?? "both";
  const within = Number(query.get("along_within"));
  return { region: read("region"), crossed: read("crossed"), along: read("along"), way, within: within >= WITHIN.least && within <= WITHIN.most ? within : WITHIN.usual };
}

export function putDrawn(query: URLSearchParams, drawn: Drawn): void {
  for (const what of DRAWABLE) {
    if (drawn[what]) query.set(what, drawn[what]);
    if (what === "crossed" && drawn.crossed && drawn.way !== "both") query.set("crossed_way", drawn.way);
    if (what === "along" && drawn.along && drawn.within !== WITHIN.usual) query.set("along_within", String(drawn.within));
  }
}

export const isDrawn = (drawn: Drawn): boolean => DRAWABLE.some((what) => drawn[what] !== "");

/** As the canvas shows them, with what each is. */
export function marksOf(drawn: Drawn, names: Readonly<Record<Drawable, string>>): { what: Drawable; mark: Mark }[] {
  return DRAWABLE.flatMap((what) => {
    const points = pointsOf(drawn[what], what);
    if (points.length === 0) return [];
    const mark = { kind: MARKS[what], name: names[what], points, locked: false };
    return [{ what, mark: what === "crossed" ? { ...mark, way: drawn.way } : mark }];
  });
}
