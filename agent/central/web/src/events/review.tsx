/** Seeing to events: one on its page, or many that were chosen in the list. */

import type { JSX, TargetedSubmitEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent, ReviewChange } from "../api/types";
import { useCell } from "../cell";
import { session } from "../session";
import { text } from "../text";
import { Moment, momentText } from "../time/time";
import { Icon } from "../ui/icon";
import { typing, usePress } from "../ui/press";
import { type Deeds, mayReview, type Refusal, useDeeds } from "./deeds";
import { eventTitle, seenTo } from "./words";

/** Who events can be given to; empty until it is known. */
export function useReviewers(wanted: boolean): readonly string[] {
  const [names, set] = useState<readonly string[]>([]);
  useEffect(() => {
    if (wanted) api.reviewers().then(set, () => undefined); // without them everything else still works
  }, [wanted]);
  return names;
}

export function useMayReview(): boolean {
  const who = useCell(session);
  return who.state === "in" && mayReview(who.me.role);
}

/** On an event's page. */
export function ReviewPanel({ event }: { event: LamppostEvent }): JSX.Element {
  const may = useMayReview();
  const deeds = useDeeds();
  const reviewers = useReviewers(may);
  const { acknowledged, notes } = event.review;
  const act = async (change: ReviewChange) => (await deeds.make([event], change)).length === 0;
  const press = (pressed: KeyboardEvent) => {
    if (pressed.key === "a" && may && !typing(pressed) && !acknowledged) void act({ acknowledged: true });
  };
  usePress(press, [event, may]);
  return (
    <section class="review" aria-label={text.review.title} data-testid="review">
      {acknowledged && (
        <p class="seen-to">
          <Icon name="check" size={16} />
          {seenTo(event)}
        </p>
      )}
      {may && (
        <div class="review-tools">
          <Acknowledge event={event} deeds={deeds} testid="acknowledge" />
          <Assign chosen={event.review.assigned} names={reviewers} busy={deeds.busy} onChange={(assigned) => void act({ assigned })} />
          <Severity chosen={event.review.severity} busy={deeds.busy} onChange={(severity) => void act({ severity })} />
        </div>
      )}
      {!may && event.review.assigned && <p class="sub">{text.review.is(event.review.assigned)}</p>}
      <Said said={deeds.said} />
      {notes.length > 0 && (
        <ol class="notes" aria-label={text.review.notes}>
          {notes.map((note) => (
            <li key={note.time + note.by}>
              <p>{note.text}</p>
              <span class="sub">
                {note.by}, <Moment at={note.time} />
              </span>
            </li>
          ))}
        </ol>
      )}
      {may && <NoteForm busy={deeds.busy} onNote={(note) => act({ note })} />}
    </section>
  );
}

/** On a narrow page the panel lies below all the pictures: what most events want stays at the lower edge. */
export function AcknowledgeBar({ event }: { event: LamppostEvent }): JSX.Element | null {
  const may = useMayReview();
  const deeds = useDeeds();
  if (!may) return null;
  return (
    <div class="batch panel review-bar" role="region" aria-label={text.review.title} data-testid="review-bar">
      <Said said={deeds.said} />
      {event.review.acknowledged && (
        <p class="seen-to">
          <Icon name="check" size={16} />
          {seenTo(event)}
        </p>
      )}
      <Acknowledge event={event} deeds={deeds} testid="bar-acknowledge" />
    </div>
  );
}

/** Sees to it, or makes it open again. */
function Acknowledge({ event, deeds, testid }: { event: LamppostEvent; deeds: Deeds; testid: string }): JSX.Element {
  const done = event.review.acknowledged !== null;
  return (
    <button type="button" class={done ? "button" : "button primary"} disabled={deeds.busy} onClick={() => void deeds.make([event], { acknowledged: !done })} data-testid={testid}>
      {!done && <Icon name="check" size={16} />}
      {done ? text.review.again : text.review.acknowledge}
    </button>
  );
}

interface BarProps {
  chosen: readonly LamppostEvent[];
  deeds: Deeds;
  onAll: () => void;
  onNone: () => void;
  /** all but those with which nothing was done are no longer chosen */
  onDone: (refused: readonly LamppostEvent[]) => void;
}

