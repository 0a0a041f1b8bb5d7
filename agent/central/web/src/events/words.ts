/** How an event is said in one line. */

import type { LamppostEvent } from "../api/types";
import { kindName, labelName, text } from "../text";
import { momentText } from "../time/time";
import type { IconName } from "../ui/icon";

const VEHICLES = new Set(["car", "truck", "bus", "bicycle", "motorcycle", "vehicle", "van"]);

export const eventIcon = (label: string | null): IconName =>
  label === "person" ? "person" : label && VEHICLES.has(label) ? "vehicle" : "object";

/** `Person · Entered zone`. */
export const eventTitle = (event: LamppostEvent): string =>
  [event.label && labelName(event.label), kindName(event.kind)].filter(Boolean).join(" · ");

/** `in plaza`, `at gate`, or nothing; `Entered zone` wants the bare name. */
export function eventPlace(event: LamppostEvent): string {
  if (event.zone && event.kind.startsWith("zone_")) return event.zone;
  if (event.zone) return text.event.at(event.zone);
  return event.line ? text.event.line(event.line) : "";
}

/** `Ann, 14:03`: who has seen to it. */
export const seenTo = ({ review: { acknowledged } }: LamppostEvent): string =>
  acknowledged ? text.review.doneBy(acknowledged.by, momentText(acknowledged.time)) : "";

export const eventPath = (event: { id: string }) => `/events/${encodeURIComponent(event.id)}`;
