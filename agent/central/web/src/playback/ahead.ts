/**
 * What to fetch for a playhead: pure.
 *
 * The piece that is needed now is short, so that it comes soon. What is fetched ahead is longer the faster it is played:
 * a gateway is asked no more often at speed 16 than at speed 1. Every piece begins at a multiple of its own length, so
 * that everybody who looks at a moment shares it.
 */

import type { Head } from "./head";
import { coveredAt, nextFootage, PIECE_MS, pieceOf, type Recorded, type Stretch } from "./time";

/** So much of the clock on the wall is had in advance, at whatever speed. */
const AHEAD_MS = 12_000;
export const LONGEST_PIECE_MS = 4 * PIECE_MS;
/** A gateway cuts one at a time and lets sixteen wait; others ask it, too. */
const AT_ONCE = 12;
const MOST_AHEAD = 4;

/** How many pieces of each of so many cameras are fetched ahead. */
export const mostAhead = (cameras: number): number => Math.max(1, Math.min(MOST_AHEAD, Math.floor(AT_ONCE / Math.max(1, cameras))));

const holds = (at: number) => (one: Stretch) => one.from <= at && at < one.to;

/** The piece to show: one that was asked for, else a short one. */
export const pieceAt = (asked: readonly Stretch[], at: number): Stretch => asked.find(holds(at)) ?? pieceOf(at);

/** The pieces after `now` that the head will come to soon, in order; `short`: none is longer than the first. */
export function ahead(now: Stretch, head: Head, recorded: readonly Recorded[], asked: readonly Stretch[], most: number, short: boolean): Stretch[] {
  const found: Stretch[] = [];
  const until = head.at + AHEAD_MS * Math.max(1, head.speed);
  let from = now.to;
  while (head.playing && found.length < most && from < until) {
    const begin = nextFootage([recorded], from);
    if (begin === undefined) break;
    const piece = asked.find(holds(begin)) ?? grown(begin, short ? 1 : head.speed, coveredAt(recorded, begin));
    found.push(piece);
    from = piece.to;
  }
  return found;
}

/** The longest piece that begins there, suits the speed and lies in footage without a break. */
function grown(begin: number, speed: number, span: Stretch | undefined): Stretch {
  const { from, to } = pieceOf(begin);
  const wanted = Math.min(LONGEST_PIECE_MS, PIECE_MS * speed);
  let length = to - from;
  while (span && span.from <= from && 2 * length <= wanted && from % (2 * length) === 0 && from + 2 * length <= span.to) length *= 2;
  return { from, to: from + length };
}