/** Under the list, while some are chosen. */
export function BatchBar({ chosen, deeds, onAll, onNone, onDone }: BarProps): JSX.Element {
  const reviewers = useReviewers(true);
  const [noting, setNoting] = useState(false);
  const act = async (change: ReviewChange) => {
    const refused = await deeds.make(chosen, change);
    const worked = refused.length === 0;
    if (change.note === undefined || !worked) onDone(refused);
    if (worked) setNoting(false);
    return worked;
  };
  return (
    <div class="batch panel" role="region" aria-label={text.review.title} data-testid="batch">
      <strong class="numbers">{text.review.chosen(chosen.length)}</strong>
      <button type="button" class="button primary" disabled={deeds.busy} onClick={() => void act({ acknowledged: true })} data-testid="batch-acknowledge">
        <Icon name="check" size={16} />
        {text.review.acknowledge}
      </button>
      <Assign names={reviewers} busy={deeds.busy} onChange={(assigned) => void act({ assigned })} />
      <Severity busy={deeds.busy} onChange={(severity) => void act({ severity })} />
      <button type="button" class="button" aria-expanded={noting} onClick={() => setNoting(!noting)}>
        <Icon name="note" size={16} />
        {text.review.note}
      </button>
      <span class="spring" />
      <button type="button" class="button quiet" onClick={onAll}>
        {text.review.all}
      </button>
      <button type="button" class="button quiet icon-only" onClick={onNone} aria-label={text.review.none} title={text.review.none}>
        <Icon name="close" size={16} />
      </button>
      {noting && <NoteForm busy={deeds.busy} onNote={(note) => act({ note })} focus />}
    </div>
  );
}

/** So many are named; the others are only counted. They are the ones that stay chosen. */
const NAMED = 4;

/** What did not go as wanted: how many and why, and which, where there are several it could be. */
export const Said = ({ said, named = false }: { said: readonly Refusal[]; named?: boolean }): JSX.Element => (
  <div role="status" class={said.length > 0 ? "said" : "said none"} data-testid="said">
    {said.map(({ why, events }) => (
      <p key={why}>
        {named && <strong class="numbers">{text.review.refused(events.length)}</strong>} {why}
        {named && ` ${events.slice(0, NAMED).map(nameOf).join("; ")}${events.length > NAMED ? text.review.others(events.length - NAMED) : ""}`}
      </p>
    ))}
  </div>
);

const nameOf = (event: LamppostEvent) => `${eventTitle(event)}, ${event.camera_name}, ${momentText(event.start)}`;

/** Beside names, which have no spaces. */
const NOBODY = " ";

interface AssignProps {
  /** undefined: of many */
  chosen?: string | null;
  names: readonly string[];
  busy: boolean;
  onChange: (name: string | null) => void;
}

function Assign({ chosen, names, busy, onChange }: AssignProps): JSX.Element {
  const known = chosen && !names.includes(chosen) ? [chosen, ...names] : names;
  return (
    <select
      class="button select"
      aria-label={text.review.assign}
      disabled={busy}
      value={chosen === undefined ? "" : (chosen ?? NOBODY)}
      onChange={({ currentTarget: { value } }) => value && onChange(value === NOBODY ? null : value)}
      data-testid="assign"
    >
      {chosen === undefined && <option value="">{text.review.assign}</option>}
      <option value={NOBODY}>{text.review.nobody}</option>
      {known.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface SeverityProps {
  chosen?: "info" | "alarm" | null;
  busy: boolean;
  onChange: (severity: "info" | "alarm" | null) => void;
}

function Severity({ chosen, busy, onChange }: SeverityProps): JSX.Element {
  const words = text.review;
  return (
    <select
      class="button select"
      aria-label={words.severity}
      disabled={busy}
      value={chosen === undefined ? "" : (chosen ?? NOBODY)}
      onChange={({ currentTarget: { value } }) => value && onChange(value === NOBODY ? null : (value as "info" | "alarm"))}
      data-testid="severity"
    >
      {chosen === undefined && <option value="">{words.severity}</option>}
      <option value={NOBODY}>{words.asSaid}</option>
      <option value="alarm">{words.alarm}</option>
      <option value="info">{words.info}</option>
    </select>
  );
}

function NoteForm({ busy, onNote, focus = false }: { busy: boolean; onNote: (note: string) => Promise<boolean>; focus?: boolean }): JSX.Element {
  const [note, set] = useState("");
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void onNote(note.trim()).then((worked) => worked && set(""));
  };
  return (
    <form class="note-form" onSubmit={submit}>
      <textarea
        class="text-input"
        rows={2}
        maxLength={2000}
        value={note}
        placeholder={text.review.note}
        aria-label={text.review.note}
        title={text.review.noteMore}
        autoFocus={focus}
        onInput={(event) => set(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.currentTarget.form?.requestSubmit()}
        data-testid="note"
      />
      {note.trim() && (
        <button type="submit" class="button" disabled={busy}>
          {text.review.add}
        </button>
      )}
    </form>
  );
}
