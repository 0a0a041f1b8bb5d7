import { beforeAll, describe, expect, it, vi } from "vitest";
import { text } from "../src/text";
import { event } from "./event";

vi.stubGlobal("window", { addEventListener: () => undefined });
vi.stubGlobal("localStorage", { getItem: () => null });
let lineOf: typeof import("../src/events/deeds").lineOf;
let isNews: typeof import("../src/events/sound").isNews;

beforeAll(async () => {
  ({ lineOf } = await import("../src/events/deeds"));
  ({ isNews } = await import("../src/events/sound"));
});

describe("seeing to events", () => {
  it("says who was faster before all else", () => {
    const fine = { changed_before: [], full: [], missing: [] };
    expect(lineOf([fine, fine])).toBe("");
    expect(lineOf([fine, { ...fine, missing: ["e1"] }])).toBe(text.review.missing);
    expect(lineOf([{ ...fine, changed_before: ["e1"] }, { ...fine, changed_before: ["e2"], full: ["e3"] }])).toBe(text.review.faster(2));
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
