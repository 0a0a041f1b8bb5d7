/** A card's picture that moves: the strip of whom the event is about, while the pointer or the focus rests on it. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent, Media } from "../api/types";
import { EventPicture } from "./picture";
import { type Cell, cellsOf } from "./sprites";

const CELL_MS = 260;
/** A pointer that only passes by asks for nothing. */
const PATIENCE_MS = 180;

interface Strip {
  strip: Media;
  cells: readonly Cell[];
}

export function Preview({ event, playing }: { event: LamppostEvent; playing: boolean }): JSX.Element {
  const strip = useStrip(event.tracks[0], playing);
  return (
    <div class="preview">
      <EventPicture event={event} />
      {playing && strip && <Moving {...strip} />}
    </div>
  );
}

function Moving({ strip, cells }: Strip): JSX.Element | null {
  const [now, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => set((old) => old + 1), CELL_MS);
    return () => clearInterval(timer);
  }, []);
  const cell = cells[now % cells.length];
  if (!cell) return null;
  return (
    <svg class="moving" viewBox={`${cell.x} 0 ${cell.width} ${cell.height}`} preserveAspectRatio="xMidYMid meet" aria-hidden="true" data-testid="preview">
      <image href={strip.url!} width={strip.width!} height={strip.height!} />
    </svg>
  );
}

/** Fetched once, when it is first wanted; without it the picture stays still. */
function useStrip(track: string | undefined, wanted: boolean): Strip | undefined {
  const [found, set] = useState<Strip>();
  useEffect(() => {
    if (!track || !wanted || found) return undefined;
    let stale = false;
    const timer = setTimeout(() => {
      fetchStrip(track).then(
        (strip) => !stale && set(strip),
        () => undefined,
      );
    }, PATIENCE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [track, wanted, found]);
  return found;
}

async function fetchStrip(track: string): Promise<Strip | undefined> {
  const { media } = await api.track(track);
  const strip = media.find(({ kind, url, width, height }) => kind === "sprite" && url && width && height);
  if (!strip?.url) return undefined;
  const answer = await fetch(strip.url);
  const cells = answer.ok ? cellsOf(await answer.arrayBuffer()) : [];
  return cells.length > 0 ? { strip, cells } : undefined;
}
