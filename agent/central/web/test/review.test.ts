import { beforeAll, describe, expect, it, vi } from "vitest";
import { text } from "../src/text";
import { event } from "./event";

vi.stubGlobal("window", { addEventListener: () => undefined });
vi.stubGlobal("localStorage", { getItem: () => null });
let deeds: typeof import("../src/events/deeds");
let isNews: typeof import("../src/events/sound").isNews;

beforeAll(async () => {
  deeds = await import("../src/events/deeds");
  ({ isNews } = await import("../src/events/sound"));
});

describe("seeing to events", () => {
  it("says which were refused, and why", () => {
    const fine = { changed_before: [], full: [], missing: [] };
    const [one, two, three] = [event({ id: "e1" }), event({ id: "e2" }), event({ id: "e3" })];
    expect(deeds.refusalsOf([one, two], fine)).toEqual([]);
    expect(deeds.refusalsOf([one, two, three], { ...fine, missing: ["e1"], changed_before: ["e3"] })).toEqual([
      { why: text.review.faster, events: [three] },
      { why: text.review.missing, events: [one] },
    ]);
    const faster = { why: text.review.faster, events: [one] };
    expect(deeds.together([faster, { why: text.review.full, events: [two] }, { ...faster, events: [three] }])).toEqual([
      { why: text.review.faster, events: [one, three] },
      { why: text.review.full, events: [two] },
    ]);
  });

  it("rings for new alarms alone, once for each", () => {
    const alarm = event({ id: "1", severity: "alarm" });
    const nowMs = Date.parse(alarm.start) + 5_000;
    expect(isNews(alarm, new Set(), nowMs)).toBe(true);
    expect(isNews(alarm, new Set(["1"]), nowMs)).toBe(false);
    expect(isNews({ ...alarm, severity: "info" }, new Set(), nowMs)).toBe(false);
    expect(isNews(alarm, new Set(), nowMs + 120_000)).toBe(false);
    expect(isNews({ ...alarm, review: { ...alarm.review, acknowledged: { by: "ann", time: "" } } }, new Set(), nowMs)).toBe(false);
  });
});
