/** What the centre's API says and takes (`/api/v1/openapi.json`), as far as the viewer uses it. Times are RFC 3339 UTC. */

export type Corners = [x1: number, y1: number, x2: number, y2: number];

export type Role = "viewer" | "operator" | "investigator" | "admin";

export interface Me {
  name: string;
  role: Role;
  /** null: everything */
  places: string[] | null;
  second_factor: boolean;
  elsewhere: boolean;
  reason: string;
  asks_reason: boolean;
}

export interface CentreHealth {
  ok: boolean;
  version: string;
  first_start: boolean;
  directory: boolean;
  broker: { kind: string; up: boolean; error: string; restarts: number; since: string | null; last_end: string };
  database: { kind: string; ok: boolean };
  ingest: { queued: number; lag_s: number; messages: number };
  media: { kind: "folder" | "s3"; waiting: number; error: string };
}

export interface Stats {
  messages: { received: number; rejected: number };
  stored: { event: number; track: number; recording: number; media: number };
  lost: number;
  dropped: number;
  duplicates: number;
  media_bytes: number;
  since: string;
}

export interface CameraCounts {
  id: string;
  online: boolean;
  recording: boolean;
  analysing: boolean;
  error: string;
  packets_in: number;
  packets_recorded: number;
  packets_lost: number;
  frames_decoded: number;
  frames_analysed: number;
  packets_not_analysed: number;
  tracks: number;
  events: number;
  reconnects: number;
}

export interface GatewayHealth {
  time: string;
  uptime_s: number;
  cameras: CameraCounts[];
  disk: { total: number; free: number; recordings: number } | null;
  clock: { offset_ms: number | null; synced: boolean | null };
  temperature_c: number | null;
  outbox: OutboxDepth;
  uplink: UplinkState | null;
  shed: string;
  analysis: string;
  workers: { name: string; state: string; restarts: number; error: string }[];
  audit: Audit | null;
  problems: string[];
}

/** How a gateway was over `span_s` seconds from `time` on. */
export interface GatewaySample {
  time: string;
  span_s: number;
  clock_offset_ms: number | null;
  disk_free: number | null;
  disk_total: number | null;
  temperature_c: number | null;
  load: number | null;
  outbox_messages: number;
  outbox_media: number;
  outbox_bytes: number;
  shed: string;
  shed_level: number;
  uplink_bytes: number;
}

export interface GatewayHistory {
  step_s: number;
  items: GatewaySample[];
}

/** What the link to the centre may cost and has cost, bytes; and what waits for it. */
export interface UplinkState {
  /** where the gateway is connected, and how */
  broker: string;
  /** commands that were not surely the centre's, by reason */
  refused_commands: Record<string, number>;
  limited: boolean;
  /** the cheap interface that is up */
  cheap: string;
  metered: boolean;
  quiet: boolean;
  /** bytes a second: what media went at of late, and the most there may be */
  rate: number;
  rate_limit?: number | null;
  hour: number;
  hour_limit?: number | null;
  month: number;
  month_limit?: number | null;
  month_by_class: Record<string, number>;
  cheap_bytes: number;
  live: string[];
  waiting: { kind: string; number: number; bytes: number; reason: string }[];
}

/** The last self-audit: of `checked` segments, `failed` were not as they should be. */
export interface Audit {
  time: string;
  checked: number;
  failed: number;
  problems: string[];
}

/** A key that signed a gateway's footage. */
export interface FootageKey {
  id: string;
  key: string;
  first_seen: string;
  last_seen: string;
}

export interface OutboxDepth {
  messages: number;
  media: number;
  media_bytes: number;
}

export interface Gateway {
  site: string;
  gateway: string;
  online: boolean;
  since: string | null;
  last_seen: string | null;
  version: string | null;
  session: string | null;
  health: Partial<GatewayHealth> | null;
  timezone: string | null;
  outbox: OutboxDepth | null;
  problems: string[];
  /** The present one first. */
  keys: FootageKey[];
  chain_breaks: number;
  cameras: number;
  lost: number;
  dropped: number;
}

/** How many stood in each cell of a picture, row by row from the upper left. */
export interface Heat {
  columns: number;
  rows: number;
  items: (CameraName & { cells: number[] })[];
}

/** How many tracks began at each camera; those without any are left out. */
export interface CameraTotals {
  items: (CameraName & { total: number })[];
}

export interface CameraName {
  site: string;
  gateway: string;
  camera: string;
}

export type StreamName = "main" | "sub";

export interface Camera extends CameraName {
  name: string;
  online: boolean;
  gateway_online: boolean;
  recording: boolean;
  analysing: boolean;
  fps: number | null;
  since: string | null;
  error: string;
  streams: { stream: StreamName; codec: string; width: number; height: number; fps: number | null }[];
  shapes: { name: string; kind: "zone" | "line"; points: [number, number][] }[];
  latitude: number | null;
  longitude: number | null;
  bearing: number | null;
  field_of_view: number | null;
  snapshot: { media: string; url: string; time: string } | null;
}

/** What the centre's configuration has to lie under the map. */
export interface MapGround {
  streets: boolean;
  plan: boolean;
  plan_corners: [[number, number], [number, number]] | null;
  tiles: string | null;
  attribution: string;
}

/** What a camera looks out for, with the keys of its table in the gateway's file. */
export interface CameraSettings {
  in_force: Readonly<Record<string, unknown>>;
  set_here: Readonly<Record<string, unknown>>;
  version: number;
  state: "in_force" | "waiting" | "refused" | "never_set";
  error: string;
  by: string;
  time: string | null;
}

