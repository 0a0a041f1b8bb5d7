import { describe, expect, it } from "vitest";
import type { LiveBox } from "../src/api/types";
import { marksAt, namesOf, seen, type Sight } from "../src/live/trail";

const box = (track: string, x: number) => ({ track, label: "person", box: [x, 0.2, x + 0.1, 0.6] }) as LiveBox;
const sight = (wallMs: number, ...boxes: LiveBox[]): Sight => ({ wallMs, boxes });
const trail = [sight(1000, box("a", 0.1), box("gone", 0.8)), sight(1500, box("a", 0.2), box("new", 0.5))].reduce<readonly Sight[]>(seen, []);
const at = (shownMs: number | undefined) => marksAt(trail, shownMs).map(({ track, box: [x] }) => [track, Number(x.toFixed(3))]);

describe("live boxes", () => {
  it("go with the time of the picture, not with what came last", () => {
    expect(at(1000)).toEqual([["a", 0.1], ["gone", 0.8]]);
    expect(at(1200)).toEqual([["a", 0.14], ["gone", 0.8]]);
    expect(at(1400)).toEqual([["a", 0.18], ["new", 0.5]]);
    expect(at(500)).toEqual([]);
    expect(at(undefined)).toEqual([["a", 0.2], ["new", 0.5]]);
  });

  it("fade once nothing newer is known, and go before they stand beside their objects", () => {
    const strengths = [1500, 1800, 2200, 2700].map((shown) => marksAt(trail, shown)[0]?.strength ?? 0);
    expect(strengths[0]).toBe(1);
    expect(strengths[1]).toBe(1);
    expect(strengths[2]).toBeGreaterThan(0);
    expect(strengths[2]).toBeLessThan(1);
    expect(strengths[3]).toBe(0);
  });

  it("are not drawn on a way between two sights that are far apart", () => {
    const far = [sight(1000, box("a", 0.1)), sight(4000, box("a", 0.9))].reduce<readonly Sight[]>(seen, []);
    expect(marksAt(far, 1200).map(({ box: [x] }) => x)).toEqual([0.1]);
    expect(marksAt(far, 3000)).toEqual([]);
  });

  it("are forgotten, also when a clock was set back", () => {
    expect(seen(trail, sight(20_000))).toHaveLength(1);
    expect(seen(trail, sight(900))).toHaveLength(1);
  });
});

describe("names of live boxes", () => {
  const named = (...spots: [x: number, y: number][]) => namesOf(spots.map(([x, y]) => ({ box: [x, y, x + 0.02, y + 0.1] as const, name: "Person" })), 10, 640, 360);

  it("stand above their boxes, below where another name stands, and nowhere where that is taken, too", () => {
    expect(named([0.5, 0.5])).toEqual([{ x: 320, y: 176.5 }]);
    const [upper, lower, none] = named([0.5, 0.5], [0.52, 0.505], [0.51, 0.508]);
    expect(upper?.y).toBeLessThan(180);
    expect(lower?.y).toBeGreaterThan(200);
    expect(none).toBeUndefined();
  });

  it("never run out of the picture", () => {
    const [right] = named([0.99, 0.001]);
    expect(right?.x).toBeLessThan(640 - 30);
    expect(right?.y).toBe(10);
  });
});
