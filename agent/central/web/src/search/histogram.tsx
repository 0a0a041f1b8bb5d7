/** How many were seen when, above what was found: a bar is pressed, or several brushed, to look at that time alone. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { text } from "../text";
import { clock } from "../time/format";
import { dayText } from "../time/time";
import { type Bar, brushed } from "./hours";

interface Props {
  bars: readonly Bar[];
  exact: boolean;
  onChoose: (since: string, until: string) => void;
}

const moment = (ms: number) => `${dayText(new Date(ms))} ${clock(new Date(ms)).slice(0, 5)}`;

export function Histogram({ bars, exact, onChoose }: Props): JSX.Element | null {
  const [brush, set] = useState<[number, number]>();
  const frame = useRef<HTMLDivElement>(null);
  if (bars.length === 0) return null;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const at = (event: PointerEvent) => {
    const { left, width } = frame.current!.getBoundingClientRect();
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((event.clientX - left) / width) * bars.length)));
  };
  const choose = (a: number, b: number) => {
    const chosen = brushed(bars, a, b);
    if (chosen) onChoose(chosen.since, chosen.until);
  };
  const inBrush = (index: number) => brush !== undefined && index >= Math.min(...brush) && index <= Math.max(...brush);
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
        onPointerMove={(event) => brush && set([brush[0], at(event)])}
        onPointerUp={() => {
          if (brush) choose(...brush);
          set(undefined);
        }}
        onPointerCancel={() => set(undefined)}
      >
        {bars.map((bar, index) => {
          const name = text.search.bar(moment(bar.from), clock(new Date(bar.to)).slice(0, 5), bar.count, exact);
          return (
            <button key={bar.from} type="button" class={inBrush(index) ? "bar brushed" : "bar"} title={name} aria-label={name} onKeyDown={(event) => event.key === "Enter" && choose(index, index)}>
              <span style={{ height: `${bar.count === 0 ? 0 : Math.max(4, (100 * bar.count) / most)}%` }} />
            </button>
          );
        })}
      </div>
      <figcaption>
        <span>{moment(bars[0]!.from)}</span>
        <span>{exact ? "" : text.search.estimated}</span>
        <span>{moment(bars.at(-1)!.to)}</span>
      </figcaption>
    </figure>
  );
}
