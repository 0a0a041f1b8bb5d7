/** How far a hold is, and what it covers: pure. */

import type { Gateway, Hold, HoldAtGateway } from "../api/types";
import type { Stretch } from "../playback/time";

/** `waits` and `stays`: asked, but the gateway is away and hears of it when it is back. */
export type Step = HoldAtGateway["state"] | "waits" | "stays";

export const TONES = { asked: "warn", waits: "warn", held: "ok", failed: "bad", releasing: "warn", stays: "warn", released: "" } as const satisfies Record<Step, string>;

type Presence = Pick<Gateway, "site" | "gateway" | "online">;

export function stepOf({ site, gateway, state }: Pick<HoldAtGateway, "site" | "gateway" | "state">, known: readonly Presence[]): Step {
  const away = known.some((one) => one.site === site && one.gateway === gateway && !one.online);
  if (away && state === "asked") return "waits";
  return away && state === "releasing" ? "stays" : state;
}

/** In one look: what went wrong comes before what is awaited. */
export type Summary = { name: "failed" | "awaited"; count: number } | { name: "held" | "over" };

export function summaryOf({ state, gateways }: Pick<Hold, "state" | "gateways">): Summary {
  const inState = (...wanted: HoldAtGateway["state"][]) => gateways.filter((one) => wanted.includes(one.state)).length;
  const [failed, awaited] = [inState("failed"), inState("asked", "releasing")];
  if (failed > 0) return { name: "failed", count: failed };
  if (awaited > 0) return { name: "awaited", count: awaited };
  return { name: state === "over" ? "over" : "held" };
}

export const spanOf = ({ start, end }: Pick<Hold, "start" | "end">): Stretch => ({ from: Date.parse(start), to: Date.parse(end) });

/** Those that keep something of a camera in a time. */
export const holding = (holds: readonly Hold[], camera: string, time: Stretch): Hold[] =>
  holds.filter((hold) => {
    const { from, to } = spanOf(hold);
    return hold.state === "active" && hold.cameras.includes(camera) && from <= time.to && to >= time.from;
  });

export const reasonsOf = (holds: readonly Hold[]): string => [...new Set(holds.map(({ reason }) => reason))].join(" · ");
