/** What the API says and takes: written by packaging/api_types.py (`make api-types`), never by hand. */

/** Who did what, why, from where. After the time they are kept the personal parts are null. `said` is the SHA-256 of the JSON list [from, salt, what, who, why]; `hash` that of [hash before, seq, time, action, said]. The hash before the first line is 64 zeros. */
export interface AuditLine {
  seq: number;
  time: string;
  action: string;
  who: string | null;
  what: string | null;
  why: string | null;
  from: string | null;
  salt: string | null;
  said: string;
  hash: string;
}

/** Newest first. */
export interface AuditPage {
  items: AuditLine[];
  next: string | null;
}

/** What the last self-audit found: of a sample of segments `checked`, how many `failed`, and why. */
export interface AuditResult {
  time: string;
  checked: number;
  failed: number;
  problems: string[];
}

/** Is the chain unbroken? `erased` lines have lost their personal parts; `head` is the last hash that fits. Whoever keeps `lines` and `head` elsewhere sees later whether the end was cut off. */
export interface AuditVerdict {
  verified: boolean;
  lines: number;
  erased: number;
  head: string;
  broken_at: number | null;
}

/** `up`: the centre is connected and subscribed. `restarts`, `since` and `last_end` are of a broker of its own. */
export interface BrokerHealth {
  kind: "mosquitto" | "amqtt" | "external";
  up: boolean;
  error: string;
  restarts: number;
  since: string | null;
  last_end: string;
}

/** Who did it, and when. */
export interface ByOut {
  by: string;
  time: string;
}

/** How many there are of a camera. */
export interface CameraCount {
  site: string;
  gateway: string;
  camera: string;
  count: number;
}

/** Tracks of a camera that began in each hour. */
export interface CameraCounts {
  site: string;
  gateway: string;
  camera: string;
  total: number;
  counts: number[];
}

/** A camera in the health message; counts are since the gateway's start. `clock_offset_ms` is how far its clock is from the gateway's. `packets_not_wanted` came while the schedule said `off`; `analysis_lag_ms` is how old its latest picture was when it was looked at. */
export interface CameraHealth {
  id: string;
  online: boolean;
  recording: boolean;
  analysing: boolean;
  fps: number | null;
  clock_offset_ms: number | null;
  error: string;
  packets_in: number;
  packets_recorded: number;
  packets_lost: number;
  packets_not_wanted: number;
  frames_decoded: number;
  frames_analysed: number;
  analysis_lag_ms: number;
  packets_not_analysed: number;
  tracks: number;
  events: number;
  reconnects: number;
}

/** How many tracks stood in each cell, row by row from the upper left. */
export interface CameraHeat {
  site: string;
  gateway: string;
  camera: string;
  cells: number[];
}

/** How a camera was, in spans of `step_s` seconds, oldest first; a span without a sample is left out. */
export interface CameraHistory {
  step_s: number;
  items: CameraPoint[];
}

/** A camera. `online` needs its gateway online too. */
export interface CameraOut {
  site: string;
  gateway: string;
  camera: string;
  name: string;
  online: boolean;
  gateway_online: boolean;
  recording: boolean;
  analysing: boolean;
  fps: number | null;
  since: string | null;
  error: string;
  streams: StreamState[];
  shapes: NamedShape[];
  latitude: number | null;
  longitude: number | null;
  bearing: number | null;
  field_of_view: number | null;
  abilities: string[];
  snapshot: Snapshot | null;
}

/** A camera over `span_s` seconds from `time` on. */
export interface CameraPoint {
  id: string;
  online: number;
  fps: number | null;
  recorded: number;
  lost: number;
  not_analysed: number;
  analysis_lag_ms: number;
  reconnects: number;
  clock_offset_ms: number | null;
  time: string;
  span_s: number;
}

/** A camera around an incident; `covers`: the place lies in its field of view, within 100 m. */
export interface CameraThere {
  site: string;
  gateway: string;
  camera: string;
  name: string;
  distance_m: number;
  covers: boolean;
}

/** Cameras, sorted by site, gateway and id. */
export interface Cameras {
  items: CameraOut[];
}

