/** Above the timeline, where the hand is: a small picture of each camera at that moment. The row of times can be dragged. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../cell";
import { clockAhead } from "../news";
import { session } from "../session";
import { text } from "../text";
import { clock } from "../time/format";
import { dayText } from "../time/time";
import type { Past } from "./past";
import { type Drawn, mayShow, nearestTo, pictureAt, placeOf, sheetOf, type Stand, standIn, stepOf, type StepS } from "./previews";
import { type ReadySheet, type SheetState, useSheets } from "./sheets";
import type { Stretch } from "./time";

interface Props {
  timeline: RefObject<HTMLElement | null>;
  rows: readonly { camera: string; name: string; past: Past }[];
  view: Stretch;
  at: number;
  onSeek: (at: number) => void;
}

/** Asking for pictures makes a gateway do something: who may not is not shown an empty frame. */
export function Previews(props: Props): JSX.Element | null {
  const who = useCell(session);
  return who.state === "in" && who.me.role !== "viewer" ? <Floating {...props} /> : null;
}

function Floating({ timeline, rows, view, at, onSeek }: Props): JSX.Element | null {
  const hand = useHand(timeline, view, onSeek);
  const moment = hand === "keys" ? at : hand;
  const shown = moment !== undefined && moment >= view.from && moment <= view.to ? moment : undefined;
  const step = stepOf(view);
  const now = Date.now() + clockAhead.value;
  const cells = rows.map(({ camera, name, past }) => ({ name, sheet: shown !== undefined && mayShow(past.recorded, shown, now) ? sheetOf(camera, shown, step) : undefined }));
  const sheets = useSheets(cells.flatMap(({ sheet }) => sheet ?? []));
  if (shown === undefined || !timeline.current) return null;
  const { left, width } = timeline.current.getBoundingClientRect();
  // over the pictures: the controls stay free
  const top = timeline.current.closest(".playback-foot")!.getBoundingClientRect().top;
  const x = left + ((shown - view.from) / (view.to - view.from)) * width;
  return (
    <div class="previews" data-testid="previews" aria-hidden="true" style={{ "--x": `${x}px`, "--up": `${window.innerHeight - top}px`, "--many": String(Math.min(cells.length, 3)) }}>
      <span class="previews-at numbers">
        <strong>{clock(new Date(shown))}</strong> <span class="sub">{dayText(new Date(shown))}</span>
      </span>
      <div class="previews-cells">
        {cells.map(({ name, sheet }, i) => {
          const { camera, past } = rows[i]!;
          const state = sheet && sheets.of(sheet);
          const meanwhile = state?.name === "coming" ? standFor(sheets.held(camera), past, shown, view) : undefined;
          return <Small key={camera} name={name} at={shown} step={step} state={state} meanwhile={meanwhile} />;
        })}
      </div>
    </div>
  );
}

/** A picture of a sheet, or the whole picture of an event. */
type Picture = { url: string; drawn: Drawn; number: number } | string;

/** The nearest picture that is here already, of what is seen of the timeline. */
function standFor(held: readonly ReadySheet[], { events }: Past, at: number, view: Stretch): Stand<Picture> | undefined {
  const drawn = held.flatMap(({ url, drawn }) => {
    const number = nearestTo(drawn, at);
    return number === undefined ? [] : [{ at: drawn.at[number]!, what: { url, drawn, number } }];
  });
  const pictures = events.flatMap(({ start, picture }) => (picture ? [{ at: Date.parse(start), what: picture }] : []));
  return standIn<Picture>([...drawn, ...pictures], at, view.to - view.from);
}

interface SmallProps {
  name: string;
  at: number;
  step: StepS;
  /** undefined: nothing was recorded */
  state: SheetState | undefined;
  /** what is shown while it is on its way */
  meanwhile: Stand<Picture> | undefined;
}

function Small({ name, at, step, state, meanwhile }: SmallProps): JSX.Element {
  const number = state?.name === "ready" ? pictureAt(state.drawn, at, step) : undefined;
  const why = state === undefined ? text.playback.nothing : state.name === "failed" ? state.reason : text.playback.noPicture;
  const shown = state?.name === "ready" && number !== undefined ? { at: state.drawn.at[number]!, what: { ...state, number } } : meanwhile;
  const there = shown !== undefined && shown !== meanwhile;
  return (
    <figure class="preview" data-testid="preview" data-state={there ? "shown" : state?.name === "coming" ? "coming" : "none"} data-at={there ? shown.at : undefined}>
      {shown ? (
        <Cell what={shown.what} quiet={!there} />
      ) : state?.name === "coming" ? (
        <div class="preview-picture skeleton" />
      ) : (
        <div class="preview-picture preview-none">{why}</div>
      )}
      <figcaption>
        <span class="preview-name">{name}</span>
        {shown && <span class="numbers">{clock(new Date(shown.at))}</span>}
      </figcaption>
    </figure>
  );
}

/** `quiet`: of another moment, while the right one is on its way. */
function Cell({ what, quiet }: { what: Picture; quiet: boolean }): JSX.Element {
  const kind = quiet ? "preview-picture meanwhile" : "preview-picture";
  if (typeof what === "string") return <img class={kind} src={what} alt="" />;
  const { url, drawn, number } = what;
  const { x, y } = placeOf(drawn, number);
  return (
    <svg class={kind} viewBox={`${x} ${y} ${drawn.width} ${drawn.height}`}>
      <image href={url} width={drawn.columns * drawn.width} height={Math.ceil(drawn.at.length / drawn.columns) * drawn.height} />
    </svg>
  );
}

/** Where the hand is on the timeline, as a time; "keys" while the keyboard moves the playhead; undefined: elsewhere. */
function useHand(timeline: RefObject<HTMLElement | null>, view: Stretch, onSeek: (at: number) => void): number | "keys" | undefined {
  const [hand, set] = useState<number | "keys">();
  const now = useRef({ view, onSeek });
  now.current = { view, onSeek };
  useEffect(() => {
    const root = timeline.current!;
    let dragging = false;
    const timeAt = (event: PointerEvent) => {
      const { left, width } = root.getBoundingClientRect();
      const { view } = now.current;
      return Math.min(view.to, Math.max(view.from, view.from + ((event.clientX - left) / width) * (view.to - view.from)));
    };
    const over = (event: PointerEvent) => set(timeAt(event));
    const away = () => {
      if (!dragging) set(undefined);
    };
    const down = (event: PointerEvent) => {
      set(timeAt(event));
      if (!(event.target as Element).closest(".timeline-scale")) return;
      dragging = true;
      root.setPointerCapture(event.pointerId);
      event.stopImmediatePropagation(); // dragging the times looks around; dragging the rows moves them
    };
    const up = (event: PointerEvent) => {
      if (event.pointerType !== "mouse" || !root.matches(":hover")) set(undefined);
      if (!dragging) return;
      dragging = false;
      event.stopImmediatePropagation();
      if (event.type === "pointerup") now.current.onSeek(timeAt(event));
    };
    const focus = () => {
      if (root.matches(":focus-visible")) set("keys");
    };
    const key = () => set("keys");
    const off = new AbortController();
    const hear = { capture: true, signal: off.signal };
    root.addEventListener("pointermove", over, hear);
    root.addEventListener("pointerleave", away, hear);
    root.addEventListener("pointerdown", down, hear);
    root.addEventListener("pointerup", up, hear);
    root.addEventListener("pointercancel", up, hear);
    root.addEventListener("focus", focus, hear);
    root.addEventListener("keydown", key, hear);
    root.addEventListener("blur", away, hear);
    return () => off.abort();
  }, []);
  return hand;
}
