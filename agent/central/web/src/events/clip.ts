/** The clip of an event: asked of the gateway as soon as the page is open, followed until it is there or failed. */

import { useCallback, useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Clip, LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { gateways, onClip } from "../news";
import { failureLine, text } from "../text";
import { type ClipState, clipState, waitBeforeAsking } from "./progress";

/** The stream tells of progress; asking now and then as well costs little and survives a lost stream. */
const ASK_EVERY_MS = 2_000;

export function useClip(event: LamppostEvent): { state: ClipState; retry: () => void } {
  const [state, set] = useState<ClipState>(() => (event.clip ? clipState(event.clip) : { name: "requested" }));
  const [tries, setTries] = useState(0);
  const back = useCell(gateways)?.find((other) => other.gateway === event.gateway && other.site === event.site)?.online;
  useEffect(() => follow(event, set), [event.id, tries]);
  const retry = useCallback(() => setTries((count) => count + 1), []);
  useEffect(() => {
    if (back && state.name === "failed") retry(); // what failed because the gateway was away
  }, [back]);
  return { state, retry };
}

/** Ask, then follow; returns how to stop. */
function follow(event: LamppostEvent, set: (state: ClipState) => void): () => void {
  let over = false;
  let id: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const take = (clip: Clip) => {
    if (over) return;
    id = clip.id;
    const state = clipState(clip);
    set(state);
    clearTimeout(timer);
    if (state.name !== "ready" && state.name !== "failed") timer = setTimeout(() => void ask(api.clip(clip.id)), ASK_EVERY_MS);
  };
  const ask = async (answer: Promise<Clip>) => {
    try {
      take(await answer);
    } catch (error) {
      if (!over) set({ name: "failed", reason: reasonOf(error) });
    }
  };
  const wait = waitBeforeAsking(event, Date.now());
  set(wait > 0 ? { name: "waiting" } : { name: "requested" });
  timer = setTimeout(() => void ask(api.requestClip(event.id)), wait);
  const stop = onClip((clip) => clip.id === id && take(clip));
  return () => {
    over = true;
    clearTimeout(timer);
    stop();
  };
}

const reasonOf = (error: unknown): string =>
  error instanceof api.ApiError && error.code === "gateway_offline" ? text.clip.offline : failureLine(error);