/** Which footage to fetch; `exact`: a clip of just this time, none of a longer one that has it. */
export interface ClipIn {
  site: string;
  gateway: string;
  camera: string;
  start: string;
  end: string;
  quality?: "auto" | "proxy" | "full";
  exact?: boolean;
}

/** A clip; `url` when it is ready, `error` when it failed. A `proxy` is the same in a few hundred kbit/s. `start` and `end` are what it was asked for first, `actual_start` and `actual_end` what its medium has. `previews` are no clip, but a sheet of small pictures of that span, a JPEG that says which they are. An `export` is a ZIP file with the clip as it was recorded, its signed manifest and the program that checks both. `held`: it is here, and may not leave (see `/holds`). */
export interface ClipOut {
  id: string;
  site: string;
  gateway: string;
  camera: string;
  event: string | null;
  start: string;
  end: string;
  quality: "full" | "proxy" | "previews" | "export";
  state: "requested" | "sending" | "ready" | "failed" | "cancelled";
  error: string;
  progress: ClipProgress;
  media: string | null;
  url: string | null;
  actual_start: string | null;
  actual_end: string | null;
  codecs: string;
  bytes: number | null;
  held: boolean;
  created: string;
}

/** Pieces received of how many (0: not known yet), and bytes. */
export interface ClipProgress {
  received: number;
  of: number;
  bytes: number;
}

/** How far the camera's clock was from the gateway's, and whether the gateway's own was synchronised. */
export interface ClockState {
  offset_ms: number | null;
  synced: boolean | null;
}

/** The code of now. */
export interface CodeIn {
  code: string;
}

/** How many there are of a value. */
export interface CountOut {
  value: string;
  count: number;
}

/** By camera, the most first; those without any are left out. `counts` begin with the hour of `since`. */
export interface CountsOut {
  since: string;
  until: string;
  items: CameraCounts[];
}

/** Does it answer? */
export interface DatabaseHealth {
  kind: string;
  ok: boolean;
}

/** The newest first, of the last seven days. */
export interface DeliveriesOut {
  items: DeliveryOut[];
  next: string | null;
}

/** One thing told: `status` of the last answer, or the `error`; `next` is when it is tried again. */
export interface DeliveryOut {
  id: string;
  type: string;
  event: string | null;
  state: "waiting" | "delivered" | "failed";
  attempts: number;
  status: number | null;
  error: string;
  created: string;
  tried: string | null;
  next: string | null;
}

/** How much moved: a level for each `step_s` seconds from `start` on, the highest in them; null: nobody looked. A level is ten times the square root of the share of the picture in percent: 0 when nothing moved, 10 where 1 % of the picture did, 50 at a quarter, 100 at all of it. */
export interface Density {
  start: string;
  step_s: number;
  levels: (number | null)[];
}

/** Of the recording folder, bytes. */
export interface Disk {
  total: number;
  free: number;
  recordings: number;
}

/** Distinct records per class of the outbox. */
export interface EnvelopeCounts {
  alarm: number;
  event: number;
  track: number;
  recording: number;
  health: number;
}

/** Which error, for programs, and one line for people. */
export interface ErrorBody {
  code: string;
  message: string;
}

/** The one error shape. */
export interface ErrorOut {
  error: ErrorBody;
}

/** An event with where it comes from and what became of its media; `clips` has the best first, which is `clip`. `severity` is what it counts for now: what people made it (`review`), else what its gateway said. */
export interface EventOut {
  id: string;
  camera: string;
  kind: string;
  phase: "start" | "update" | "end";
  time: string;
  start: string;
  end: string | null;
  label: string | null;
  score: number | null;
  box: [number, number, number, number] | null;
  rule: string | null;
  zone: string | null;
  line: string | null;
  direction: string | null;
  count: number | null;
  severity: "info" | "alarm";
  tracks: string[];
  attributes: Record<string, unknown>;
  media: MediaOut[];
  position: string | null;
  clock: ClockState;
  site: string;
  gateway: string;
  camera_name: string;
  picture: string | null;
  clip: ClipOut | null;
  clips: ClipOut[];
  review: ReviewOut;
  received: string;
}

