/** The latest events in a narrow column, up to date by itself. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { CameraName, LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { centreNow, onEvent, refetch } from "../news";
import { text } from "../text";
import { useSlide } from "../ui/slide";
import { EventRow } from "./card";
import { cameraKey, everything, fits, queryOf } from "./filter";
import { merge, mergeAll } from "./merge";
import { paced } from "./paced";

interface Props {
  most: number;
  empty: string;
  camera?: CameraName;
}

export function EventStrip({ most, empty, camera }: Props): JSX.Element {
  const list = useLatest(most, camera);
  const rows = useRef<HTMLUListElement>(null);
  useSlide(rows, camera && cameraKey(camera));
  if (list?.length === 0) return <p class="strip-empty">{empty}</p>;
  return (
    <ul ref={rows} class="rows" aria-busy={!list} data-testid="event-strip">
      {list ? list.map((event) => <EventRow key={event.id} event={event} />) : Array.from({ length: 6 }, (_, i) => <SkeletonRow key={i} />)}
    </ul>
  );
}

const SkeletonRow = () => (
  <li class="row" aria-label={text.loading}>
    <div class="row-link">
      <div class="event-picture skeleton" />
      <div class="row-text">
        <div class="skeleton bar" />
        <div class="skeleton bar short" />
      </div>
    </div>
  </li>
);

function useLatest(most: number, camera?: CameraName): readonly LamppostEvent[] | undefined {
  const [list, set] = useState<readonly LamppostEvent[]>();
  const generation = useCell(refetch);
  const key = camera && cameraKey(camera);
  useEffect(() => {
    const filter = { ...everything, camera: key };
    let stale = false;
    const load = async () => {
      try {
        const page = await api.events(queryOf(filter, centreNow(), most));
        if (!stale) set((old) => mergeAll(page.items, newer(old, page.items)).slice(0, most));
      } catch (error) {
        if (!(error instanceof api.ApiError)) throw error; // the banner tells of it; the next hello loads again
      }
    };
    void load();
    const news = paced<LamppostEvent>((events) => set((old) => events.reduce(merge, old ?? []).slice(0, most)));
    const stop = onEvent((event) => fits(filter, event, centreNow()) && news.push(event));
    return () => {
      stale = true;
      stop();
      news.stop();
    };
  }, [key, most, generation]);
  return list;
}

/** What the stream brought while the page was on its way. */
const newer = (old: readonly LamppostEvent[] | undefined, page: readonly LamppostEvent[]) =>
  (old ?? []).filter((event) => page.length === 0 || event.start > (page[0]?.start ?? ""));
