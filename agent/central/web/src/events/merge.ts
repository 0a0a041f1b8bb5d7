/** Events in a list, newest first: pure. They come from pages and from the stream, in any order, more than once. */

import type { LamppostEvent } from "../api/types";

/** Newest first by start, then by id, as the API orders them. */
export function newestFirst(a: LamppostEvent, b: LamppostEvent): number {
  const [first, second] = [Date.parse(b.start), Date.parse(a.start)];
  if (first !== second) return first - second;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

export const has = (list: readonly LamppostEvent[], id: string) => list.some((event) => event.id === id);

/** The list with the event in its old place, or where its start belongs. News that left before somebody saw to it undo nothing. */
export function merge(list: readonly LamppostEvent[], event: LamppostEvent): LamppostEvent[] {
  if (has(list, event.id)) return list.map((other) => (other.id === event.id && event.review.version >= other.review.version ? event : other));
  const at = list.findIndex((other) => newestFirst(event, other) < 0);
  return at < 0 ? [...list, event] : [...list.slice(0, at), event, ...list.slice(at)];
}

/** As one after the other, in one go: there may be a thousand. */
export function mergeAll(list: readonly LamppostEvent[], events: readonly LamppostEvent[]): LamppostEvent[] {
  const told = new Map<string, LamppostEvent>();
  for (const event of events) if (!(event.review.version < (told.get(event.id)?.review.version ?? 0))) told.set(event.id, event);
  const kept = list.map((old) => {
    const event = told.get(old.id);
    told.delete(old.id);
    return event && event.review.version >= old.review.version ? event : old;
  });
  const added = [...told.values()].sort(newestFirst);
  const merged: LamppostEvent[] = [];
  let next = 0;
  for (const event of kept) {
    while (next < added.length && newestFirst(added[next]!, event) < 0) merged.push(added[next++]!);
    merged.push(event);
  }
  return [...merged, ...added.slice(next)];
}

/** Events under one heading per day, in order. */
export function byDay<K>(list: readonly LamppostEvent[], dayOf: (event: LamppostEvent) => K): [K, LamppostEvent[]][] {
  const days: [K, LamppostEvent[]][] = [];
  for (const event of list) {
    const day = dayOf(event);
    const last = days.at(-1);
    if (last && last[0] === day) last[1].push(event);
    else days.push([day, [event]]);
  }
  return days;
}
