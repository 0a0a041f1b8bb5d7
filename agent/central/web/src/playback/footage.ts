/** Pieces of footage, asked of the gateways as they are needed, kept while the page is open. */

import { useEffect, useReducer, useRef } from "preact/hooks";
import * as api from "../api/client";
import type { Clip } from "../api/types";
import { plays } from "../codecs";
import { failedState } from "../events/clip";
import { cameraOf } from "../events/filter";
import { type ClipState, clipState } from "../events/progress";
import { onClip } from "../news";
import { lentInVain } from "./lent";
import { PIECE_MS, type Stretch } from "./time";

const ASK_EVERY_MS = 2_000;

/** It is here, and this browser shows nothing of it: neither as it was recorded nor coded anew. */
export interface Unplayable {
  name: "unplayable";
  clip: Clip;
  url: string;
}
export type PieceState = ClipState | Unplayable;

export interface Footage {
  /** How far the piece is; asks for it the first time. */
  piece: (camera: string, piece: Stretch) => PieceState;
  /** Those that were asked for and are worth waiting for; a long one that came to nothing is had in short ones. */
  asked: (camera: string) => readonly Stretch[];
  /** Ask once more for what failed. */
  again: (camera: string, piece: Stretch) => void;
  /** The browser makes nothing of it: it is asked for coded anew. */
  unplayable: (camera: string, piece: Stretch) => void;
  /** Is this camera's footage coded anew for this browser? */
  recodes: (camera: string) => boolean;
  /** Was this piece asked for coded anew? */
  recoded: (camera: string, piece: Stretch) => boolean;
}

interface Held extends Stretch {
  camera: string;
  state: PieceState;
  recoded: boolean;
  id?: string;
}

const nameOf = (camera: string, { from, to }: Stretch) => `${camera} ${from} ${to}`;
const LOST: ReadonlySet<PieceState["name"]> = new Set(["failed", "refused", "unplayable"]);

/** `playable`: what is known beforehand of whether this browser plays what a camera records. */
export function useFootage(playable: (camera: string) => boolean): Footage {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const held = useRef(new Map<string, Held>()).current;
  const turnedOut = useRef(new Set<string>()).current;
  const recodes = (camera: string) => turnedOut.has(camera) || !playable(camera);
  const give = (one: Held, clip: Clip) => {
    if (lentInVain(clip, one)) {
      ask(one.camera, { from: one.from, to: one.to }, one.recoded);
      return;
    }
    one.state = clipState(clip);
    one.id = clip.id;
    if (one.state.name !== "ready" || plays(clip.codecs)) return;
    turnedOut.add(one.camera);
    unplayable(one);
  };
  const ask = (camera: string, piece: Stretch, recoded: boolean) => {
    const one: Held = { camera, ...piece, state: { name: "requested" }, recoded };
    held.set(nameOf(camera, piece), one);
    const wish = { ...cameraOf(camera), start: new Date(piece.from).toISOString(), end: new Date(piece.to).toISOString() };
    api
      .cutClip({ ...wish, quality: recoded ? "proxy" : "auto" })
      .then(
        (clip) => give(one, clip),
        (error: unknown) => void (one.state = failedState(error)),
      )
      .then(() => draw(undefined));
  };
  const unplayable = (one: Held) => {
    if (one.state.name !== "ready") return;
    const small = one.recoded || one.state.clip.quality === "proxy";
    if (small || one.to - one.from > PIECE_MS) one.state = { ...one.state, name: "unplayable" };
    else ask(one.camera, { from: one.from, to: one.to }, true);
  };
  useEffect(() => {
    const heard = (clip: Clip) => {
      for (const one of held.values()) if (one.id === clip.id) give(one, clip);
      draw(undefined);
    };
    const look = () => {
      for (const { state, id } of held.values()) if (id && (state.name === "requested" || state.name === "sending")) api.clip(id).then(heard, () => undefined);
    };
    const stop = onClip(heard);
    const timer = setInterval(look, ASK_EVERY_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, []);
  return {
    piece: (camera, piece) => {
      const name = nameOf(camera, piece);
      if (!held.has(name)) ask(camera, piece, recodes(camera));
      return held.get(name)!.state;
    },
    asked: (camera) => [...held.values()].filter((one) => one.camera === camera && (one.to - one.from <= PIECE_MS || !LOST.has(one.state.name))),
    again: (camera, piece) => {
      ask(camera, piece, recodes(camera));
      draw(undefined);
    },
    unplayable: (camera, piece) => {
      const one = held.get(nameOf(camera, piece));
      if (one) unplayable(one);
      draw(undefined);
    },
    recodes,
    recoded: (camera, piece) => held.get(nameOf(camera, piece))?.recoded === true,
  };
}
