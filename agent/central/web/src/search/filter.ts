/** What is searched for: pure. It lives in the address, so that a search can be sent, kept and come back to. */

import { type Colours, isColour, PARTS } from "../events/colours";
import { isCamera, several } from "../events/filter";
import { areaOf } from "../map/ground";
import { nearOf } from "./places";
import { type Drawn, drawnOf, NOTHING, putDrawn } from "./drawn";

/** Spans that end now, by their names in the address, in hours. */
export const SPANS = { "1h": 1, "10h": 10, "24h": 24, "7d": 168, "30d": 720 } as const;
export type SpanName = keyof typeof SPANS;

export const LABELS = ["person", "vehicle", "two_wheeler", "bag", "animal"] as const;

/** The finer classes that the detectors tell apart. */
export const FINER: Readonly<Record<string, readonly string[]>> = {
  vehicle: ["car", "truck", "bus"],
  two_wheeler: ["bicycle", "motorcycle"],
  bag: ["backpack", "handbag", "suitcase"],
  animal: ["dog", "cat", "horse", "bird"],
};

/** By the compass where the ground is known, else in the picture; clockwise from north and from up. */
export const COMPASS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"] as const;
export const SECTORS = ["up", "up-right", "right", "down-right", "down", "down-left", "left", "up-left"] as const;

/** Numbers that may have a least and a most, by their names in the address and in the API. */
export const RANGES = ["size", "speed", "dwell_s"] as const;
export type RangeName = (typeof RANGES)[number];
export interface Range {
  min: number | undefined;
  max: number | undefined;
}
const ANY: Range = { min: undefined, max: undefined };

export interface Search {
  labels: readonly string[];
  /** `car`, `bicycle` */
  kinds: readonly string[];
  /** `upper:green`, `vehicle:white` */
  colours: readonly string[];
  /** `site/gateway/camera` */
  cameras: readonly string[];
  /** a span that ends now; undefined: `since` and `until` say, or all times */
  within: SpanName | undefined;
  /** RFC 3339 */
  since: string | undefined;
  until: string | undefined;
  /** `up-left`, or `NW` */
  directions: readonly string[];
  zones: readonly string[];
  /** corners on the map, as the API has them; its cameras are searched */
  area: string;
  /** a size is a share of the picture, 0..1 */
  ranges: Readonly<Record<RangeName, Range>>;
  /** speeds are in own heights a second, of cameras whose ground is not measured; else in m/s */
  inHeights: boolean;
  /** so much of a part must be of a colour, 0..1; undefined: as much as the centre takes */
  share: number | undefined;
  /** so sure must the detector have been, 0..1 */
  minScore: number | undefined;
  /** empty: of all */
  site: string;
  gateway: string;
  /** a circle on the map in which it was last, `latitude,longitude,metres` */
  near: string;
  /** a number plate, with `?` for one character and `*` for some */
  plate: string;
  /** look-alikes too, and one character wrong */
  fuzzy: boolean;
  /** the id of a track: what looks like it comes first */
  like: string;
  /** on the picture of the camera */
  drawn: Drawn;
  /** the best fit first, instead of the newest */
  byFit: boolean;
}

export const all: Search = {
  labels: [], kinds: [], colours: [], cameras: [], within: undefined, since: undefined, until: undefined,
  directions: [], zones: [], area: "", ranges: { size: ANY, speed: ANY, dwell_s: ANY }, inHeights: false,
  share: undefined, minScore: undefined, site: "", gateway: "", near: "", plate: "", fuzzy: false, like: "", drawn: NOTHING, byFit: false,
};

const HEIGHTS = "heights/s";

const isSpan = (name: string): name is SpanName => name in SPANS;

function moment(said: string | null): string | undefined {
  const at = Date.parse(said ?? "");
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
}

const DIRECTIONS: ReadonlySet<string> = new Set([...COMPASS, ...SECTORS]);

function numberOf(query: URLSearchParams, name: string, most = 1e9): number | undefined {
  const said = query.get(name);
  const value = Number(said);
  return said && value >= 0 && value <= most ? value : undefined;
}

function rangeOf(query: URLSearchParams, name: RangeName): Range {
  const most = name === "size" ? 1 : undefined;
  return { min: numberOf(query, `min_${name}`, most), max: numberOf(query, `max_${name}`, most) };
}

const idOf = (query: URLSearchParams, name: string) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.exec(query.get(name) ?? "")?.[0] ?? "";

