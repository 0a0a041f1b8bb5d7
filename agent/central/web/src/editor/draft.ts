/** What is being changed of a camera's settings: pure. It begins with what is in force, and what we had set before. */

export type Point = readonly [x: number, y: number];
export type Points = readonly Point[];

/** The areas and lines that are drawn on the picture; `ignore`: things left there are nobody's concern. */
export const SHAPES = ["zone", "line", "mask", "ignore"] as const;
export type ShapeKind = (typeof SHAPES)[number];

export interface Shape {
  kind: ShapeKind;
  /** zones and lines have one */
  name: string;
  points: Points;
  /** the gateway's file hides this: nobody takes that away from here */
  locked: boolean;
}

/** One rule as the gateway's file would have it: keys that the editor does not know stay as they are. */
export type Rule = Readonly<Record<string, unknown>> & { readonly kind: string };

export interface Draft {
  shapes: readonly Shape[];
  rules: readonly Rule[];
  still: Readonly<Record<string, unknown>>;
}

export type Settings = Readonly<Record<string, unknown>>;

/** With what the editor begins. What waits to be in force goes before what is. */
export function draftOf(inForce: Settings, setHere: Settings): Draft {
  const now = { ...inForce, ...setHere };
  const own = listOf(setHere["mask"]);
  const told = new Set(own.map((mask) => JSON.stringify(mask)));
  const locked = listOf(inForce["mask"]).filter((mask) => !told.has(JSON.stringify(mask)));
  const still = recordOf(now["still"]);
  return {
    shapes: [
      ...listOf(now["zone"]).map((one) => shape("zone", one["polygon"], one["name"])),
      ...listOf(now["line"]).map((one) => shape("line", one["points"], one["name"])),
      ...locked.map((one) => ({ ...shape("mask", one["polygon"]), locked: true })),
      ...own.map((one) => shape("mask", one["polygon"])),
      ...(Array.isArray(still["ignore"]) ? still["ignore"] : []).map((points) => shape("ignore", points)),
    ],
    rules: listOf(now["rule"]).filter((one): one is Rule => typeof one["kind"] === "string"),
    still,
  };
}

/** What is to be set: what was set here before, and of the rest only what the draft has otherwise. */
export function settingsOf(draft: Draft, inForce: Settings, setHere: Settings): Settings {
  const of = (kind: ShapeKind) => draft.shapes.filter((one) => one.kind === kind && !one.locked);
  const ignore = of("ignore").map((one) => one.points);
  const wanted: Record<string, unknown> = {
    zone: of("zone").map(({ name, points }) => ({ name, polygon: points })),
    line: of("line").map(({ name, points }) => ({ name, points })),
    mask: of("mask").map(({ points }) => ({ polygon: points })),
    rule: draft.rules,
    still: { ...draft.still, ...(ignore.length > 0 || "ignore" in draft.still ? { ignore } : {}) },
  };
  const before = { ...inForce, mask: undefined };
  const changed = Object.entries(wanted).filter(([key, value]) => key in setHere || !alike(value, before[key as keyof typeof before]));
  return { ...setHere, ...Object.fromEntries(changed) };
}

/** The same values, whatever the order of keys; nothing at all is the same as an empty list or table. */
export function alike(a: unknown, b: unknown): boolean {
  const empty = (value: unknown) => value === undefined || ["[]", "{}"].includes(JSON.stringify(value));
  return (empty(a) && empty(b)) || JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]));
}

/** The keys that are changed here; others (the place on the map, the model) are set elsewhere. */
const OURS: ReadonlySet<string> = new Set(["zone", "line", "mask", "rule", "still"]);

/** What was set, without what is changed here: that goes back to the gateway's file. */
export const setElsewhere = (setHere: Settings): Settings => Object.fromEntries(Object.entries(setHere).filter(([key]) => !OURS.has(key)));

/** What would go with it. */
export const isSetHere = (setHere: Settings): boolean => Object.keys(setHere).some((key) => OURS.has(key));

/** What of a draft the centre has set: the rest of it stands in the gateway's file. */
export function ofOurs(draft: Draft, setHere: Settings): Draft {
  const has = (key: string) => key in setHere;
  return {
    shapes: draft.shapes.filter(({ kind, locked }) => !locked && has(kind === "ignore" ? "still" : kind)),
    rules: has("rule") ? draft.rules : [],
    still: has("still") ? draft.still : {},
  };
}

/** Are they the same settings, whatever the order of their keys? */
export const sameSettings = (a: Settings, b: Settings): boolean => alike(a, b);

function shape(kind: ShapeKind, points: unknown, name: unknown = ""): Shape {
  const read = (Array.isArray(points) ? points : []).flatMap((one): Point[] => (isPoint(one) ? [[one[0], one[1]]] : []));
  return { kind, name: typeof name === "string" ? name : "", points: read, locked: false };
}

const isPoint = (one: unknown): one is [number, number] => Array.isArray(one) && typeof one[0] === "number" && typeof one[1] === "number";
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.map(recordOf) : []);

/** A name that no other shape of that kind has: `zone-2`. */
export function freshName(shapes: readonly Shape[], kind: ShapeKind): string {
  const taken = new Set(shapes.map((one) => one.name));
  for (let number = 1; ; number += 1) if (!taken.has(`${kind}-${number}`)) return `${kind}-${number}`;
}

/** Give a zone or line another name: rules that are about it go along. */
export function renamed(draft: Draft, index: number, name: string): Draft {
  const old = draft.shapes[index];
  if (!old) return draft;
  const shapes = draft.shapes.map((one, i) => (i === index ? { ...one, name } : one));
  const rules = draft.rules.map((rule) => (rule[old.kind] === old.name ? { ...rule, [old.kind]: name } : rule));
  const zones = draft.still["zones"];
  const kept = old.kind === "zone" && Array.isArray(zones) ? { zones: zones.map((zone) => (zone === old.name ? name : zone)) } : {};
  return { shapes, rules, still: { ...draft.still, ...kept } };
}

/** Without that shape, and without the rules that were about it. */
export function without(draft: Draft, index: number): Draft {
  const gone = draft.shapes[index];
  if (!gone || gone.locked) return draft;
  const zones = draft.still["zones"];
  const kept = gone.kind === "zone" && Array.isArray(zones) ? { zones: zones.filter((zone) => zone !== gone.name) } : {};
  return {
    shapes: draft.shapes.filter((_, i) => i !== index),
    rules: draft.rules.filter((rule) => gone.name === "" || rule[gone.kind] !== gone.name),
    still: { ...draft.still, ...kept },
  };
}

/** Why it cannot be saved, by the word of the text that says so; and which shape. */
export function mistakeOf(draft: Draft): { shape: number; why: "name" | "twice" | "few" } | undefined {
  const seen = new Set<string>();
  for (const [index, { kind, name, points }] of draft.shapes.entries()) {
    if (points.length < (kind === "line" ? 2 : 3)) return { shape: index, why: "few" };
    if (kind !== "zone" && kind !== "line") continue;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return { shape: index, why: "name" };
    if (seen.has(`${kind} ${name}`)) return { shape: index, why: "twice" };
    seen.add(`${kind} ${name}`);
  }
  return undefined;
}
