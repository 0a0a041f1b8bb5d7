/** How many there are over the time that is searched, in bars: pure. */

export interface Bar {
  from: number;
  to: number;
  count: number;
}

const HOUR_MS = 3_600_000;
const MOST_BARS = 96;

/** From the first to the last moment, in hours or whole numbers of them; nothing where one bar would say it all. */
export function bars(hours: readonly { start: string; count: number }[], since: number | undefined, until: number): readonly Bar[] {
  const starts = hours.map(({ start }) => Date.parse(start));
  const first = since ?? Math.min(...starts);
  if (!Number.isFinite(first) || until <= first) return [];
  const from = Math.floor(first / HOUR_MS) * HOUR_MS;
  const wide = Math.ceil((until - from) / HOUR_MS / MOST_BARS) * HOUR_MS;
  const number = Math.ceil((until - from) / wide);
  if (number < 2) return [];
  const found: Bar[] = Array.from({ length: number }, (_, i) => ({ from: from + i * wide, to: from + (i + 1) * wide, count: 0 }));
  for (const { start, count } of hours) {
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
