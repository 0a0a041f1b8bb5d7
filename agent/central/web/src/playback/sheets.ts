/** Sheets of previews: asked of the centre while somebody looks at their time, kept while the page is open. */

import { useEffect, useReducer, useRef } from "preact/hooks";
import * as api from "../api/client";
import type { Clip } from "../api/types";
import { cameraOf } from "../events/filter";
import { clockAhead, onClip } from "../news";
import { failureLine } from "../text";
import { type Drawn, drawnOf, grown, keyOf, SAME_AGAIN_MS, type Sheet } from "./previews";

/** Who sweeps over a timeline asks for nothing. */
const PAUSE_MS = 150;
const LOOK_EVERY_MS = 1_500;
/** What failed is not asked for again before. */
const AGAIN_MS = 30_000;
const MOST_HELD = 60;

export type SheetState = { name: "coming" } | { name: "ready"; url: string; drawn: Drawn } | { name: "failed"; reason: string };

interface Held {
  camera: string;
  state: SheetState;
  askedAt: number;
  /** of what was asked for and is not here yet */
  clip: string | undefined;
  /** the centre has no newer one before */
  quietUntil: number;
}

/** The centre's clock: sheets say by it when they were asked for. */
const nowMs = () => Date.now() + clockAhead.value;

const COMING: SheetState = { name: "coming" };

export type ReadySheet = Extract<SheetState, { name: "ready" }>;

interface Sheets {
  of: (sheet: Sheet) => SheetState;
  /** Those of a camera that are here, for as long as another one is on its way. */
  held: (camera: string) => readonly ReadySheet[];
}

/** The state of each sheet that is wanted now; with none wanted nothing is asked, and what was on its way is let go. */
export function useSheets(wanted: readonly Sheet[]): Sheets {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const held = useRef(new Map<string, Held>()).current;
  useEffect(() => {
    const timer = wanted.length > 0 ? setTimeout(() => stop.push(...wanted.map((sheet) => follow(held, sheet, () => draw(undefined)))), PAUSE_MS) : undefined;
    const stop: (() => void)[] = [];
    return () => {
      clearTimeout(timer);
      for (const one of stop) one();
    };
  }, [wanted.map(keyOf).join()]);
  useEffect(() => () => [...held.keys()].forEach((key) => letGo(held, key)), []);
  return {
    of: (sheet) => held.get(keyOf(sheet))?.state ?? COMING,
    held: (camera) => [...held.values()].flatMap((one) => (one.camera === camera && one.state.name === "ready" ? [one.state] : [])),
  };
}

/** Ask until it is here or failed; returns how to stop. */
function follow(held: Map<string, Held>, sheet: Sheet, draw: () => void): () => void {
  const key = keyOf(sheet);
  const off = new AbortController();
  const set = (change: Partial<Held>) => {
    if (off.signal.aborted) return;
    keep(held, key, { ...(held.get(key) ?? { camera: sheet.camera, state: COMING, askedAt: 0, clip: undefined, quietUntil: 0 }), ...change });
    draw();
  };
  const fail = (reason: string) => set({ state: { name: "failed", reason }, clip: undefined, askedAt: nowMs() });
  const take = async (clip: Clip) => {
    if (clip.state === "failed" || clip.state === "cancelled") return fail(clip.error);
    if (!clip.url) return set({ clip: clip.id });
    const before = held.get(key);
    if (before?.state.name === "ready" && before.askedAt >= Date.parse(clip.created)) return set({ clip: undefined, quietUntil: nowMs() + SAME_AGAIN_MS });
    const jpeg = await api.bytes(clip.url, off.signal);
    const drawn = drawnOf(jpeg);
    if (!drawn || off.signal.aborted) return;
    set({ state: { name: "ready", drawn, url: URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })) }, clip: undefined, askedAt: Date.parse(clip.created) });
    if (before?.state.name === "ready") URL.revokeObjectURL(before.state.url);
  };
  let busy = false;
  const look = async (answer?: Clip) => {
    const one = held.get(key);
    if (busy || (!answer && one && !one.clip && !isOver(one, sheet))) return;
    busy = true;
    try {
      await take(answer ?? (one?.clip ? await api.clip(one.clip) : await api.askPreviews({ ...cameraOf(sheet.camera), at: new Date(sheet.from).toISOString(), step_s: sheet.step }, off.signal)));
    } catch (error) {
      // the gateway draws for others just now: the next look asks again
      if (!(error instanceof api.ApiError && error.code === "too_many")) fail(failureLine(error));
    } finally {
      busy = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  const deaf = onClip((clip) => clip.id === held.get(key)?.clip && void look(clip));
  return () => {
    off.abort();
    clearInterval(timer);
    deaf();
  };
}

/** Is it time to ask anew for what is here, or for what failed? */
function isOver({ state, askedAt, quietUntil }: Held, sheet: Sheet): boolean {
  if (state.name === "failed") return nowMs() - askedAt > AGAIN_MS;
  return state.name === "coming" || (nowMs() > quietUntil && grown(sheet, askedAt, nowMs()));
}

/** The one that was touched longest ago makes room. */
function keep(held: Map<string, Held>, key: string, one: Held): void {
  held.delete(key);
  held.set(key, one);
  const oldest = held.size > MOST_HELD ? held.keys().next().value : undefined;
  if (oldest !== undefined) letGo(held, oldest);
}

function letGo(held: Map<string, Held>, key: string): void {
  const state = held.get(key)?.state;
  if (state?.name === "ready") URL.revokeObjectURL(state.url);
  held.delete(key);
}
