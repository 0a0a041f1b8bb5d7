/** A list of holds that goes on changing while it is looked at: pure. */

import type { HoldQuery } from "../api/holds";
import type { Hold } from "../api/types";

export interface HoldPart {
  /** newest first */
  items: readonly Hold[];
  next: string | null;
}

const madeAt = ({ made_at }: Hold) => Date.parse(made_at);
const fits = ({ state, camera }: HoldQuery, hold: Hold) => hold.state === state && (camera === undefined || hold.cameras.includes(camera));

/** One that is shown stays in its place, also when it is of the list no more: nothing jumps. A new one comes where its time is. */
export function withNews({ items, next }: HoldPart, hold: Hold, query: HoldQuery): HoldPart {
  if (items.some(({ id }) => id === hold.id)) return { items: items.map((one) => (one.id === hold.id ? hold : one)), next };
  const place = items.findIndex((one) => madeAt(one) < madeAt(hold));
  // one that is older than all that is shown comes with the pages that are still to be asked for
  if (!fits(query, hold) || (place < 0 && next !== null)) return { items, next };
  return { items: place < 0 ? [...items, hold] : [...items.slice(0, place), hold, ...items.slice(place)], next };
}

/** With the page after it; what moved from one page to the other meanwhile is there once. */
export function joined({ items }: HoldPart, page: HoldPart): HoldPart {
  const known = new Set(items.map(({ id }) => id));
  return { items: [...items, ...page.items.filter(({ id }) => !known.has(id))], next: page.next };
}

/** Asked anew it is as long as it was, at least: nobody loses the place where they read. */
export async function filled(page: (cursor: string | undefined) => Promise<HoldPart>, least: number): Promise<HoldPart> {
  let part = await page(undefined);
  while (part.next !== null && part.items.length < least) part = joined(part, await page(part.next));
  return part;
}
