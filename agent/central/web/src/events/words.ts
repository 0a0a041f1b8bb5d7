/** How an event is said in one line. */

import type { LamppostEvent } from "../api/types";
import { kindName, labelName, text } from "../text";
import { momentText } from "../time/time";
import type { IconName } from "../ui/icon";

const ICONS = new Map<string | null, IconName>([
  ["person", "person"],
  ["animal", "animal"],
  ...["vehicle", "car", "truck", "bus", "van"].map((label): [string, IconName] => [label, "vehicle"]),
  ...["two_wheeler", "bicycle", "motorcycle"].map((label): [string, IconName] => [label, "cycle"]),
]);

/** As the search draws it. */
export const eventIcon = (label: string | null): IconName => ICONS.get(label) ?? "object";

/** `Person · Entered zone`. */
export const eventTitle = (event: LamppostEvent): string =>
  [event.label && labelName(event.label), kindName(event.kind)].filter(Boolean).join(" · ");

/** `in plaza`, `at gate`, or nothing; `Entered zone` wants the bare name. */
export function eventPlace(event: LamppostEvent): string {
  if (event.zone && event.kind.startsWith("zone_")) return event.zone;
  if (event.zone) return text.event.at(event.zone);
  return event.line ? text.event.line(event.line) : "";
}

/** Below the title: `Entered zone plaza`; of what has no label the title has the first half. */
export const ruleWords = (event: LamppostEvent): string =>
  [event.label && kindName(event.kind), eventPlace(event)].filter(Boolean).join(" ");

/** The rule's own name; one without a name is called after its kind and place by its gateway: that is said in words. */
export function ruleName({ rule, kind, zone, line }: Pick<LamppostEvent, "rule" | "kind" | "zone" | "line">): string | null {
  if (rule === "still") return text.editor.still;
  const place = zone || line || "";
  return rule === `${kind} ${place}`.trim() ? [kindName(kind), place].filter(Boolean).join(" ") : rule;
}

/** `Ann, 14:03`: who has seen to it. */
export const seenTo = ({ review: { acknowledged } }: LamppostEvent): string =>
  acknowledged ? text.review.doneBy(acknowledged.by, momentText(acknowledged.time)) : "";

export const eventPath = (event: { id: string }) => `/events/${encodeURIComponent(event.id)}`;
