import { describe, expect, it } from "vitest";
import { around } from "../src/search/around";
import { addressOf, alike, all, isEmpty, queryOf, searchOf } from "../src/search/filter";
import { compact } from "../src/search/count";
import { bars, brushed } from "../src/search/hours";
import { shown } from "../src/search/window";

const NOW = Date.parse("2026-07-01T12:00:00.000Z");
const read = (address: string) => searchOf(new URLSearchParams(address));

describe("a search in the address", () => {
  it("comes back as it was", () => {
    const address = "?label=person&label=bag&colour=upper:green&colour=lower:blue&camera=a/b/c&within=10h";
    expect(addressOf(read(address))).toBe(address);
  });

  it("holds what is asked for less often", () => {
    const address =
      "?label=vehicle&kind=truck&direction=up-left&zone=gate&min_speed=2.5&max_dwell_s=60&plate=AB*&plate_match=fuzzy&sort=fit&within=24h";
    expect(addressOf(read(address))).toBe(address);
    expect(addressOf(read("?direction=sideways&min_speed=fast&max_speed=-1&plate_match=fuzzy&sort=random"))).toBe("");
  });

  it("leaves out what makes no sense", () => {
    expect(isEmpty(read("?colour=upper:mauve&colour=hat:red&camera=one&within=9y&since=never&until=x"))).toBe(true);
    expect(read("?label=person&label=person").labels).toEqual(["person"]);
  });

  it("takes a named span before given times", () => {
    expect(read("?within=1h&since=2026-01-01T00:00:00Z")).toMatchObject({ within: "1h", since: undefined });
  });
});

describe("the API's query", () => {
  it("says when a span began", () => {
    const query = queryOf({ ...all, within: "10h" }, NOW, 120);
    expect(query.get("since")).toBe("2026-07-01T02:00:00.000Z");
    expect(query.has("until")).toBe(false);
  });

  it("names both ends of a chosen time, the limit and the page", () => {
    const query = queryOf({ ...all, since: "2026-07-01T00:00:00.000Z", until: "2026-07-01T01:00:00.000Z" }, NOW, 120, "next");
    expect(Object.fromEntries(query)).toEqual({ since: "2026-07-01T00:00:00.000Z", until: "2026-07-01T01:00:00.000Z", limit: "120", cursor: "next" });
  });
});

describe("what looks like a track", () => {
  it("has its label and the main colour of each part; unknown ones say nothing", () => {
    const search = alike("person", { upper: [["green", 0.7], ["red", 0.2]], lower: [["unknown", 1]] });
    expect(search).toEqual({ ...all, labels: ["person"], colours: ["upper:green"] });
  });
});

describe("the footage of a track", () => {
  it("begins before it and ends after it", () => {
    expect(around({ start: "2026-07-01T12:00:10.000Z", end: "2026-07-01T12:00:14.000Z" })).toEqual({
      start: "2026-07-01T12:00:08.000Z",
      end: "2026-07-01T12:00:16.000Z",
    });
  });

  it("is two minutes at most", () => {
    const { start, end } = around({ start: "2026-07-01T12:00:00.000Z", end: "2026-07-01T14:00:00.000Z" });
    expect(Date.parse(end) - Date.parse(start)).toBe(120_000);
  });
});

describe("the rows that are there", () => {
  const of = (above: number, count = 100_000) => shown({ width: 972, above, height: 900, count }, 150, 262, 12);

  it("begin with the first and reach beyond the screen", () => {
    expect(of(0)).toMatchObject({ columns: 6, from: 0, before: 0 });
    expect(of(0).to).toBe(6 * 7);
  });

  it("are a handful, wherever one scrolls to, and reach the end", () => {
    for (const above of [5_000, 100_000, 4_366_000]) {
      const { from, to } = of(above);
      expect(to - from).toBeLessThanOrEqual(6 * 11);
      expect(from).toBeLessThan(to);
    }
    expect(of(10_000_000).to).toBe(100_000);
    expect(of(0).whole).toBe(Math.ceil(100_000 / 6) * 262 - 12);
  });

  it("are none of nothing, and one column on a narrow screen", () => {
    expect(of(0, 0)).toMatchObject({ from: 0, to: 0, whole: 0 });
    expect(shown({ width: 120, above: 0, height: 800, count: 3 }, 150, 262, 12)).toMatchObject({ columns: 1, to: 3 });
  });
});

describe("the bars of the hours", () => {
  const HOUR = 3_600_000;
  const hour = (at: number, count: number) => ({ start: new Date(NOW + at * HOUR).toISOString(), count });

  it("stand for every hour of the span, empty ones too", () => {
    const found = bars([hour(-3, 5), hour(-1, 2)], NOW - 4 * HOUR, NOW);
    expect(found.map(({ count }) => count)).toEqual([0, 5, 0, 2]);
    expect(found[0]!.from).toBe(NOW - 4 * HOUR);
  });

  it("are wider where there are many hours, and lose nothing", () => {
    const month = Array.from({ length: 720 }, (_, i) => hour(-720 + i, 1));
    const found = bars(month, undefined, NOW);
    expect(found.length).toBeLessThanOrEqual(96);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(720);
  });

  it("are none where one would say it all, and of nothing", () => {
    expect(bars([hour(-1, 5)], undefined, NOW)).toEqual([]);
    expect(bars([], undefined, NOW)).toEqual([]);
    expect(bars([], NOW, NOW - HOUR)).toEqual([]);
  });

  it("are brushed either way", () => {
    const found = bars([hour(-3, 5)], NOW - 4 * HOUR, NOW);
    const wanted = { since: new Date(NOW - 3 * HOUR).toISOString(), until: new Date(NOW - HOUR).toISOString() };
    expect(brushed(found, 1, 2)).toEqual(wanted);
    expect(brushed(found, 2, 1)).toEqual(wanted);
    expect(brushed(found, 2, 9)).toBeUndefined();
  });
});

it("counts need little room", () => {
  expect([0, 998, 1000, 1249, 9_960, 34_499, 999_700, 5_100_000].map(compact)).toEqual(["0", "998", "1k", "1.2k", "10k", "34k", "1M", "5.1M"]);
});
