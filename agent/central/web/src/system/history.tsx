/** How a gateway was over the last day, as small charts. They are asked for when they come into view. */

import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Gateway, GatewayHistory, GatewaySample } from "../api/types";
import { clockAhead } from "../news";
import { number, text } from "../text";
import { bytes } from "../time/format";
import { momentText } from "../time/time";
import { type Frame, HEIGHT, type Sample, WIDTH, draw, nearest, place, reach } from "./sparkline";

const DAY_MS = 86_400_000;
const AGAIN_MS = 60_000;

interface Kind {
  key: string;
  name: string;
  value: (sample: GatewaySample) => number | null | undefined;
  show: (value: number) => string;
  around?: boolean;
  least: number;
  most?: (sample: GatewaySample) => number | null | undefined;
}

const KINDS: readonly Kind[] = [
  { key: "temperature", name: text.system.temperature, value: (one) => one.temperature_c, show: (value) => `${number(value)} °C`, around: true, least: 10 },
  { key: "load", name: text.system.load, value: (one) => one.load, show: (value) => number(value, 1), least: 1 },
  { key: "disk", name: text.system.diskFree, value: (one) => one.disk_free, show: bytes, least: 1, most: (one) => one.disk_total },
  { key: "outbox", name: text.system.outbox, value: (one) => one.outbox_messages + one.outbox_media, show: (value) => text.system.waiting(value), least: 10 },
  { key: "shed", name: text.system.shed, value: (one) => one.shed_level, show: (value) => text.system.steps(value), least: 3 },
  { key: "rate", name: text.system.linkRate, value: (one) => one.uplink_bytes / one.span_s, show: (value) => `${bytes(value)}/s`, least: 1000 },
];

export function HistoryPanel({ gateway }: { gateway: Gateway }): JSX.Element {
  const [box, seen] = useSeen();
  const { history, until } = useHistory(gateway, seen);
  const charts = history && history.items.length > 0 ? KINDS.map((kind) => ({ kind, samples: samplesOf(kind, history.items) })) : [];
  return (
    <section class="history" ref={box} aria-label={text.system.lastDay} data-testid="history" data-points={history?.items.length ?? 0}>
      {charts.length > 0 && <h3>{text.system.lastDay}</h3>}
      <div class="charts">
        {charts.map(({ kind, samples }) => samples.length > 0 && <Chart key={kind.key} kind={kind} samples={samples} history={history as GatewayHistory} until={until} />)}
      </div>
    </section>
  );
}

function samplesOf(kind: Kind, items: readonly GatewaySample[]): Sample[] {
  return items.flatMap((one) => {
    const value = kind.value(one);
    return value === null || value === undefined ? [] : [{ at: Date.parse(one.time), value }];
  });
}

function useSeen(): [{ current: HTMLElement | null }, boolean] {
  const box = useRef<HTMLElement>(null);
  const [seen, set] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => set(entries.some((entry) => entry.isIntersecting)), { rootMargin: "200px" });
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return [box, seen];
}

function useHistory({ site, gateway }: Gateway, seen: boolean): { history: GatewayHistory | undefined; until: number } {
  const [found, set] = useState<{ history: GatewayHistory | undefined; until: number }>({ history: undefined, until: 0 });
  useEffect(() => {
    if (!seen) return;
    let over = false;
    const load = async () => {
      if (document.hidden) return;
      const until = Date.now() + clockAhead.value;
      const history = await api.gatewayHistory(site, gateway, until - DAY_MS, until).catch(() => undefined); // the banner tells of a lost centre
      if (history && !over) set({ history, until });
    };
    void load();
    const timer = setInterval(() => void load(), AGAIN_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [site, gateway, seen]);
  return found;
}

function Chart({ kind, samples, history, until }: { kind: Kind; samples: Sample[]; history: GatewayHistory; until: number }): JSX.Element {
  const [chosen, choose] = useState<number>();
  const most = kind.most?.(history.items.at(-1) as GatewaySample) ?? undefined;
  const [low, high] = reach(samples, { least: kind.least, most, ...(kind.around ? { around: true } : {}) });
  const frame: Frame = { from: until - DAY_MS, to: until, low, high };
  const { line, ground } = draw(samples, history.step_s * 1000, frame);
  const at = chosen === undefined ? samples.length - 1 : Math.min(chosen, samples.length - 1);
  const shown = samples[at] as Sample;
  const [x, y] = place(shown, frame);
  const pick = (event: TargetedPointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    choose(nearest(samples, (event.clientX - left) / width, frame));
  };
  const step = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(samples.length - 1, at + by)));
  };
  return (
    <figure class="chart" data-testid={`chart-${kind.key}`}>
      <figcaption>
        <span class="fact-name">{kind.name}</span>
        <output class="numbers" key={kind.show(shown.value)}>
          {kind.show(shown.value)}
          {chosen !== undefined && <span class="sub"> {momentText(new Date(shown.at).toISOString())}</span>}
        </output>
      </figcaption>
      <div class="chart-field" tabIndex={0} role="img" aria-label={told(kind, samples)} onPointerMove={pick} onPointerLeave={() => choose(undefined)} onBlur={() => choose(undefined)} onKeyDown={step}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="chart-ground" d={ground} />
          <path class="chart-line" d={line} />
        </svg>
        {chosen !== undefined && <i class="chart-mark" style={{ left: `${(x / WIDTH) * 100}%`, top: `${(y / HEIGHT) * 100}%` }} />}
      </div>
    </figure>
  );
}

/** The chart in words. */
function told(kind: Kind, samples: readonly Sample[]): string {
  const values = samples.map(({ value }) => value);
  return text.system.chart(kind.name, kind.show(values.at(-1) as number), kind.show(Math.min(...values)), kind.show(Math.max(...values)));
}
