/** The colours of people and vehicles: what the edge says, and what may be asked for. */

import type { LamppostEvent } from "../api/types";

export const PARTS = ["upper", "lower", "vehicle"] as const;
export type Part = (typeof PARTS)[number];

/** The eleven basic names, and how a chip of each looks. */
export const CHIPS: Record<string, string> = {
  black: "#1b1b1d",
  white: "#f7f7f5",
  grey: "#8c8f94",
  red: "#c8202f",
  orange: "#ee7a1b",
  yellow: "#f2cf2e",
  green: "#2e8b46",
  blue: "#2563c4",
  purple: "#7a3fa0",
  pink: "#ee94b6",
  brown: "#7a4a26",
};

/** The API's own: less of a part is not of that colour. */
export const LEAST_SHARE = 0.25;

export type Shares = readonly (readonly [name: string, share: number])[];
export type Colours = Partial<Record<Part, Shares>>;

export const isPart = (part: string): part is Part => (PARTS as readonly string[]).includes(part);

/** `upper:green`, as filters say it. */
export function isColour(value: string): boolean {
  const [part = "", name = "", ...more] = value.split(":");
  return more.length === 0 && isPart(part) && name in CHIPS;
}

/** What an event says, freed of what makes no sense: attributes come from plug-ins, too. */
export function coloursOf(event: Pick<LamppostEvent, "attributes">): Colours {
  return clean(event.attributes["colours"]);
}

export function clean(said: unknown): Colours {
  const found: Colours = {};
  if (typeof said !== "object" || said === null) return found;
  for (const part of PARTS) {
    const shares: unknown = (said as Record<string, unknown>)[part];
    const kept = Array.isArray(shares) ? shares.filter(isShare) : [];
    if (kept.length > 0) found[part] = kept;
  }
  return found;
}

const isShare = (pair: unknown): pair is [string, number] =>
  Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && pair[0] in CHIPS && typeof pair[1] === "number";

/** The API's rule: of each part that is asked for at least one of its colours. */
export function wears(colours: Colours, wanted: readonly string[]): boolean {
  return PARTS.every((part) => {
    const names = wanted.flatMap((one) => (one.startsWith(`${part}:`) ? one.slice(part.length + 1) : []));
    return names.length === 0 || (colours[part] ?? []).some(([name, share]) => names.includes(name) && share >= LEAST_SHARE);
  });
}
