/** The boxes that go with a live picture's own time, and where their names stand: pure. */

import type { LiveBox } from "../api/types";
import { type Box, mix } from "../events/overlay";

/** What analysis saw in one picture. */
export interface Sight {
  wallMs: number;
  boxes: readonly LiveBox[];
}

export interface Mark {
  track: string;
  label: string;
  box: Box;
  /** from 1 (of this picture) to 0 (of one that is gone): how far it is to be trusted */
  strength: number;
}

const KEPT_MS = 6_000;
/** Until then a box stands where its object does; at the end it would stand beside it. */
const FRESH_MS = 400;
const OLDEST_MS = 1_100;
/** Two sights further apart are two different moments: nothing went straight from one to the other. */
const APART_MS = 1_500;

/** With one more sight, without those that no picture will be shown of any more. */
export function seen(trail: readonly Sight[], next: Sight): readonly Sight[] {
  const kept = trail.filter(({ wallMs }) => wallMs < next.wallMs && next.wallMs - wallMs < KEPT_MS);
  return [...kept, next];
}

/** What to mark in the picture of that time: between two sights each on its way, after the last one fainter and fainter. */
export function marksAt(trail: readonly Sight[], shownMs: number | undefined): Mark[] {
  const newest = trail.at(-1);
  if (shownMs === undefined) return newest ? marks(newest, 1) : [];
  const after = trail.findIndex(({ wallMs }) => wallMs > shownMs);
  const before = after < 0 ? newest : trail[after - 1];
  if (!before) return [];
  const next = after < 0 ? undefined : trail[after];
  if (next && next.wallMs - before.wallMs <= APART_MS) return between(before, next, (shownMs - before.wallMs) / (next.wallMs - before.wallMs));
  return marks(before, strength(shownMs - before.wallMs));
}

const strength = (ageMs: number): number => Math.max(0, Math.min(1, (OLDEST_MS - ageMs) / (OLDEST_MS - FRESH_MS)));

const marks = ({ boxes }: Sight, strong: number): Mark[] => (strong > 0 ? boxes.map(({ track, label, box }) => ({ track, label, box, strength: strong })) : []);

/** What is in one of them only is shown in the half that is nearer to it. */
function between(before: Sight, next: Sight, share: number): Mark[] {
  const later = new Map(next.boxes.map((one) => [one.track, one]));
  const earlier = new Set(before.boxes.map(({ track }) => track));
  const going = marks(before, 1).flatMap((mark) => {
    const there = later.get(mark.track);
    if (!there) return share < 0.5 ? [mark] : [];
    return [{ ...mark, box: mix(mark.box, there.box, share) }];
  });
  return share < 0.5 ? going : [...going, ...marks(next, 1).filter(({ track }) => !earlier.has(track))];
}

export interface Name {
  x: number;
  /** of the line that the letters stand on */
  y: number;
}

/** About how wide a letter is, by its size: names are bold. */
const LETTER = 0.64;

/**
 * Where each name stands: above its box, else below it, else nowhere: of two that would cover each other the upper one stays.
 * All in the picture's own units; `size` is that of the letters.
 */
export function namesOf(found: readonly { box: Box; name: string }[], size: number, width: number, height: number): (Name | undefined)[] {
  const taken: { left: number; right: number; top: number; bottom: number }[] = [];
  const places: (Name | undefined)[] = found.map(() => undefined);
  const order = found.map((_, index) => index).sort((a, b) => found[a]!.box[1] - found[b]!.box[1]);
  for (const index of order) {
    const { box, name } = found[index]!;
    const wide = name.length * size * LETTER;
    const x = Math.max(0, Math.min(box[0] * width, width - wide));
    for (const y of [Math.max(size, box[1] * height - size * 0.35), box[3] * height + size]) {
      const field = { left: x, right: x + wide, top: y - size, bottom: y + size * 0.25 };
      if (field.bottom > height || taken.some((other) => field.left < other.right && other.left < field.right && field.top < other.bottom && other.top < field.bottom)) continue;
      taken.push(field);
      places[index] = { x, y };
      break;
    }
  }
  return places;
}
