import { describe, expect, it } from "vitest";
import type { Clip } from "../src/api/types";
import { openedAt } from "../src/events/lead";
import { lentInVain } from "../src/playback/lent";

const AT = Date.parse("2026-07-01T12:00:00.000Z");
const time = (s: number) => new Date(AT + s * 1000).toISOString();
const piece = { from: AT + 20_000, to: AT + 40_000 };
const clip = (part: Partial<Clip>) => ({ start: time(0), end: time(60), state: "sending", actual_start: null, actual_end: null, ...part }) as Clip;

describe("a piece that a longer clip answers", () => {
  it("is asked for by itself when that comes to nothing", () => {
    expect(lentInVain(clip({}), piece)).toBe(false);
    expect(lentInVain(clip({ state: "failed" }), piece)).toBe(true);
    expect(lentInVain(clip({ state: "cancelled" }), piece)).toBe(true);
    const just = { start: time(20), end: time(40) };
    expect(lentInVain(clip({ ...just, state: "failed" }), piece)).toBe(false);
  });

  it("is asked for again when somebody else, who shared it, called it off", () => {
    expect(lentInVain(clip({ start: time(20), end: time(40), state: "cancelled" }), piece)).toBe(true);
  });

  it("is asked for by itself when that has not got it, but for the last picture's length", () => {
    const ready = (from: number, to: number) => lentInVain(clip({ state: "ready", actual_start: time(from), actual_end: time(to) }), piece);
    expect([ready(-1, 59.9), ready(20, 39), ready(20.1, 60), ready(0, 38.9), ready(0, 15)]).toEqual([false, false, true, true, true]);
    const own = clip({ start: time(20), end: time(40), state: "ready", actual_start: time(30), actual_end: time(31) });
    expect(lentInVain(own, piece)).toBe(false);
  });
});

describe("an event's clip", () => {
  it("is played from five seconds before the event on", () => {
    expect(openedAt("/m", 5_000)).toBe("/m");
    expect(openedAt("/m", 2_000)).toBe("/m");
    expect(openedAt("/m", 40_250)).toBe("/m#t=35.25");
  });
});
