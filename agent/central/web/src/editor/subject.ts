/** Whose events are shown while one edits: pure. One rule's, one zone's or line's, or the whole camera's. */

import type { LamppostEvent } from "../api/types";
import type { Draft, Rule, Shape } from "./draft";
import { titleOf } from "./kinds";

export type Subject = { of: "camera" } | { of: "rule"; rule: Rule } | { of: "shape"; kind: "zone" | "line"; name: string };

export const WHOLE: Subject = { of: "camera" };

/** What is looked at now: a rule while rules are edited, the chosen zone or line while shapes are. */
export function subjectOf(draft: Draft, side: "shapes" | "rules", rule: number | undefined, shape: number | undefined): Subject {
  const chosen = side === "rules" ? (rule === undefined ? undefined : draft.rules[rule]) : undefined;
  if (chosen) return { of: "rule", rule: chosen };
  const drawn: Shape | undefined = side === "shapes" && shape !== undefined ? draft.shapes[shape] : undefined;
  return drawn && (drawn.kind === "zone" || drawn.kind === "line") ? { of: "shape", kind: drawn.kind, name: drawn.name } : WHOLE;
}

/** A zone or line that nothing is told about: no rule, nor that things are left behind or taken there. */
export function isMute(draft: Draft, subject: Subject): subject is Extract<Subject, { of: "shape" }> {
  if (subject.of !== "shape") return false;
  const { kind, name } = subject;
  const still = kind === "zone" && Array.isArray(draft.still["zones"]) && draft.still["zones"].includes(name);
  return !still && !draft.rules.some((rule) => rule[kind] === name);
}

/** Whether an event of the camera is its. */
export function tells(subject: Subject, event: LamppostEvent): boolean {
  if (subject.of === "camera") return true;
  return subject.of === "rule" ? event.rule === titleOf(subject.rule) : event[subject.kind] === subject.name;
}

/** What narrows the API's list of the camera's events down to it, as far as the API can. */
export function queryFor(subject: Subject): [name: string, value: string][] {
  if (subject.of === "camera") return [];
  if (subject.of === "shape") return [[subject.kind, subject.name]];
  const { kind, zone, line } = subject.rule;
  const place = (name: string, value: unknown): [string, string][] => (typeof value === "string" && value ? [[name, value]] : []);
  return [["kind", kind], ...place("zone", zone), ...place("line", line)];
}
