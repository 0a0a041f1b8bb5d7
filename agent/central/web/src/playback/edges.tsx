/** The span to export, over the timeline: both of its edges can be dragged, and moved by keys. */

import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import { text } from "../text";
import { clock } from "../time/format";
import { type Edge, edged } from "./cut";
import type { Stretch } from "./time";

interface Props {
  span: Stretch;
  view: Stretch;
  onSpan: (span: Stretch) => void;
  /** an edge was let go there: its picture is shown */
  onSeek: (at: number) => void;
}

const STEP_MS = 1_000;
const LEAP_MS = 10_000;

export function Edges({ span, view, onSpan, onSeek }: Props): JSX.Element {
  const ground = useRef<HTMLDivElement>(null);
  const moved = useRef<Stretch | undefined>(undefined);
  const length = view.to - view.from;
  const share = (at: number) => `${(100 * (at - view.from)) / length}%`;
  const inside = (at: number) => at >= view.from && at <= view.to;
  const move = (edge: Edge, event: TargetedPointerEvent<HTMLSpanElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { left, width } = ground.current!.getBoundingClientRect();
    moved.current = edged(span, edge, view.from + ((event.clientX - left) / width) * length);
    onSpan(moved.current);
  };
  const up = (edge: Edge) => {
    if (moved.current) onSeek(moved.current[edge]);
    moved.current = undefined;
  };
  const key = (edge: Edge, event: TargetedKeyboardEvent<HTMLSpanElement>) => {
    const step = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS, PageUp: -LEAP_MS, PageDown: LEAP_MS }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = edged(span, edge, span[edge] + step);
    onSpan(next);
    onSeek(next[edge]);
  };
  return (
    <div ref={ground} class="edges">
      <span class="edges-span" style={{ left: share(Math.max(view.from, span.from)), right: `calc(100% - ${share(Math.min(view.to, span.to))})` }} data-testid="export-span" />
      {(["from", "to"] as const).map(
        (edge) =>
          inside(span[edge]) && (
            <span
              key={edge}
              class={`edge ${edge}`}
              role="slider"
              tabIndex={0}
              aria-label={text.playback.exportEdge[edge]}
              title={text.playback.exportEdge[edge]}
              aria-valuemin={view.from}
              aria-valuemax={view.to}
              aria-valuenow={Math.round(span[edge])}
              aria-valuetext={clock(new Date(span[edge]))}
              style={{ left: share(span[edge]) }}
              onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
              onPointerMove={(event) => move(edge, event)}
              onPointerUp={() => up(edge)}
              onPointerCancel={() => up(edge)}
              onKeyDown={(event) => key(edge, event)}
              data-testid={`export-edge-${edge}`}
            />
          ),
      )}
    </div>
  );
}
