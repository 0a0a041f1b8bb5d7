/** All that is asked of the centre for one search: the list, what is new in it, its further pages, how many there are. */

import * as api from "../api/client";
import type { Found } from "../api/types";
import { clockAhead } from "../news";
import { type Brief, briefly } from "./brief";
import { queryOf, type Search } from "./filter";
import { begun, failed, joined, looked, PAGE, type Results } from "./results";

export const LOOK_AGAIN_MS = 5_000;

type Change = (old: Results) => Results;

export class Asking {
  private stop = new AbortController();
  private counts = 0;
  /** of a page that is on its way, or could not be had */
  private waiting: string | undefined;

  constructor(
    private readonly search: Search,
    private readonly key: string,
    private readonly latest: () => Results,
    private readonly set: (change: Change) => void,
  ) {}

  /** The list from its first page on. */
  begin(): void {
    this.stop.abort();
    this.stop = new AbortController();
    this.ask().then(
      this.heard((page) => this.show(page)),
      this.heard((error: unknown) => this.set((old) => failed(this.key, error, old))),
    );
  }

  /** What is found is shown first: to count all that fits takes longer. */
  show(page: Found<Brief>): void {
    this.waiting = undefined;
    this.set((old) => begun(this.key, page, old));
    this.count();
  }

  /** Is anything new? Where there was nothing, it is shown at once. A search that ends in the past has no news, nor has one by looks. */
  look(): void {
    const { key, items: before } = this.latest();
    if (key !== this.key || (before && (this.search.until || this.search.like))) return;
    const heard = this.heard((page: Found<Brief>) => {
      const { items } = this.latest();
      if (items?.length) this.set((old) => looked(old, page));
      else if (!items || page.items.length > 0) this.show(page);
    });
    this.ask().then(heard, () => undefined);
  }

  /** The list was shown before, or the line was lost: it stays, and what it lacks is asked for. */
  goOn(): void {
    const { key, items, facets, counting, error } = this.latest();
    if (key !== this.key) return; // it is on its way, or has just been left
    if (!items && error !== undefined) return this.begin();
    this.look();
    if (items && !facets && !counting) this.count();
  }

  more(cursor: string): void {
    const { items } = this.latest();
    // what was begun anew meanwhile goes on from its own end
    const mend = (change: Change) => this.set((old) => (old.items === items ? change(old) : old));
    this.waiting = cursor;
    this.set((old) => ({ ...old, next: null })); // not twice
    this.ask(cursor).then(
      this.heard((page) => {
        if (this.waiting === cursor) this.waiting = undefined;
        mend((old) => joined(old, page));
      }),
      this.heard((error: unknown) => {
        mend((old) => ({ ...old, error }));
        setTimeout(this.heard(() => mend((old) => ({ ...old, next: cursor }))), LOOK_AGAIN_MS);
      }),
    );
  }

  /** Hear no more; what is to be kept of it. */
  end(): Results {
    this.stop.abort();
    const { error: _, newest: __, ...results } = this.latest();
    return { ...results, counting: false, next: results.next ?? this.waiting ?? null };
  }

  private count(): void {
    const mine = ++this.counts;
    const told = this.heard(({ facets }: Pick<Partial<Found<Brief>>, "facets">) => mine === this.counts && this.set((old) => ({ ...old, counting: false, ...(facets ? { facets } : {}) })));
    this.set((old) => ({ ...old, counting: true }));
    const query = queryOf(this.search, Date.now() + clockAhead.value, 1);
    query.set("facets", "true");
    api.tracks(query, this.stop.signal).then(told, () => told({}));
  }

  private ask(cursor?: string): Promise<Found<Brief>> {
    return api.tracks(queryOf(this.search, Date.now() + clockAhead.value, PAGE, cursor), this.stop.signal).then(briefly);
  }

  /** Only while nothing else has been begun. */
  private heard<T>(then: (value: T) => void): (value: T) => void {
    const mine = this.stop;
    return (value) => void (mine.signal.aborted || then(value));
  }
}
