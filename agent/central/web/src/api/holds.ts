/** Holds over the API: footage that retention may not delete. */

import { request } from "./client";
import type { Hold, HoldWish, Page } from "./types";

export type HoldState = Hold["state"];

/** So many come at once. */
export const PAGE = 30;
/** Whoever has more active holds on one camera is told of the newest. */
const MOST = 100;

export interface HoldQuery {
  state: HoldState;
  /** `site/gateway/camera`; undefined: any */
  camera: string | undefined;
}

const page = ({ state, camera }: HoldQuery, limit: number, cursor?: string) =>
  request<Page<Hold>>("GET", `/holds?${new URLSearchParams({ state, limit: String(limit), ...(camera && { camera }), ...(cursor && { cursor }) })}`);

/** Newest first. */
export const holds = (query: HoldQuery, cursor?: string) => page(query, PAGE, cursor);
export const activeHolds = async (camera: string) => (await page({ state: "active", camera }, MOST)).items;
export const hold = (id: string) => request<Hold>("GET", `/holds/${encodeURIComponent(id)}`);
export const makeHold = (wish: HoldWish) => request<Hold>("POST", "/holds", wish);
export const releaseHold = (id: string, reason: string) => request<Hold>("POST", `/holds/${encodeURIComponent(id)}/release`, { reason });