/** Who took part in an event, as far as it is known, in the event's order. */
export interface EventTracks {
  items: TrackOut[];
}

/** A page, by time. */
export interface Events {
  next: string | null;
  complete: boolean;
  reached: string | null;
  facets: FacetsOut | null;
  items: EventOut[];
}

/** How many there are of each, the most first; `exact`: counted, else estimated. Kinds and severities: of events. `minutes` is there for tracks that lie in three hours at most and were counted one by one (20,000 in those hours, of those cameras, at most); else it is empty. */
export interface FacetsOut {
  exact: boolean;
  cameras: CameraCount[];
  labels: CountOut[];
  kinds: CountOut[];
  severities: CountOut[];
  upper: CountOut[];
  lower: CountOut[];
  vehicle: CountOut[];
  hours: HourCount[];
  minutes: MinuteCount[];
}

/** The token of the one-time link, and the account to make. */
export interface FirstIn {
  token: string;
  username: string;
  password: string;
}

/** Which footage to take out as evidence, and why; without `reason` the one given for the session. */
export interface FootageExportIn {
  site: string;
  gateway: string;
  camera: string;
  start: string;
  end: string;
  reason?: string;
}

/** How a gateway was, in spans of `step_s` seconds, oldest first; a span without a sample is left out. */
export interface GatewayHealth {
  step_s: number;
  items: GatewaySample[];
}

/** A gateway; `lost` counts messages missing without an announcement, `dropped` those announced. `keys` are all that were ever seen, the present one first; `chain_breaks` counts recordings whose number in the camera's chain was given before, with another link. `timezone` is the site's, by its IANA name. */
export interface GatewayOut {
  site: string;
  gateway: string;
  online: boolean;
  since: string | null;
  last_seen: string | null;
  version: string;
  session: string | null;
  health: Health | null;
  timezone: string | null;
  outbox: OutboxOut | null;
  problems: string[];
  keys: KeyOut[];
  chain_breaks: number;
  cameras: number;
  lost: number;
  dropped: number;
}

/** A gateway over `span_s` seconds from `time` on: at its worst, but for `load`, which is the middle. `clock_offset_ms` is how far its clock was ahead of the centre's. `load` is of the machine (1-minute average), `temperature_c` its highest; `disk_free` the least. `shed_level` counts the steps that analysis went down, and `shed` names the lowest. `uplink_bytes` went out within the span. */
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

/** All gateways. */
export interface Gateways {
  items: GatewayOut[];
}

/** Retained, every ten seconds; every thirty where every byte counts. `clock.offset_ms` is how far the gateway's clock is ahead of the centre's. `load` is the machine's average of the last minute, `shed_level` how many steps analysis went down for it. `timezone` is the site's, by its IANA name, or empty where neither the configuration nor the machine says it. */
export interface Health {
  v: 1;
  time: string;
  uptime_s: number;
  cameras: CameraHealth[];
  disk: Disk | null;
  clock: ClockState;
  temperature_c: number | null;
  load: number | null;
  outbox: OutboxDepth;
  uplink: UplinkState | null;
  shed: string;
  shed_level: number;
  analysis: string;
  timezone: string;
  workers: WorkerHealth[];
  audit: AuditResult | null;
  overlay: OverlayState;
  problems: string[];
}

/** Of the centre itself; `first_start` while no account exists; `directory`: people may sign in through one. `roles`: the processes it is made of, by `whole` or `ingest` and `web`; `ingest` is all of those together. */
export interface HealthOut {
  ok: boolean;
  version: string;
  first_start: boolean;
  directory: boolean;
  broker: BrokerHealth;
  database: DatabaseHealth;
  ingest: IngestHealth;
  media: MediaHealth;
  roles: Record<string, RoleHealth>;
}

/** By camera; those without any are left out. The picture has `columns` times `rows` cells. */
export interface HeatOut {
  since: string;
  until: string;
  columns: number;
  rows: number;
  items: CameraHeat[];
}

