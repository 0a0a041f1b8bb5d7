/** What a rule of each kind can be asked: pure. The gateway's own tables (docs/guide/rules.md) have more keys. */

import type { Rule, Shape } from "./draft";

export type Field = "zone" | "line" | "labels" | "after_s" | "over" | "direction" | "every_s";

interface Kind {
  fields: readonly Field[];
  /** keys that a new rule needs, besides its place */
  fresh: Readonly<Record<string, unknown>>;
}

/** In the order in which they are offered; a zone that may be left out means the whole picture. */
export const KINDS: Readonly<Record<string, Kind>> = {
  zone_entered: { fields: ["zone", "labels"], fresh: {} },
  zone_left: { fields: ["zone", "labels"], fresh: {} },
  line_crossed: { fields: ["line", "direction", "labels"], fresh: {} },
  loitering: { fields: ["zone", "after_s", "labels"], fresh: { after_s: 60 } },
  occupancy: { fields: ["zone", "over", "after_s", "labels"], fresh: { over: 5 } },
  crowd: { fields: ["zone", "over", "after_s", "labels"], fresh: { over: 8 } },
  vehicle_stopped: { fields: ["zone", "after_s"], fresh: { after_s: 30 } },
  count: { fields: ["line", "every_s", "labels"], fresh: { every_s: 900 } },
  running: { fields: ["zone"], fresh: {} },
  speeding: { fields: ["zone", "over", "labels"], fresh: { over: 3 } },
  motion: { fields: ["zone", "after_s"], fresh: {} },
  tamper: { fields: ["after_s"], fresh: {} },
};

export const NEEDS_ZONE: ReadonlySet<string> = new Set(["zone_entered", "zone_left", "loitering", "occupancy"]);

/** Which kinds can be made with what is drawn. */
export function possible(shapes: readonly Shape[]): string[] {
  const has = (kind: string) => shapes.some((shape) => shape.kind === kind);
  return Object.entries(KINDS).flatMap(([kind, { fields }]) =>
    (NEEDS_ZONE.has(kind) && !has("zone")) || (fields.includes("line") && !has("line")) ? [] : [kind],
  );
}

/** A new rule of that kind, about the first zone or line there is. */
export function freshRule(kind: string, shapes: readonly Shape[]): Rule {
  const known = KINDS[kind];
  const first = (of: "zone" | "line") => shapes.find((shape) => shape.kind === of)?.name;
  const zone = NEEDS_ZONE.has(kind) ? { zone: first("zone") } : {};
  const line = known?.fields.includes("line") ? { line: first("line") } : {};
  return { kind, ...zone, ...line, ...known?.fresh };
}

/** Which kinds can be about a zone, or a line. */
export const kindsFor = (of: "zone" | "line"): string[] => Object.entries(KINDS).flatMap(([kind, { fields }]) => (fields.includes(of) ? [kind] : []));

/** A new rule of that kind about that zone or line. */
export const ruleAbout = (kind: string, of: "zone" | "line", name: string): Rule => ({ kind, [of]: name, ...KINDS[kind]?.fresh });

/** With that key as said; nothing, and an empty list, leaves it out. */
export function changed(rule: Rule, key: string, value: unknown): Rule {
  const { [key]: _, ...rest } = rule;
  const nothing = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return nothing ? (rest as Rule) : { ...rule, [key]: value };
}

/** What its gateway calls it, in its events too: its name, else its kind and place. */
export function titleOf(rule: Rule): string {
  const { kind, name, zone, line } = rule;
  return typeof name === "string" && name ? name : `${kind} ${zone || line || ""}`.trim();
}

/** Keys of a rule that are not shown as fields, and stay as they are. */
export function others(rule: Rule): string[] {
  const shown = new Set<string>(["kind", "name", "severity", ...(KINDS[rule.kind]?.fields ?? [])]);
  return Object.keys(rule).filter((key) => !shown.has(key));
}