/** Read the page's address; what makes no sense is left out. */
export function searchOf(query: URLSearchParams): Search {
  const within = query.get("within") ?? "";
  const span = isSpan(within) ? within : undefined;
  return {
    labels: several(query, "label"),
    colours: several(query, "colour").filter(isColour),
    cameras: several(query, "camera").filter(isCamera),
    within: span,
    since: span ? undefined : moment(query.get("since")),
    until: span ? undefined : moment(query.get("until")),
    kinds: several(query, "kind"),
    directions: several(query, "direction").filter((word) => DIRECTIONS.has(word)),
    zones: several(query, "zone"),
    area: areaOf(query.get("area") ?? "") ? (query.get("area") ?? "") : "",
    ranges: { size: rangeOf(query, "size"), speed: rangeOf(query, "speed"), dwell_s: rangeOf(query, "dwell_s") },
    inHeights: query.get("speed_unit") === HEIGHTS,
    share: numberOf(query, "share", 1),
    minScore: numberOf(query, "min_score", 1),
    site: idOf(query, "site"),
    gateway: idOf(query, "gateway"),
    near: nearOf(query.get("near") ?? "") ? (query.get("near") ?? "") : "",
    plate: (query.get("plate") ?? "").slice(0, 40),
    fuzzy: query.get("plate_match") === "fuzzy",
    like: idOf(query, "like"),
    drawn: drawnOf(query),
    byFit: query.get("sort") === "fit",
  };
}

/** The page's address: `""`, or `?label=person&colour=upper:green&within=10h`. */
export function addressOf(search: Search): string {
  const query = shared(search);
  if (search.within) query.set("within", search.within);
  else times(query, search.since, search.until);
  const whole = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
  return whole ? `?${whole}` : "";
}

/** The API's query for it, as of `nowMs`. */
export function queryOf(search: Search, nowMs: number, limit: number, cursor?: string): URLSearchParams {
  const query = shared(search);
  const since = search.within ? new Date(nowMs - SPANS[search.within] * 3_600_000).toISOString() : search.since;
  times(query, since, search.within ? undefined : search.until);
  query.set("limit", String(limit));
  if (cursor) query.set("cursor", cursor);
  return query;
}

function shared(search: Search): URLSearchParams {
  const query = new URLSearchParams();
  for (const label of search.labels) query.append("label", label);
  for (const colour of search.colours) query.append("colour", colour);
  for (const camera of search.cameras) query.append("camera", camera);
  for (const kind of search.kinds) query.append("kind", kind);
  for (const direction of search.directions) query.append("direction", direction);
  for (const zone of search.zones) query.append("zone", zone);
  if (search.area) query.set("area", search.area);
  for (const name of RANGES) {
    const { min, max } = search.ranges[name];
    if (min !== undefined) query.set(`min_${name}`, String(min));
    if (max !== undefined) query.set(`max_${name}`, String(max));
  }
  if (search.inHeights) query.set("speed_unit", HEIGHTS);
  if (search.share !== undefined) query.set("share", String(search.share));
  if (search.minScore !== undefined) query.set("min_score", String(search.minScore));
  if (search.site) query.set("site", search.site);
  if (search.gateway) query.set("gateway", search.gateway);
  if (search.near) query.set("near", search.near);
  if (search.plate) query.set("plate", search.plate);
  if (search.plate && search.fuzzy) query.set("plate_match", "fuzzy");
  if (search.like) query.set("like", search.like);
  putDrawn(query, search.drawn);
  if (search.byFit) query.set("sort", "fit");
  return query;
}

function times(query: URLSearchParams, since: string | undefined, until: string | undefined): void {
  if (since) query.set("since", since);
  if (until) query.set("until", until);
}

export const isEmpty = (search: Search) => addressOf(search) === "";

/** They say more of what stands beside them, or only in which order. */
const BESIDE: ReadonlySet<string> = new Set(["crossed_way", "along_within", "plate_match", "sort"]);

/** How many things narrow it; a time from and to is one. */
export function countOf(search: Search): number {
  const names = [...new URLSearchParams(addressOf(search)).keys()].filter((name) => !BESIDE.has(name));
  return names.length - (names.includes("since") && names.includes("until") ? 1 : 0);
}

/** Is anything asked for of what is asked for less often? */
export const asksMore = (search: Search) =>
  !isEmpty({ ...search, labels: [], colours: [], cameras: [], within: undefined, since: undefined, until: undefined, area: "", like: "", drawn: NOTHING, byFit: false });

/** The search for what looks like a track. */
export const alike = ({ id }: { id: string }): Search => ({ ...all, like: id });

/** The main colour of each part that has one, as they are searched for: the upper part's first. */
export const mainColours = (colours: Colours): readonly string[] => PARTS.flatMap((part) => (colours[part]?.[0] ? [`${part}:${colours[part][0][0]}`] : []));
