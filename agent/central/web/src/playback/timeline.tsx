/** The timeline: per camera what was recorded and what happened; click to go there, drag to move, wheel to zoom. */

import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Hold } from "../api/types";
import { holding, reasonsOf, spanOf } from "../holds/told";
import { text } from "../text";
import { clock } from "../time/format";
import { dayText } from "../time/time";
import { aheadMs } from "../time/zone";
import { Edges } from "./edges";
import { Happened } from "./happened";
import { MotionStrip, motionText } from "./moved";
import type { Past } from "./past";
import { Previews } from "./preview";
import { reasonText } from "./tile";
import { coveredAt, gapReason, gapsIn, moved, type Stretch, ticks, zoomed } from "./time";

interface Props {
  rows: readonly { camera: string; name: string; past: Past }[];
  holds: readonly Hold[];
  view: Stretch;
  at: number;
  onView: (view: Stretch) => void;
  onSeek: (at: number) => void;
  /** the span that is being chosen to be exported */
  cut: Stretch | undefined;
  onCut: (span: Stretch) => void;
}

const STEP_MS = 10_000;
/** A pointer that moved less than this, px, clicked. */
const CLICK_PX = 4;
/** On a page no wider than that, times to the second would run into each other. */
const NARROW_PX = 720;

export function Timeline({ rows, holds, view, at, onView, onSeek, cut, onCut }: Props): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; view: Stretch; far: boolean } | undefined>(undefined);
  const length = view.to - view.from;
  const share = (when: number) => `${(100 * (when - view.from)) / length}%`;
  const between = ({ from, to }: Stretch) => ({ left: share(Math.max(view.from, from)), right: `calc(100% - ${share(Math.min(view.to, to))})` });
  const timeAt = (x: number) => {
    const { left, width } = root.current!.getBoundingClientRect();
    return view.from + ((x - left) / width) * length;
  };
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      onView(sideways ? moved(view, (event.deltaX / root.current!.clientWidth) * length) : zoomed(view, 1.0015 ** event.deltaY, timeAt(event.clientX)));
    };
    root.current!.addEventListener("wheel", wheel, { passive: false });
    return () => root.current?.removeEventListener("wheel", wheel);
  }, [view.from, view.to]);
  const down = (event: TargetedPointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, view, far: false };
  };
  const move = (event: TargetedPointerEvent<HTMLDivElement>) => {
    const begun = drag.current;
    if (!begun) return;
    const by = event.clientX - begun.x;
    begun.far ||= Math.abs(by) > CLICK_PX;
    if (begun.far) onView(moved(begun.view, (-by / root.current!.clientWidth) * length));
  };
  const up = (event: TargetedPointerEvent<HTMLDivElement>) => {
    if (drag.current && !drag.current.far) onSeek(timeAt(event.clientX));
    drag.current = undefined;
  };
  const key = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS, PageUp: -length / 2, PageDown: length / 2 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onSeek(at + step);
  };
  return (
    <div class="timeline">
      <div class="timeline-names" aria-hidden="true">
        {rows.map(({ camera, name }) => (
          <span key={camera} class="timeline-name" title={name}>
            {name}
          </span>
        ))}
      </div>
      <div class="timeline-held">
        <div
          ref={root}
          class="timeline-track"
          role="slider"
          tabIndex={0}
          aria-label={text.playback.timeline}
          aria-valuemin={view.from}
          aria-valuemax={view.to}
          aria-valuenow={Math.round(at)}
          aria-valuetext={[`${dayText(new Date(at))} ${clock(new Date(at))}`, ...gapsAt(rows, at), ...heldAt(rows, holds, at), motionText(rows, at)].filter(Boolean).join(", ")}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onKeyDown={key}
          data-testid="timeline"
        >
          <Scale view={view} share={share} />
          {rows.map(({ camera, past }) => (
            <div key={camera} class="timeline-row">
              {past.recorded.filter(inside(view)).map((span) => (
                <span key={span.from} class="recorded" style={between(span)} />
              ))}
              <MotionStrip motion={past.motion} view={view} />
              {holding(holds, camera, view).map((hold) => (
                <span key={hold.id} class="held-span" title={text.holds.markWhy(hold.reason)} style={between(spanOf(hold))} data-testid="held-span" />
              ))}
              {gapsIn(past.recorded, view).map((gap) => (
                <span key={gap.from} class="gap" title={reasonText(gap.reason)} style={between(gap)} />
              ))}
              <Happened past={past} view={view} />
            </div>
          ))}
          {at >= view.from && at <= view.to && <span class="playhead" style={{ left: share(at) }} />}
          <Previews timeline={root} rows={rows} view={view} at={at} onSeek={onSeek} />
        </div>
        {cut && <Edges span={cut} view={view} onSpan={onCut} onSeek={onSeek} />}
      </div>
    </div>
  );
}

/** Of which cameras there is nothing at that moment, and why. */
const gapsAt = (rows: Props["rows"], at: number): string[] =>
  rows.filter(({ past }) => past.recorded.length > 0 && !coveredAt(past.recorded, at)).map(({ name, past }) => `${name}: ${reasonText(gapReason(past.recorded, at))}`);

/** Of which cameras that moment is held, and why. */
const heldAt = (rows: Props["rows"], holds: Props["holds"], at: number): string[] =>
  rows.flatMap(({ camera, name }) => {
    const why = reasonsOf(holding(holds, camera, { from: at, to: at }));
    return why ? [`${name}: ${text.holds.markWhy(why)}`] : [];
  });

function Scale({ view, share }: { view: Stretch; share: (when: number) => string }): JSX.Element {
  const { step, at } = ticks(view, window.innerWidth > NARROW_PX ? 10 : 5, aheadMs);
  return (
    <div class="timeline-scale" aria-hidden="true">
      {at.map((when) => (
        <span key={when} style={{ left: share(when) }}>
          {step >= 86_400_000 ? dayText(new Date(when)) : step >= 60_000 ? clock(new Date(when)).slice(0, 5) : clock(new Date(when))}
        </span>
      ))}
    </div>
  );
}

const inside = (view: Stretch) => (one: Stretch) => one.to >= view.from && one.from <= view.to;
