import { describe, expect, it } from "vitest";
import { calmed, CLOSEST_AIM, fresh, lagOf, retryDelay, stalled, stepTo, steer } from "../src/live/policy";

const running = { started: true, aim: CLOSEST_AIM };

describe("steering a live buffer", () => {
  it("does nothing while nothing is buffered", () => {
    expect(steer({ current: 0, ranges: [] }, fresh())).toBeUndefined();
  });

  it("jumps once to where the buffer begins, because a late joiner's does not begin at 0", () => {
    expect(steer({ current: 0, ranges: [[812.4, 813]] }, fresh())).toEqual({ seek: 812.4, rate: 1 });
  });

  it("plays on at the aim, hurries a little behind it, jumps far behind it", () => {
    expect(steer({ current: 9.9, ranges: [[5, 10]] }, running)).toEqual({ rate: 1 });
    expect(steer({ current: 9.7, ranges: [[5, 10]] }, running)).toEqual({ rate: 1.1 });
    expect(steer({ current: 9.3, ranges: [[5, 10]] }, running)).toEqual({ seek: 9.85, rate: 1 });
  });

  it("never jumps in front of the last range", () => {
    expect(steer({ current: 4, ranges: [[0, 4.2], [9.95, 10]] }, running)?.seek).toBe(9.95);
  });

  it("goes over a hole when the picture stands at its edge", () => {
    const patient = { started: true, aim: 1.5 };
    expect(steer({ current: 4.3, ranges: [[0, 4.2], [4.6, 5]] }, patient)?.seek).toBe(4.6);
    expect(steer({ current: 4.21, ranges: [[0, 4.2], [4.6, 5]] }, patient)?.seek).toBeUndefined();
  });

  it("comes back when the stream's clock began anew", () => {
    expect(steer({ current: 900, ranges: [[0.1, 2]] }, running)?.seek).toBe(0.1);
  });

  it("forgets the past, but keeps a few seconds", () => {
    expect(steer({ current: 29.9, ranges: [[10, 30]] }, running)?.prune).toEqual([10, 23.9]);
    expect(steer({ current: 19.9, ranges: [[10, 20]] }, running)?.prune).toBeUndefined();
  });

  it("stays further behind after stalls, up to a bound, and comes closer in calm", () => {
    let steering = running;
    for (let i = 0; i < 3; i += 1) steering = stalled(steering);
    expect(steering.aim).toBeCloseTo(0.6);
    expect(steer({ current: 9.5, ranges: [[5, 10]] }, steering)).toEqual({ rate: 1 });
    for (let i = 0; i < 100; i += 1) steering = stalled(steering);
    expect(steering.aim).toBe(1.5);
    expect(calmed(steering, 10).aim).toBeCloseTo(1.4);
    expect(calmed(steering, 10_000).aim).toBe(CLOSEST_AIM);
  });

  it("tells how much picture waits", () => {
    expect(lagOf({ current: 8, ranges: [[5, 10]] })).toBe(2);
    expect(lagOf({ current: 8, ranges: [] })).toBeUndefined();
  });
});

describe("trying again", () => {
  it("waits longer each time, to a ceiling, spread over half of it", () => {
    expect([0, 1, 2, 3].map((attempt) => retryDelay(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
    expect(retryDelay(3, 0)).toBe(2000);
    expect(retryDelay(1000, 1)).toBe(8_000);
  });
});

describe("keyframes only", () => {
  it("shows each as it comes, and forgets the old ones", () => {
    expect(stepTo({ current: 0, ranges: [] })).toBeUndefined();
    expect(stepTo({ current: 1.02, ranges: [[0, 0.07], [1, 1.07]] })).toEqual({ rate: 1 });
    expect(stepTo({ current: 1.02, ranges: [[1, 1.07], [2, 2.07]] })).toEqual({ rate: 1, seek: 2 });
    expect(stepTo({ current: 30, ranges: [[1, 1.07], [30, 30.07]] })).toMatchObject({ prune: [1, 24] });
  });
});
