/** Layouts of the wall that people keep, and what the wall shows of one: pure. */

import type { Camera, Layout } from "../api/types";
import { cameraKey } from "../events/filter";

export const MOST_TILES = 36;

/** What the wall shows: cameras in their order, and how. */
export interface Shown {
  cameras: readonly Camera[];
  columns: number | null;
  large: boolean;
}

export type Wish = Pick<Layout, "cameras" | "columns" | "large">;

/** Those cameras of the layout that there are; without one all of them. */
export function shownOf(layout: Wish | undefined, all: readonly Camera[]): Shown {
  if (!layout) return { cameras: all, columns: null, large: false };
  const known = new Map(all.map((camera) => [cameraKey(camera), camera]));
  return { cameras: layout.cameras.flatMap((key) => known.get(key) ?? []), columns: layout.columns, large: layout.large };
}

/** So many cameras stand on a page of a wall that cannot hold all. */
export const TILES_A_PAGE = 25;

export interface Part {
  cameras: readonly Camera[];
  /** from 1 */
  page: number;
  pages: number;
  /** of all that fit: the first one's number from 1, the last one's, and how many there are */
  from: number;
  to: number;
  all: number;
}

/** Those whose name has these words, all of them where the wall can hold them, else a page of them. */
export function paged(all: readonly Camera[], find: string, wanted: number): Part {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const fit = all.filter((camera) => words.every((word) => `${camera.name} ${cameraKey(camera)}`.toLowerCase().includes(word)));
  const size = fit.length <= MOST_TILES ? Math.max(1, fit.length) : TILES_A_PAGE;
  const pages = Math.max(1, Math.ceil(fit.length / size));
  const page = Math.max(1, Math.min(pages, Math.floor(wanted) || 1));
  const cameras = fit.slice((page - 1) * size, page * size);
  return { cameras, page, pages, from: Math.min(fit.length, (page - 1) * size + 1), to: (page - 1) * size + cameras.length, all: fit.length };
}

/** With the camera of an alarm first and large; one that is not shown takes the last one's place. */
export function withAlarm(shown: Shown, key: string | undefined, all: readonly Camera[]): Shown {
  const hot = key && all.find((camera) => cameraKey(camera) === key);
  if (!hot || shown.cameras.length < 2) return shown;
  const others = shown.cameras.filter((camera) => camera !== hot);
  const room = shown.cameras.includes(hot) ? others : others.slice(0, -1);
  return { cameras: [hot, ...room], columns: shown.columns, large: true };
}

/** The list with the item moved to where the other one is. */
export function moved<T>(list: readonly T[], item: T, to: T): readonly T[] {
  const [from, target] = [list.indexOf(item), list.indexOf(to)];
  if (from < 0 || target < 0 || from === target) return list;
  const rest = list.filter((other) => other !== item);
  return [...rest.slice(0, target), item, ...rest.slice(target)];
}