/** A hold, with those of its cameras that one may see; `media` and `bytes` are what of them is held here now. One that is over without `released_by` was over when its time had come (`until`). */
export interface Hold {
  id: string;
  cameras: string[];
  start: string;
  end: string;
  reason: string;
  made_by: string;
  made_at: string;
  until: string | null;
  released_by: string | null;
  released_at: string | null;
  release_reason: string | null;
  state: "active" | "over";
  gateways: HoldAtGateway[];
  media: number;
  bytes: number;
}

/** How far a gateway is: `bytes` it said that it holds; `error` is what it said when it could not. One that is away is asked when it is back, until it has answered. Who does not see all cameras of the hold that are there is told neither. */
export interface HoldAtGateway {
  site: string;
  gateway: string;
  cameras: string[];
  state: "asked" | "held" | "failed" | "releasing" | "released";
  error: string;
  since: string;
  bytes: number | null;
}

/** What may not leave: of these cameras (`site/gateway/camera`) from `start` up to `end`, which may be yet to come. `until` of null: until somebody releases it. */
export interface HoldBody {
  cameras: string[];
  start: string;
  end: string;
  reason: string;
  until?: string | null;
}

/** Holds, the newest first; `next` is the cursor of the page after this. */
export interface HoldPage {
  items: Hold[];
  next: string | null;
}

/** How many began in the hour from `start` on. */
export interface HourCount {
  start: string;
  count: number;
}

/** Something that happened at a place and time, whoever says so. */
export interface Incident {
  id: string;
  kind: string;
  text: string;
  latitude: number;
  longitude: number;
  time: string;
  source: string;
  external: string | null;
  severity: "info" | "alarm";
  state: "open" | "closed";
  made_by: string;
  made_at: string;
  closed_by: string | null;
  closed_at: string | null;
  note: string;
}

/** What happened. `time` of null is now; `source` of null is the name of who tells. `external` is what the source calls it: told again under the same name, it is the same incident. */
export interface IncidentBody {
  latitude?: number | null;
  longitude?: number | null;
  camera?: string | null;
  kind: string;
  text?: string;
  time?: string | null;
  source?: string | null;
  severity?: "info" | "alarm";
  external?: string | null;
}

/** What shall be otherwise; what is not named stays. `note`: what was found, for whoever looks back. */
export interface IncidentChange {
  latitude?: number | null;
  longitude?: number | null;
  camera?: string | null;
  kind?: string | null;
  text?: string | null;
  severity?: "info" | "alarm" | null;
  state?: "open" | "closed" | null;
  note?: string | null;
}

/** Incidents, the newest first; `next` is the cursor of the page after this, also where this one is short. */
export interface IncidentPage {
  items: Incident[];
  next: string | null;
}

/** With up to twelve cameras within 1 km: those that see the place first, then the nearest. */
export interface IncidentThere {
  id: string;
  kind: string;
  text: string;
  latitude: number;
  longitude: number;
  time: string;
  source: string;
  external: string | null;
  severity: "info" | "alarm";
  state: "open" | "closed";
  made_by: string;
  made_at: string;
  closed_by: string | null;
  closed_at: string | null;
  note: string;
  cameras: CameraThere[];
}

/** How far ingest is behind. */
export interface IngestHealth {
  queued: number;
  lag_s: number;
  messages: number;
}

/** The token of a one-time link, and the password to set. */
export interface JoinIn {
  token: string;
  password: string;
}

/** A public key (Ed25519, raw, hex) that signed a gateway's footage; `id` names it in the files. */
export interface KeyOut {
  id: string;
  key: string;
  first_seen: string;
  last_seen: string;
}

/** `cameras` in their order, `site/gateway/camera`; `columns` of null: as many as fill the screen best. `large`: the first one is larger. `shared`: others see it, too. */
export interface LayoutIn {
  name: string;
  shared?: boolean;
  cameras: string[];
  columns?: number | null;
  large?: boolean;
}

/** A layout. Cameras that one may not see are left out. */
export interface LayoutOut {
  id: string;
  owner: string;
  name: string;
  shared: boolean;
  cameras: string[];
  columns: number | null;
  large: boolean;
}

