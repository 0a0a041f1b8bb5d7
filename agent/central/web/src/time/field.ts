/** Between moments and the browser's own field for a day and time, which speaks in the zone that times are shown in: pure. */

import { aheadMs, zone } from "./zone";

/** `2026-07-01T14:03`, or with seconds when `length` is 19. */
export function localField(at: Date, length: 16 | 19 = 16, name = zone): string {
  return new Date(at.getTime() + aheadMs(at.getTime(), name)).toISOString().slice(0, length);
}

/** The moment that a field with seconds says, which was filled in with `given`: untouched it is that one, also in the hour that clocks show twice. */
export const momentOfFilled = (value: string, given: number, name = zone): Date | undefined => (value === localField(new Date(given), 19, name) ? new Date(given) : momentOfField(value, name));

/** In the hour that clocks show twice it is the first one; in the hour that they leave out, an hour later. */
export function momentOfField(value: string, name = zone): Date | undefined {
  const there = Date.parse(`${value}Z`);
  if (Number.isNaN(there)) return undefined;
  const guess = there - aheadMs(there, name);
  const before = aheadMs(guess - 3_600_000, name);
  const earlier = there - before;
  return new Date(aheadMs(earlier, name) === before ? earlier : there - aheadMs(guess, name));
}
