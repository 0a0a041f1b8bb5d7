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
}

export const everything: Filter = { camera: undefined, kinds: [], labels: [], colours: [] };

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
  };
}

/** The page's address: `""`, or `?camera=...&kind=...`. */
export function addressOf(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.camera) query.set("camera", filter.camera);
  for (const kind of filter.kinds) query.append("kind", kind);
  for (const label of filter.labels) query.append("label", label);
  for (const colour of filter.colours) query.append("colour", colour);
  const whole = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return whole ? `?${whole}` : "";
}

/** The API's query for it. */
export function queryOf(filter: Filter, limit: number, cursor?: string): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.camera) for (const [name, value] of Object.entries(cameraOf(filter.camera))) query.set(name, value);
  for (const kind of filter.kinds) query.append("kind", kind);
  for (const label of filter.labels) query.append("label", label);
  for (const colour of filter.colours) query.append("colour", colour);
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return query;
}

/** Whether an event that just came in belongs into the list: the API's rule, here. */
export function fits(filter: Filter, event: LamppostEvent): boolean {
  if (filter.camera && filter.camera !== cameraKey(event)) return false;
  if (filter.kinds.length > 0 && !filter.kinds.includes(event.kind)) return false;
  if (filter.labels.length > 0 && (event.label === null || !filter.labels.includes(event.label))) return false;
  return wears(coloursOf(event), filter.colours);
}

export const isEmpty = (filter: Filter) => !filter.camera && filter.kinds.length === 0 && filter.labels.length === 0 && filter.colours.length === 0;

/** With the value if it was not in, without it if it was. */
export const toggled = (values: readonly string[], value: string): readonly string[] =>
  values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
