import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Incident } from "../src/api/types";
import { text } from "../src/text";
import { event } from "./event";

vi.stubGlobal("window", { addEventListener: () => undefined });
vi.stubGlobal("localStorage", { getItem: () => null });
let deeds: typeof import("../src/events/deeds");
let isNews: typeof import("../src/events/sound").isNews;
let isNewIncident: typeof import("../src/events/sound").isNewIncident;

beforeAll(async () => {
  deeds = await import("../src/events/deeds");
  ({ isNews, isNewIncident } = await import("../src/events/sound"));
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

  it("rings for new incidents that are alarms, by when they were told", () => {
    const shot = { id: "1", severity: "alarm", state: "open", time: "2026-06-01T17:50:00.000Z", made_at: "2026-06-01T18:00:00.000Z" } as Incident;
    const nowMs = Date.parse(shot.made_at) + 5_000;
    expect(isNewIncident(shot, new Set(), nowMs)).toBe(true);
    expect(isNewIncident(shot, new Set(["1"]), nowMs)).toBe(false);
    expect(isNewIncident({ ...shot, severity: "info" }, new Set(), nowMs)).toBe(false);
    expect(isNewIncident({ ...shot, state: "closed" }, new Set(), nowMs)).toBe(false);
    expect(isNewIncident(shot, new Set(), nowMs + 120_000)).toBe(false);
  });
});
