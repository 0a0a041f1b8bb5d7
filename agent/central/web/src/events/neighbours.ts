/** The events before and after one, in the list that its address names. */

import * as api from "../api/client";
import type { LamppostEvent } from "../api/types";
import { type Filter, queryOf } from "./filter";
import { newestFirst } from "./merge";

export interface Neighbours {
  older: string | undefined;
  newer: string | undefined;
}

const HOUR_MS = 3_600_000;
/** The API lists newest first: the next newer one is the last of a window that begins here. Wider until one is in. */
const WINDOWS_MS = [HOUR_MS / 4, 6 * HOUR_MS, 24 * 30 * HOUR_MS];
const MOST = 200;

export async function neighboursOf(event: LamppostEvent, filter: Filter): Promise<Neighbours> {
  const [older, newer] = await Promise.all([olderThan(event, filter), newerThan(event, filter)]);
  return { older, newer };
}

async function olderThan(event: LamppostEvent, filter: Filter): Promise<string | undefined> {
  const query = queryOf(filter, 8);
  query.set("until", later(event.start, 1)); // those of the same millisecond as well
  const { items } = await api.events(query);
  return items.find((other) => newestFirst(event, other) < 0)?.id;
}

async function newerThan(event: LamppostEvent, filter: Filter): Promise<string | undefined> {
  for (const width of WINDOWS_MS) {
    const query = queryOf(filter, MOST);
    query.set("since", event.start);
    query.set("until", later(event.start, width));
    const { items } = await api.events(query);
    const found = items.findLast((other) => newestFirst(other, event) < 0);
    if (found) return found.id;
  }
  return undefined;
}

const later = (when: string, ms: number) => new Date(Date.parse(when) + ms).toISOString();
