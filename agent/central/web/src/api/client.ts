/** The centre's API, one function per call. Every failure is an `ApiError`, also when nobody answers. */

import type { Camera, CameraName, CameraSettings, CameraTotals, CentreHealth, Clip, ClipWish, Found, Gateway, GatewayHistory, Heat, Incident, IncidentChange, IncidentThere, IncidentWish, LamppostEvent, Layout, MapGround, Me, Neighbours, Page, PreviewsWish, Recordings, ReviewChange, Reviewed, Stats, StreamName, Track, WishedQuality } from "./types";

import { isTouched } from "../touched";

const BASE = "/api/v1";
const PATIENCE_MS = 20_000;

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Nobody answered, or something that is not the centre. */
export const UNREACHABLE = "unreachable";

let onSignedOut: () => void = () => undefined;

/** Who wants to know that the session ended. */
export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell;
}

export async function request<T>(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, stop?: AbortSignal): Promise<T> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const headers: Record<string, string> = isTouched() ? {} : { "X-Lamppost-Idle": "1" };
  const init: RequestInit = { method, credentials: "same-origin", headers, signal: stop ? either(stop, late) : late };
  if (method !== "GET" && method !== "DELETE") {
    Object.assign(headers, { "Content-Type": "application/json", "X-Lamppost": "1" });
    init.body = JSON.stringify(body ?? {});
  }
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch {
    throw new ApiError(UNREACHABLE, "", 0);
  }
  if (response.status === 204) return undefined as T;
  const document = await response.json().catch(() => undefined);
  if (response.ok && document !== undefined) return document as T;
  throw failureOf(response.status, document);
}

/** `AbortSignal.any` is younger than some telephones. */
function either(...signals: AbortSignal[]): AbortSignal {
  const all = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) all.abort();
    signal.addEventListener("abort", () => all.abort(), { once: true, signal: all.signal });
  }
  return all.signal;
}

