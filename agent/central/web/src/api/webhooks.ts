/** Webhooks over the API: whom the centre tells of events, and how that went. */

import { request } from "./client";

export type Phase = "start" | "update" | "end";
export const PHASES: readonly Phase[] = ["start", "update", "end"];

/** Whom to tell of which events; null is any. */
export interface WebhookWish {
  name: string;
  url: string;
  kinds: string[] | null;
  severity: "info" | "alarm" | null;
  phases: Phase[] | null;
  places: string[] | null;
}

export interface Webhook extends WebhookWish {
  id: string;
  enabled: boolean;
  /** deliveries that are not through yet, and those that came while too many waited */
  waiting: number;
  dropped: number;
  created: string;
}

export type Made = Webhook & { secret: string };
export type DeliveryState = "waiting" | "delivered" | "failed";

export interface Delivery {
  id: string;
  type: string;
  event: string | null;
  state: DeliveryState;
  attempts: number;
  status: number | null;
  error: string;
  created: string;
  tried: string | null;
  next: string | null;
}

/** So many deliveries come at once. */
export const PAGE = 20;

const at = (id: string) => `/webhooks/${encodeURIComponent(id)}`;

export const webhooks = async () => (await request<{ items: Webhook[] }>("GET", "/webhooks")).items;
export const makeWebhook = (wish: WebhookWish) => request<Made>("POST", "/webhooks", wish);
export const changeWebhook = (id: string, change: Partial<WebhookWish & { enabled: boolean }>) => request<Webhook>("PATCH", at(id), change);
export const removeWebhook = (id: string) => request<void>("DELETE", at(id));
export const newSecret = (id: string) => request<Made>("POST", `${at(id)}/secret`);
export const testWebhook = (id: string) => request<{ delivery: string }>("POST", `${at(id)}/test`);
export const deliverAgain = (id: string, delivery: string) => request<{ delivery: string }>("POST", `${at(id)}/deliveries/${encodeURIComponent(delivery)}/again`);
export const deliveries = (id: string, state: DeliveryState | "", cursor?: string) =>
  request<{ items: Delivery[]; next: string | null }>("GET", `${at(id)}/deliveries?${new URLSearchParams({ limit: String(PAGE), ...(state && { state }), ...(cursor && { cursor }) })}`);
