/** A card's picture that moves: the strip of whom the event is about, while the pointer or the focus rests on it. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { LamppostEvent, Media } from "../api/types";
import { EventPicture } from "./picture";
import { type Cell, cellsOf, stripOf } from "./sprites";

const CELL_MS = 260;
/** A pointer that only passes by asks for nothing. */
const PATIENCE_MS = 180;

interface Strip {
  strip: Media;
  cells: readonly Cell[];
}

interface Props {
  event: LamppostEvent;
  playing: boolean;
  /** what stands over the picture, moving or not */
  children?: ComponentChildren;
}

export function Preview({ event, playing, children }: Props): JSX.Element {
  const strip = useStrip(event.tracks.length > 0 ? event.id : undefined, playing);
  return (
    <div class="preview">
      <EventPicture event={event} />
      {playing && strip && <Moving {...strip} />}
      {children}
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
    <svg class="moving" viewBox={`0 0 ${cell.width} ${cell.height}`} aria-hidden="true" data-testid="preview">
      {/* cuts at its edges, which the outer one, wider than a cell, does not: the neighbours stay hidden */}
      <svg width={cell.width} height={cell.height} viewBox={`${cell.x} 0 ${cell.width} ${cell.height}`}>
        <image href={strip.url!} width={strip.width!} height={strip.height!} />
      </svg>
    </svg>
  );
}

/** Fetched once, when it is first wanted; without it the picture stays still. */
function useStrip(event: string | undefined, wanted: boolean): Strip | undefined {
  const [found, set] = useState<Strip>();
  useEffect(() => {
    if (!event || !wanted || found) return undefined;
    let stale = false;
    const timer = setTimeout(() => {
      fetchStrip(event).then(
        (strip) => !stale && set(strip),
        () => undefined,
      );
    }, PATIENCE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [event, wanted, found]);
  return found;
}

async function fetchStrip(event: string): Promise<Strip | undefined> {
  const strip = stripOf(await api.eventTracks(event))?.[1];
  if (!strip?.url) return undefined;
  const answer = await fetch(strip.url);
  const cells = answer.ok ? cellsOf(await answer.arrayBuffer()) : [];
  return cells.length > 0 ? { strip, cells } : undefined;
}
