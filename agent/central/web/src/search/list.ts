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
  /** they are on their way */
  counting: boolean;
  /** by what tracks were compared that should look like one */
  alike: "appearance" | "colours" | undefined;
  /** how far back it was looked before the time was up; undefined when all of it was */
  reached: string | undefined;
  next: () => void;
  again: () => void;
}

interface State {
  key?: string;
  items?: readonly Track[];
  /** their ids */
  known: Set<string>;
  next: string | null;
  newest?: Found<Track>;
  facets?: Facets;
  counting?: boolean;
  alike?: "appearance" | "colours" | undefined;
  reached?: string | undefined;
  error?: unknown;
}

export function useTrackList(search: Search, key: string): TrackList {
  const [state, set] = useState<State>({ next: null, known: new Set() });
  const [tries, setTries] = useState(0);
  const generation = Math.max(1, useCell(refetch)); // the first hello finds a search that has just been asked
  const asking = useRef<AbortController | undefined>(undefined);
  const ask = (cursor?: string) => api.tracks(queryOf(search, Date.now() + clockAhead.value, PAGE, cursor), asking.current?.signal);
  /** What is found is shown first: to count all that fits takes longer. */
  const count = () => {
    const query = queryOf(search, Date.now() + clockAhead.value, 1);
    query.set("facets", "true");
    return api.tracks(query, asking.current?.signal);
  };
  useEffect(() => {
    const mine = (asking.current = new AbortController());
    const current = <T>(then: (value: T) => void) => (value: T) => void (asking.current === mine && then(value));
    const failed = current((error: unknown) => set({ key, next: null, known: new Set(), error }));
    const counted = current(({ facets }: Partial<Found<Track>>) => set((old) => ({ ...old, counting: false, ...(facets ? { facets } : {}) })));
    ask().then(current((page) => (set({ key, counting: true, ...begun(page) }), void count().then(counted, () => counted({})))), failed);
    const timer = setInterval(() => document.hidden || search.until || search.like || void ask().then(current((page) => set((old) => looked(old, page))), () => undefined), LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      asking.current = undefined;
      mine.abort();
    };
  }, [key, generation, tries]);

  const next = useCallback(() => {
    const { next: cursor, items } = state;
    if (!cursor || state.key !== key) return; // a cursor of the search before
    const mine = asking.current;
    // what was begun anew meanwhile goes on from its own end
    const mend = (change: (old: State) => Partial<State>) => asking.current === mine && set((old) => (old.items === items ? { ...old, ...change(old) } : old));
    set((old) => ({ ...old, next: null })); // not twice
    ask(cursor).then(
      (page) => mend((old) => ({ ...joined(old, page.items), next: page.next, error: undefined, ...ends(page) })),
      (error: unknown) => {
        mend(() => ({ error }));
        setTimeout(() => mend(() => ({ next: cursor })), LOOK_AGAIN_MS);
      },
    );
  }, [key, state.next, state.key, state.items]);
  const again = useCallback(() => {
    window.scrollTo(0, 0);
    const { newest } = state;
    if (newest) set((old) => ({ key, ...begun(newest), ...(old.facets ? { facets: old.facets } : {}) }));
    else setTries((count) => count + 1);
  }, [key, state.newest]);
  return { items: state.items, fresh: freshIn(state), more: state.next !== null, old: state.key !== key, error: state.error, facets: state.facets, counting: state.counting ?? false, reached: state.reached, alike: state.alike, next, again };
}

const begun = (page: Found<Track>) => ({ items: page.items, known: idsOf(page.items), next: page.next, ...(page.facets ? { facets: page.facets } : {}), ...ends(page) });

/** Only a page that was cut short says how far it looked; and by what tracks were compared. */
const ends = (page: Found<Track>) => ({ reached: page.complete ? undefined : (page.reached ?? undefined), alike: page.alike ?? undefined });

/** Where there was nothing, what came is shown; else it waits: nothing moves under the hand that reaches for a card. */
function looked(old: State, page: Found<Track>): State {
  return old.items?.length ? { ...old, newest: page } : { ...old, items: page.items, known: idsOf(page.items), next: page.next };
}

/** The newest page is compared with the first ones alone: a hundred thousand may be shown. */
function freshIn({ items, newest }: State): number {
  if (!newest) return 0;
  const known = new Set(items?.slice(0, 2 * PAGE).map(({ id }) => id));
  return newest.items.filter(({ id }) => !known.has(id)).length;
}

/** A track that goes on may have moved between two pages; what is known is kept, or a long list would be gone through each time. */
function joined({ items = [], known }: State, more: readonly Track[]): Pick<State, "items" | "known"> {
  const fresh = more.filter(({ id }) => !known.has(id));
  for (const { id } of fresh) known.add(id);
  return { items: items.concat(fresh), known };
}

const idsOf = (items: readonly Track[]) => new Set(items.map(({ id }) => id));
