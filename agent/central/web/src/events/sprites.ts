/**
 * The strip of small pictures of a track: a WebP with a RIFF chunk `LMPS` that says what each cell is. Pure.
 *
 * The chunk's JSON: `{"v": 1, "cells": [[t, x, w, h, x1, y1, x2, y2, outline], ...]}`: seconds since the track's start,
 * then the cell's place and size in the strip, px.
 */

import type { Media, Track } from "../api/types";

export interface Cell {
  /** seconds since the track's start */
  at: number;
  x: number;
  width: number;
  height: number;
}

const CHUNK = "LMPS";
const MOST_CELLS = 256;

/** The first of these tracks that has a strip here, with it. */
export function stripOf(tracks: readonly Track[]): [Track, Media] | undefined {
  for (const track of tracks) {
    const strip = track.media.find(({ kind, url, width, height }) => kind === "sprite" && url && width && height);
    if (strip) return [track, strip];
  }
  return undefined;
}

/** The cells of a strip; none when it is not one. */
export function cellsOf(webp: ArrayBuffer): Cell[] {
  const view = new DataView(webp);
  for (let place = 12; place + 8 <= view.byteLength; ) {
    const size = view.getUint32(place + 4, true);
    if (nameAt(view, place) === CHUNK && place + 8 + size <= view.byteLength) return read(new Uint8Array(webp, place + 8, size));
    place += 8 + size + (size % 2);
  }
  return [];
}

const nameAt = (view: DataView, place: number) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(place + i)));

function read(bytes: Uint8Array): Cell[] {
  try {
    const { cells } = JSON.parse(new TextDecoder().decode(bytes)) as { cells: number[][] };
    return cells.slice(0, MOST_CELLS).map(([at = 0, x = 0, width = 0, height = 0]) => ({ at, x, width, height }));
  } catch {
    return []; // another version's: the clip shows what happened
  }
}

/** At most `most` of them, evenly over the whole time. */
export function thinned(cells: readonly Cell[], most: number): Cell[] {
  if (cells.length <= most) return [...cells];
  return Array.from({ length: most }, (_, i) => cells[Math.round((i * (cells.length - 1)) / (most - 1))]!);
}
