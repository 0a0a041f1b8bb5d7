/** Which sites and cameras there are to choose from, and what is chosen: pure. */

import type { Camera } from "../api/types";

export interface Choice {
  /** `site`, or `site/gateway/camera` */
  place: string;
  name: string;
  /** of a camera, its site; undefined for a site itself */
  site: string | undefined;
}

export function choices(cameras: readonly Camera[], chosen: readonly string[], find: string): Choice[] {
  const known = sitesOf(cameras).flatMap((site): Choice[] => [
    { place: site, name: site, site: undefined },
    ...cameras.filter((camera) => camera.site === site).map((camera) => ({ place: nameOf(camera), name: camera.name, site })),
  ]);
  const there = new Set(known.map(({ place }) => place));
  const gone = chosen.filter((place) => !there.has(place)).map((place) => ({ place, name: place, site: undefined }));
  const wanted = find.trim().toLowerCase();
  return [...known, ...gone].filter(({ place, name }) => `${place} ${name}`.toLowerCase().includes(wanted));
}

export const nameOf = (camera: Camera) => `${camera.site}/${camera.gateway}/${camera.camera}`;

const sitesOf = (cameras: readonly Camera[]) => [...new Set(cameras.map(({ site }) => site))].sort();

/** A whole site takes the place of its cameras. */
export function toggled(chosen: readonly string[], place: string): string[] {
  if (chosen.includes(place)) return chosen.filter((other) => other !== place);
  return [...chosen.filter((other) => !other.startsWith(`${place}/`)), place].sort();
}

/** Is it within a place that is chosen already? */
export const isCovered = (chosen: readonly string[], place: string) => chosen.some((other) => place.startsWith(`${other}/`));
