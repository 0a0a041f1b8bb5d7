/** The events page's list: pages of the past from the API, news from the stream, held back while the person reads. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { centreNow, onEvent, refetch } from "../news";
import { catchUp, cutAt, type EventPage, isAbove, reaches } from "./caught";
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
  /** too much was missed to close the hole: the list goes on from here as soon as nobody reads it */
  cut?: EventPage;
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
  const shown = useRef<readonly LamppostEvent[] | undefined>(undefined);
  shown.current = state.items;
  useEffect(() => {
    set((old) => (old.key === key ? old : blank(key)));
    let stale = false;
    const load = async () => {
      try {
        const standing = shown.current ?? [];
        const first = await api.events(queryOf(filter, centreNow(), PAGE));
        const page = await catchUp(first, standing, (limit, cursor) => api.events(queryOf(filter, centreNow(), limit, cursor)));
        if (!stale) set((old) => refreshed(old, page));
      } catch (error) {
        if (!stale) set((old) => ({ ...old, loading: false, error }));
      }
    };
    void load();
    const waiting = new Map<string, LamppostEvent>();
    const news = paced<string>((ids) => {
      const events = ids.flatMap((id) => waiting.get(id) ?? []).filter((event) => fits(filter, event, centreNow()));
      waiting.clear();
      set((old) => events.reduce(withNews, old));
    });
    const stop = onEvent((event) => {
      set((old) => (isHere(old, event) ? withNews(old, event) : old));
      if (!fits(filter, event, centreNow()) && !waiting.has(event.id)) return;
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
      const page = await api.events(queryOf(filter, centreNow(), PAGE, state.next));
      set((old) => (old.key === key ? { ...old, loading: false, error: undefined, next: page.next, items: mergeAll(old.items ?? [], page.items) } : old));
    } catch (error) {
      set((old) => (old.key === key ? { ...old, loading: false, error } : old));
    }
  }, [key, state.next, state.loading]);

  const release = useCallback(() => set(released), []);
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

/** What was missed came: it waits if the person reads. What was paged in below stays, unless a hole would be left above it. */
function refreshed(old: State, page: EventPage): State {
  const list = old.items;
  if (!list) return { key: old.key, fresh: [], items: mergeAll(page.items, old.fresh), next: page.next, loading: false };
  const { error: _, cut: __, ...clean } = old;
  const [held, standing] = [reading(), new Set(list.map(({ id }) => id))];
  const known = page.items.filter(({ id }) => standing.has(id));
  const missed = page.items.filter((event) => !standing.has(event.id) && (old.next === null || isAbove(event, list)));
  const kept: State = { ...clean, loading: false, items: mergeAll(list, known), fresh: mergeAll(old.fresh, missed) };
  const whole = reaches(page, list) ? kept : { ...kept, cut: page };
  return held ? whole : released(whole);
}

/** With what has waited. */
function released({ cut, ...old }: State): State {
  const items = mergeAll(old.items ?? [], old.fresh);
  if (!cut) return { ...old, fresh: [], items };
  return { ...old, fresh: [], items: cutAt(cut, items), next: cut.next };
}

/** One that is shown stays where it is, also when it has just been seen to and fits no more: nothing jumps. */
const isHere = (state: State, event: LamppostEvent) => has(state.items ?? [], event.id) || has(state.fresh, event.id);

function withNews(old: State, event: LamppostEvent): State {
  if (!old.items || has(old.fresh, event.id)) return { ...old, fresh: merge(old.fresh, event) };
  if (has(old.items, event.id) || !reading()) return { ...old, items: merge(old.items, event) };
  return { ...old, fresh: merge(old.fresh, event) };
}
