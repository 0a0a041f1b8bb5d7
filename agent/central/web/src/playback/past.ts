/** What is known of the time that is looked at: what was recorded, and what happened. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { cameraOf } from "../events/filter";
import { refetch } from "../news";
import { type Motion, motionOf } from "./motion";
import type { Recorded, Stretch } from "./time";

export interface Past {
  recorded: readonly Recorded[];
  events: readonly LamppostEvent[];
  motion?: Motion | undefined;
}

export const unknown: Past = { recorded: [], events: [] };
/** What goes on being recorded is asked for again. */
const LOOK_AGAIN_MS = 10_000;
const MOST_EVENTS = 200;

/** For each camera, in and around the view. */
export function usePast(cameras: readonly string[], view: Stretch): ReadonlyMap<string, Past> {
  const [past, set] = useState<ReadonlyMap<string, Past>>(new Map());
  const generation = useCell(refetch);
  const around = wide(view);
  const key = `${cameras.join()} ${around.from} ${around.to}`;
  useEffect(() => {
    let stale = false;
    const look = () => {
      if (document.hidden) return;
      for (const camera of cameras) {
        asked(camera, around).then(
          (found) => !stale && set((old) => new Map(old).set(camera, found)),
          () => undefined, // the banner tells of the connection; the next look asks again
        );
      }
    };
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    return () => {
      stale = true;
      clearInterval(timer);
    };
  }, [key, generation]);
  return past;
}

/** In whole steps of the view's own length, so that a small move asks for nothing new. */
function wide({ from, to }: Stretch): Stretch {
  const step = 2 ** Math.ceil(Math.log2(to - from));
  return { from: (Math.floor(from / step) - 1) * step, to: (Math.ceil(to / step) + 1) * step };
}

async function asked(camera: string, { from, to }: Stretch): Promise<Past> {
  const names = cameraOf(camera);
  const [start, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const query = new URLSearchParams({ ...names, since: start, until: end, limit: String(MOST_EVENTS) });
  const [recorded, events] = await Promise.all([api.recorded(names, start, end), api.events(query)]);
  const spans = recorded.spans.map((span) => ({ from: Date.parse(span.start), to: Date.parse(span.end), reason: span.reason }));
  return { recorded: spans, events: events.items.toReversed(), motion: motionOf(recorded.motion) };
}
