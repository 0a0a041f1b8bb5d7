/** Between moments and the browser's own field for a day and time, which speaks in the viewer's zone: pure. */

/** `2026-07-01T14:03`, or with seconds when `length` is 19. */
export function localField(at: Date, length: 16 | 19 = 16): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, length);
}

export function momentOfField(value: string): Date | undefined {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
