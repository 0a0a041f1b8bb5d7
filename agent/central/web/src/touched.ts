/** Whether somebody touches this page: what it asks by itself while nobody does keeps no session open. */

/** So long after the last touch what is asked may still be of it. */
const AWAY_MS = 60_000;

let touchedAt = Date.now();

/** Notice every touch from now on; a page that was just opened counts as touched. */
export function watchTouches(where: EventTarget): void {
  const touched = () => void (touchedAt = Date.now());
  for (const name of ["pointerdown", "pointermove", "keydown", "wheel"]) where.addEventListener(name, touched, { passive: true, capture: true });
}

export const isTouched = (): boolean => Date.now() - touchedAt < AWAY_MS;