/** One's own and the shared ones, by name. */
export interface LayoutsOut {
  items: LayoutOut[];
}

/** How long it is good, and for whom or what: that is shown in the list. */
export interface LinkIn {
  days?: number;
  note?: string;
}

/** A page of the viewer where the person sets a password; it works once, until then. Not shown again. */
export interface LinkOut {
  person: PersonOut;
  link: string;
  expires: string;
}

/** Whether `/map/streets` and `/map/plan` have something; corners are latitude, longitude. */
export interface MapOut {
  streets: boolean;
  plan: boolean;
  plan_corners: [[number, number], [number, number]] | null;
  tiles: string | null;
  attribution: string;
}

/** Who asks; unsafe requests must carry `csrf_header: 1`. `places`: what may be seen, null is everything. `scopes`: of a token. `reason`: why, as given for this session; `asks_reason` says that some of what one may do here needs one. */
export interface Me {
  name: string;
  role: "viewer" | "operator" | "investigator" | "admin";
  csrf_header: string;
  places: string[] | null;
  scopes: ("read" | "search" | "media" | "live" | "command" | "admin")[] | null;
  second_factor: boolean;
  elsewhere: boolean;
  reason: string;
  asks_reason: boolean;
}

/** Where pictures and clips rest; `waiting` in the folder to be brought to a store elsewhere, `error` why. `full`: what is wrong when they have no room, because all that are left are held; else empty. */
export interface MediaHealth {
  kind: "folder" | "s3";
  waiting: number;
  error: string;
  full: string;
}

/** With the address below the centre's own, which is not shown again. */
export interface MediaLinkMade {
  id: string;
  media: string;
  owner: string;
  note: string;
  uses: number;
  created: string;
  expires: string;
  used: string | null;
  link: string;
}

/** A link; `uses` counts how often it was opened, `used` is when last. */
export interface MediaLinkOut {
  id: string;
  media: string;
  owner: string;
  note: string;
  uses: number;
  created: string;
  expires: string;
  used: string | null;
}

/** The newest first. */
export interface MediaLinks {
  items: MediaLinkOut[];
}

/** A medium of an event or a track; `edge`: it rests at the gateway; `gone`: it will never come, for that reason. `held`: it is here, and may not leave (see `/holds`). */
export interface MediaOut {
  id: string;
  kind: "snapshot" | "sprite" | "clip" | "previews" | "export";
  type: string;
  bytes: number;
  width: number | null;
  height: number | null;
  state: "sent" | "edge" | "gone";
  held: boolean;
  reason: string;
  url: string | null;
}

/** Since the centre started. */
export interface MessageCounts {
  received: number;
  rejected: number;
}

/** How many began in the minute from `start` on. */
export interface MinuteCount {
  start: string;
  count: number;
}

/** A zone or line, for drawing it over the picture. */
export interface NamedShape {
  name: string;
  kind: "zone" | "line";
  points: [number, number][];
}

/** The events before and after one, among those that the filters find; null at an end. `complete` is false when the time was up before that was known. */
export interface Neighbours {
  older: string | null;
  newer: string | null;
  complete: boolean;
}

/** What somebody wrote. */
export interface NoteOut {
  by: string;
  time: string;
  text: string;
}

/** What waits for the centre. */
export interface OutboxDepth {
  messages: number;
  media: number;
  media_bytes: number;
  sent: Record<string, number>;
  acknowledged: Record<string, number>;
  dropped: Record<string, number>;
}

/** What waits at a gateway. */
export interface OutboxOut {
  messages: number;
  media: number;
  media_bytes: number;
}

/** Which overlay is in force; `problem` says why the one that is kept is not, or not in all of it. */
export interface OverlayState {
  version: number;
  by: string;
  time: string | null;
  problem: string;
}

/** The old password, and the one that takes its place. */
export interface PasswordIn {
  old: string;
  new: string;
}

/** All accounts that one may manage, by name. */
export interface PeopleOut {
  items: PersonOut[];
}

