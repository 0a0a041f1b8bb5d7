/** What somebody else changed of a camera while one was drawing, and both put together: pure. */

import { alike, type Draft, type Rule, SHAPES, type Shape, type ShapeKind } from "./draft";
import { titleOf } from "./kinds";

/** What a draft consists of, each taken whole from one or the other. */
export const PARTS = [...SHAPES, "rule", "still"] as const;
export type Part = (typeof PARTS)[number];

export interface Difference {
  part: Part;
  /** empty: it has none */
  name: string;
  how: "new" | "gone" | "other";
}

const ofKind = (draft: Draft, kind: ShapeKind) => draft.shapes.filter((one) => one.kind === kind);
const partOf = (draft: Draft, part: Part): unknown => (part === "rule" ? draft.rules : part === "still" ? { ...draft.still, ignore: undefined } : ofKind(draft, part));

/** Which parts are otherwise in `b` than in `a`. */
export const changedParts = (a: Draft, b: Draft): Part[] => PARTS.filter((part) => !alike(partOf(a, part), partOf(b, part)));

/** What is new, gone or otherwise in `after`. */
export function differences(before: Draft, after: Draft): Difference[] {
  return changedParts(before, after).flatMap((part): Difference[] => {
    if (part === "still") return [{ part, name: "", how: "other" }];
    if (part === "rule") return between(part, before.rules, after.rules, titleOf);
    return between(part, ofKind(before, part), ofKind(after, part), (shape: Shape) => shape.name);
  });
}

function between<T extends Shape | Rule>(part: Part, before: readonly T[], after: readonly T[], nameOf: (one: T) => string): Difference[] {
  const left = unmatched(before, after);
  const right = unmatched(after, before);
  const named = (one: T) => nameOf(one) !== "";
  const changed = right.filter((one) => named(one) && left.some((other) => nameOf(other) === nameOf(one)));
  const known = new Set(changed.map(nameOf));
  const rest = (all: readonly T[], how: Difference["how"]) => all.filter((one) => !known.has(nameOf(one))).map((one) => ({ part, name: nameOf(one), how }));
  return [...changed.map((one) => ({ part, name: nameOf(one), how: "other" as const })), ...rest(right, "new"), ...rest(left, "gone")];
}

/** Those of `list` that have no like in `other`. */
const unmatched = <T>(list: readonly T[], other: readonly T[]): T[] => list.filter((one) => !other.some((two) => alike(one, two)));

/** Theirs, with the parts that were changed here as they are here. */
export function rebased(mine: Draft, base: Draft, theirs: Draft): Draft {
  const own = new Set(changedParts(base, mine));
  const from = (part: Part) => (own.has(part) ? mine : theirs);
  return {
    shapes: SHAPES.flatMap((kind) => ofKind(from(kind), kind)),
    rules: from("rule").rules,
    still: from("still").still,
  };
}

/** Parts that both have changed, each in another way: saving mine undoes theirs. */
export function clashing(mine: Draft, base: Draft, theirs: Draft): Part[] {
  const theirParts = new Set(changedParts(base, theirs));
  return changedParts(base, mine).filter((part) => theirParts.has(part) && !alike(partOf(mine, part), partOf(theirs, part)));
}
