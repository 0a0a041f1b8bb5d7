/**
 * What the centre tells by itself (server-sent events), and the picture of the site that is kept from it.
 *
 * A lost connection heals by itself with a growing pause; at each `hello` and `lagging` everything is fetched anew,
 * so nothing depends on having heard every message.
 */

import * as api from "./api/client";
import type { Camera, CameraName, CentreHealth, Clip, Gateway, Hold, Incident, LamppostEvent } from "./api/types";
import { cell } from "./cell";
import { retryDelay } from "./live/policy";
import { askWho } from "./session";

export type Link = { state: "connecting" } | { state: "up" } | { state: "lost"; since: number };

export const link = cell<Link>({ state: "connecting" });
export const cameras = cell<readonly Camera[] | undefined>(undefined);
export const gateways = cell<readonly Gateway[] | undefined>(undefined);
export const centre = cell<CentreHealth | undefined>(undefined);
/** Counts the times that lists may have missed something. */
export const refetch = cell(0);
/** The centre's clock minus ours, milliseconds. */
export const clockAhead = cell(0);
/** Now by the centre's clock, milliseconds. */
export const centreNow = () => Date.now() + clockAhead.value;

type Hear<T> = (item: T) => void;
const eventHearers = new Set<Hear<LamppostEvent>>();
const clipHearers = new Set<Hear<Clip>>();
const holdHearers = new Set<Hear<Hold>>();
const incidentHearers = new Set<Hear<Incident>>();

const hear = <T>(hearers: Set<Hear<T>>, hearer: Hear<T>) => {
  hearers.add(hearer);
  return () => void hearers.delete(hearer);
};
export const onEvent = (hearer: Hear<LamppostEvent>) => hear(eventHearers, hearer);
/** What an answer of the API told, for all who would hear it from the stream. */
export const tellEvents = (events: readonly LamppostEvent[]) => events.forEach((event) => tell(eventHearers, event));
export const onClip = (hearer: Hear<Clip>) => hear(clipHearers, hearer);
export const onHold = (hearer: Hear<Hold>) => hear(holdHearers, hearer);
export const onIncident = (hearer: Hear<Incident>) => hear(incidentHearers, hearer);
export const tellIncident = (incident: Incident) => tell(incidentHearers, incident);

export const sameCamera = (a: CameraName, b: CameraName) =>
  a.camera === b.camera && a.gateway === b.gateway && a.site === b.site;
const sameGateway = (a: Gateway, b: Gateway) => a.gateway === b.gateway && a.site === b.site;

/** The list with the item in its old place, or at the end. */
function put<T>(list: readonly T[] | undefined, item: T, same: (a: T, b: T) => boolean): readonly T[] | undefined {
  if (!list) return list;
  return list.some((other) => same(other, item)) ? list.map((other) => (same(other, item) ? item : other)) : [...list, item];
}

const HEALTH_EVERY_MS = 2_500;
/** A gateway that fell silent without a word is offline by the clock alone, and no news tells of that. */
const LISTS_EVERY_MS = 30_000;
const LOST_AFTER_MS = 1_500;
/** A centre that hangs closes nothing: so many looks at its health in a row without a word of any kind, and it is lost, too. */
const SILENT_LOOKS = 4;

/** Listen until the returned function is called. */
export function listen(): () => void {
  let source: EventSource | undefined;
  let attempt = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lostSince: number | undefined;
  let silent = 0; // looks, not seconds: a computer that slept has missed nothing
  const heard = () => void (silent = 0);
  const told = (name: string, take: (message: Event) => void) =>
    source?.addEventListener(name, (message) => {
      heard();
      take(message);
    });

  const open = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(api.streamAddress());
    told("hello", (message) => {
      attempt = 0;
      lostSince = undefined;
      clockAhead.set(Date.parse(read<{ now: string }>(message).now) - Date.now());
      link.set({ state: "up" });
      void fetchAll();
    });
    told("lagging", () => void fetchAll());
    told("camera", (message) => cameras.set(put(cameras.value, read<Camera>(message), sameCamera)));
    told("gateway", (message) => gateways.set(put(gateways.value, read<Gateway>(message), sameGateway)));
    told("centre", (message) => centre.set(read<CentreHealth>(message)));
    told("event", (message) => tell(eventHearers, read<LamppostEvent>(message)));
    told("incident", (message) => tell(incidentHearers, read<Incident>(message)));
    told("clip", (message) => tell(clipHearers, read<Clip>(message)));
    told("hold", (message) => tell(holdHearers, read<Hold>(message)));
    source.onerror = failed;
  };

  const failed = () => {
    source?.close();
    lostSince ??= Date.now();
    // a short break heals unseen
    setTimeout(() => lostSince !== undefined && link.set({ state: "lost", since: lostSince }), LOST_AFTER_MS);
    if (attempt > 0) void askWho(); // a stream gives no reason: perhaps the session ended
    retry = setTimeout(open, retryDelay(attempt, Math.random()));
    attempt += 1;
  };

  const wake = () => {
    if (link.value.state === "lost" && !document.hidden) open();
  };
  const look = async () => {
    if (document.hidden) return;
    silent += 1;
    if (silent > SILENT_LOOKS && link.value.state !== "lost") link.set({ state: "lost", since: Date.now() - silent * HEALTH_EVERY_MS });
    if (await fetchHealth()) heard();
    if (centre.value) wake(); // it answers: no need to wait for the pause to end
  };
  open();
  void fetchHealth();
  const health = setInterval(() => void look(), HEALTH_EVERY_MS);
  const lists = setInterval(() => document.hidden || link.value.state !== "up" || void fetchLists(), LISTS_EVERY_MS);
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  return () => {
    source?.close();
    clearTimeout(retry);
    clearInterval(health);
    clearInterval(lists);
    window.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
  };
}

const read = <T>(message: Event): T => JSON.parse((message as MessageEvent<string>).data) as T;

function tell<T>(hearers: Set<Hear<T>>, item: T): void {
  for (const hearer of [...hearers]) hearer(item);
}

async function fetchAll(): Promise<void> {
  refetch.set(refetch.value + 1);
  await fetchLists();
}

async function fetchLists(): Promise<void> {
  try {
    const [allCameras, allGateways] = await Promise.all([api.cameras(), api.gateways()]);
    cameras.set(allCameras);
    gateways.set(allGateways);
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error; // the stream's own failure brings the next try
  }
}

/** Whether it answered. */
async function fetchHealth(): Promise<boolean> {
  try {
    centre.set(await api.health());
    return true;
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    centre.set(undefined);
    return error.code !== api.UNREACHABLE;
  }
}
