import { describe, expect, it } from "vitest";
import { draftOf, freshName, mistakeOf, renamed, type Rule, sameSettings, settingsOf, without } from "../src/editor/draft";
import { across, dropped, inserted, middles, moved, shifted } from "../src/editor/points";

const AREA = [[0, 0], [1, 0], [1, 1]];
const CORNER = [[0, 0], [0.2, 0], [0.2, 0.1]];
const entered: Rule = { kind: "zone_entered", zone: "plaza", min_size: 0.1 };
const inForce = { zone: [{ name: "plaza", polygon: AREA }], rule: [entered], mask: [{ polygon: CORNER }], name: "Plaza" };

describe("a draft", () => {
  it("that is not changed sets nothing", () => {
    expect(settingsOf(draftOf(inForce, {}), inForce, {})).toEqual({});
  });

  it("sets only what is otherwise, with all keys that the editor does not know", () => {
    const draft = { ...draftOf(inForce, {}), rules: [{ ...entered, severity: "alarm" }] };
    expect(settingsOf(draft, inForce, {})).toEqual({ rule: [{ ...entered, severity: "alarm" }] });
  });

  it("keeps what was set before, and other keys of it too", () => {
    const setHere = { zone: [], model: "yolox-nano" };
    const draft = draftOf({ ...inForce, zone: [], rule: [] }, setHere);
    expect(settingsOf(draft, { ...inForce, zone: [], rule: [] }, setHere)).toEqual(setHere);
  });

  it("begins with what waits to be in force", () => {
    const waiting = { line: [{ name: "gate", points: [[0, 0.5], [1, 0.5]] }] };
    expect(draftOf(inForce, waiting).shapes.map((one) => one.name)).toEqual(["plaza", "gate", ""]);
  });

  it("locks the masks of the gateway's file and sets only its own", () => {
    const own = { polygon: AREA };
    const draft = draftOf({ ...inForce, mask: [...inForce.mask, own] }, { mask: [own] });
    expect(draft.shapes.filter((one) => one.kind === "mask").map((one) => one.locked)).toEqual([true, false]);
    expect(settingsOf(draft, inForce, { mask: [own] })).toEqual({ mask: [own] });
    const locked = draft.shapes.findIndex((one) => one.locked);
    expect(without(draft, locked)).toBe(draft);
  });

  it("has areas where things left are nobody's concern within `still`", () => {
    const draft = draftOf({ still: { enabled: true, ignore: [AREA] } }, {});
    expect(draft.shapes).toEqual([{ kind: "ignore", name: "", points: AREA, locked: false }]);
    expect(settingsOf(without(draft, 0), { still: { enabled: true, ignore: [AREA] } }, {})).toEqual({ still: { enabled: true, ignore: [] } });
  });

  it("survives what makes no sense", () => {
    expect(draftOf({ zone: 3, line: [null], rule: [{}], mask: "x", still: [] }, {})).toEqual({
      shapes: [{ kind: "line", name: "", points: [], locked: false }], rules: [], still: {},
    });
  });
});

describe("names", () => {
  it("take rules along", () => {
    const draft = renamed(draftOf({ ...inForce, still: { zones: ["plaza"] } }, {}), 0, "square");
    expect([draft.shapes[0]!.name, draft.rules[0]!["zone"], draft.still["zones"]]).toEqual(["square", "square", ["square"]]);
  });

  it("that go take their rules with them", () => {
    const draft = without(draftOf({ ...inForce, still: { zones: ["plaza"] } }, {}), 0);
    expect([draft.shapes.length, draft.rules, draft.still["zones"]]).toEqual([1, [], []]);
  });

  it("are fresh", () => {
    expect(freshName(draftOf({ zone: [{ name: "zone-1", polygon: AREA }] }, {}).shapes, "zone")).toBe("zone-2");
  });

  it("and points are looked at before they are sent", () => {
    const draft = draftOf(inForce, {});
    expect(mistakeOf(draft)).toBeUndefined();
    expect(mistakeOf(renamed(draft, 0, "a b"))).toEqual({ shape: 0, why: "name" });
    const twice = { ...draft, shapes: [draft.shapes[0]!, draft.shapes[0]!] };
    expect(mistakeOf(twice)).toEqual({ shape: 1, why: "twice" });
    const few = { ...draft, shapes: [{ ...draft.shapes[0]!, points: [[0, 0], [1, 1]] as const }] };
    expect(mistakeOf(few)).toEqual({ shape: 0, why: "few" });
  });
});

it("settings are the same in any order of their keys", () => {
  expect(sameSettings({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } })).toBe(true);
  expect(sameSettings({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
});

describe("points", () => {
  const line = [[0.2, 0.5], [0.8, 0.5]] as const;

  it("stay in the picture", () => {
    expect(moved(line, 0, [-1, 0.123456])).toEqual([[0, 0.1235], [0.8, 0.5]]);
    expect(shifted(line, [0.5, -0.9])).toEqual([[0.4, 0], [1, 0]]);
  });

  it("come and go", () => {
    expect(middles(line, false)).toEqual([[0.5, 0.5]]);
    expect(middles([[0, 0], [1, 0], [1, 1]], true)).toHaveLength(3);
    expect(inserted(line, 0, [0.5, 0.5])).toEqual([[0.2, 0.5], [0.5, 0.5], [0.8, 0.5]]);
    expect(dropped(line, 0)).toEqual([[0.8, 0.5]]);
  });

  it("of a line say which side is right, going from its first to its last", () => {
    const arrow = across(line, 100, 100);
    expect(arrow!.at).toEqual([50, 50]);
    expect(arrow!.to[0]).toBeCloseTo(50);
    expect(arrow!.to[1]).toBeGreaterThan(50); // going to the right of the picture, the right hand is below
    expect(across([[0.5, 0.5], [0.5, 0.5]], 100, 100)).toBeUndefined();
  });
});
