import { describe, expect, it } from "vitest";
import { columns, degree, levelAt, type Motion, motionOf, seen, stirring } from "../src/playback/motion";

const NOON = Date.parse("2026-07-01T12:00:00.000Z");
const of = (...levels: (number | null)[]): Motion => ({ from: NOON, step: 5_000, levels });

describe("how much moved", () => {
  it("is read as the centre tells it, and is not there where nobody looked at all", () => {
    expect(motionOf({ start: "2026-07-01T12:00:00.000Z", step_s: 5, levels: [1, null] })).toEqual(of(1, null));
    expect(motionOf(null)).toBeUndefined();
  });

  it("is a column for each step, and those that are alike are one", () => {
    expect(columns(of(0, 0, 25, 50, 100))).toBe("M0 100V90H2V45H3V0H5V100Z");
  });

  it("has nothing drawn where nobody looked: not at the edges, not between", () => {
    expect(columns(of(null, 25, null, null, 25, 25))).toBe("M1 100V45H2V100ZM4 100V45H6V100Z");
    expect(columns(of(25, null))).toBe("M0 100V45H1V100Z");
    expect(columns(of(null, null))).toBe("");
    expect(columns(of())).toBe("");
  });

  it("stands out of the ground where a person walks far away, and stays inside the drawing", () => {
    const tops = [...columns(of(0, 5, 50, 100)).matchAll(/V(\d+)/g)].map(([, y]) => Number(y));
    expect(tops).toEqual([90, 81, 0, 100]);
  });

  it("is seen where the view is, whole or in part, without another path", () => {
    expect(seen(of(1, 2), { from: NOON, to: NOON + 10_000 })).toBe("0 0 2 100");
    expect(seen(of(1, 2), { from: NOON - 5_000, to: NOON + 2_500 })).toBe("-1 0 1.5 100");
  });

  it("is known for each moment, and only where somebody looked", () => {
    const motion = of(0, null, 7);
    expect([-1, 0, 4_999, 5_000, 10_000, 14_999, 15_000].map((ms) => levelAt(motion, NOON + ms))).toEqual([undefined, 0, 0, undefined, 7, 7, undefined]);
    expect(levelAt(undefined, NOON)).toBeUndefined();
  });

  it("is said in words, of several cameras only where something moves, the most first", () => {
    expect([0, 1, 9, 10, 31, 32, 100].map(degree)).toEqual(["none", "little", "little", "some", "some", "much", "much"]);
    const rows = [
      { name: "yard", past: { motion: of(5) } },
      { name: "gate", past: { motion: of(0) } },
      { name: "plaza", past: { motion: of(40) } },
      { name: "roof", past: {} },
    ];
    expect(stirring(rows, NOON)).toEqual([{ name: "plaza", degree: "much" }, { name: "yard", degree: "little" }]);
    expect(stirring([rows[1]!], NOON)).toEqual([{ name: "gate", degree: "none" }]);
    expect(stirring([rows[3]!], NOON)).toEqual([]);
  });
});
