/** What is searched for: pure. It lives in the address, so that a search can be sent, kept and come back to. */

import { isColour } from "../events/colours";
import { isCamera, several } from "../events/filter";

/** Spans that end now, by their names in the address, in hours. */
export const SPANS = { "1h": 1, "10h": 10, "24h": 24, "7d": 168, "30d": 720 } as const;
export type SpanName = keyof typeof SPANS;

export const LABELS = ["person", "vehicle", "two_wheeler", "bag", "animal"] as const;

export interface Search {
  labels: readonly string[];
  /** `upper:green`, `vehicle:white` */
  colours: readonly string[];
  /** `site/gateway/camera` */
  cameras: readonly string[];
  /** a span that ends now; undefined: `since` and `until` say, or all times */
  within: SpanName | undefined;
  /** RFC 3339 */
  since: string | undefined;
  until: string | undefined;
}

export const all: Search = { labels: [], colours: [], cameras: [], within: undefined, since: undefined, until: undefined };

const isSpan = (name: string): name is SpanName => name in SPANS;

function moment(said: string | null): string | undefined {
  const at = Date.parse(said ?? "");
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
}

/** Read the page's address; what makes no sense is left out. */
export function searchOf(query: URLSearchParams): Search {
  const within = query.get("within") ?? "";
  const span = isSpan(within) ? within : undefined;
  return {
    labels: several(query, "label"),
    colours: several(query, "colour").filter(isColour),
    cameras: several(query, "camera").filter(isCamera),
    within: span,
    since: span ? undefined : moment(query.get("since")),
    until: span ? undefined : moment(query.get("until")),
  };
}

/** The page's address: `""`, or `?label=person&colour=upper:green&within=10h`. */
export function addressOf(search: Search): string {
  const query = shared(search);
  if (search.within) query.set("within", search.within);
  else times(query, search.since, search.until);
  const whole = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return whole ? `?${whole}` : "";
}

/** The API's query for it, as of `nowMs`. */
export function queryOf(search: Search, nowMs: number, limit: number, cursor?: string): URLSearchParams {
  const query = shared(search);
  const since = search.within ? new Date(nowMs - SPANS[search.within] * 3_600_000).toISOString() : search.since;
  times(query, since, search.within ? undefined : search.until);
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return query;
}

function shared(search: Search): URLSearchParams {
  const query = new URLSearchParams();
  for (const label of search.labels) query.append("label", label);
  for (const colour of search.colours) query.append("colour", colour);
  for (const camera of search.cameras) query.append("camera", camera);
  return query;
}

function times(query: URLSearchParams, since: string | undefined, until: string | undefined): void {
  if (since) query.set("since", since);
  if (until) query.set("until", until);
}

export const isEmpty = (search: Search) => addressOf(search) === "";

/** The search for what looks like a track: its label and the main colour of each of its parts. */
export function alike(label: string, colours: Readonly<Record<string, readonly (readonly [string, number])[]>>): Search {
  const main = Object.entries(colours).flatMap(([part, shares]) => (shares[0] ? [`${part}:${shares[0][0]}`] : []));
  return { ...all, labels: [label], colours: main.filter(isColour) };
}
