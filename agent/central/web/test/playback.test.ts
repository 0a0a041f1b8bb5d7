import { describe, expect, it } from "vitest";
import { playbackPath, playedOf } from "../src/playback/address";
import { advanced } from "../src/playback/head";
import { coveredAt, following, gapReason, nearest, nextFootage, pieceOf, SHORTEST_MS, ticks, zoomed } from "../src/playback/time";

const HOUR = 3_600_000;
const NOON = Date.parse("2026-07-01T12:00:00.000Z");
const spans = [
  { from: NOON, to: NOON + 60_000, reason: "lost" },
  { from: NOON + 90_000, to: NOON + 200_000, reason: "time" },
];

describe("the timeline", () => {
  it("zooms around a moment that stays where it is", () => {
    const near = zoomed({ from: 0, to: 1000 * 60 }, 0.5, 15_000);
    expect(near).toEqual({ from: 7_500, to: 37_500 });
    expect(zoomed({ from: 0, to: SHORTEST_MS }, 0.1, 0).to).toBe(SHORTEST_MS);
  });

  it("goes on with a playhead that leaves it, by one edge to the other", () => {
    expect(following({ from: 0, to: 100 }, 50)).toEqual({ from: 0, to: 100 });
    expect(following({ from: 0, to: 100 }, 130)).toEqual({ from: 130, to: 230 });
    expect(following({ from: 100, to: 200 }, 60)).toEqual({ from: -40, to: 60 });
  });

  it("has lines at round times, and days at the zone's midnight", () => {
    expect(ticks({ from: NOON, to: NOON + HOUR }, 10, 0)).toEqual({ step: 600_000, at: [0, 1, 2, 3, 4, 5, 6].map((n) => NOON + n * 600_000) });
    const { step, at } = ticks({ from: NOON, to: NOON + 72 * HOUR }, 4, 2 * HOUR);
    expect(step).toBe(24 * HOUR);
    expect(new Date(at[0]!).toISOString()).toBe("2026-07-01T22:00:00.000Z");
  });
});

describe("what was recorded", () => {
  it("is known for each moment, and why not", () => {
    expect(coveredAt(spans, NOON + 60_000)).toBeUndefined();
    expect(gapReason(spans, NOON + 70_000)).toBe("lost");
    expect(gapReason(spans, NOON - 1)).toBeUndefined();
  });

  it("is gone on with where any camera has it", () => {
    expect(nextFootage([spans, [{ from: NOON + 80_000, to: NOON + 85_000, reason: "stop" }]], NOON + 70_000)).toBe(NOON + 80_000);
    expect(nextFootage([spans], NOON + 100_000)).toBe(NOON + 100_000);
    expect(nextFootage([spans], NOON + HOUR)).toBeUndefined();
  });

  it("comes in the same pieces for everybody", () => {
    expect(pieceOf(NOON + 25_000)).toEqual(pieceOf(NOON + 39_999));
    expect(pieceOf(NOON + 40_000)).toEqual({ from: NOON + 40_000, to: NOON + 60_000 });
  });
});

describe("jumps", () => {
  it("go to the event before or after, and not to the one just jumped to", () => {
    const moments = [NOON, NOON + 10_000, NOON + 20_000];
    expect(nearest(moments, NOON + 8_000, 1)).toBe(NOON + 20_000); // two seconds before the second
    expect(nearest(moments, NOON + 15_000, -1)).toBe(NOON + 10_000);
    expect(nearest(moments, NOON, -1)).toBeUndefined();
  });
});

describe("the playhead", () => {
  const head = { at: NOON, playing: true, speed: 4 };

  it("moves by its speed, and waits while it is held or stopped", () => {
    expect(advanced(head, 100, false, NOON + HOUR).at).toBe(NOON + 400);
    expect(advanced(head, 100, true, NOON + HOUR)).toBe(head);
    expect(advanced({ ...head, playing: false }, 100, false, NOON + HOUR).at).toBe(NOON);
  });

  it("goes along with the newest footage, never back, and does not leap after a sleep", () => {
    expect(advanced(head, 100, false, NOON + 300)).toEqual({ at: NOON + 300, playing: true, speed: 4 });
    expect(advanced(head, 100, false, NOON - 300)).toEqual(head);
    expect(advanced({ ...head, speed: 1 }, 60_000, false, NOON + HOUR).at).toBe(NOON + 250);
  });
});

describe("the address of a moment", () => {
  it("comes back as it was, with at most nine cameras", () => {
    const path = playbackPath(["a/b/c", "a/b/d"], NOON);
    expect(path).toBe("/playback?camera=a/b/c&camera=a/b/d&at=2026-07-01T12:00:00.000Z");
    expect(playedOf(new URLSearchParams(path.split("?")[1]))).toEqual({ cameras: ["a/b/c", "a/b/d"], at: NOON });
    const many = new URLSearchParams(Array.from({ length: 12 }, (_, i): [string, string] => ["camera", `a/b/${i}`]));
    expect(playedOf(many).cameras).toHaveLength(9);
    expect(playedOf(new URLSearchParams("camera=x&at=never"))).toEqual({ cameras: [], at: undefined });
  });
});
