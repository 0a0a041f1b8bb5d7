/** Where a clip is begun to be played: pure. */

/** The event's own clip begins so long before it; one that was fetched for something else may begin earlier. */
const LEAD_MS = 5_000;

/** The address of a clip that shows an event `afterMs` after its own begin, to be played from shortly before that on. */
export function openedAt(url: string, afterMs: number): string {
  const from = Math.floor(afterMs - LEAD_MS) / 1000;
  return from > 0 ? `${url}#t=${from}` : url;
}
