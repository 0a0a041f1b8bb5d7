/** What is played, as the address says it: pure. */

import { isCamera, several } from "../events/filter";

export const MOST_CAMERAS = 9;

export interface Played {
  /** `site/gateway/camera` */
  cameras: readonly string[];
  at: number | undefined;
}

export function playedOf(query: URLSearchParams): Played {
  const at = Date.parse(query.get("at") ?? "");
  const cameras = several(query, "camera").filter(isCamera);
  return { cameras: cameras.slice(0, MOST_CAMERAS), at: Number.isFinite(at) ? at : undefined };
}

export function playbackPath(cameras: readonly string[], at?: number): string {
  const query = new URLSearchParams();
  for (const camera of cameras) query.append("camera", camera);
  if (at !== undefined) query.set("at", new Date(at).toISOString());
  const whole = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return whole ? `/playback?${whole}` : "/playback";
}
