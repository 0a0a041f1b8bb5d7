/** What is known of the time that is looked at: what was recorded, and what happened. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Found, LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { cameraOf } from "../events/filter";
import { refetch } from "../news";
import { gather } from "./marks";
import { type Motion, motionOf } from "./motion";
import type { Recorded, Stretch } from "./time";

export interface Past {
  /** the time that it tells of */
  around: Stretch;
  recorded: readonly Recorded[];
  events: readonly LamppostEvent[];
  /** of what began before that moment not all events are among them, only how many there were in each hour */
  since?: number | undefined;
  hours?: readonly Hour[];
  motion?: Motion | undefined;
}

/** How many events began in the hour from there on. */
export interface Hour {
  from: number;
  count: number;
}

export const unknown: Past = { around: { from: 0, to: 0 }, recorded: [], events: [] };
/** What goes on being recorded is asked for again. */
const LOOK_AGAIN_MS = 10_000;
const PER_PAGE = 200;
/** Every so many looks all of it is asked for, not the newest alone: an event can come late, and an old one can change. */
const WHOLE_EVERY = 6;

/** For each camera, in and around the view. */
export function usePast(cameras: readonly string[], view: Stretch): ReadonlyMap<string, Past> {
  const [past, set] = useState<ReadonlyMap<string, Past>>(new Map());
  const generation = useCell(refetch);
  const around = wide(view);
  const key = `${cameras.join()} ${around.from} ${around.to}`;
  useEffect(() => {
    let stale = false;
    const held = new Map<string, Past>();
    let looks = 0;
    const look = () => {
      if (document.hidden) return;
      if (looks % WHOLE_EVERY === 0) held.clear();
      looks += 1;
      for (const camera of cameras) {
        asked(camera, around, held.get(camera)).then(
          (found) => {
            if (stale) return;
            held.set(camera, found);
            set((old) => new Map(old).set(camera, found));
          },
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

/** Is it known of all of them what was recorded at that moment, or not? */
export const knownAt = (all: readonly (Past | undefined)[], at: number): boolean => all.length > 0 && all.every((past) => past !== undefined && past.around.from <= at && at < past.around.to);

/** In whole steps of the view's own length, so that a small move asks for nothing new. */
function wide({ from, to }: Stretch): Stretch {
  const step = 2 ** Math.ceil(Math.log2(to - from));
  return { from: (Math.floor(from / step) - 1) * step, to: (Math.ceil(to / step) + 1) * step };
}

async function asked(camera: string, { from, to }: Stretch, held: Past | undefined): Promise<Past> {
  const names = cameraOf(camera);
  const [start, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const query = { ...names, since: start, until: end };
  const page = (cursor: string | undefined) => api.events(new URLSearchParams({ ...query, limit: String(PER_PAGE), ...(cursor ? { cursor } : {}) }));
  const [recorded, found] = await Promise.all([api.recorded(names, start, end), gather(page, held && { events: held.events, since: held.since })]);
  const hours = found.since === undefined ? [] : (held?.hours ?? hoursOf(await api.events(new URLSearchParams({ ...query, limit: "1", facets: "true" }))));
  const spans = recorded.spans.map((span) => ({ from: Date.parse(span.start), to: Date.parse(span.end), reason: span.reason }));
  return { around: { from, to }, recorded: spans, ...found, hours, motion: motionOf(recorded.motion) };
}

const hoursOf = ({ facets }: Pick<Found<LamppostEvent>, "facets">): Hour[] => (facets?.hours ?? []).map(({ start, count }) => ({ from: Date.parse(start), count }));
