/** What the API says and takes, by the viewer's names: `schema.d.ts` is written from the centre's OpenAPI page. */

import type * as api from "./schema";

export type Corners = NonNullable<api.EventOut["box"]>;

export type Me = api.Me;
export type Role = Me["role"];

export type CentreHealth = api.HealthOut;
export type Stats = api.Stats;

export type GatewayHealth = api.Health;
export type CameraCounts = api.CameraHealth;
export type GatewaySample = api.GatewaySample;
export type GatewayHistory = api.GatewayHealth;
/** What the link to the centre may cost and has cost, bytes; and what waits for it. */
export type UplinkState = api.UplinkState;
/** The last self-audit: of `checked` segments, `failed` were not as they should be. */
export type Audit = api.AuditResult;
export type FootageKey = api.KeyOut;
export type OutboxDepth = api.OutboxOut;
/** What of its health a gateway does not tell of is not drawn. */
export type Gateway = Omit<api.GatewayOut, "health"> & { health: Partial<GatewayHealth> | null };

export type Heat = api.HeatOut;

export type CameraName = Pick<api.CameraOut, "site" | "gateway" | "camera">;
export type StreamName = api.StreamState["stream"];
export type Camera = api.CameraOut;
export type MapGround = api.MapOut;
export type CameraSettings = api.SettingsOut;
export type Layout = api.LayoutOut;

export type Media = api.MediaOut;
export type LamppostEvent = api.EventOut;
export type Review = api.ReviewOut;
/** What to make of events; what is left out stays. */
export type ReviewChange = Omit<api.ReviewIn, "events">;
export type Reviewed = api.Reviewed;
export type Neighbours = api.Neighbours;
export type Track = api.TrackOut;

/** Something that happened at a place and time, whoever says so. */
export type Incident = api.Incident;
/** With the cameras around it: those that look there first. */
export type IncidentThere = api.IncidentThere;
export type IncidentWish = api.IncidentBody;
export type IncidentChange = api.IncidentChange;

export type Recordings = api.Recordings;
export type ClipWish = api.ClipIn;
/** `auto`: the best there is, or as much as the gateway's uplink bears. */
export type WishedQuality = NonNullable<ClipWish["quality"]>;
export type Clip = api.ClipOut;
export type PreviewsWish = api.PreviewsIn;

export type Hold = api.Hold;
/** How far a hold is at one gateway. */
export type HoldAtGateway = api.HoldAtGateway;
export type HoldWish = Required<api.HoldBody>;

/** How many tracks began at each camera; those without any are left out. */
export type CameraTotals = api.CountsOut;

/** A part of a list: `next` leads to the one after it. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Count = api.CountOut;
export type Facets = api.FacetsOut;
/** A page of a search. `complete` is false when the time was up, after looking back as far as `reached`. */
export type Found<T> = Omit<api.Tracks, "items"> & Page<T>;

/** The live socket's text messages: OpenAPI has no words for them. */
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
