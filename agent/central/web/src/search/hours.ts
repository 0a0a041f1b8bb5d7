/** How many there are over the time that is searched, in bars: pure. */

export interface Bar {
  from: number;
  to: number;
  count: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MOST_BARS = 96;
/** Over no more than that a bar is some minutes: of hours there would be one or two. */
const SHORT_MS = 2 * HOUR_MS;

interface Begun {
  start: string;
  count: number;
}

export interface Counts {
  hours: readonly Begun[];
  /** only where the hours are few, and each track was looked at */
  minutes: readonly Begun[];
}

/**
 * From the first to the last moment, in hours or whole numbers of them, of a short time in minutes; nothing where one bar
 * would say it all. The outer bars end where the time does: nothing is known of what is beyond, or yet to come.
 */
export function bars({ hours, minutes }: Counts, since: number | undefined, until: number): readonly Bar[] {
  const first = since ?? Math.min(...(minutes.length > 0 ? minutes : hours).map(({ start }) => Date.parse(start)));
  if (!Number.isFinite(first) || until <= first) return [];
  const [unit, counts] = minutes.length > 0 && until - first <= SHORT_MS ? [MINUTE_MS, minutes] : [HOUR_MS, hours];
  const from = Math.floor(first / unit) * unit;
  const wide = Math.ceil((until - from) / unit / MOST_BARS) * unit;
  const number = Math.ceil((until - from) / wide);
  if (number < 2) return [];
  const found: Bar[] = Array.from({ length: number }, (_, i) => ({ from: Math.max(first, from + i * wide), to: Math.min(until, from + (i + 1) * wide), count: 0 }));
  for (const { start, count } of counts) {
    const bar = found[Math.floor((Date.parse(start) - from) / wide)];
    if (bar) bar.count += count;
  }
  return found;
}

/** What was brushed: from the beginning of the one to the end of the other, whichever way. */
export function brushed(all: readonly Bar[], a: number, b: number): { since: string; until: string } | undefined {
  const [first, last] = [all[Math.min(a, b)], all[Math.max(a, b)]];
  return first && last && { since: new Date(first.from).toISOString(), until: new Date(last.to).toISOString() };
}

/** From where it was begun to where it is. */
export type Brush = readonly [anchor: number, head: number];

const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, last) => last,
};

/** To which bar a key leads, and what is brushed then: with Shift all between, without it none. Undefined: the key does nothing here. */
export function pressed({ key, shiftKey, ctrlKey, altKey, metaKey }: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey">, at: number, brush: Brush | undefined, count: number): { at: number; brush: Brush | undefined } | undefined {
  if (ctrlKey || altKey || metaKey) return undefined;
  if (key === "Escape" && brush) return { at, brush: undefined };
  const step = STEPS[key];
  if (!step) return undefined;
  const to = Math.max(0, Math.min(count - 1, step(at, count - 1)));
  return { at: to, brush: shiftKey ? [brush?.[0] ?? at, to] : undefined };
}
