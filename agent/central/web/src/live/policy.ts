/**
 * How playback of a live buffer is steered: pure, so that it can be tested without a browser.
 *
 * The player stays a short way behind the newest picture. A picture that arrives late makes a stall; each stall moves
 * the aim further back, and calm moves it forward again: a stream with B-frames or a poor link settles where it is smooth.
 */

export type Span = readonly [start: number, end: number];

/** What the video element and its buffer show now; seconds of the media's own time. */
export interface View {
  current: number;
  ranges: readonly Span[];
}

/** The steering's memory between two looks. */
export interface Steering {
  started: boolean;
  /** how far behind the newest picture playback aims to be */
  aim: number;
}

export interface Action {
  /** jump there first */
  seek?: number;
  rate: number;
  /** forget this much of the past */
  prune?: Span;
}

export const CLOSEST_AIM = 0.15;
const WIDEST_AIM = 1.5;
const STALL_STEP = 0.15;
const CALM_PER_SECOND = 0.01;
/** beyond the aim by this much, hurrying is too slow: jump */
const JUMP_BEYOND = 0.45;
const CATCH_UP_RATE = 1.1;
const KEEP_BEHIND = 6;
const PRUNE_AT = 15;

export const fresh = (): Steering => ({ started: false, aim: CLOSEST_AIM });

/** A stall was seen: aim further back. */
export const stalled = (steering: Steering): Steering => ({
  ...steering,
  aim: Math.min(WIDEST_AIM, steering.aim + STALL_STEP),
});

/** `seconds` went by without a stall: come closer again, slowly. */
export const calmed = (steering: Steering, seconds: number): Steering => ({
  ...steering,
  aim: Math.max(CLOSEST_AIM, steering.aim - CALM_PER_SECOND * seconds),
});

/** What to do now, or nothing while nothing is buffered. */
export function steer(view: View, steering: Steering): Action | undefined {
  const first = view.ranges[0];
  const last = view.ranges[view.ranges.length - 1];
  if (!first || !last) return undefined;
  if (!steering.started) return { seek: first[0], rate: 1 };
  const action: Action = { rate: rateAt(last[1] - view.current, steering.aim) };
  const jump = jumpFrom(view, last, steering.aim);
  if (jump !== undefined) Object.assign(action, { seek: jump, rate: 1 });
  const prune = pruneOf(action.seek ?? view.current, first);
  if (prune) action.prune = prune;
  return action;
}

/** With keyframes only there is nothing to play between them: show each as it comes. */
export function stepTo({ current, ranges }: View): Action | undefined {
  const [first, last] = [ranges[0], ranges[ranges.length - 1]];
  if (!first || !last) return undefined;
  const action: Action = { rate: 1 };
  if (current < last[0]) action.seek = last[0];
  const prune = pruneOf(action.seek ?? current, first);
  if (prune) action.prune = prune;
  return action;
}

/** Seconds between what is shown and the newest picture in the buffer. */
export function lagOf(view: View): number | undefined {
  const last = view.ranges[view.ranges.length - 1];
  return last ? Math.max(0, last[1] - view.current) : undefined;
}

const rateAt = (lag: number, aim: number): number => (lag > aim ? CATCH_UP_RATE : 1);

function jumpFrom(view: View, last: Span, aim: number): number | undefined {
  const lag = last[1] - view.current;
  if (lag > aim + JUMP_BEYOND) return Math.max(last[0], last[1] - aim);
  // the clock of the stream began anew, or pieces are missing right here: go on where pictures are
  if (view.current > last[1] + 1) return last[0];
  const inside = view.ranges.some(([start, end]) => view.current >= start - 0.05 && view.current <= end + 0.05);
  return inside ? undefined : view.ranges.find(([start]) => start > view.current)?.[0];
}

function pruneOf(current: number, first: Span): Span | undefined {
  return current - first[0] > PRUNE_AT ? [first[0], current - KEEP_BEHIND] : undefined;
}

/** Milliseconds before the n-th try in a row (n from 0): doubling to 8 s, spread so that tiles do not come together. */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(8_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random / 2));
}
