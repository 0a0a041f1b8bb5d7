/** `<Moment>`: a time in the viewer's zone with UTC on hover, and the day in words. */

import type { JSX } from "preact";
import { text } from "../text";
import { clock, day, namedDay, utc } from "./format";

/** `Today`, `Yesterday` or `Thu, 20 Nov`. */
export function dayText(at: Date, now = new Date()): string {
  const name = namedDay(at, now);
  return name ? text[name] : day(at, now);
}

/** `14:03:22`, with the day before it when that is not today. */
export function momentText(when: string, now = new Date()): string {
  const at = new Date(when);
  return namedDay(at, now) === "today" ? clock(at) : `${dayText(at, now)} ${clock(at)}`;
}

export function Moment({ at, withDay = true }: { at: string; withDay?: boolean }): JSX.Element {
  const date = new Date(at);
  return (
    <time dateTime={at} title={utc(date)}>
      {withDay ? momentText(at) : clock(date)}
    </time>
  );
}
