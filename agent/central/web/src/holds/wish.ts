/** What somebody wants held, as it stands in the form: pure. */

import type { Camera, HoldWish } from "../api/types";
import { cameraKey, cameraOf } from "../events/filter";
import type { Stretch } from "../playback/time";
import { localField, momentOfField, momentOfFilled } from "../time/field";

/** The API's own bounds. */
export const MOST_CAMERAS = 100;
export const MOST_OF_GATEWAY = 64;
export const LONGEST_REASON = 400;
/** What came before and after an event is wanted with it. */
const AROUND_MS = 5 * 60_000;
const SECOND = 1_000;

/** What is proposed: cameras as `site/gateway/camera`, times in milliseconds of the epoch. */
export interface Proposal {
  cameras: readonly string[];
  from: number;
  to: number;
}

/** The fields as they are typed; `until` is empty for a hold that stays until somebody releases it. */
export interface Wish {
  cameras: readonly string[];
  /** what `from` and `to` were filled in with */
  given: Stretch;
  from: string;
  to: string;
  reason: string;
  until: string;
}

export type Lack = "cameras" | "tooMany" | "times" | "order" | "reason" | "until";

/** A camera's time with some minutes before and after; what goes on lasts until `now`, at least. */
export function proposalAround({ start, end, ...camera }: { site: string; gateway: string; camera: string; start: string; end: string | null }, now: number): Proposal {
  return { cameras: [cameraKey(camera)], from: Date.parse(start) - AROUND_MS, to: (end === null ? now : Date.parse(end)) + AROUND_MS };
}

/** What is marked of several cameras' footage, else what of it is seen by now. */
export const ofSpan = (cameras: readonly string[], marked: Stretch | undefined, seen: Stretch, now: number): Proposal =>
  marked && marked.to > marked.from ? { cameras, ...marked } : { cameras, from: seen.from, to: Math.max(seen.from, Math.min(seen.to, now)) };

/** Whole seconds, and nothing of what is proposed is lost by that. */
export function wishOf({ cameras, from, to }: Proposal): Wish {
  const given = { from: Math.floor(from / SECOND) * SECOND, to: Math.ceil(to / SECOND) * SECOND };
  return { cameras, given, from: localField(new Date(given.from), 19), to: localField(new Date(given.to), 19), reason: "", until: "" };
}

const spanOf = ({ from, to, given }: Wish): [Date | undefined, Date | undefined] => [momentOfFilled(from, given.from), momentOfFilled(to, given.to)];

/** What keeps it from being sent, the first of it; undefined: nothing. */
export function lacking(wish: Wish, now: number): Lack | undefined {
  const { cameras, reason, until } = wish;
  const [[start, end], over] = [spanOf(wish), momentOfField(until)];
  if (cameras.length === 0) return "cameras";
  if (cameras.length > MOST_CAMERAS || mostOfOne(cameras) > MOST_OF_GATEWAY) return "tooMany";
  if (!start || !end) return "times";
  if (end <= start) return "order";
  if (until !== "" && (!over || over.getTime() <= now)) return "until";
  return reason.trim() === "" ? "reason" : undefined;
}

/** How many are of the same gateway. */
function mostOfOne(cameras: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const { site, gateway } of cameras.map(cameraOf)) counts.set(`${site}/${gateway}`, (counts.get(`${site}/${gateway}`) ?? 0) + 1);
  return Math.max(...counts.values());
}

/** As the API takes it; of a wish that lacks nothing. */
export function bodyOf(wish: Wish): HoldWish {
  const [start, end] = spanOf(wish);
  return { cameras: [...wish.cameras], start: start!.toISOString(), end: end!.toISOString(), reason: wish.reason.trim(), until: momentOfField(wish.until)?.toISOString() ?? null };
}

export interface Choice {
  camera: string;
  name: string;
}

/** Cameras to tick whose name has the words; `first` stand on top, also those that nobody knows any more. */
export function choices(cameras: readonly Camera[], first: readonly string[], find: string): Choice[] {
  const known = new Map(cameras.map((camera) => [cameraKey(camera), camera.name]));
  const keys = new Set([...first, ...known.keys()]);
  const wanted = find.trim().toLowerCase();
  return [...keys].map((camera) => ({ camera, name: known.get(camera) ?? camera })).filter(({ camera, name }) => `${camera} ${name}`.toLowerCase().includes(wanted));
}
