import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paced } from "../src/events/paced";

describe("news in steps", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("tell the first at once, and together what comes soon after", () => {
    const told: string[] = [];
    const news = paced<string>((items) => told.push(items.join("")), 400);
    news.push("a");
    expect(told).toEqual(["a"]);
    news.push("b");
    news.push("c");
    expect(told).toEqual(["a"]);
    vi.advanceTimersByTime(400);
    expect(told).toEqual(["a", "bc"]);
    vi.advanceTimersByTime(400);
    news.push("d");
    expect(told).toEqual(["a", "bc", "d"]);
  });

  it("say nothing more when stopped", () => {
    const told: string[] = [];
    const news = paced<string>((items) => told.push(items.join("")), 400);
    news.push("a");
    news.push("b");
    news.stop();
    vi.advanceTimersByTime(4000);
    expect(told).toEqual(["a"]);
  });
});
