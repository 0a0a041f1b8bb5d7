/** The footage to ask for to see a track: pure. */

const AROUND_MS = 2_000;
/** The gateway cuts at most ten minutes at once; who stood there for an hour is seen coming. */
const MOST_MS = 120_000;

export function around({ start, end }: { start: string; end: string }): { start: string; end: string } {
  const from = Date.parse(start) - AROUND_MS;
  const to = Math.min(Math.max(Date.parse(end), Date.parse(start)) + AROUND_MS, from + MOST_MS);
  return { start: new Date(from).toISOString(), end: new Date(to).toISOString() };
}
