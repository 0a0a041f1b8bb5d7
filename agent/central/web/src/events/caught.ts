/** Catching up with what was missed: how a list that stands takes what the API has by now. Pure, but for `ask`. */

import type { LamppostEvent } from "../api/types";
import { mergeAll, newestFirst } from "./merge";

export interface EventPage {
  items: readonly LamppostEvent[];
  next: string | null;
}

/** So many at most are asked for to catch up; the API gives so many at once. */
export const MOST = 1_000;
export const AT_ONCE = 200;

/** Does the page reach as far down as the list? Then nothing can be missing between them. */
export function reaches(page: EventPage, list: readonly LamppostEvent[]): boolean {
  const [last, oldest] = [page.items.at(-1), list.at(-1)];
  return page.next === null || !oldest || (!!last && newestFirst(last, oldest) >= 0);
}

/** Is it newer than the end of the list? What is not comes with the next page. */
export function isAbove(event: LamppostEvent, list: readonly LamppostEvent[]): boolean {
  const oldest = list.at(-1);
  return !oldest || newestFirst(event, oldest) < 0;
}

/**
 * What there is from the newest one on, at least down to the end of the list, or as much as there may be of it.
 * The first page alone would not do: events of a gateway that was offline, too, belong anywhere.
 */
export async function catchUp(first: EventPage, list: readonly LamppostEvent[], ask: (limit: number, cursor: string) => Promise<EventPage>): Promise<EventPage> {
  let page = first;
  while (page.next !== null && !reaches(page, list) && page.items.length < MOST) {
    const more = await ask(AT_ONCE, page.next);
    page = { items: [...page.items, ...more.items], next: more.next };
  }
  return page;
}

/** The list without what lies below the page: it would have a hole before it. Paging goes on from the page's end. */
export function cutAt(page: EventPage, list: readonly LamppostEvent[]): LamppostEvent[] {
  const last = page.items.at(-1);
  return mergeAll(list.filter((event) => !last || newestFirst(event, last) <= 0), page.items);
}
