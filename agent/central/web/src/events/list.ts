/** The events page's list: pages of the past from the API, news from the stream, held back while the person reads. */

import { useCallback, useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { onEvent, refetch } from "../news";
import { type Filter, fits, queryOf } from "./filter";
import { has, merge, mergeAll } from "./merge";
import { paced } from "./paced";

const PAGE = 60;

export interface EventList {
  items: readonly LamppostEvent[] | undefined;
  /** new ones that wait for the person to come back to the top */
  fresh: readonly LamppostEvent[];
  more: boolean;
  loading: boolean;
  error: unknown;
  older: () => void;
  release: () => void;
  again: () => void;
}

interface State {
  /** of which filter this is the list */
  key: string;
  items?: readonly LamppostEvent[];
  fresh: readonly LamppostEvent[];
  next: string | null;
  loading: boolean;
  error?: unknown;
}

const blank = (key: string): State => ({ key, fresh: [], next: null, loading: true });

/** Where new events would push what is being read, or what a hand reaches for. */
const reading = () => window.scrollY > 40 || document.querySelector(".cards:hover, .cards :focus-visible, .choosing") !== null;

export function useEventList(filter: Filter, key: string): EventList {
  const [held, set] = useState(() => blank(key));
  // not for one frame those of the filter before: a hand that is quick would reach for a card that goes
  const state = held.key === key ? held : blank(key);
  const [tries, setTries] = useState(0);
  const generation = useCell(refetch);
  useEffect(() => {
    set((old) => (old.key === key ? old : blank(key)));
    let stale = false;
    const load = async () => {
      try {
        const page = await api.events(queryOf(filter, PAGE));
        if (!stale) set((old) => refreshed(old, page));
      } catch (error) {
        if (!stale) set((old) => ({ ...old, loading: false, error }));
      }
    };
    void load();
    const waiting = new Map<string, LamppostEvent>();
    const news = paced<string>((ids) => {
      const events = ids.flatMap((id) => waiting.get(id) ?? []).filter((event) => fits(filter, event));
      waiting.clear();
      set((old) => events.reduce(withNews, old));
    });
    const stop = onEvent((event) => {
      set((old) => (isHere(old, event) ? withNews(old, event) : old));
      if (!fits(filter, event) && !waiting.has(event.id)) return;
      waiting.set(event.id, event);
      news.push(event.id);
    });
    return () => {
      stale = true;
      stop();
      news.stop();
    };
  }, [key, generation, tries]);

  const older = useCallback(async () => {
    if (!state.next || state.loading) return;
    set((old) => ({ ...old, loading: true }));
    try {
      const page = await api.events(queryOf(filter, PAGE, state.next));
      set((old) => (old.key === key ? { ...old, loading: false, next: page.next, items: mergeAll(old.items ?? [], page.items) } : old));
    } catch (error) {
      set((old) => (old.key === key ? { ...old, loading: false, error } : old));
    }
  }, [key, state.next, state.loading]);

  const release = useCallback(() => set((old) => ({ ...old, fresh: [], items: mergeAll(old.items ?? [], old.fresh) })), []);
  const again = useCallback(() => setTries((count) => count + 1), []);
  return {
    items: state.items,
    fresh: state.fresh,
    more: state.next !== null,
    loading: state.loading,
    error: state.error,
    older: () => void older(),
    release,
    again,
  };
}

/** The first page came again: what was paged in below stays, what is new waits if the person reads. */
function refreshed(old: State, page: { items: LamppostEvent[]; next: string | null }): State {
  if (!old.items) return { key: old.key, fresh: [], items: mergeAll(page.items, old.fresh), next: page.next, loading: false };
  const kept = page.items.reduce(withNews, { ...old, loading: false } as State);
  const { error: _, ...clean } = kept;
  return clean;
}

/** One that is shown stays where it is, also when it has just been seen to and fits no more: nothing jumps. */
const isHere = (state: State, event: LamppostEvent) => has(state.items ?? [], event.id) || has(state.fresh, event.id);

function withNews(old: State, event: LamppostEvent): State {
  if (!old.items || has(old.fresh, event.id)) return { ...old, fresh: merge(old.fresh, event) };
  if (has(old.items, event.id) || !reading()) return { ...old, items: merge(old.items, event) };
  return { ...old, fresh: merge(old.fresh, event) };
}
