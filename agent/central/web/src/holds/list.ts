/** A list of holds, newest first: pages of it from the API, changes from the stream. */

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/holds";
import type { Hold } from "../api/types";
import { useCell } from "../cell";
import { onHold, refetch } from "../news";
import { failureLine } from "../text";
import { filled, type HoldPart, joined, withNews } from "./merge";

export interface HoldList {
  items: readonly Hold[] | undefined;
  more: boolean;
  loading: boolean;
  error: string | undefined;
  older: () => void;
  again: () => void;
  /** what was done here need not wait for the stream */
  told: (hold: Hold) => void;
}

interface State {
  /** of which query this is the list */
  key: string;
  part?: HoldPart | undefined;
  loading: boolean;
  error?: string;
}

export function useHoldList(query: api.HoldQuery): HoldList {
  const key = `${query.state} ${query.camera}`;
  const [state, set] = useState<State>({ key, loading: true });
  const [tries, setTries] = useState(0);
  const generation = useCell(refetch);
  const asked = useRef<unknown>(undefined);
  const heard = useRef<Hold[]>([]);
  // not for one frame those of the query before
  const { part, loading, error } = state.key === key ? state : { part: undefined, loading: true, error: undefined };
  const ask = (what: () => Promise<HoldPart>) => {
    const mine = (asked.current = {});
    heard.current = [];
    set({ key, part, loading: true });
    what().then(
      // what was heard since it was asked is newer
      (found) => asked.current === mine && set({ key, part: heard.current.reduce((all, hold) => withNews(all, hold, query), found), loading: false }),
      (failure: unknown) => asked.current === mine && set((old) => ({ ...old, loading: false, error: failureLine(failure) })),
    );
  };
  const told = (hold: Hold) => {
    heard.current.push(hold);
    set((old) => (old.key === key && old.part ? { ...old, part: withNews(old.part, hold, query) } : old));
  };
  useEffect(() => {
    ask(() => filled((cursor) => api.holds(query, cursor), part?.items.length ?? 0));
    return onHold(told);
  }, [key, generation, tries]);
  return {
    items: part?.items,
    more: part !== undefined && part.next !== null,
    loading,
    error,
    older: () => part?.next && ask(async () => joined(part, await api.holds(query, part.next!))),
    again: () => setTries((count) => count + 1),
    told,
  };
}
