import { describe, expect, it } from "vitest";
import { localField, momentOfField, momentOfFilled } from "../src/time/field";
import { zonesOf } from "../src/people/zones";
import { aheadMs, isZone } from "../src/time/zone";

const HOUR = 3_600_000;
const at = (iso: string) => Date.parse(iso);

describe("a zone", () => {
  it("is one that the browser knows", () => {
    expect(["America/New_York", "UTC", "Mars/Base", ""].map(isZone)).toEqual([true, true, false, false]);
  });

  it("is ahead of UTC by what holds at that moment", () => {
    expect(aheadMs(at("2026-07-01T12:00:00Z"), "America/New_York")).toBe(-4 * HOUR);
    expect(aheadMs(at("2026-12-01T12:00:00.250Z"), "America/New_York")).toBe(-5 * HOUR);
    expect(aheadMs(at("2026-12-01T23:59:59.999Z"), "Asia/Kolkata")).toBe(5.5 * HOUR);
  });
});

describe("a field for day and time", () => {
  it("shows the zone's clock, and is read by it", () => {
    const moment = new Date("2026-07-01T18:03:05Z");
    expect(localField(moment, 19, "America/New_York")).toBe("2026-07-01T14:03:05");
    for (const name of ["America/New_York", "Asia/Kolkata", "UTC", "Pacific/Auckland"]) {
      expect(momentOfField(localField(moment, 19, name), name)).toEqual(moment);
    }
    expect(momentOfField("", "UTC")).toBeUndefined();
  });

  it("says what it was filled in with while nobody changes it, also in the hour that clocks show twice", () => {
    const second = at("2026-11-01T06:30:00Z");
    const shown = localField(new Date(second), 19, "America/New_York");
    expect([shown, momentOfField(shown, "America/New_York")]).toEqual(["2026-11-01T01:30:00", new Date(second - HOUR)]);
    expect(momentOfFilled(shown, second, "America/New_York")).toEqual(new Date(second));
    expect(momentOfFilled("2026-11-01T01:31:00", second, "America/New_York")).toEqual(new Date(second - 59 * 60_000));
    expect(momentOfFilled("", second, "America/New_York")).toBeUndefined();
  });

  it("knows when clocks are put forward and back", () => {
    const read = (value: string) => momentOfField(value, "Europe/Berlin")?.toISOString();
    expect(read("2026-10-25T02:30")).toBe("2026-10-25T00:30:00.000Z");
    expect(read("2026-10-25T01:59")).toBe("2026-10-24T23:59:00.000Z");
    expect(read("2026-10-25T03:00")).toBe("2026-10-25T02:00:00.000Z");
    expect(read("2026-03-29T01:59")).toBe("2026-03-29T00:59:00.000Z");
    expect(read("2026-03-29T02:30")).toBe("2026-03-29T01:30:00.000Z");
    expect(read("2026-03-29T03:00")).toBe("2026-03-29T01:00:00.000Z");
  });
});

describe("the zones to choose from", () => {
  it("are those of the sites, UTC, and the chosen one", () => {
    const gateways = [
      { site: "hartford", timezone: "America/New_York" },
      { site: "boston", timezone: "America/New_York" },
      { site: "lab", timezone: null },
      { site: "odd", timezone: "Mars/Base" },
    ];
    const found = zonesOf(gateways, "Asia/Tokyo");
    expect([...found].map(([zone, sites]) => [zone, ...sites].join(" "))).toEqual(["America/New_York hartford boston", "UTC", "Asia/Tokyo"]);
  });
});
