/** What the event list shows: pure. The filter lives in the address, so that it can be sent and comes back. */

import type { CameraName, LamppostEvent } from "../api/types";
import { coloursOf, isColour, wears } from "./colours";

export interface Filter {
  /** `site/gateway/camera`, or all */
  camera: string | undefined;
  kinds: readonly string[];
  labels: readonly string[];
  /** `upper:green`, `vehicle:white` */
  colours: readonly string[];
  /** alarms alone */
  alarms: boolean;
  /** what nobody has seen to yet, or what somebody has */
  state: "open" | "done" | undefined;
  /** whose they are: a name, or `NOBODY` */
  assigned: string | undefined;
  /** a part of any note */
  words: string;
  /** a span that ends now; undefined: `since` and `until` say, or all times */
  within: SpanName | undefined;
  /** RFC 3339, of an event's start: from this moment on, and before that one */
  since: string | undefined;
  until: string | undefined;
}

/** Spans that end now, by their names in the address, in hours. */
export const SPANS = { "1h": 1, "24h": 24, "7d": 168 } as const;
export type SpanName = keyof typeof SPANS;

/** In place of a name, as the API has it: no name begins so. */
export const NOBODY = "-";

export const everything: Filter = { camera: undefined, kinds: [], labels: [], colours: [], alarms: false, state: undefined, assigned: undefined, words: "", within: undefined, since: undefined, until: undefined };

export const isSpan = (name: string): name is SpanName => Object.hasOwn(SPANS, name);

function moment(said: string | null): string | undefined {
  const at = Date.parse(said ?? "");
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
}

const stateOf = (value: string | null) => (value === "open" || value === "done" ? value : undefined);

export const cameraKey = (name: { site: string; gateway: string; camera: string }) => `${name.site}/${name.gateway}/${name.camera}`;

/** The names in it; empty ones where it has fewer. */
export function cameraOf(key: string): CameraName {
  const [site = "", gateway = "", camera = ""] = key.split("/");
  return { site, gateway, camera };
}

export const isCamera = (key: string) => key.split("/").filter(Boolean).length === 3;

export const several = (query: URLSearchParams, name: string) => [...new Set(query.getAll(name).filter(Boolean))];

/** Read the page's address; what makes no sense is left out. */
export function filterOf(query: URLSearchParams): Filter {
  const [camera, within] = [query.get("camera") ?? "", query.get("within") ?? ""];
  const span = isSpan(within) ? within : undefined;
  return {
    camera: isCamera(camera) ? camera : undefined,
    kinds: several(query, "kind"),
    labels: several(query, "label"),
    colours: several(query, "colour").filter(isColour),
    alarms: query.get("severity") === "alarm",
    state: stateOf(query.get("state")),
    assigned: query.get("assigned")?.slice(0, 64) || undefined,
    words: query.get("words")?.slice(0, 100) ?? "",
    within: span,
    since: span ? undefined : moment(query.get("since")),
    until: span ? undefined : moment(query.get("until")),
  };
}

/** What the page's address and the API say in the same words. */
function addShared(query: URLSearchParams, filter: Filter): void {
  for (const kind of filter.kinds) query.append("kind", kind);
  for (const label of filter.labels) query.append("label", label);
  for (const colour of filter.colours) query.append("colour", colour);
  if (filter.alarms) query.set("severity", "alarm");
  if (filter.assigned) query.set("assigned", filter.assigned);
  if (filter.words.trim()) query.set("words", filter.words.trim());
}

/** The page's address: `""`, or `?camera=...&kind=...`. */
export function addressOf(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.camera) query.set("camera", filter.camera);
  addShared(query, filter);
  if (filter.state) query.set("state", filter.state);
  if (filter.within) query.set("within", filter.within);
  else addTimes(query, filter.since, filter.until);
  const whole = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return whole ? `?${whole}` : "";
}

function addTimes(query: URLSearchParams, since: string | undefined, until: string | undefined): void {
  if (since) query.set("since", since);
  if (until) query.set("until", until);
}

/** Where its time begins and ends, as of `nowMs` (the centre's clock). */
function timesOf({ within, since, until }: Filter, nowMs: number): [since: string | undefined, until: string | undefined] {
  return within ? [new Date(nowMs - SPANS[within] * 3_600_000).toISOString(), undefined] : [since, until];
}

/** The API's query for it, as of `nowMs` by the centre's clock. */
export function queryOf(filter: Filter, nowMs: number, limit: number, cursor?: string): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.camera) for (const [name, value] of Object.entries(cameraOf(filter.camera))) query.set(name, value);
  addShared(query, filter);
  if (filter.state) query.set("acknowledged", String(filter.state === "done"));
  addTimes(query, ...timesOf(filter, nowMs));
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return query;
}

/** Whether an event that just came in belongs into the list at `nowMs` by the centre's clock: the API's rule, here. */
export function fits(filter: Filter, event: LamppostEvent, nowMs: number): boolean {
  if (filter.camera && filter.camera !== cameraKey(event)) return false;
  if (filter.kinds.length > 0 && !filter.kinds.includes(event.kind)) return false;
  if (filter.labels.length > 0 && (event.label === null || !filter.labels.includes(event.label))) return false;
  return fitsTime(timesOf(filter, nowMs), event) && fitsReview(filter, event) && wears(coloursOf(event), filter.colours);
}

function fitsTime([since, until]: readonly [string | undefined, string | undefined], { start }: LamppostEvent): boolean {
  const at = Date.parse(start);
  return !(since && at < Date.parse(since)) && !(until && at >= Date.parse(until));
}

function fitsReview({ alarms, state, assigned, words }: Filter, { severity, review }: LamppostEvent): boolean {
  if (alarms && severity !== "alarm") return false;
  if (state && (state === "done") !== (review.acknowledged !== null)) return false;
  if (assigned && (review.assigned ?? NOBODY) !== assigned) return false;
  const wanted = words.trim().toLowerCase();
  return !wanted || review.notes.some(({ text }) => text.toLowerCase().includes(wanted));
}

/** How many things narrow the list. */
export const countOf = (filter: Filter) => [...new URLSearchParams(addressOf(filter))].length;

export const isEmpty = (filter: Filter) => countOf(filter) === 0;

/** With the value if it was not in, without it if it was. */
export const toggled = (values: readonly string[], value: string): readonly string[] =>
  values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
