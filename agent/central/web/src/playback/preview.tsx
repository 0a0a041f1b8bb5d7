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
import { mayShow, pictureAt, placeOf, sheetOf, stepOf, type StepS } from "./previews";
import { type SheetState, useSheets } from "./sheets";
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
  const stateOf = useSheets(cells.flatMap(({ sheet }) => sheet ?? []));
  if (shown === undefined || !timeline.current) return null;
  const { left, width, top } = timeline.current.getBoundingClientRect();
  const x = left + ((shown - view.from) / (view.to - view.from)) * width;
  return (
    <div class="previews" data-testid="previews" aria-hidden="true" style={{ "--x": `${x}px`, "--up": `${window.innerHeight - top}px`, "--many": String(Math.min(cells.length, 3)) }}>
      <span class="previews-at numbers">
        <strong>{clock(new Date(shown))}</strong> <span class="sub">{dayText(new Date(shown))}</span>
      </span>
      <div class="previews-cells">
        {cells.map(({ name, sheet }, i) => (
          <Small key={rows[i]!.camera} name={name} at={shown} step={step} state={sheet && stateOf(sheet)} />
        ))}
      </div>
    </div>
  );
}

interface SmallProps {
  name: string;
  at: number;
  step: StepS;
  /** undefined: nothing was recorded */
  state: SheetState | undefined;
}

function Small({ name, at, step, state }: SmallProps): JSX.Element {
  const number = state?.name === "ready" ? pictureAt(state.drawn, at, step) : undefined;
  const drawn = state?.name === "ready" && number !== undefined ? { ...state, number, ...placeOf(state.drawn, number) } : undefined;
  const why = state === undefined ? text.playback.nothing : state.name === "failed" ? state.reason : text.playback.noPicture;
  return (
    <figure class="preview" data-testid="preview" data-state={drawn ? "shown" : state?.name === "coming" ? "coming" : "none"} data-at={drawn?.drawn.at[drawn.number]}>
      {drawn ? (
        <svg class="preview-picture" viewBox={`${drawn.x} ${drawn.y} ${drawn.drawn.width} ${drawn.drawn.height}`}>
          <image href={drawn.url} width={drawn.drawn.columns * drawn.drawn.width} height={Math.ceil(drawn.drawn.at.length / drawn.drawn.columns) * drawn.drawn.height} />
        </svg>
      ) : state?.name === "coming" ? (
        <div class="preview-picture skeleton" />
      ) : (
        <div class="preview-picture preview-none">{why}</div>
      )}
      <figcaption>
        <span class="preview-name">{name}</span>
        {drawn && <span class="numbers">{clock(new Date(drawn.drawn.at[drawn.number]!))}</span>}
      </figcaption>
    </figure>
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
