/** How who did it looked, from first to last: the track's strip, a few kilobytes, there long before any clip. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Media, Track } from "../api/types";
import { text } from "../text";
import { clock } from "../time/format";
import { type Cell, cellsOf, stripOf, thinned } from "./sprites";

const MOST_SHOWN = 24;

export function SpriteStrip({ tracks }: { tracks: readonly Track[] }): JSX.Element | null {
  const [track, strip] = stripOf(tracks) ?? [];
  const cells = useCells(strip?.url ?? undefined);
  if (!track || !strip?.url || cells.length === 0) return null;
  const begin = Date.parse(track.start);
  return (
    <ol class="sprites" tabIndex={0} aria-label={text.event.strip} data-testid="sprites">
      {thinned(cells, MOST_SHOWN).map((cell) => (
        <li key={`${cell.at} ${cell.x}`} title={clock(new Date(begin + cell.at * 1000))}>
          <Sprite cell={cell} strip={strip} />
          <span class="numbers">{text.event.after(cell.at)}</span>
        </li>
      ))}
    </ol>
  );
}

function Sprite({ cell, strip }: { cell: Cell; strip: Media }): JSX.Element {
  return (
    <svg class="sprite" width={cell.width} height={cell.height} viewBox={`${cell.x} 0 ${cell.width} ${cell.height}`} aria-hidden="true">
      <image href={strip.url!} width={strip.width!} height={strip.height!} />
    </svg>
  );
}

function useCells(url: string | undefined): readonly Cell[] {
  const [cells, set] = useState<readonly Cell[]>([]);
  useEffect(() => {
    let stale = false;
    set([]);
    if (url) {
      fetch(url)
        .then((answer) => (answer.ok ? answer.arrayBuffer() : new ArrayBuffer(0)))
        .then((webp) => !stale && set(cellsOf(webp)))
        .catch(() => undefined); // without the strip the page still has picture and clip
    }
    return () => void (stale = true);
  }, [url]);
  return cells;
}
