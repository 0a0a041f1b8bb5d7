import { describe, expect, it } from "vitest";
import type { LamppostEvent } from "../src/api/types";
import { edged, lacking, LONGEST_CUT_MS, spanOf } from "../src/playback/cut";
import { gather, marksOf } from "../src/playback/marks";
import { nearestIn } from "../src/playback/nearest";
import { knownAt, unknown } from "../src/playback/past";
import { standIn } from "../src/playback/previews";
import { fitted } from "../src/playback/time";
import { event } from "./event";

const NOON = Date.parse("2026-07-01T12:00:00.000Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const at = (id: string, s: number, more: Partial<LamppostEvent> = {}) => {
  const start = new Date(NOON + s * SECOND).toISOString();
  return event({ id, start, end: start, ...more });
};

describe("a span to export", () => {
  it("reaches to the playhead, before or after its begin, till an edge was set", () => {
    expect(spanOf({ from: 100, to: undefined }, 160)).toEqual({ from: 100, to: 160 });
    expect(spanOf({ from: 100, to: undefined }, 40)).toEqual({ from: 40, to: 100 });
    expect(spanOf({ from: 0, to: undefined }, 2 * LONGEST_CUT_MS).to).toBe(LONGEST_CUT_MS);
    expect(spanOf({ from: 100, to: 500 }, 900)).toEqual({ from: 100, to: 500 });
  });

  it("has edges that never meet and are never further apart than a gateway cuts", () => {
    const span = { from: NOON, to: NOON + MINUTE };
    expect(edged(span, "to", NOON - MINUTE)).toEqual({ from: NOON, to: NOON + SECOND });
    expect(edged(span, "to", NOON + 60 * MINUTE)).toEqual({ from: NOON, to: NOON + LONGEST_CUT_MS });
    expect(edged(span, "from", NOON + 2 * MINUTE)).toEqual({ from: NOON + 59 * SECOND, to: NOON + MINUTE });
    expect(edged({ from: NOON, to: NOON }, "from", NOON).from).toBe(NOON - SECOND);
  });

  it("says what it lacks: a length first, then why", () => {
    expect(lacking({ from: 0, to: 999 }, "")).toBe("length");
    expect(lacking({ from: 0, to: 1_000 }, "")).toBe("reason");
    expect(lacking({ from: 0, to: 1_000 }, "theft")).toBeUndefined();
    expect(lacking({ from: 0, to: 1_000 }, undefined)).toBeUndefined();
  });
});

describe("what is marked on the timeline", () => {
  const view = { from: NOON, to: NOON + 240 * SECOND };

  it("is one mark where many events fall together, and an alarm is never hidden by others", () => {
    const marks = marksOf([at("a", 10), at("b", 10.2), at("c", 10.4, { severity: "alarm" }), at("d", 50), at("e", 500)], view);
    expect(marks.map(({ many, event: { id } }) => [id, many])).toEqual([
      ["c", 3],
      ["d", 1],
    ]);
  });

  /** A centre that gives two to a page, newest first. */
  const centre = (all: readonly LamppostEvent[]) => {
    const asked: (string | undefined)[] = [];
    const newest = [...all].reverse();
    const page = (cursor: string | undefined) => {
      asked.push(cursor);
      const begin = Number(cursor ?? 0);
      return Promise.resolve({ items: newest.slice(begin, begin + 2), next: begin + 2 < newest.length ? String(begin + 2) : null });
    };
    return { asked, page };
  };
  const seven = [0, 1, 2, 3, 4, 5, 6].map((n) => at(`e${n}`, n));

  it("is gathered page by page to the begin", async () => {
    const { asked, page } = centre(seven);
    const { events, since } = await gather(page, undefined);
    expect(events.map(({ id }) => id)).toEqual(["e0", "e1", "e2", "e3", "e4", "e5", "e6"]);
    expect(since).toBeUndefined();
    expect(asked).toHaveLength(4);
  });

  it("says from when on all are there where there are too many", async () => {
    const { events, since } = await gather(centre(seven).page, undefined, 4);
    expect(events.map(({ id }) => id)).toEqual(["e3", "e4", "e5", "e6"]);
    expect(since).toBe(NOON + 3 * SECOND);
  });

  it("is gone on with from what is held, asking for what is new alone", async () => {
    const held = await gather(centre(seven).page, undefined);
    const { asked, page } = centre([...seven, at("e7", 7)]);
    const { events, since } = await gather(page, held);
    expect(events.map(({ id }) => id)).toEqual(["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"]);
    expect([asked.length, since]).toEqual([1, undefined]);
    const few = await gather(centre(seven).page, undefined, 4);
    const more = await gather(page, few, 4);
    expect([more.events.map(({ id }) => id), more.since]).toEqual([["e4", "e5", "e6", "e7"], NOON + 4 * SECOND]);
  });
});

describe("where one comes to", () => {
  const half = { from: NOON - 22.5 * MINUTE, to: NOON + 7.5 * MINUTE };

  it("is what is recorded around a moment, between two minutes and all that may be", () => {
    const few = fitted([[{ from: NOON - 4 * MINUTE, to: NOON + MINUTE }]], NOON, half)!;
    expect(few.from).toBeCloseTo(NOON - 4.2 * MINUTE, -2);
    expect(few.to).toBeCloseTo(NOON + 1.2 * MINUTE, -2);
    const least = fitted([[{ from: NOON - 10 * SECOND, to: NOON + 10 * SECOND }]], NOON, half)!;
    expect(least.to - least.from).toBeGreaterThanOrEqual(2 * MINUTE);
    expect(fitted([[{ from: NOON - 600 * MINUTE, to: NOON + 600 * MINUTE }]], NOON, half)).toEqual(half);
    expect(fitted([[{ from: NOON - 600 * MINUTE, to: NOON - 500 * MINUTE }], []], NOON, half)).toBeUndefined();
  });

  it("leaves a playhead at the end of what is recorded room to go on", () => {
    const { from, to } = fitted([[{ from: NOON - 4 * MINUTE, to: NOON }]], NOON, half)!;
    expect((NOON - from) / (to - from)).toBeLessThanOrEqual(0.801);
  });

  it("is the nearest recording: the begin of a later one, the end of an earlier one", () => {
    const spans = [
      { from: NOON - 60 * MINUTE, to: NOON - 10 * MINUTE },
      { from: NOON + 5 * MINUTE, to: NOON + 9 * MINUTE },
    ];
    expect(nearestIn(spans, NOON)).toBe(NOON + 5 * MINUTE);
    expect(nearestIn(spans, NOON - 5 * MINUTE)).toBe(NOON - 10 * MINUTE - 10 * SECOND);
    expect(nearestIn([{ from: NOON, to: NOON + SECOND }], NOON + MINUTE)).toBe(NOON);
    expect(nearestIn([], NOON)).toBeUndefined();
  });

  it("is known to be empty only in a time that was asked for", () => {
    const past = { ...unknown, around: { from: NOON, to: NOON + MINUTE } };
    expect(knownAt([past], NOON)).toBe(true);
    expect(knownAt([past], NOON + MINUTE)).toBe(false);
    expect(knownAt([past, undefined], NOON)).toBe(false);
    expect(knownAt([], NOON)).toBe(false);
  });

  it("is stood for by the nearest picture, if one is near", () => {
    const all = [{ at: 10, what: "a" }, { at: 30, what: "b" }, { at: 900, what: "c" }];
    expect(standIn(all, 22, 100)?.what).toBe("b");
    expect(standIn(all, 500, 100)).toBeUndefined();
  });
});
