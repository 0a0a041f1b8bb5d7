/** What is special about events of things left and taken: pure. */

import type { LamppostEvent, Me, Media } from "../api/types";

const KINDS = new Set(["object_left", "object_removed", "static_change", "vehicle_stopped"]);
const MAY: ReadonlySet<Me["role"]> = new Set(["operator", "investigator", "admin"]);

/** In the order in which they happened. */
export const SCENES = ["before", "moment", "now", "owner", "taker"] as const;
export type SceneName = (typeof SCENES)[number];

export interface ScenePicture {
  name: SceneName;
  url: string;
  width: number;
  height: number;
  /** The event's box fits on it: it shows the whole view. */
  whole: boolean;
}

/** May somebody of this role say that it belongs there, now? */
export const mayBelong = (event: LamppostEvent, role: Me["role"]): boolean =>
  KINDS.has(event.kind) && !event.end && MAY.has(role);

/** Who said that it belongs there; nothing when it came to that by itself, or not at all. */
export function absorbedBy(event: LamppostEvent): string {
  const { outcome, by } = event.attributes;
  return outcome === "absorbed" && typeof by === "string" ? by : "";
}

/** Where whoever left it is, while it lies there and its owner is known. */
export function ownerIs(event: LamppostEvent): "near" | "away" | undefined {
  const near = event.attributes.owner_near;
  if (event.kind !== "object_left" || event.end || event.tracks.length === 0 || typeof near !== "boolean") return undefined;
  return near ? "near" : "away";
}

/** The pictures that an event names and that have arrived. */
export function scenePictures(event: LamppostEvent): ScenePicture[] {
  const named = event.attributes.pictures;
  if (typeof named !== "object" || named === null) return [];
  const media = new Map<string, Media>(event.media.map((one) => [one.id, one]));
  return SCENES.flatMap((name) => {
    const one = media.get(String((named as Record<string, unknown>)[name]));
    if (!one?.url) return [];
    return [{ name, url: one.url, width: one.width ?? 16, height: one.height ?? 9, whole: name !== "owner" && name !== "taker" }];
  });
}
