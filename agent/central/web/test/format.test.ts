import { describe, expect, it } from "vitest";
import { bytes, clock, day, duration, length, namedDay, span, utc } from "../src/time/format";

const berlin = { locale: "en-GB", zone: "Europe/Berlin" };
const auckland = { locale: "en-GB", zone: "Pacific/Auckland" };
const at = new Date("2026-11-20T23:03:04.125Z");

describe("times", () => {
  it("are the viewer's own, in 24 hours", () => {
    expect(clock(at, berlin)).toBe("00:03:04");
    expect(clock(at, auckland)).toBe("12:03:04");
  });

  it("carry UTC for the tooltip", () => {
    expect(utc(at)).toBe("2026-11-20 23:03:04.125 UTC");
  });

  it("name today and yesterday by the viewer's midnight", () => {
    const now = new Date("2026-11-21T08:00:00Z");
    expect(namedDay(at, now, berlin)).toBe("today");
    expect(namedDay(at, now, { ...berlin, zone: "America/New_York" })).toBe("yesterday");
    expect(namedDay(new Date("2026-11-18T12:00:00Z"), now, berlin)).toBeUndefined();
  });

  it("are named by the calendar also when a day has an hour less, or more", () => {
    const york = { locale: "en", zone: "America/New_York" };
    const spring = new Date("2026-03-09T04:20:00Z"); // twenty past midnight after a day of 23 hours
    expect([new Date("2026-03-08T12:00:00Z"), new Date("2026-03-07T18:00:00Z")].map((at) => namedDay(at, spring, york))).toEqual(["yesterday", undefined]);
    const autumn = new Date("2026-11-02T04:30:00Z"); // half past eleven at night of a day of 25
    expect([new Date("2026-10-31T18:00:00Z"), new Date("2026-10-31T03:00:00Z")].map((at) => namedDay(at, autumn, york))).toEqual(["yesterday", undefined]);
  });

  it("say the year only when it is another", () => {
    const then = new Date("2025-02-03T12:00:00Z");
    expect(day(then, at, berlin)).toContain("2025");
    expect(day(new Date("2026-02-03T12:00:00Z"), at, berlin)).not.toContain("2026");
  });
});

describe("lengths and sizes", () => {
  it("are short", () => {
    expect([0, 59.9, 61, 3725].map(span)).toEqual(["0:00", "0:59", "1:01", "1:02:05"]);
    expect([9, 240, 3600, 12_000, 90_000, -3].map(duration)).toEqual(["9 s", "4 min", "1 h", "3 h 20 min", "1 d 1 h", "0 s"]);
    expect([3.44, 42, 240].map(length)).toEqual(["3.4 s", "42 s", "4 min"]);
    expect([0, 999, 1500, 38_200_000_000, 256_000_000_000].map(bytes)).toEqual(["0 B", "999 B", "1.5 kB", "38.2 GB", "256 GB"]);
  });
});
