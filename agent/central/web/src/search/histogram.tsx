/** How many were seen when, above what was found: a bar is pressed, or several brushed, to look at that time alone. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { text } from "../text";
import { clock } from "../time/format";
import { dayText } from "../time/time";
import { type Bar, brushed, type Brush, pressed } from "./hours";

interface Props {
  bars: readonly Bar[];
  exact: boolean;
  onChoose: (since: string, until: string) => void;
}

const moment = (ms: number) => `${dayText(new Date(ms))} ${clock(new Date(ms)).slice(0, 5)}`;

export function Histogram({ bars, exact, onChoose }: Props): JSX.Element | null {
  const [brush, set] = useState<Brush>();
  /** the one bar that Tab comes to */
  const [reached, reach] = useState(bars.length - 1);
  const frame = useRef<HTMLDivElement>(null);
  if (bars.length === 0) return null;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const here = Math.min(reached, bars.length - 1);
  const at = (event: PointerEvent) => {
    const { left, width } = frame.current!.getBoundingClientRect();
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((event.clientX - left) / width) * bars.length)));
  };
  const choose = (a: number, b: number) => {
    set(undefined);
    const chosen = brushed(bars, a, b);
    if (chosen) onChoose(chosen.since, chosen.until);
  };
  const press = (event: KeyboardEvent) => {
    const moved = pressed(event, here, brush, bars.length);
    if (!moved) return;
    event.preventDefault();
    set(moved.brush);
    reach(moved.at);
    (frame.current?.children[moved.at] as HTMLElement | undefined)?.focus();
  };
  const [first, last] = brush ? [Math.min(...brush, bars.length - 1), Math.min(Math.max(...brush), bars.length - 1)] : [-1, -1];
  const said = (from: number, to: number) => {
    const some = bars.slice(from, to + 1);
    return text.search.bar(moment(some[0]!.from), from === to ? clock(new Date(some[0]!.to)).slice(0, 5) : moment(some.at(-1)!.to), some.reduce((sum, { count }) => sum + count, 0), exact);
  };
  return (
    <figure class="histogram" data-testid="histogram">
      <div
        class="histogram-bars"
        ref={frame}
        role="group"
        aria-label={text.search.histogram}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          set([at(event), at(event)]);
        }}
        onPointerMove={(event) => brush && event.currentTarget.hasPointerCapture(event.pointerId) && set([brush[0], at(event)])}
        onPointerUp={() => brush && choose(...brush)}
        onPointerCancel={() => set(undefined)}
        onKeyDown={press}
        onFocusOut={(event) => event.currentTarget.contains(event.relatedTarget as Node | null) || set(undefined)}
      >
        {bars.map((bar, index) => {
          const name = said(index, index);
          return (
            <button
              key={bar.from}
              type="button"
              class={index >= first && index <= last ? "bar brushed" : "bar"}
              title={name}
              aria-label={name}
              tabIndex={index === here ? 0 : -1}
              onFocus={() => reach(index)}
              // by key or a screen reader; the pointer has chosen when it was lifted
              onClick={(click) => click.detail === 0 && (brush && index >= first && index <= last ? choose(first, last) : choose(index, index))}
            >
              <span style={{ height: `${bar.count === 0 ? 0 : Math.max(4, (100 * bar.count) / most)}%` }} />
            </button>
          );
        })}
      </div>
      <figcaption>
        <span>{moment(bars[0]!.from)}</span>
        <span class="histogram-said" role="status" data-testid="brushed">
          {last > first ? said(first, last) : exact ? "" : text.search.estimated}
        </span>
        <span>{moment(bars.at(-1)!.to)}</span>
      </figcaption>
    </figure>
  );
}
