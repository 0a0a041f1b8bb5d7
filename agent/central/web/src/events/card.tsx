/** An event as a card (the events page) or as a row (strips). */

import type { JSX } from "preact";
import type { LamppostEvent } from "../api/types";
import { Link } from "../router";
import { kindName, labelName, text } from "../text";
import { length } from "../time/format";
import { Moment } from "../time/time";
import { Icon } from "../ui/icon";
import { ColourDots } from "./chips";
import { coloursOf } from "./colours";
import { EventPicture } from "./picture";
import { eventIcon, eventPath, eventPlace } from "./words";

const lengthOf = (event: LamppostEvent) => event.end && (Date.parse(event.end) - Date.parse(event.start)) / 1000;

export function EventCard({ event, address = "" }: { event: LamppostEvent; address?: string }): JSX.Element {
  const seconds = lengthOf(event);
  return (
    <li class="card" data-testid="event-card" data-event={event.id}>
      <Link class="card-link" href={eventPath(event) + address}>
        <EventPicture event={event} />
        <span class="card-tags">
          {event.severity === "alarm" && <span class="tag bad">{text.events.alarm}</span>}
          {!event.end && <span class="tag accent">{text.events.ongoing}</span>}
        </span>
        {typeof seconds === "number" && <span class="card-length numbers">{length(seconds)}</span>}
        <div class="card-text">
          <div class="card-title">
            <Icon name={eventIcon(event.label)} size={16} />
            <strong>{event.label ? labelName(event.label) : kindName(event.kind)}</strong>
            <Moment at={event.start} withDay={false} />
          </div>
          <div class="card-sub">
            <span>{[event.label && kindName(event.kind), eventPlace(event)].filter(Boolean).join(" ")}</span>
            <ColourDots colours={coloursOf(event)} />
            <span class="card-camera">{event.camera_name}</span>
          </div>
        </div>
      </Link>
    </li>
  );
}

export function EventRow({ event }: { event: LamppostEvent }): JSX.Element {
  return (
    <li class="row" data-testid="event-row" data-event={event.id}>
      <Link class="row-link" href={eventPath(event)}>
        <EventPicture event={event} />
        <div class="row-text">
          <strong>
            {event.severity === "alarm" && <span class="dot bad" role="img" aria-label={text.events.alarm} />}
            {event.label ? labelName(event.label) : kindName(event.kind)}
          </strong>
          <span>{[event.label && kindName(event.kind), eventPlace(event)].filter(Boolean).join(" ")}</span>
          <span class="row-when">
            <Moment at={event.start} />
            <span class="row-camera">{event.camera_name}</span>
          </span>
        </div>
      </Link>
    </li>
  );
}
