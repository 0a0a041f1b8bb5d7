import { describe, expect, it } from "vitest";
import type { Camera } from "../src/api/types";
import { toneOf, troubleOf } from "../src/live/condition";
import { layoutFor } from "../src/live/layout";
import { match } from "../src/match";

const camera = { online: true, gateway_online: true, since: "2026-11-20T12:00:00.000Z", error: "" } as Camera;
const dead = { ...camera, online: false, error: "refused" };
const playing = { phase: { name: "playing" }, silent: 0.1, shownMs: 0, sent: undefined } as const;
const frozen = { ...playing, silent: 7.9 };
const young = { phase: { name: "connecting" }, silent: undefined, shownMs: undefined, sent: undefined } as const;

describe("what a tile says", () => {
  it("is nothing while the picture moves, whatever a late status says", () => {
    expect(troubleOf(camera, playing, true)).toBeUndefined();
    expect(troubleOf(dead, playing, false)).toBeUndefined();
  });

  it("is the worst news first", () => {
    expect(troubleOf(dead, frozen, false)?.kind).toBe("centre_lost");
    expect(troubleOf({ ...dead, gateway_online: false }, frozen, true)?.kind).toBe("gateway_offline");
    expect(troubleOf(dead, frozen, true)).toEqual({ kind: "camera_offline", since: camera.since, error: "refused" });
    expect(troubleOf(camera, frozen, true)).toEqual({ kind: "no_picture", seconds: 7 });
    expect(troubleOf(camera, young, true)).toEqual({ kind: "connecting" });
  });

  it("passes on why the gateway refused", () => {
    const refused = { ...young, phase: { name: "refused", code: "gateway_error", message: "no such stream" } } as const;
    expect(troubleOf(camera, refused, true)).toEqual({ kind: "refused", code: "gateway_error", message: "no such stream" });
  });

  it("has a colour", () => {
    expect(toneOf(camera, undefined)).toBe("ok");
    expect(toneOf(camera, { kind: "connecting" })).toBe("ok");
    expect(toneOf(camera, { kind: "no_picture", seconds: 7 })).toBe("warn");
    expect(toneOf(dead, { kind: "camera_offline", since: null, error: "" })).toBe("bad");
  });
});

describe("the wall", () => {
  it("fills wide and tall areas", () => {
    expect(layoutFor(1, 1000, 800, 8)).toMatchObject({ columns: 1, hero: 1, tileWidth: 1000 });
    expect(layoutFor(2, 1600, 450, 8)).toMatchObject({ columns: 2, rows: 1 });
    expect(layoutFor(2, 500, 900, 8)).toMatchObject({ columns: 1, rows: 2 });
    expect(layoutFor(9, 1600, 900, 8)).toMatchObject({ columns: 3, rows: 3 });
  });

  it("makes one tile large where that covers more", () => {
    expect(layoutFor(3, 1000, 860, 8)).toMatchObject({ columns: 2, rows: 3, hero: 2 });
  });

  it("never overflows", () => {
    for (let count = 1; count <= 36; count += 1) {
      const { columns, rows, tileWidth } = layoutFor(count, 1013, 777, 8);
      expect(columns * tileWidth + (columns - 1) * 8).toBeLessThanOrEqual(1013);
      expect((rows * tileWidth * 9) / 16 + (rows - 1) * 8).toBeLessThanOrEqual(777);
    }
  });
});

describe("paths", () => {
  it("match by parts and give names their values", () => {
    expect(match("/", "/")).toEqual({});
    expect(match("/events/:id", "/events/a%20b")).toEqual({ id: "a b" });
    expect(match("/events", "/events/")).toEqual({});
    expect(match("/events/:id", "/events")).toBeUndefined();
    expect(match("/events/:id", "/events/%zz")).toEqual({ id: "%zz" });
  });
});
