/** The results of a search: pages from the API as they are needed; what is new waits until the person wants it. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Facets } from "../api/types";
import { useCell } from "../cell";
import { refetch } from "../news";
import { Asking, LOOK_AGAIN_MS } from "./asking";
import type { Brief } from "./brief";
import type { Search } from "./filter";
import { keep, takeBack } from "./kept";
import { freshIn, nothing, type Results } from "./results";

/** How far down the page was when the list was left, px; another object each time that it is come back to. */
export interface Left {
  scrolled: number;
}

export interface TrackList {
  items: readonly Brief[] | undefined;
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
  /** undefined: it is shown for the first time */
  left: Left | undefined;
  next: () => void;
  again: () => void;
}

export function useTrackList(search: Search, key: string): TrackList {
  const [state, set] = useState<Results>(nothing);
  const [left, setLeft] = useState<Left>();
  const latest = useRef(state);
  latest.current = state;
  const asking = useRef<Asking | undefined>(undefined);
  const scrolled = useScrolled();
  useLayoutEffect(() => {
    const { name, kept } = takeBack(key);
    const mine = (asking.current = new Asking(search, key, () => latest.current, set));
    setLeft(kept && { scrolled: kept.scrolled });
    if (kept) {
      set((latest.current = kept.results));
      mine.goOn();
    } else mine.begin();
    const timer = setInterval(() => document.hidden || mine.look(), LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      const results = mine.end();
      if (results.key === key && results.items) keep(name, { address: key, results, scrolled: scrolled.current });
    };
  }, [key]);
  useLineBack(useCallback(() => asking.current?.goOn(), []));
  const next = useCallback(() => {
    if (state.next && state.key === key) asking.current?.more(state.next); // not with a cursor of the search before
  }, [key, state.next, state.key]);
  const again = useCallback(() => {
    window.scrollTo(0, 0);
    if (state.newest) asking.current?.show(state.newest);
    else asking.current?.begin();
  }, [state.newest]);
  return { items: state.items, fresh: freshIn(state), more: state.next !== null, old: state.key !== key, error: state.error, facets: state.facets, counting: state.counting ?? false, reached: state.reached, alike: state.alike, left, next, again };
}

/** At each time after the first that the centre's stream begins: the first one finds a search that has just been asked. */
function useLineBack(then: () => void): void {
  const generation = Math.max(1, useCell(refetch));
  const seen = useRef(generation);
  useEffect(() => {
    if (seen.current !== generation) then();
    seen.current = generation;
  }, [generation]);
}

/** How far down the page is, as of when it last stood: who leaves it is at the top of the next one before the list knows. */
function useScrolled(): { readonly current: number } {
  const scrolled = useRef(window.scrollY);
  useEffect(() => {
    const look = () => void (scrolled.current = window.scrollY);
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);
  return scrolled;
}