/** What shall be otherwise; what is not named stays. `places` of null is everything. */
export interface PersonChange {
  role?: "viewer" | "operator" | "investigator" | "admin";
  places?: string[] | null;
  disabled?: boolean;
}

/** An account to make. */
export interface PersonIn {
  name: string;
  role?: "viewer" | "operator" | "investigator" | "admin";
  places?: string[] | null;
}

/** An account. `waiting`: the one-time link has not been used yet; `elsewhere`: signs in through the directory. */
export interface PersonOut {
  name: string;
  role: "viewer" | "operator" | "investigator" | "admin";
  places: string[] | null;
  disabled: boolean;
  second_factor: boolean;
  waiting: boolean;
  elsewhere: boolean;
  created: string;
  last_seen: string | null;
}

/** Small pictures of which camera around which moment, and how far apart, seconds. */
export interface PreviewsIn {
  site: string;
  gateway: string;
  camera: string;
  at: string;
  step_s: 2 | 5 | 10 | 30 | 60 | 300 | 600 | 1800 | 3600;
}

/** One process of the centre. `duties` is what it alone does now; `queued`, `lag_s` and `messages` of ingest. */
export interface ProcessOut {
  id: string;
  role: "whole" | "ingest" | "web";
  host: string;
  pid: number;
  since: string;
  seen: string;
  well: boolean;
  error: string;
  duties: string[];
  queued: number | null;
  lag_s: number | null;
  messages: number | null;
}

/** All processes, by role and age. */
export interface Processes {
  items: ProcessOut[];
}

/** The password, so that a session that was left open is not enough. */
export interface ProofIn {
  password: string;
}

/** Why; empty takes it back. */
export interface ReasonIn {
  reason: string;
}

/** What is recorded at the edge; `truncated` when there was more than fits one answer. `motion` is there when points of it were asked for, and anybody looked. */
export interface Recordings {
  spans: Span[];
  segments: Segment[];
  motion: Density | null;
  truncated: boolean;
}

/** Each works once in place of a code; they are not shown again. */
export interface RecoveryCodes {
  codes: string[];
}

/** Why it may leave now. */
export interface ReleaseBody {
  reason: string;
}

/** What to make of some events; what is left out stays. `note` is added to those that are there. `assigned` of null: nobody's; `severity` of null: as the gateway said. */
export interface ReviewIn {
  events: Seen[];
  acknowledged?: boolean | null;
  assigned?: string | null;
  severity?: "info" | "alarm" | null;
  note?: string;
}

/** What people have made of an event; `version` counts changes, but for notes, which are only ever added. */
export interface ReviewOut {
  version: number;
  acknowledged: ByOut | null;
  assigned: string | null;
  severity: "info" | "alarm" | null;
  notes: NoteOut[];
}

/** `items` are the events as they are now; of those in `changed_before` somebody else was faster: nothing was done. `full` have so many notes that there is no room; `missing` are not there (any more). */
export interface Reviewed {
  items: EventOut[];
  changed_before: string[];
  full: string[];
  missing: string[];
}

/** Somebody who can be given an event. */
export interface Reviewer {
  name: string;
  role: "viewer" | "operator" | "investigator" | "admin";
}

/** All of them, by name. */
export interface Reviewers {
  items: Reviewer[];
}

/** How many processes of a role there are, and how many of them are well. */
export interface RoleHealth {
  running: number;
  well: number;
}

/** What shall be otherwise; what is not named stays. */
export interface SearchChange {
  name?: string;
  shared?: boolean;
  watch?: boolean;
}

/** `shared`: others may use it, too. `watch`: every track that comes and fits raises an alarm. */
export interface SearchIn {
  name: string;
  shared?: boolean;
  watch?: boolean;
}

/** A saved search. `query` goes behind `/tracks?` or `/events?`. `raised` alarms came of it; `held_back` were more than 30 in a minute. Both lag a few seconds. */
export interface SearchOut {
  id: string;
  owner: string;
  name: string;
  kind: "tracks" | "events";
  query: string;
  shared: boolean;
  watch: boolean;
  raised: number;
  held_back: number;
  created: string;
}

