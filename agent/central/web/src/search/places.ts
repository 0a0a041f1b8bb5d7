/** Of which sites and gateways, and where on the map: pure. */

import type { CameraName } from "../api/types";
import type { Spot } from "../map/ground";

export interface Place {
  site: string;
  /** empty: all of the site */
  gateway: string;
}

/** What can be chosen: sites where there are several, and gateways of sites that have several. */
export function placesOf(cameras: readonly CameraName[]): Place[] {
  const sites = new Map<string, Set<string>>();
  for (const { site, gateway } of cameras) sites.set(site, (sites.get(site) ?? new Set()).add(gateway));
  return [...sites].sort(([a], [b]) => a.localeCompare(b)).flatMap(([site, gateways]) => [
    ...(sites.size > 1 ? [{ site, gateway: "" }] : []),
    ...(gateways.size > 1 ? [...gateways].sort().map((gateway) => ({ site, gateway })) : []),
  ]);
}

export const isOf = (place: Place, { site, gateway }: CameraName): boolean => (place.site === "" || site === place.site) && (place.gateway === "" || gateway === place.gateway);

/** Does a camera stand in an area of the map? By the API's rule (even-odd); nobody knows of one that is not on the map. */
export function standsIn(area: readonly Spot[], { latitude, longitude }: { latitude: number | null; longitude: number | null }): boolean {
  if (latitude === null || longitude === null) return false;
  let odd = false;
  let [xb, yb] = area.at(-1) ?? [0, 0];
  for (const [xa, ya] of area) {
    if (ya > longitude !== yb > longitude && latitude < ((xb - xa) * (longitude - ya)) / (yb - ya) + xa) odd = !odd;
    [xb, yb] = [xa, ya];
  }
  return odd;
}

export interface Near {
  /** `latitude,longitude` */
  spot: string;
  metres: number;
}

/** The API's own bound, metres. */
export const FURTHEST = 20_000;

/** Of `latitude,longitude,metres`; undefined when it is none. */
export function nearOf(said: string): Near | undefined {
  const parts = said.split(",");
  const [latitude, longitude, metres] = parts.map((one) => (one.trim() === "" ? NaN : Number(one)));
  const good = parts.length === 3 && Math.abs(latitude!) <= 90 && Math.abs(longitude!) <= 180 && metres! > 0 && metres! <= FURTHEST;
  return good ? { spot: parts.slice(0, 2).join(), metres: metres! } : undefined;
}

export const nearText = ({ spot, metres }: Near): string => `${spot},${metres}`;
