/** Webhooks over the API: whom the centre tells of events, and how that went. */

import { request } from "./client";
import type { DeliveriesOut, DeliveryOut, WebhookChange, WebhookIn, WebhookMade, WebhookOut } from "./schema";

export type Webhook = WebhookOut;
export type { WebhookMade };
/** Whom to tell of which events; null is any. */
export type WebhookWish = Required<WebhookIn>;
export type Phase = NonNullable<WebhookWish["phases"]>[number];
export type Delivery = DeliveryOut;
export type DeliveryState = Delivery["state"];

export const PHASES: readonly Phase[] = ["start", "update", "end"];

/** So many deliveries come at once. */
export const PAGE = 20;

const at = (id: string) => `/webhooks/${encodeURIComponent(id)}`;

export const webhooks = async () => (await request<{ items: Webhook[] }>("GET", "/webhooks")).items;
export const makeWebhook = (wish: WebhookWish) => request<WebhookMade>("POST", "/webhooks", wish);
export const changeWebhook = (id: string, change: WebhookChange) => request<Webhook>("PATCH", at(id), change);
export const removeWebhook = (id: string) => request<void>("DELETE", at(id));
export const newSecret = (id: string) => request<WebhookMade>("POST", `${at(id)}/secret`);
export const testWebhook = (id: string) => request<{ delivery: string }>("POST", `${at(id)}/test`);
export const deliverAgain = (id: string, delivery: string) => request<{ delivery: string }>("POST", `${at(id)}/deliveries/${encodeURIComponent(delivery)}/again`);
export const deliveries = (id: string, state: DeliveryState | "", cursor?: string) =>
  request<DeliveriesOut>("GET", `${at(id)}/deliveries?${new URLSearchParams({ limit: String(PAGE), ...(state && { state }), ...(cursor && { cursor }) })}`);
