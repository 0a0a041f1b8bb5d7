/** What is known of the time that is looked at: what was recorded, and what happened. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Found, LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { cameraOf } from "../events/filter";
import { refetch } from "../news";
import { gather, type Gathered } from "./marks";
import { type Motion, motionOf } from "./motion";
import type { Recorded, Stretch } from "./time";

/** Of what began before `since` not all events are among them, only how many there were in each hour. */
interface Events extends Gathered {
  hours: readonly Hour[];
}

export interface Past extends Events {
  /** the time of which is known what was recorded */
  around: Stretch;
  recorded: readonly Recorded[];
  motion?: Motion | undefined;
}

/** How many events began in the hour from there on. */
export interface Hour {
  from: number;
  count: number;
}

export const unknown: Past = { around: { from: 0, to: 0 }, recorded: [], events: [], since: undefined, hours: [] };
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
    const held = new Map<string, Events>();
    let looks = 0;
    const put = (camera: string, part: Partial<Past>) => set((old) => new Map(old).set(camera, { ...unknown, ...old.get(camera), ...part }));
    const look = () => {
      if (document.hidden) return;
      if (looks % WHOLE_EVERY === 0) held.clear();
      looks += 1;
      for (const camera of cameras) {
        // what was recorded is not kept waiting by many pages of events; these come after it
        const spans = spansOf(camera, around).then((found) => !stale && put(camera, found));
        Promise.all([eventsOf(camera, around, held.get(camera)), spans]).then(
          ([found]) => {
            if (stale) return;
            held.set(camera, found);
            put(camera, found);
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

const timesOf = ({ from, to }: Stretch) => [new Date(from).toISOString(), new Date(to).toISOString()] as const;

async function spansOf(camera: string, around: Stretch): Promise<Omit<Past, keyof Events>> {
  const { spans, motion } = await api.recorded(cameraOf(camera), ...timesOf(around));
  const recorded = spans.map((span) => ({ from: Date.parse(span.start), to: Date.parse(span.end), reason: span.reason }));
  return { around, recorded, motion: motionOf(motion) };
}

async function eventsOf(camera: string, around: Stretch, held: Events | undefined): Promise<Events> {
  const [since, until] = timesOf(around);
  const query = { ...cameraOf(camera), since, until };
  const found = await gather((cursor) => api.events(new URLSearchParams({ ...query, limit: String(PER_PAGE), ...(cursor ? { cursor } : {}) })), held);
  if (found.since === undefined) return { ...found, hours: [] };
  if (held?.since !== undefined) return { ...found, hours: held.hours };
  return { ...found, hours: hoursOf(await api.events(new URLSearchParams({ ...query, limit: "1", facets: "true" }))) };
}

const hoursOf = ({ facets }: Pick<Found<LamppostEvent>, "facets">): Hour[] => (facets?.hours ?? []).map(({ start, count }) => ({ from: Date.parse(start), count }));