function failureOf(status: number, document: unknown): ApiError {
  const error = (document as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  if (!error || typeof error.code !== "string") return new ApiError(UNREACHABLE, "", status);
  if (error.code === "not_signed_in") onSignedOut();
  return new ApiError(error.code, typeof error.message === "string" ? error.message : "", status);
}

const get = <T>(path: string, stop?: AbortSignal) => request<T>("GET", path, undefined, stop);
const post = <T>(path: string, body?: unknown) => request<T>("POST", path, body);
const part = encodeURIComponent;

export const health = () => get<CentreHealth>("/health");
export const stats = () => get<Stats>("/stats");
export const me = () => get<Me>("/me");
export const signIn = (username: string, password: string, code?: string) => post<Me>("/sign-in", { username, password, ...(code ? { code } : {}) });
export const signOut = () => post<void>("/sign-out");
export const first = (token: string, username: string, password: string) => post<Me>("/first", { token, username, password });

export const gateways = async () => (await get<Page<Gateway>>("/gateways")).items;
export const gatewayHistory = (site: string, gateway: string, since: number, until: number) =>
  get<GatewayHistory>(
    `/gateways/${part(site)}/${part(gateway)}/health?${new URLSearchParams({ since: new Date(since).toISOString(), until: new Date(until).toISOString() })}`,
  );
export const cameras = async () => (await get<Page<Camera>>("/cameras")).items;

export const events = (query: URLSearchParams) => get<Found<LamppostEvent>>(`/events?${query}`);
export const event = (id: string) => get<LamppostEvent>(`/events/${part(id)}`);
export const neighbours = (id: string, query: URLSearchParams) => get<Neighbours>(`/events/${part(id)}/neighbours?${query}`);
export const review = (events: readonly LamppostEvent[], change: ReviewChange) =>
  post<Reviewed>("/reviews", { events: events.map(({ id, review: { version } }) => ({ event: id, version })), ...change });
export type LayoutWish = Omit<Layout, "id" | "owner">;
export const layouts = async () => (await get<Page<Layout>>("/layouts")).items;
export const saveLayout = (wish: LayoutWish, id?: string) =>
  id === undefined ? post<Layout>("/layouts", wish) : request<Layout>("PUT", `/layouts/${part(id)}`, wish);
export const removeLayout = (id: string) => request<void>("DELETE", `/layouts/${part(id)}`);
export const reviewers = async () => (await get<{ items: { name: string }[] }>("/reviewers")).items.map(({ name }) => name);
/** The centre goes on with it until `stop` says that nobody wants to know any more. */
export const tracks = (query: URLSearchParams, stop?: AbortSignal) => get<Found<Track>>(`/tracks?${query}`, stop);
export type ExportForm = "csv" | "jsonl" | "geojson";
/** Where all that a search finds is had as a file; paging is not of it. */
export function exportAddress(what: "tracks" | "events", form: ExportForm, wanted: URLSearchParams): string {
  const query = new URLSearchParams(wanted);
  for (const name of ["limit", "cursor"]) query.delete(name);
  query.set("form", form);
  return `${BASE}/exports/${what}?${query}`;
}
/** Those that are known by now: of who is still there nothing may have been told yet. */
export const eventTracks = async (event: string) => (await get<{ items: Track[] }>(`/events/${part(event)}/tracks`)).items;
export const track = (id: string) => get<Track>(`/tracks/${part(id)}`);
/** As many as the centre gives: a view is a third of what is asked for. */
const MOTION_POINTS = 2_000;
export const recorded = (camera: CameraName, start: string, end: string, motion = MOTION_POINTS) =>
  get<Recordings>(`/recordings?${new URLSearchParams({ site: camera.site, gateway: camera.gateway, camera: camera.camera, start, end, segments: "false", motion: String(motion) })}`);
export const requestClip = (eventId: string, quality: WishedQuality = "auto") =>
  post<Clip>(`/events/${part(eventId)}/clip?quality=${quality}`);
export const callOff = (id: string) => request<Clip>("DELETE", `/clips/${part(id)}`);
export const cutClip = (wish: ClipWish) => post<Clip>("/clips", wish);
/** The same as evidence: a ZIP file with what the gateway states of it and signs. */
export const exportFootage = (wish: Omit<ClipWish, "quality"> & { reason: string }) => post<Clip>("/exports", wish);
export const askPreviews = (wish: PreviewsWish, stop: AbortSignal) => request<Clip>("POST", "/previews", wish, stop);
/** A medium itself. */
export async function bytes(mediaUrl: string, stop: AbortSignal): Promise<ArrayBuffer> {
  try {
    const answer = await fetch(mediaUrl, { credentials: "same-origin", signal: stop });
    if (answer.ok) return await answer.arrayBuffer();
    throw failureOf(answer.status, await answer.json().catch(() => undefined));
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(UNREACHABLE, "", 0);
  }
}
export const belongs = (eventId: string) => post<void>(`/events/${part(eventId)}/belongs`);
const settingsPath = ({ site, gateway, camera }: CameraName) => `/cameras/${part(site)}/${part(gateway)}/${part(camera)}/settings`;
export const settings = (camera: CameraName) => get<CameraSettings>(settingsPath(camera));
/** Exactly these; what is left out goes back to the gateway's file. `version` is the one that was seen. */
export const setSettings = (camera: CameraName, wanted: Readonly<Record<string, unknown>>, version: number) =>
  request<CameraSettings>("PUT", settingsPath(camera), { settings: wanted, version });
export const mapGround = () => get<MapGround>("/map");
export const mapStreets = () => get<GeoJSON.GeoJsonObject>("/map/streets");
export const MAP_PLAN = `${BASE}/map/plan`;
export const heat = (camera: string, since: Date) => get<Heat>(`/heat?${new URLSearchParams({ camera, since: since.toISOString() })}`);
/** Whole hours, from the one of `since` on. */
export const counts = (since: Date) => get<CameraTotals>(`/counts?${new URLSearchParams({ since: since.toISOString() })}`);
/** How many alarms nobody has seen to yet, by camera. */
export const openAlarms = async () =>
  (await get<Found<LamppostEvent>>("/events?severity=alarm&acknowledged=false&limit=1&facets=true")).facets?.cameras ?? [];
/** Those that are open, and those that were closed and happened since then. */
export async function incidents(since: Date): Promise<readonly Incident[]> {
  const some = (wanted: Record<string, string>) => get<Page<Incident>>(`/incidents?${new URLSearchParams({ ...wanted, limit: "200" })}`);
  const [open, closed] = await Promise.all([some({ state: "open" }), some({ state: "closed", since: since.toISOString() })]);
  return [...open.items, ...closed.items];
}
export const incident = (id: string) => get<IncidentThere>(`/incidents/${part(id)}`);
export const tellOfIncident = (wish: IncidentWish) => post<Incident>("/incidents", wish);
export const changeIncident = (id: string, change: IncidentChange) => request<IncidentThere>("PATCH", `/incidents/${part(id)}`, change);
export const clip = (id: string) => get<Clip>(`/clips/${part(id)}`);

export const directoryAddress = () => `${BASE}/oidc/start`;
export const streamAddress = () => `${BASE}/stream`;
export const downloadAddress = (mediaUrl: string) => `${mediaUrl}?download=1`;

/** A link to a medium for somebody without an account. */
export const shareMedium = (mediaUrl: string, days: number, note: string) => post<{ link: string }>(`${mediaUrl.slice(BASE.length)}/links`, { days, note });

export function liveAddress(camera: CameraName, stream: StreamName, boxes: boolean): string {
  const url = new URL(`${BASE}/live/${part(camera.site)}/${part(camera.gateway)}/${part(camera.camera)}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = `stream=${stream}&boxes=${boxes ? 1 : 0}`;
  return url.href;
}