/** One's own and the shared ones, by name. */
export interface SearchesOut {
  items: SearchOut[];
}

/** What an app needs: the secret, the same as an address, and that as a picture (SVG in a `data:` address). */
export interface SecondFactorOut {
  secret: string;
  address: string;
  picture: string;
}

/** An event, and the `version` of its review that was seen. */
export interface Seen {
  event: string;
  version: number;
}

/** One recording file at the gateway; `number` and `link` are its place in the camera's chain. Its times are `shift_ms` later than in the file, where the gateway's clock was wrong. */
export interface Segment {
  id: string;
  start: string;
  end: string;
  bytes: number;
  epoch: string;
  reason: string;
  number: number;
  link: string;
  shift_ms: number;
}

/** An open session; `here` is the one that asks. */
export interface SessionOut {
  id: string;
  origin: string;
  agent: string;
  created: string;
  last_seen: string;
  expires: string;
  here: boolean;
}

/** Open sessions, the one that was used last first. */
export interface SessionsOut {
  items: SessionOut[];
}

/** Exactly what the centre sets of this camera, with the keys of `[[camera]]` in the gateway's file. What is left out goes back to the file. `version` is the one that was seen. */
export interface SettingsIn {
  settings: Record<string, unknown>;
  version: number;
}

/** How a camera is set. `in_force` is what its gateway goes by; `set_here` what the centre lays over the file. `state`: `waiting` until the gateway says that it has the newest version; `refused` with the reason in `error`. Whoever changes it names the `version` that was seen. */
export interface SettingsOut {
  in_force: Record<string, unknown>;
  set_here: Record<string, unknown>;
  version: number;
  state: "in_force" | "waiting" | "refused" | "never_set";
  error: string;
  by: string;
  time: string | null;
}

/** Name and password, and the code of now (or a recovery code) where a second factor is on. */
export interface SignIn {
  username: string;
  password: string;
  code?: string | null;
}

/** A site; `online` counts cameras. */
export interface SiteOut {
  site: string;
  gateways: number;
  cameras: number;
  online: number;
}

/** All sites. */
export interface Sites {
  items: SiteOut[];
}

/** The newest picture of a camera. */
export interface Snapshot {
  media: string;
  url: string;
  time: string;
}

/** Unbroken footage; `reason` is why its last segment was closed, and so why there is a gap after it. */
export interface Span {
  start: string;
  end: string;
  segments: number;
  bytes: number;
  reason: string;
}

/** Numbers for summaries: `lost` must be 0. */
export interface Stats {
  messages: MessageCounts;
  rejected: Record<string, number>;
  stored: StoredCounts;
  lost: number;
  lost_by_class: EnvelopeCounts;
  dropped: number;
  duplicates: number;
  media_bytes: number;
  since: string;
}

/** Rows in the database. */
export interface StoredCounts {
  event: number;
  track: number;
  recording: number;
  media: number;
  envelopes: EnvelopeCounts;
}

/** One stream of a camera as it is now. */
export interface StreamState {
  stream: "main" | "sub";
  codec: string;
  width: number;
  height: number;
  fps: number | null;
}

/** The delivery to follow. */
export interface TestOut {
  delivery: string;
}

/** A token to make; what it may is never more than what its owner may. */
export interface TokenIn {
  name: string;
  scopes: ("read" | "search" | "media" | "live" | "command" | "admin")[];
  places?: string[] | null;
  expires?: string | null;
}

/** With the token itself, which is not shown again. */
export interface TokenMade {
  id: string;
  name: string;
  owner: string | null;
  scopes: ("read" | "search" | "media" | "live" | "command" | "admin")[];
  places: string[] | null;
  created: string;
  expires: string | null;
  last_used: string | null;
  token: string;
}

/** A token, without itself; `owner` of null is the configuration. */
export interface TokenOut {
  id: string;
  name: string;
  owner: string | null;
  scopes: ("read" | "search" | "media" | "live" | "command" | "admin")[];
  places: string[] | null;
  created: string;
  expires: string | null;
  last_used: string | null;
}

