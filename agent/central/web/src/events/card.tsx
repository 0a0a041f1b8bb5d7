/** An event as a card (the events page) or as a row (strips). */

import type { JSX, TargetedKeyboardEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import type { LamppostEvent } from "../api/types";
import { Link } from "../router";
import { kindName, labelName, text } from "../text";
import { length } from "../time/format";
import { Moment } from "../time/time";
import { Icon } from "../ui/icon";
import { useCentred } from "./centred";
import { ColourDots } from "./chips";
import { coloursOf } from "./colours";
import { EventPicture } from "./picture";
import { Preview } from "./preview";
import { eventIcon, eventPath, eventTitle, ruleWords, seenTo } from "./words";

const lengthOf = (event: LamppostEvent) => event.end && (Date.parse(event.end) - Date.parse(event.start)) / 1000;

interface CardProps {
  event: LamppostEvent;
  address: string;
  chosen: boolean;
  /** undefined: nothing can be chosen */
  onChoose: ((id: string) => void) | undefined;
}

const still = matchMedia("(prefers-reduced-motion: reduce)");

export function EventCard({ event, address, chosen, onChoose }: CardProps): JSX.Element {
  const seconds = lengthOf(event);
  const [over, setOver] = useState(false);
  const [held, setHeld] = useState(false);
  const root = useRef<HTMLLIElement>(null);
  const centred = useCentred(root, !still.matches);
  const rule = ruleWords(event);
  const press = (pressed: TargetedKeyboardEvent<HTMLAnchorElement>) => {
    if (pressed.key !== " ") return;
    pressed.preventDefault();
    setHeld(!held);
  };
  const classes = ["card", event.review.acknowledged && "done", chosen && "chosen"].filter(Boolean).join(" ");
  return (
    <li ref={root} class={classes} data-testid="event-card" data-event={event.id} onPointerEnter={(event) => setOver(event.pointerType === "mouse" && !still.matches)} onPointerLeave={() => setOver(false)}>
      <Link class="card-link" href={eventPath(event) + address} onKeyDown={press} onBlur={() => setHeld(false)}>
        <Preview event={event} playing={over || held || centred}>
          <Reviewed event={event} />
        </Preview>
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
          <div class="card-rule" title={rule}>
            {rule}
          </div>
          <div class="card-from">
            <span>{event.camera_name}</span>
            <ColourDots colours={coloursOf(event)} />
          </div>
        </div>
      </Link>
      {onChoose && (
        <label class="card-choose" title={text.review.choose(eventTitle(event))}>
          <input type="checkbox" checked={chosen} onChange={() => onChoose(event.id)} aria-label={text.review.choose(eventTitle(event))} data-testid="choose" />
        </label>
      )}
    </li>
  );
}

/** What people made of it, over the picture: there it comes and goes, and nothing below it moves. */
function Reviewed({ event }: { event: LamppostEvent }): JSX.Element | null {
  const { acknowledged, assigned, notes } = event.review;
  const held = [...event.media, ...event.clips].some((one) => one.held);
  if (!acknowledged && !assigned && notes.length === 0 && !held) return null;
  return (
    <div class="card-review">
      {acknowledged && (
        <span class="tag ok" title={seenTo(event)}>
          <Icon name="check" size={14} />
          <span>{acknowledged.by}</span>
        </span>
      )}
      {assigned && (
        <span class="tag" title={text.review.is(assigned)}>
          <Icon name="person" size={14} />
          <span>{assigned}</span>
        </span>
      )}
      {notes.length > 0 && (
        <span class="tag" title={notes.at(-1)?.text}>
          <Icon name="note" size={14} />
          <span class="numbers" aria-label={text.review.count(notes.length)}>
            {notes.length}
          </span>
        </span>
      )}
      {held && (
        <span class="tag" role="img" aria-label={text.holds.mark} title={text.holds.mark}>
          <Icon name="hold" size={14} />
        </span>
      )}
    </div>
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
          <span>{ruleWords(event)}</span>
          <span class="row-when">
            <Moment at={event.start} />
            <span class="row-camera">{event.camera_name}</span>
          </span>
        </div>
      </Link>
    </li>
  );
}
