/** Incidents as the map has them: pure. */

import type { Incident, IncidentThere } from "../api/types";
import { cameraKey } from "../events/filter";
import { MOST_CAMERAS, playbackPath } from "../playback/address";
import { addressOf, all } from "../search/filter";
import { areaText, away, type Spot } from "./ground";

const BEFORE_MS = 30_000;
const AROUND_MS = 600_000;
const FADES_MS = 12 * 3_600_000;
const FAINTEST = 0.4;
const CORNERS = 8;
/** So far around it is searched at least, metres; further where the cameras that saw it hang further away. */
const AROUND_M = 150;
/** Where none looks there, so many of the nearest may have seen who came and went. */
const NEAREST = 4;

type Cameras = IncidentThere["cameras"];

export const isOpen = ({ state }: Pick<Incident, "state">): boolean => state === "open";

/** The newest first; one that is known already is as it is told now. */
export const withIncident = (list: readonly Incident[], told: Incident): readonly Incident[] =>
  [...list.filter(({ id }) => id !== told.id), told].sort((a, b) => (a.time === b.time ? (a.id < b.id ? 1 : -1) : a.time < b.time ? 1 : -1));

/** How strongly it is drawn, 1 for what happens now: what is old steps back, and can still be seen. */
export function presence({ time }: Pick<Incident, "time">, nowMs: number): number {
  const age = Math.max(0, nowMs - Date.parse(time));
  return 1 - (1 - FAINTEST) * Math.min(1, age / FADES_MS);
}

/** Those whose pictures are worth a look: the ones that look there, else a few of the nearest. */
export function witnesses(cameras: Cameras): Cameras {
  const looking = cameras.filter(({ covers }) => covers);
  return looking.length > 0 ? looking.slice(0, MOST_CAMERAS) : cameras.slice(0, NEAREST);
}

/** Where the footage of then is played, from a moment before. */
export const thenPath = ({ time, cameras }: Pick<IncidentThere, "time" | "cameras">): string =>
  playbackPath(witnesses(cameras).map(cameraKey), Date.parse(time) - BEFORE_MS);

/** The search for all that was seen near by, some minutes before and after. */
export function aroundPath({ time, latitude, longitude, cameras }: Pick<IncidentThere, "time" | "latitude" | "longitude" | "cameras">): string {
  const metres = Math.max(AROUND_M, ...witnesses(cameras).map((camera) => camera.distance_m + 10));
  const at = (offMs: number) => new Date(Date.parse(time) + offMs).toISOString();
  return `/search${addressOf({ ...all, area: areaText(ringOf([latitude, longitude], metres)), since: at(-AROUND_MS), until: at(AROUND_MS) })}`;
}

/** Corners around a place, so far out that the circle lies within. */
export function ringOf(spot: Spot, metres: number): readonly Spot[] {
  const out = metres / Math.cos(Math.PI / CORNERS);
  return Array.from({ length: CORNERS }, (_, i) => away(spot, (360 * i) / CORNERS, out));
}
