import { describe, expect, it } from "vitest";
import type { LamppostEvent } from "../src/api/types";
import { clashing, differences, rebased } from "../src/editor/differ";
import { type Draft, draftOf, isSetHere, ofOurs, type Rule, setElsewhere } from "../src/editor/draft";
import { titleOf } from "../src/editor/kinds";
import { queryFor, subjectOf, tells } from "../src/editor/subject";

const AREA = [[0, 0], [1, 0], [1, 1]];
const OTHER = [[0, 0], [0.5, 0], [0.5, 1]];
const entered: Rule = { kind: "zone_entered", zone: "plaza" };
const base = draftOf({ zone: [{ name: "plaza", polygon: AREA }, { name: "yard", polygon: AREA }], rule: [entered], mask: [{ polygon: AREA }] }, {});
const withZone = (draft: Draft, name: string, points: number[][]): Draft => draftOf({ zone: [{ name, polygon: points }], rule: draft.rules }, {});

describe("what somebody else changed", () => {
  it("is told by name, new, gone or otherwise", () => {
    const after = draftOf({ zone: [{ name: "plaza", polygon: OTHER }, { name: "gate", polygon: AREA }], rule: [{ ...entered, severity: "alarm" }, { kind: "tamper" }] }, {});
    expect(differences(base, after)).toEqual([
      { part: "zone", name: "plaza", how: "other" },
      { part: "zone", name: "gate", how: "new" },
      { part: "zone", name: "yard", how: "gone" },
      { part: "mask", name: "", how: "gone" },
      { part: "rule", name: "zone_entered plaza", how: "other" },
      { part: "rule", name: "tamper", how: "new" },
    ]);
  });

  it("is nothing where only the order of keys is another", () => {
    expect(differences(base, { ...base, rules: [{ zone: "plaza", kind: "zone_entered" }] })).toEqual([]);
  });

  it("is of the areas where things belong once, not of `still` too", () => {
    const [before, after] = [draftOf({ still: { enabled: true } }, {}), draftOf({ still: { enabled: true, ignore: [AREA] } }, {})];
    expect(differences(before, after)).toEqual([{ part: "ignore", name: "", how: "new" }]);
  });
});

describe("two drafts put together", () => {
  const mine: Draft = { ...base, rules: [] };

  it("keep what only one has changed", () => {
    const theirs = withZone(base, "gate", AREA);
    const both = rebased(mine, base, theirs);
    expect([both.shapes.map(({ name }) => name), both.rules]).toEqual([["gate"], []]);
    expect(clashing(mine, base, theirs)).toEqual([]);
  });

  it("are mine where both changed the same, and that is said", () => {
    const theirs: Draft = { ...base, rules: [{ kind: "tamper" }] };
    expect(rebased(mine, base, theirs).rules).toEqual([]);
    expect(clashing(mine, base, theirs)).toEqual(["rule"]);
    expect(clashing(mine, base, mine)).toEqual([]);
  });
});

describe("going back to the gateway's file", () => {
  const setHere = { zone: [{ name: "gate", polygon: AREA }], place: { latitude: 1, longitude: 2 } };

  it("leaves what was set elsewhere", () => {
    expect(setElsewhere(setHere)).toEqual({ place: setHere.place });
    expect([isSetHere(setHere), isSetHere({ place: setHere.place })]).toEqual([true, false]);
  });

  it("takes away only what was set here", () => {
    const draft = ofOurs(draftOf({ rule: [entered], mask: [{ polygon: AREA }], ...setHere }, setHere), setHere);
    expect([draft.shapes.map(({ name }) => name), draft.rules]).toEqual([["gate"], []]);
  });
});

describe("whose events are shown", () => {
  const event = (more: Partial<LamppostEvent>) => ({ rule: null, zone: null, line: null, ...more }) as LamppostEvent;

  it("is the rule's, by the name that its gateway gives it", () => {
    expect([titleOf(entered), titleOf({ ...entered, name: "Gate" }), titleOf({ kind: "tamper" })]).toEqual(["zone_entered plaza", "Gate", "tamper"]);
    const subject = subjectOf(base, "rules", 0, 1);
    expect([tells(subject, event({ rule: "zone_entered plaza" })), tells(subject, event({ rule: "zone_left plaza" }))]).toEqual([true, false]);
    expect(queryFor(subject)).toEqual([["kind", "zone_entered"], ["zone", "plaza"]]);
  });

  it("is the chosen zone's, else the camera's", () => {
    const subject = subjectOf(base, "shapes", 0, 1);
    expect([tells(subject, event({ zone: "yard" })), tells(subject, event({ zone: "plaza" }))]).toEqual([true, false]);
    expect(queryFor(subject)).toEqual([["zone", "yard"]]);
    expect(subjectOf(base, "shapes", 0, undefined)).toEqual({ of: "camera" });
    expect(subjectOf(base, "shapes", 0, 2)).toEqual({ of: "camera" }); // a mask tells nothing
    expect(tells({ of: "camera" }, event({}))).toBe(true);
  });
});
