/** A clip: asked of the gateway as soon as the page is open, followed until it is there or failed. */

import { useCallback, useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Clip } from "../api/types";
import { useCell } from "../cell";
import { gateways, onClip } from "../news";
import { failureLine, text } from "../text";
import { useMayFetch } from "./fetching";
import { calledOff, type ClipState, clipState, waitBeforeAsking } from "./progress";

/** The stream tells of progress; asking now and then as well costs little and survives a lost stream. */
const ASK_EVERY_MS = 2_000;

/** What a clip may be asked for: an event, or the life of a track. `key` tells them apart; `ask` asks the centre. */
export interface Filmed {
  key: string;
  site: string;
  gateway: string;
  start: string;
  end: string | null;
  clip: Clip | null;
  ask: () => Promise<Clip>;
}

export interface Following {
  state: ClipState;
  retry: () => void;
  /** one wants it no more; undefined when it is not on its way */
  cancel: (() => void) | undefined;
  /** it was called off */
  off: boolean;
}

/** Without a `key` nothing is asked. */
export function useClip(filmed: Filmed): Following {
  const [state, set] = useState<ClipState>(() => (filmed.clip ? clipState(filmed.clip) : { name: "requested" }));
  const [tries, setTries] = useState(0);
  const back = useCell(gateways)?.find((other) => other.gateway === filmed.gateway && other.site === filmed.site)?.online;
  const [clip, setClip] = useState<Clip>();
  const [left, setLeft] = useState(false);
  const may = useMayFetch();
  const fetched = may ? undefined : filmed.clip?.id;
  useEffect(() => {
    if (!filmed.key || left) return undefined;
    if (may) return follow(filmed, set, setClip);
    if (fetched) return follow({ ...filmed, ask: () => api.clip(fetched) }, set, setClip);
    set({ name: "refused" });
    return undefined;
  }, [filmed.key, tries, may, fetched, left]);
  useEffect(() => setLeft(false), [filmed.key, tries]);
  const retry = useCallback(() => setTries((count) => count + 1), []);
  useEffect(() => {
    if (back && state.name === "failed") retry(); // what failed because the gateway was away
  }, [back]);
  const pending = may && clip && (state.name === "requested" || state.name === "sending");
  const leave = (now: Clip) => {
    const mine = calledOff(now);
    setClip(mine);
    set(clipState(mine));
    setLeft(mine.state === "cancelled");
  };
  const cancel = pending ? () => void api.callOff(clip.id).then(leave, () => undefined) : undefined;
  return { state, retry, cancel, off: clip?.state === "cancelled" };
}

/** Ask, then follow; returns how to stop. */
export function follow(filmed: Pick<Filmed, "start" | "end" | "clip" | "ask">, set: (state: ClipState) => void, told: (clip: Clip) => void): () => void {
  let over = false;
  let id: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const take = (clip: Clip) => {
    if (over) return;
    id = clip.id;
    told(clip);
    const state = clipState(clip);
    set(state);
    clearTimeout(timer);
    if (state.name !== "ready" && state.name !== "failed") askLater(clip.id);
  };
  const askLater = (known: string) => void (timer = setTimeout(() => void ask(api.clip(known)), ASK_EVERY_MS));
  const ask = async (answer: Promise<Clip>) => {
    try {
      take(await answer);
    } catch (error) {
      if (over) return;
      if (id !== undefined && isUnreachable(error)) askLater(id); // the clip goes on without us
      else set(failedState(error));
    }
  };
  const wait = waitBeforeAsking(filmed, Date.now());
  const held = filmed.clip && clipState(filmed.clip);
  if (held?.name === "ready") set(held);
  else set(wait > 0 ? { name: "waiting" } : { name: "requested" });
  timer = setTimeout(() => void ask(filmed.ask()), wait);
  const stop = onClip((clip) => clip.id === id && take(clip));
  return () => {
    over = true;
    clearTimeout(timer);
    stop();
  };
}

const isUnreachable = (error: unknown) => error instanceof api.ApiError && error.code === api.UNREACHABLE;

/** Why it was not asked for. */
export function failedState(error: unknown): ClipState {
  if (error instanceof api.ApiError && error.code === "forbidden") return { name: "refused" };
  return { name: "failed", reason: error instanceof api.ApiError && error.code === "gateway_offline" ? text.clip.offline : failureLine(error) };
}
