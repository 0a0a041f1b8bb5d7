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
