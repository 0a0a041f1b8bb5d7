/** What was found so far, and what becomes of it as more is told: pure. */

import type { Facets, Found } from "../api/types";
import type { Brief } from "./brief";

/** So many are asked for at once. */
export const PAGE = 120;

export interface Results {
  /** of which search; undefined: nothing was answered yet */
  key?: string;
  items?: readonly Brief[];
  /** their ids */
  known: Set<string>;
  next: string | null;
  /** the first page as it is by now, while it waits to be shown */
  newest?: Found<Brief>;
  facets?: Facets;
  counting?: boolean;
  alike?: "appearance" | "colours" | undefined;
  reached?: string | undefined;
  error?: unknown;
}

export const nothing = (): Results => ({ next: null, known: new Set() });

const idsOf = (items: readonly Brief[]) => new Set(items.map(({ id }) => id));

/** Only a page that was cut short says how far it looked; and by what tracks were compared. */
const ends = (page: Found<Brief>) => ({ reached: page.complete ? undefined : (page.reached ?? undefined), alike: page.alike ?? undefined });

/** The list from its first page on; of the same search the counts stand until new ones are there. */
export function begun(key: string, page: Found<Brief>, before: Results): Results {
  const facets = before.key === key ? before.facets : undefined;
  return { key, items: page.items, known: idsOf(page.items), next: page.next, ...(facets ? { facets } : {}), ...ends(page) };
}

/** What failed leaves what is shown of the same search. */
export const failed = (key: string, error: unknown, before: Results): Results => (before.key === key && before.items ? { ...before, counting: false, error } : { ...nothing(), key, error });

/** What came waits: nothing moves under the hand that reaches for a card. */
export const looked = (before: Results, page: Found<Brief>): Results => ({ ...before, newest: page });

/** The newest page is compared with the first ones alone: a hundred thousand may be shown. */
export function freshIn({ items, newest }: Results): number {
  if (!newest) return 0;
  const known = new Set(items?.slice(0, 2 * PAGE).map(({ id }) => id));
  return newest.items.filter(({ id }) => !known.has(id)).length;
}

/** A track that goes on may have moved between two pages; what is known is kept, or a long list would be gone through each time. */
export function joined(before: Results, page: Found<Brief>): Results {
  const fresh = page.items.filter(({ id }) => !before.known.has(id));
  for (const { id } of fresh) before.known.add(id);
  return { ...before, items: (before.items ?? []).concat(fresh), next: page.next, error: undefined, ...ends(page) };
}
