/** What is around a track: the footage to see it in, the cameras next to its own, the times before and after: pure. */

import type { CameraName } from "../api/types";

const AROUND_MS = 2_000;
/** The gateway cuts at most ten minutes at once; who stood there for an hour is seen coming. */
const MOST_MS = 120_000;

export function around({ start, end }: { start: string; end: string }): { start: string; end: string } {
  const from = Date.parse(start) - AROUND_MS;
  const to = Math.min(Math.max(Date.parse(end), Date.parse(start)) + AROUND_MS, from + MOST_MS);
  return { start: new Date(from).toISOString(), end: new Date(to).toISOString() };
}

/** How long before and after somebody may have been next door, and how many of them are shown. */
const NEAR_MS = 180_000;
export const MOST = 6;
const NEIGHBOURS = 8;

export interface Span {
  since: string;
  until: string;
}

const at = (when: string, offMs: number) => new Date(Date.parse(when) + offMs).toISOString();
export const spanBefore = ({ start }: { start: string }): Span => ({ since: at(start, -NEAR_MS), until: start });
export const spanAfter = ({ start, end }: { start: string; end: string }): Span => ({ since: start, until: at(end, NEAR_MS) });

interface Placed extends CameraName {
  latitude?: number | null | undefined;
  longitude?: number | null | undefined;
}

/** The cameras nearest to one's own, where the map knows them; else those of the same site. */
export function neighbours<T extends Placed>(own: CameraName, cameras: readonly T[]): T[] {
  const same = (one: CameraName) => one.site === own.site && one.gateway === own.gateway && one.camera === own.camera;
  const here = cameras.find(same);
  const others = cameras.filter((one) => !same(one));
  const { latitude, longitude } = here ?? {};
  if (latitude == null || longitude == null) return others.filter(({ site }) => site === own.site).slice(0, 4 * NEIGHBOURS);
  const away = (one: Placed) => Math.hypot(one.latitude! - latitude, (one.longitude! - longitude) * Math.cos((latitude * Math.PI) / 180));
  return others
    .filter((one) => one.latitude != null && one.longitude != null)
    .sort((a, b) => away(a) - away(b))
    .slice(0, NEIGHBOURS);
}
