import { afterEach, describe, expect, it, vi } from "vitest";
import { problemOf } from "../src/account/check";
import { ApiError, UNREACHABLE } from "../src/api/client";
import type { Clip } from "../src/api/types";
import { follow } from "../src/events/clip";
import { calledOff, clipState, waitBeforeAsking } from "../src/events/progress";
import { text } from "../src/text";

const clip = (part: Partial<Clip>) => ({ state: "requested", error: "", url: null, progress: { received: 0, of: 0, bytes: 0 }, ...part }) as Clip;

describe("a clip on its way", () => {
  it("says how far it is, and never 100 % before it is whole", () => {
    expect(clipState(clip({}))).toEqual({ name: "requested" });
    expect(clipState(clip({ state: "sending" }))).toEqual({ name: "sending", percent: 0 });
    expect(clipState(clip({ state: "sending", progress: { received: 3, of: 40, bytes: 1 } }))).toEqual({ name: "sending", percent: 7 });
    expect(clipState(clip({ state: "sending", progress: { received: 40, of: 40, bytes: 1 } }))).toEqual({ name: "sending", percent: 99 });
    expect(clipState(clip({ state: "failed", error: "no footage" }))).toEqual({ name: "failed", reason: "no footage" });
    expect(clipState(clip({ state: "ready", url: "/m" }))).toMatchObject({ name: "ready", url: "/m" });
  });

  it("is over for who called it off, though it comes for others, unless it is there", () => {
    expect(calledOff(clip({ state: "sending" }))).toMatchObject({ state: "cancelled", error: "called off" });
    expect(calledOff(clip({ state: "ready", url: "/m" })).state).toBe("ready");
  });

  it("is asked for when the footage after the event is there", () => {
    const end = Date.parse("2026-11-20T12:00:00.000Z");
    const event = { start: "2026-11-20T11:59:58.000Z", end: "2026-11-20T12:00:00.000Z" };
    expect(waitBeforeAsking(event, end + 60_000)).toBe(0);
    expect(waitBeforeAsking(event, end + 2_000)).toBe(4_000);
    expect(waitBeforeAsking(event, end - 60_000)).toBe(6_000);
  });
});

describe("a clip that is followed", () => {
  const times = { start: "2026-11-20T11:59:58.000Z", end: "2026-11-20T12:00:00.000Z", clip: null };
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** The states that are shown while the centre gives these answers to the questions how far it is. */
  async function shown(...answers: (Partial<Clip> | number | undefined)[]): Promise<string[]> {
    vi.useFakeTimers();
    const left = [...answers];
    vi.stubGlobal("fetch", () => {
      const next = left.shift();
      if (next === undefined) return Promise.reject(new TypeError("no line"));
      if (typeof next === "number") return Promise.resolve(new Response(JSON.stringify({ error: { code: "not_found", message: "" } }), { status: next }));
      return Promise.resolve(new Response(JSON.stringify(clip({ id: "c", ...next }))));
    });
    const seen: string[] = [];
    const stop = follow({ ...times, ask: () => Promise.resolve(clip({ id: "c" })) }, ({ name }) => seen.at(-1) !== name && seen.push(name), () => undefined);
    await vi.advanceTimersByTimeAsync(20_000);
    stop();
    return seen;
  }

  it("goes on when a question how far it is was lost: the gateway makes it all the same", async () => {
    expect(await shown({ state: "sending" }, undefined, undefined, { state: "ready", url: "/m" })).toEqual(["requested", "sending", "ready"]);
  });

  it("has failed when the centre says so, or could not be asked for it", async () => {
    expect(await shown({ state: "sending" }, { state: "failed", error: "no footage" })).toEqual(["requested", "sending", "failed"]);
    expect(await shown(404)).toEqual(["requested", "failed"]);
    vi.useFakeTimers();
    const seen: string[] = [];
    follow({ ...times, ask: () => Promise.reject(new ApiError(UNREACHABLE, "", 0)) }, ({ name }) => seen.push(name), () => undefined);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(seen).toEqual(["requested", "failed"]);
  });
});

describe("a new account", () => {
  it("is checked before the centre is asked", () => {
    expect(problemOf(" ", "long enough!", "long enough!")).toBe(text.first.noName);
    expect(problemOf("ann", "short", "short")).toBe(text.first.short);
    expect(problemOf("ann", "long enough!", "other enough!")).toBe(text.first.different);
    expect(problemOf("ann", "long enough!", "long enough!")).toBeUndefined();
  });
});
