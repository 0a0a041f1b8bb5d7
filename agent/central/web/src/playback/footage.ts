/** Pieces of footage, asked of the gateways as they are needed, kept while the page is open. */

import { useEffect, useReducer, useRef } from "preact/hooks";
import * as api from "../api/client";
import type { Clip } from "../api/types";
import { cameraOf } from "../events/filter";
import { type ClipState, clipState } from "../events/progress";
import { onClip } from "../news";
import { failureLine } from "../text";
import type { Stretch } from "./time";

const ASK_EVERY_MS = 2_000;

export interface Footage {
  /** How far the piece is; asks for it the first time. */
  piece: (camera: string, piece: Stretch) => ClipState;
  /** Ask once more for what failed. */
  again: (camera: string, piece: Stretch) => void;
}

interface Held {
  state: ClipState;
  id?: string;
}

const nameOf = (camera: string, piece: Stretch) => `${camera} ${piece.from}`;

export function useFootage(): Footage {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const held = useRef(new Map<string, Held>()).current;
  const take = (name: string, clip: Clip) => {
    held.set(name, { state: clipState(clip), id: clip.id });
    draw(undefined);
  };
  const ask = (camera: string, piece: Stretch) => {
    const name = nameOf(camera, piece);
    held.set(name, { state: { name: "requested" } });
    api.cutClip({ ...cameraOf(camera), start: new Date(piece.from).toISOString(), end: new Date(piece.to).toISOString() }).then(
      (clip) => take(name, clip),
      (error: unknown) => {
        held.set(name, { state: { name: "failed", reason: failureLine(error) } });
        draw(undefined);
      },
    );
  };
  useEffect(() => {
    const heard = (clip: Clip) => {
      for (const [name, one] of held) if (one.id === clip.id) take(name, clip);
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
      if (!held.has(name)) ask(camera, piece);
      return held.get(name)!.state;
    },
    again: (camera, piece) => {
      ask(camera, piece);
      draw(undefined);
    },
  };
}
