/** What is known about an event, as a list of names and values. */

import type { ComponentChildren, JSX } from "preact";
import type { LamppostEvent, Track } from "../api/types";
import { directionName, text } from "../text";
import { length } from "../time/format";
import { Moment } from "../time/time";
import { type Row, Rows } from "../ui/rows";
import { clean, coloursOf } from "./colours";
import { ownerIs } from "./lying";
import { lookRows, speedText } from "./looks";
import { ruleName } from "./words";

interface Props {
  event: LamppostEvent;
  tracks: readonly Track[];
  children?: ComponentChildren;
}

export function Details({ event, tracks, children }: Props): JSX.Element {
  return (
    <aside class="panel details" aria-label={text.event.details} data-testid="event-details">
      {children}
      <Rows title={text.event.times} rows={times(event)} />
      <Rows title={text.event.details} rows={[...facts(event), ...looks(event, tracks[0]), ...trackFacts(tracks)]} />
    </aside>
  );
}

function times(event: LamppostEvent): Row[] {
  const rows: Row[] = [[text.event.started, <Moment at={event.start} />]];
  rows.push([text.event.ended, event.end ? <Moment at={event.end} /> : text.events.ongoing]);
  if (event.end) rows.push([text.event.length, length((Date.parse(event.end) - Date.parse(event.start)) / 1000)]);
  rows.push([text.event.received, <Moment at={event.received} />]);
  const offset = event.clock?.offset_ms;
  if (typeof offset === "number") rows.push([text.event.clock, text.event.clockOff(offset)]);
  return rows;
}

function speedOf({ attributes }: LamppostEvent): ComponentChildren {
  const told = speedText(attributes["speed"], attributes["speed_unit"]);
  return told && attributes["speed_unit"] === "heights/s" ? <span title={text.event.heightsMore}>{told}</span> : told;
}

function facts(event: LamppostEvent): Row[] {
  const owner = ownerIs(event);
  const rows: [string, ComponentChildren | null | false | undefined][] = [
    [text.event.camera, event.camera_name],
    [text.event.gateway, `${event.site} · ${event.gateway}`],
    [text.event.zone, event.zone],
    [text.event.lineName, event.line],
    [text.event.rule, ruleName(event)],
    [text.event.direction, event.direction && directionName(event.direction)],
    [text.event.count, event.count],
    [text.event.sign, typeof event.attributes?.sign === "string" && event.attributes.sign],
    [text.event.speed, speedOf(event)],
    [text.event.place, event.position ?? null],
    [text.event.confidence, event.score !== null && `${Math.round(event.score * 100)} %`],
    [text.event.outcome, outcome(event)],
    [text.event.ownerNear, owner && text.event[owner]],
    [text.event.why, typeof event.attributes.why === "string" && event.kind === "static_change" && event.attributes.why],
    [text.event.id, <code class="id">{event.id}</code>],
  ];
  return rows.filter((row): row is Row => row[1] !== undefined && row[1] !== null && row[1] !== false && row[1] !== "");
}

/** The colours: the whole track's where it has been told of, else as they were when the event said them. */
const looks = (event: LamppostEvent, track: Track | undefined): Row[] =>
  lookRows({ ...coloursOf(event), ...clean(track?.colours) }, { ...event.attributes, ...track?.attributes });

function outcome(event: LamppostEvent): string | false {
  const how = event.attributes.outcome;
  return typeof how === "string" && (text.event.outcomes[how] ?? how);
}

function trackFacts(tracks: readonly Track[]): Row[] {
  const track = tracks[0];
  if (!track) return [];
  return [[text.event.dwell, length(track.dwell_s || (Date.parse(track.end) - Date.parse(track.start)) / 1000)]];
}
