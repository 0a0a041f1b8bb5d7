import { describe, expect, it } from "vitest";
import { boxAt, strengthAt } from "../src/events/overlay";

const path = { startMs: 1_000_000, points: [[0, 0, 0, 0.2, 0.2], [1, 0.5, 0, 0.7, 0.2], [2, 0.5, 0.5, 0.7, 0.7], [10, 0, 0, 1, 1]] } as const;

describe("the box on its way", () => {
  it("stands on its points and straight between them", () => {
    expect(boxAt(path, 1_001_000)).toEqual([0.5, 0, 0.7, 0.2]);
    const half = boxAt(path, 1_000_500)!;
    expect(half.map((value) => Number(value.toFixed(6)))).toEqual([0.25, 0, 0.45, 0.2]);
  });

  it("is not drawn in a long hole, nor before and after the track", () => {
    expect(boxAt(path, 1_005_000)).toBeUndefined();
    expect(boxAt(path, 999_000)).toBeUndefined();
    expect(boxAt(path, 1_011_000)).toBeUndefined();
    expect(boxAt({ startMs: 0, points: [] }, 0)).toBeUndefined();
  });

  it("lingers a moment at both ends", () => {
    expect(boxAt(path, 999_800)).toEqual([0, 0, 0.2, 0.2]);
    expect(boxAt(path, 1_010_300)).toEqual([0, 0, 1, 1]);
  });
});

describe("the box of an event without a path", () => {
  it("is there around its moment only, and fades", () => {
    expect(strengthAt(5_000, 5_000, 5_000)).toBe(1);
    expect(strengthAt(6_000, 5_000, 5_000)).toBe(0.5);
    expect(strengthAt(4_000, 5_000, 5_000)).toBe(0.5);
    expect(strengthAt(7_000, 5_000, 5_000)).toBe(0);
  });
});