/** A layout of the wall; `cameras` are `site/gateway/camera`, in their order. */
export interface Layout {
  id: string;
  owner: string;
  name: string;
  shared: boolean;
  cameras: string[];
  /** null: as many as fill the screen best */
  columns: number | null;
  /** the first one is larger */
  large: boolean;
}

export interface Media {
  id: string;
  kind: "snapshot" | "sprite" | "clip";
  type: string;
  bytes: number;
  width: number | null;
  height: number | null;
  /** here, still at the gateway, or never to come */
  state: "sent" | "edge" | "gone";
  reason: string;
  url: string | null;
}

export interface LamppostEvent extends CameraName {
  id: string;
  camera_name: string;
  kind: string;
  phase: "start" | "update" | "end";
  time: string;
  start: string;
  end: string | null;
  label: string | null;
  score: number | null;
  box: Corners | null;
  rule: string | null;
  zone: string | null;
  line: string | null;
  direction: string | null;
  count: number | null;
  /** what it counts for now: what people made it, else what its gateway said */
  severity: "info" | "alarm";
  tracks: string[];
  attributes: Record<string, unknown>;
  position?: string | null;
  clock: { offset_ms: number | null; synced: boolean | null };
  media: Media[];
  picture: string | null;
  clip: Clip | null;
  /** the best first, which is `clip` */
  clips: Clip[];
  review: Review;
  received: string;
}

/** What people have made of an event; `version` counts changes, but for notes. */
export interface Review {
  version: number;
  acknowledged: { by: string; time: string } | null;
  assigned: string | null;
  /** what people made it; null: as its gateway said */
  severity: "info" | "alarm" | null;
  notes: { by: string; time: string; text: string }[];
}

/** What to make of events; what is left out stays. */
export interface ReviewChange {
  acknowledged?: boolean;
  assigned?: string | null;
  severity?: "info" | "alarm" | null;
  note?: string;
}

export interface Reviewed {
  items: LamppostEvent[];
  /** somebody else was faster: nothing was done */
  changed_before: string[];
  full: string[];
  missing: string[];
}

/** Ids of the next older and the next newer event of a list. */
export interface Neighbours {
  older: string | null;
  newer: string | null;
}

export interface Track extends CameraName {
  id: string;
  camera_name: string;
  final: boolean;
  label: string;
  kind: string | null;
  score: number;
  start: string;
  end: string;
  path: [number, number, number, number, number][];
  colours: Record<string, [string, number][]>;
  attributes: Record<string, unknown>;
  speed: number | null;
  speed_unit: "m/s" | "heights/s" | null;
  direction: string | null;
  size_m: [number, number] | null;
  dwell_s: number;
  dwell: Record<string, number>;
  zones: string[];
  plate: string | null;
  position: string | null;
  media: Media[];
  picture: string | null;
  clock: { offset_ms: number | null; synced: boolean | null };
  received: string;
}

/** What a camera's gateway has recorded; `reason` is why a span ended. */
export interface Recordings {
  spans: { start: string; end: string; segments: number; bytes: number; reason: string }[];
  /** A level for each `step_s` seconds, null where nobody looked; null when nobody did at all, or nobody asked. */
  motion: { start: string; step_s: number; levels: (number | null)[] } | null;
  truncated: boolean;
}

/** A span of a camera's footage to be cut at its gateway. */
export interface ClipWish extends CameraName {
  start: string;
  end: string;
  quality?: WishedQuality;
}

/** `auto`: the best there is, or as much as the gateway's uplink bears. */
export type WishedQuality = "auto" | "proxy" | "full";

export interface PreviewsWish extends CameraName {
  at: string;
  step_s: number;
}

export interface Clip extends CameraName {
  id: string;
  event: string | null;
  start: string;
  end: string;
  /** as it was recorded, or made small at the gateway */
  quality: "full" | "proxy";
  state: "requested" | "sending" | "ready" | "failed" | "cancelled";
  error: string;
  progress: { received: number; of: number; bytes: number };
  media: string | null;
  url: string | null;
  actual_start: string | null;
  actual_end: string | null;
  codecs: string;
  bytes: number | null;
  created: string;
}

/** Small pictures of a span, asked for and followed like a clip. */
export interface PreviewsSheet extends Omit<Clip, "quality"> {
  quality: "previews";
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Count {
  value: string;
  count: number;
}

/** How many there are of each among all that fits; estimated unless `exact`. */
export interface Facets {
  exact: boolean;
  cameras: (CameraName & { count: number })[];
  labels: Count[];
  upper: Count[];
  lower: Count[];
  vehicle: Count[];
  hours: { start: string; count: number }[];
}

/** A page of a search. `complete` is false when the time was up, after looking back as far as `reached`. */
export interface Found<T> extends Page<T> {
  /** by what tracks were compared that should look like one */
  alike?: "appearance" | "colours" | null;
  complete: boolean;
  reached: string | null;
  facets: Facets | null;
}

/** The live socket's text messages. */
export type LiveMessage =
  | { type: "state"; state: "starting" | "stalled" | "playing" }
  | { type: "sent"; stream: string; keys: boolean }
  | { type: "init"; mime: string }
  | { type: "key"; time: string; number: number }
  | { type: "gap" }
  | { type: "boxes"; time: string; boxes: LiveBox[] }
  | { type: "error"; code: string; message: string };

export interface LiveBox {
  track: string;
  label: string;
  score: number;
  box: Corners;
}
