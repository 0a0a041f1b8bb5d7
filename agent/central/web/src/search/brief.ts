/** What a list keeps of a track: whole ones, a hundred thousand of them, take 400 MB, and to go through them stops the page. */

import type { Found, Track } from "../api/types";
import { type Colours, clean, PARTS } from "../events/colours";

/** What its card shows. */
export interface Brief extends Pick<Track, "id" | "label" | "kind" | "start" | "camera_name" | "picture" | "likeness"> {
  /** of each part the main one */
  colours: Colours;
}

export const briefly = (page: Found<Track>): Found<Brief> => ({ ...page, items: page.items.map(brief) });

export function brief({ id, label, kind, start, camera_name, picture, likeness, colours }: Track): Brief {
  return { id, label, kind, start, camera_name, picture, likeness, colours: mainOf(clean(colours)) };
}

function mainOf(colours: Colours): Colours {
  const main: Colours = {};
  for (const part of PARTS) {
    const first = colours[part]?.[0];
    if (first) main[part] = [first];
  }
  return main;
}
