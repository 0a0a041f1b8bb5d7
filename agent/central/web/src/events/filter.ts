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
  /** whose they are */
  assigned: string | undefined;
  /** a part of any note */
  words: string;
}

export const everything: Filter = { camera: undefined, kinds: [], labels: [], colours: [], alarms: false, state: undefined, assigned: undefined, words: "" };

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
  const camera = query.get("camera") ?? "";
  return {
    camera: isCamera(camera) ? camera : undefined,
    kinds: several(query, "kind"),
    labels: several(query, "label"),
    colours: several(query, "colour").filter(isColour),
    alarms: query.get("severity") === "alarm",
    state: stateOf(query.get("state")),
    assigned: query.get("assigned")?.slice(0, 64) || undefined,
    words: query.get("words")?.slice(0, 100) ?? "",
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
  const whole = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return whole ? `?${whole}` : "";
}

/** The API's query for it. */
export function queryOf(filter: Filter, limit: number, cursor?: string): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.camera) for (const [name, value] of Object.entries(cameraOf(filter.camera))) query.set(name, value);
  addShared(query, filter);
  if (filter.state) query.set("acknowledged", String(filter.state === "done"));
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return query;
}

/** Whether an event that just came in belongs into the list: the API's rule, here. */
export function fits(filter: Filter, event: LamppostEvent): boolean {
  if (filter.camera && filter.camera !== cameraKey(event)) return false;
  if (filter.kinds.length > 0 && !filter.kinds.includes(event.kind)) return false;
  if (filter.labels.length > 0 && (event.label === null || !filter.labels.includes(event.label))) return false;
  return fitsReview(filter, event) && wears(coloursOf(event), filter.colours);
}

function fitsReview({ alarms, state, assigned, words }: Filter, { severity, review }: LamppostEvent): boolean {
  if (alarms && severity !== "alarm") return false;
  if (state && (state === "done") !== (review.acknowledged !== null)) return false;
  if (assigned && review.assigned !== assigned) return false;
  const wanted = words.trim().toLowerCase();
  return !wanted || review.notes.some(({ text }) => text.toLowerCase().includes(wanted));
}

export const isEmpty = (filter: Filter) => addressOf(filter) === "";

/** With the value if it was not in, without it if it was. */
export const toggled = (values: readonly string[], value: string): readonly string[] =>
  values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
