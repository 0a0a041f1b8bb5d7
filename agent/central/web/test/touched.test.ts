import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as api from "../src/api/client";
import { watchTouches } from "../src/touched";

const page = new EventTarget();
const asked: RequestInit[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    asked.push(init);
    return Promise.resolve(new Response("{}"));
  });
  watchTouches(page);
  page.dispatchEvent(new Event("keydown"));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const says = async () => {
  await api.me();
  return new Headers(asked.at(-1)?.headers).get("X-Lamppost-Idle");
};

describe("what a page asks", () => {
  it("says so once nobody has touched it for a minute", async () => {
    expect(await says()).toBeNull();
    vi.advanceTimersByTime(59_000);
    expect(await says()).toBeNull();
    vi.advanceTimersByTime(2_000);
    expect(await says()).toBe("1");
    page.dispatchEvent(new Event("pointermove"));
    expect(await says()).toBeNull();
  });
});
