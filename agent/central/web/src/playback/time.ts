/** The timeline's arithmetic: pure. All times are milliseconds of the epoch. */

export interface Stretch {
  from: number;
  to: number;
}

/** What was recorded without a break; `reason` is why it ended. */
export interface Recorded extends Stretch {
  reason: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const SHORTEST_MS = 30 * SECOND;
export const LONGEST_MS = 7 * 24 * HOUR;

const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * SECOND).concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), [1, 2, 3, 6, 12, 24, 48].map((n) => n * HOUR));

/** Zoomed by `factor` (2: twice as much is seen) around `at`, which stays where it is. */
export function zoomed(view: Stretch, factor: number, at: number): Stretch {
  const length = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (view.to - view.from) * factor));
  const share = (at - view.from) / (view.to - view.from);
  return { from: at - share * length, to: at + (1 - share) * length };
}

export const moved = (view: Stretch, by: number): Stretch => ({ from: view.from + by, to: view.to + by });

/** Opened, it shows what is recorded around a moment: no less than this, no more than `most`. */
const SHORTEST_FIRST_MS = 2 * MINUTE;
/** So much of it, at each side, is beyond what is recorded. */
const BEYOND = 0.04;
/** So much of it, at least, is after the moment: a playhead at the edge would leave at once. */
const ROOM = 0.2;

/** The view to begin with; undefined: nothing is recorded in `most`. */
export function fitted(cameras: readonly (readonly Stretch[])[], at: number, most: Stretch): Stretch | undefined {
  const near = cameras.flat().filter(({ from, to }) => to > most.from && from < most.to);
  if (near.length === 0) return undefined;
  const [first, last] = [Math.min(at, ...near.map(({ from }) => from)), Math.max(at, ...near.map(({ to }) => to))];
  const beyond = BEYOND * (last - first);
  const lacks = Math.max(0, SHORTEST_FIRST_MS - (last - first) - 2 * beyond) / 2;
  const from = Math.max(most.from, first - beyond - lacks);
  return { from, to: Math.min(most.to, Math.max(last + beyond + lacks, at + ((at - from) * ROOM) / (1 - ROOM))) };
}

/** As long as it is, and `at` inside: a view that the playhead leaves goes on with it. */
export function following(view: Stretch, at: number): Stretch {
  if (at >= view.from && at <= view.to) return view;
  return moved(view, at - (at > view.to ? view.from : view.to));
}

/** Where lines with times stand, at most so many. `ahead` is the zone's offset at a moment: days begin at midnight there, also after clocks were changed. */
export function ticks(view: Stretch, most: number, ahead: (at: number) => number): { step: number; at: number[] } {
  const step = STEPS.find((one) => (view.to - view.from) / one <= most) ?? (STEPS.at(-1) as number);
  const before = ahead(view.from);
  // hours go on evenly over the change; what is longer keeps to the clock
  const moment = (there: number) => there - (step > 2 * HOUR ? ahead(there - before) : before);
  const first = Math.ceil((view.from + before) / step) * step;
  const all = Array.from({ length: Math.ceil((view.to - view.from + HOUR) / step) + 1 }, (_, i) => moment(first + i * step));
  return { step, at: all.filter((at) => at >= view.from && at <= view.to) };
}

/** Footage comes in pieces, begun at whole multiples: everybody who looks at a moment asks for the same one. */
export const PIECE_MS = 20 * SECOND;
export const pieceOf = (at: number): Stretch => {
  const from = Math.floor(at / PIECE_MS) * PIECE_MS;
  return { from, to: from + PIECE_MS };
};

export const coveredAt = (spans: readonly Recorded[], at: number): Recorded | undefined => spans.find(({ from, to }) => from <= at && at < to);

/** Why nothing was recorded at that moment: the reason that the span before it ended with. */
export const gapReason = (spans: readonly Recorded[], at: number): string | undefined => spans.findLast(({ to }) => to <= at)?.reason;

/** Between two spans that are known, and why; before the first and after the last nothing is known. */
export function gapsIn(spans: readonly Recorded[], view: Stretch): Recorded[] {
  const all = spans.slice(1).map((span, i) => ({ from: (spans[i] as Recorded).to, to: span.from, reason: (spans[i] as Recorded).reason }));
  return all.filter(({ from, to }) => to >= view.from && from <= view.to);
}

/** The first moment from `at` on at which any of the cameras has footage. */
export function nextFootage(cameras: readonly (readonly Recorded[])[], at: number): number | undefined {
  const begins = cameras.flatMap((spans) => spans.filter(({ to }) => to > at).map(({ from }) => Math.max(from, at)));
  return begins.length > 0 ? Math.min(...begins) : undefined;
}

/** An event is shown from this much before it. */
export const LEAD_MS = 2 * SECOND;