/** Tokens, the newest first. */
export interface TokensOut {
  items: TokenOut[];
}

/** A track with where it comes from and what became of its media. */
export interface TrackOut {
  id: string;
  camera: string;
  final: boolean;
  label: string;
  kind: string | null;
  score: number;
  start: string;
  end: string;
  path: [number, number, number, number, number][];
  contour: [number, number][];
  colours: Record<string, [string, number][]>;
  lab: Record<string, [number, number, number]>;
  colour_confidence: Record<string, number>;
  attributes: Record<string, unknown>;
  speed: number | null;
  speed_unit: "m/s" | "heights/s" | null;
  direction: string | null;
  bearing: number | null;
  size: number | null;
  size_m: [number, number] | null;
  dwell_s: number;
  dwell: Record<string, number>;
  zones: string[];
  plate: string | null;
  media: MediaOut[];
  position: string | null;
  clock: ClockState;
  site: string;
  gateway: string;
  camera_name: string;
  picture: string | null;
  received: string;
  likeness: number | null;
}

/** A page, in the order that was asked for. `alike` says by what tracks were compared that should look like one (`like`): `appearance`, or `colours` where its gateway sent no vector; `likeness` of an item is 0..1. */
export interface Tracks {
  next: string | null;
  complete: boolean;
  reached: string | null;
  facets: FacetsOut | null;
  alike?: "appearance" | "colours" | null;
  items: TrackOut[];
}

/** What the link to the centre may cost and has cost: bytes of this hour and month, the month's by class. `broker` is where the gateway is connected, and how; `refused_commands` counts those that were not surely the centre's and meant for it, by reason. `limited`: every byte counts now; not so while the interface `cheap` is up, over which everything goes. `rate` is what media went at of late, bytes a second. `waiting` has every class of which something waits. */
export interface UplinkState {
  broker: string;
  refused_commands: Record<string, number>;
  limited: boolean;
  cheap: string;
  metered: boolean;
  quiet: boolean;
  rate: number;
  rate_limit: number | null;
  hour: number;
  hour_limit: number | null;
  month: number;
  month_limit: number | null;
  month_by_class: Record<string, number>;
  cheap_bytes: number;
  live: string[];
  waiting: WaitingClass[];
}

/** What of one class waits for the uplink, and why: empty when it is merely its turn that is awaited. */
export interface WaitingClass {
  kind: string;
  number: number;
  bytes: number;
  reason: string;
}

/** What shall be otherwise; what is not named stays. */
export interface WebhookChange {
  name?: string;
  url?: string;
  kinds?: string[] | null;
  severity?: "info" | "alarm" | null;
  phases?: ("start" | "update" | "end")[] | null;
  places?: string[] | null;
  enabled?: boolean;
}

/** Whom to tell of which events; null is any. Sent by POST, as Standard Webhooks 1.0 has it. */
export interface WebhookIn {
  name: string;
  url: string;
  kinds?: string[] | null;
  severity?: "info" | "alarm" | null;
  phases?: ("start" | "update" | "end")[] | null;
  places?: string[] | null;
}

/** With the secret that signs what is sent, which is not shown again. */
export interface WebhookMade {
  id: string;
  name: string;
  url: string;
  kinds: string[] | null;
  severity: "info" | "alarm" | null;
  phases: ("start" | "update" | "end")[] | null;
  places: string[] | null;
  enabled: boolean;
  waiting: number;
  dropped: number;
  created: string;
  secret: string;
}

/** A webhook. `waiting` deliveries are not through yet; `dropped` came while 10,000 waited. */
export interface WebhookOut {
  id: string;
  name: string;
  url: string;
  kinds: string[] | null;
  severity: "info" | "alarm" | null;
  phases: ("start" | "update" | "end")[] | null;
  places: string[] | null;
  enabled: boolean;
  waiting: number;
  dropped: number;
  created: string;
}

/** All webhooks, by name. */
export interface WebhooksOut {
  items: WebhookOut[];
}

/** A thread of the gateway. */
export interface WorkerHealth {
  name: string;
  state: string;
  restarts: number;
  error: string;
}
