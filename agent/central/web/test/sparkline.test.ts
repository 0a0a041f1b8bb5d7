import { describe, expect, it } from "vitest";
import { draw, HEIGHT, nearest, reach, runs, WIDTH } from "../src/system/sparkline";

const frame = { from: 0, to: 1000, low: 0, high: 10 };

describe("the small charts", () => {
  it("leave a hole where the gateway was away", () => {
    const samples = [0, 100, 500, 600].map((at) => ({ at, value: 1 }));
    expect(runs(samples, 100).map((run) => run.length)).toEqual([2, 2]);
    expect(draw(samples, 100, frame).line.match(/M/g)).toHaveLength(2);
  });

  it("draw the highest at the top and keep inside", () => {
    const { line, ground } = draw([{ at: 0, value: 0 }, { at: 100, value: 10 }], 100, frame);
    expect(line).toBe(`M0 ${HEIGHT - 2}L24 2L48 2`);
    expect(ground.endsWith(`L48 ${HEIGHT}L0 ${HEIGHT}Z`)).toBe(true);
    expect(draw([{ at: 990, value: 5 }], 100, frame).line).toContain(`L${WIDTH} `);
  });

  it("do not make a mountain of nothing", () => {
    expect(reach([{ at: 0, value: 2 }], { least: 10 })).toEqual([0, 10]);
    expect(reach([{ at: 0, value: 50 }, { at: 1, value: 52 }], { least: 10, around: true })).toEqual([46, 56]);
    expect(reach([{ at: 0, value: 2 }], { least: 1, most: 500 })).toEqual([0, 500]);
    const still = draw([{ at: 0, value: 3 }], 100, { from: 0, to: 1000, low: 3, high: 3 });
    expect(still.line).not.toContain("NaN");
  });

  it("tell the sample below the pointer", () => {
    const samples = [0, 500, 900].map((at) => ({ at, value: 1 }));
    expect([0, 0.4, 0.8, 1].map((share) => nearest(samples, share, frame))).toEqual([0, 1, 2, 2]);
  });
});
