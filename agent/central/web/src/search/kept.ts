/** Lists that were left, for who comes back to them: what was loaded of them, and how far down one was. */

import type { Results } from "./results";

export interface Kept {
  /** the address of the search */
  address: string;
  results: Results;
  /** px */
  scrolled: number;
}

/** A long list is many megabytes: so many are kept, the last ones left. */
const MOST = 3;
const lists = new Map<string, Kept>();
let returning: string | undefined;
let named = 0;

/** An entry of the history keeps its list's name when the page is loaded anew, the list does not: no name is used twice. */
const newName = () => `${Date.now()}-${++named}`;

/** What was kept of the list to which the browser went back, or a link of ours leads back; and its name from now on. */
export function takeBack(address: string): { name: string; kept: Kept | undefined } {
  const back = returning === address ? [...lists].reverse().find(([, one]) => one.address === address)?.[0] : undefined;
  returning = undefined;
  const state = history.state as { list?: string } | null;
  const name = state?.list ?? back ?? newName();
  history.replaceState({ ...state, list: name }, "");
  const kept = lists.get(name);
  return { name, kept: kept?.address === address ? kept : undefined };
}

export function keep(name: string, kept: Kept): void {
  lists.delete(name);
  lists.set(name, kept);
  for (const oldest of [...lists.keys()].slice(0, -MOST)) lists.delete(oldest);
}

/** A link is about to lead back to that search: it shows the list as it was left. */
export function comeBackTo(address: string): void {
  returning = address;
}
