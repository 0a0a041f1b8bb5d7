/** The event before or after a moment, however far away: the centre is asked, which knows them all. */

import * as api from "../api/client";
import { LEAD_MS } from "./time";

/** An event that one has just come to is not come to again. */
const EDGE_MS = LEAD_MS + 1_000;
/** So often a search that the centre broke off is gone on with. */
const MOST_PAGES = 20;

/** What is asked: of these cameras the first event after `at`, or the last before it. */
export function questionOf(cameras: readonly string[], at: number, way: 1 | -1): URLSearchParams {
  const query = new URLSearchParams({ limit: "1" });
  for (const camera of cameras) query.append("camera", camera);
  if (way > 0) query.set("sort", "oldest");
  if (way > 0) query.set("since", new Date(Math.floor(at + EDGE_MS) + 1).toISOString());
  else query.set("until", new Date(Math.ceil(at - EDGE_MS)).toISOString());
  return query;
}

/** When it begins; undefined: there is none. */
export async function eventFrom(cameras: readonly string[], at: number, way: 1 | -1): Promise<number | undefined> {
  const query = questionOf(cameras, at, way);
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, next } = await api.events(query);
    const found = items[0];
    if (found) return Date.parse(found.start);
    if (next === null) return undefined;
    query.set("cursor", next);
  }
  return undefined;
}
