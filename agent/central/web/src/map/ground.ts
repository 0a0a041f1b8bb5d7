/** Places on the ground: pure. Latitude and longitude in degrees (WGS 84); bearings clockwise from north. */

import type { Camera } from "../api/types";

export type Spot = readonly [latitude: number, longitude: number];

const METRES_A_DEGREE = 111_195;
/** So far a camera's field of view is drawn, where nobody knows how far it sees. */
export const REACH_M = 48;
const USUAL_VIEW = 60;

/** `metres` from there in that direction; good enough for some kilometres. */
export function away([latitude, longitude]: Spot, bearing: number, metres: number): Spot {
  const angle = (bearing * Math.PI) / 180;
  const wide = METRES_A_DEGREE * Math.max(0.01, Math.cos((latitude * Math.PI) / 180));
  return [latitude + (Math.cos(angle) * metres) / METRES_A_DEGREE, longitude + (Math.sin(angle) * metres) / wide];
}

export const spotOf = (camera: Camera): Spot | undefined =>
  camera.latitude === null || camera.longitude === null ? undefined : [camera.latitude, camera.longitude];

/** What it sees, as a sector; undefined while nobody knows where it looks. */
export function viewOf(spot: Spot, bearing: number | null, fieldOfView: number | null, reach = REACH_M): readonly Spot[] | undefined {
  if (bearing === null) return undefined;
  const view = Math.min(360, fieldOfView ?? USUAL_VIEW);
  const steps = Math.max(4, Math.ceil(view / 8));
  const arc = Array.from({ length: steps + 1 }, (_, i) => away(spot, bearing - view / 2 + (view * i) / steps, reach));
  return view >= 360 ? arc : [spot, ...arc];
}

/** The middle of what it sees; where it hangs while nobody knows where it looks. */
export const middleOf = (spot: Spot, bearing: number | null, reach = REACH_M): Spot => (bearing === null ? spot : away(spot, bearing, reach / 2));

/** Corners as the API wants them: `41.763700,-72.685100 ...`. */
export const areaText = (corners: readonly Spot[]): string => corners.map(([latitude, longitude]) => `${latitude.toFixed(6)},${longitude.toFixed(6)}`).join(" ");

/** The corners of such a text; undefined when it is none. */
export function areaOf(said: string): readonly Spot[] | undefined {
  const corners = said.trim().split(/[\s;]+/).map((one) => one.split(",").map(Number));
  const good = corners.length >= 3 && corners.length <= 100 && corners.every(([lat, lon, ...rest]) => rest.length === 0 && Math.abs(lat ?? 91) <= 90 && Math.abs(lon ?? 181) <= 180);
  return good ? corners.map(([lat, lon]) => [lat!, lon!]) : undefined;
}

/** How large a circle shows so many, px: its area grows with the number. */
export const circleOf = (count: number, most: number): number => (count <= 0 || most <= 0 ? 0 : 8 + 34 * Math.sqrt(count / most));
