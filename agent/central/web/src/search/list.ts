/** The results of a search: pages from the API as they are needed; what is new waits until the person wants it. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Facets, Found, Track } from "../api/types";
import { useCell } from "../cell";
import { clockAhead, refetch } from "../news";
import { queryOf, type Search } from "./filter";

const PAGE = 120;
const LOOK_AGAIN_MS = 5_000;

export interface TrackList {
  items: readonly Track[] | undefined;
  /** how many came since, that are not shown yet */
  fresh: number;
  more: boolean;
  /** what is shown is of the search before */
  old: boolean;
  error: unknown;
  /** of all that fits, as of the search; undefined until they are there */
  facets: Facets | undefined;
  /** how far back it was looked before the time was up; undefined when all of it was */
  reached: string | undefined;
  next: () => void;
  again: () => void;
}

interface State {
  key?: string;
  items?: readonly Track[];
  next: string | null;
  newest?: Found<Track>;
  facets?: Facets;
  reached?: string | undefined;
  error?: unknown;
}

export function useTrackList(search: Search, key: string): TrackList {
  const [state, set] = useState<State>({ next: null });
  const [tries, setTries] = useState(0);
  const generation = useCell(refetch);
  const asking = useRef<unknown>(undefined);
  const ask = (cursor?: string, counted = false) => {
    const query = queryOf(search, Date.now() + clockAhead.value, PAGE, cursor);
    if (counted) query.set("facets", "true");
    return api.tracks(query);
  };
  useEffect(() => {
    const mine = (asking.current = {});
    const current = <T>(then: (value: T) => void) => (value: T) => void (asking.current === mine && then(value));
    const failed = current((error: unknown) => set({ key, next: null, error }));
    ask(undefined, true).then(current((page) => set({ key, ...begun(page) })), failed);
    const timer = setInterval(() => document.hidden || search.until || void ask().then(current((page) => set((old) => looked(old, page))), () => undefined), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [key, generation, tries]);

  const next = useCallback(() => {
    const cursor = state.next;
    if (!cursor) return;
    const mine = asking.current;
    set((old) => ({ ...old, next: null })); // not twice
    ask(cursor).then(
      (page) => asking.current === mine && set((old) => ({ ...old, items: joined(old.items ?? [], page.items), next: page.next, ...ends(page) })),
      (error: unknown) => asking.current === mine && set((old) => ({ ...old, next: cursor, error })),
    );
  }, [key, state.next]);
  const again = useCallback(() => {
    window.scrollTo(0, 0);
    const { newest } = state;
    if (newest) set((old) => ({ key, ...begun(newest), ...(old.facets ? { facets: old.facets } : {}) }));
    else setTries((count) => count + 1);
  }, [key, state.newest]);
  return { items: state.items, fresh: freshIn(state), more: state.next !== null, old: state.key !== key, error: state.error, facets: state.facets, reached: state.reached, next, again };
}

const begun = (page: Found<Track>) => ({ items: page.items, next: page.next, ...(page.facets ? { facets: page.facets } : {}), ...ends(page) });

/** Only a page that was cut short says how far it looked. */
const ends = (page: Found<Track>) => ({ reached: page.complete ? undefined : (page.reached ?? undefined) });

/** Where there was nothing, what came is shown; else it waits: nothing moves under the hand that reaches for a card. */
function looked(old: State, page: Found<Track>): State {
  return old.items?.length ? { ...old, newest: page } : { ...old, items: page.items, next: page.next };
}

function freshIn({ items, newest }: State): number {
  const known = new Set(items?.map(({ id }) => id));
  return newest?.items.filter(({ id }) => !known.has(id)).length ?? 0;
}

/** A track that goes on may have moved between two pages. */
function joined(old: readonly Track[], more: readonly Track[]): readonly Track[] {
  const known = new Set(old.map(({ id }) => id));
  return [...old, ...more.filter(({ id }) => !known.has(id))];
}
