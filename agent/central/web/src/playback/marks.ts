/** Which events are marked on a row of the timeline: all of a long past would be thousands, drawn over each other. Pure. */

import type { LamppostEvent, Page } from "../api/types";
import type { Stretch } from "./time";

/** One for all events that fall on the same place; `event` is the first alarm of them, else the first. */
export interface Mark {
  at: number;
  many: number;
  event: LamppostEvent;
}

/** So many places a view has. */
const PLACES = 240;

/** Oldest first. The places stay where they are while the view moves. */
export function marksOf(events: readonly LamppostEvent[], view: Stretch): Mark[] {
  const wide = Math.max(1, (view.to - view.from) / PLACES);
  const places = new Map<number, Mark>();
  for (const event of events) {
    const at = Date.parse(event.start);
    const end = Date.parse(event.end ?? event.start);
    if (at > view.to || end < view.from) continue;
    const place = Math.floor(at / wide);
    const mark = places.get(place);
    if (!mark) places.set(place, { at, many: 1, event });
    else {
      mark.many += 1;
      if (event.severity === "alarm" && mark.event.severity !== "alarm") mark.event = event;
    }
  }
  return [...places.values()];
}

/** Events oldest first; of what began before `since` not all are there. */
export interface Gathered {
  events: readonly LamppostEvent[];
  since: number | undefined;
}

/** More of one camera are not held. */
export const MOST_EVENTS = 1_000;
/** A page that the centre broke off may be empty. */
const MOST_PAGES = 20;

/** Page by page, newest first, back to what is held already, to the begin, or to the bound. */
export async function gather(page: (cursor: string | undefined) => Promise<Page<LamppostEvent>>, held: Gathered | undefined, most = MOST_EVENTS): Promise<Gathered> {
  const before = new Map((held?.events ?? []).map((event) => [event.id, event]));
  const found = new Map<string, LamppostEvent>();
  let joined = false;
  let cursor: string | undefined;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const { items, next } = await page(cursor);
    for (const event of items) {
      joined ||= before.has(event.id);
      found.set(event.id, event);
    }
    cursor = next ?? undefined;
    if (cursor === undefined || joined || found.size >= most) break;
  }
  const whole = cursor === undefined;
  if (joined && !whole) for (const [id, event] of before) if (!found.has(id)) found.set(id, event);
  const events = [...found.values()].sort((a, b) => Date.parse(a.start) - Date.parse(b.start)).slice(-most);
  const cut = found.size > most || !(whole || joined);
  return { events, since: cut ? Date.parse(events[0]?.start ?? "") || undefined : joined && !whole ? held?.since : undefined };
}
