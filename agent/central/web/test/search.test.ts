import { describe, expect, it } from "vitest";
import { exportAddress } from "../src/api/client";
import { areaOf } from "../src/map/ground";
import { alikeIn } from "../src/search/alike";
import { around, neighbours, spanAfter, spanBefore } from "../src/search/around";
import { addressOf, alike, all, asksMore, countOf, isEmpty, mainColours, queryOf, searchOf } from "../src/search/filter";
import { compact, percentText, shareOf } from "../src/search/count";
import { marksOf, saidOf } from "../src/search/drawn";
import { bars, brushed, pressed } from "../src/search/hours";
import { isOf, nearOf, nearText, placesOf, standsIn } from "../src/search/places";
import { shown } from "../src/search/window";

const NOW = Date.parse("2026-07-01T12:00:00.000Z");
const read = (address: string) => searchOf(new URLSearchParams(address));

describe("an export", () => {
  it("asks for all that the search finds, without its paging", () => {
    const query = queryOf(read("?label=person&within=1h&sort=fit"), NOW, 120, "next");
    expect(exportAddress("tracks", "geojson", query)).toBe("/api/v1/exports/tracks?label=person&sort=fit&since=2026-07-01T11%3A00%3A00.000Z&form=geojson");
    expect(query.get("limit")).toBe("120");
  });
});

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

  it("holds sizes, shares, own heights, and where", () => {
    const address = "?colour=upper:green&min_size=0.01&max_size=0.2&min_speed=0.5&speed_unit=heights/s&share=0.4&min_score=0.7&site=north&gateway=pole-17&near=41.7637,-72.6851,50";
    expect(addressOf(read(address))).toBe(address);
    const query = queryOf(read(address), NOW, 1);
    expect([query.get("speed_unit"), query.get("near")]).toEqual(["heights/s", "41.7637,-72.6851,50"]);
    expect(addressOf(read("?min_size=2&share=1.5&min_score=-1&site=../x&gateway=&near=1,2&speed_unit=knots&near=91,0,5"))).toBe("");
  });

  it("says whether what is asked for less often is asked for", () => {
    expect(["?min_score=0.5", "?near=1,2,3", "?site=north", "?plate=A*", "?direction=up", "?speed_unit=heights/s"].map((one) => asksMore(read(one)))).toEqual(Array(6).fill(true));
    expect(asksMore(read("?label=person&colour=upper:green&camera=a/b/c&within=1h&sort=fit&like=x&region=0,0+1,0+1,1"))).toBe(false);
  });

  it("holds how far from a drawn path one may have gone, where it is not the usual", () => {
    const address = "?along=0.1,0.9+0.9,0.5&along_within=0.2";
    expect(addressOf(read(address))).toBe(address);
    expect(addressOf(read("?along=0.1,0.9+0.9,0.5&along_within=0.9"))).toBe("?along=0.1,0.9+0.9,0.5");
    expect(addressOf(read("?along_within=0.2"))).toBe("");
  });

  it("holds what is drawn on the picture", () => {
    const address = "?camera=a/b/c&region=0.1,0.5+0.9,0.5+0.9,1&crossed=0.2,0.6+0.8,0.6&crossed_way=left_to_right&along=0.1,0.9+0.9,0.5";
    expect(addressOf(read(address))).toBe(address);
    expect(isEmpty(read("?region=0.1,0.5+0.9,0.5&crossed=0,0+0,0&along=1,2+0,0&crossed_way=left_to_right"))).toBe(true);
    expect(isEmpty(read(`?region=${"0,1+1,0+0,0+".repeat(12)}0,1&along=,+,&crossed=x`))).toBe(true);
  });

  it("shows what is drawn as shapes, a line with the way it is crossed", () => {
    const { drawn } = read("?crossed=0.2,0.6+0.8,0.6&crossed_way=right_to_left&region=0,0+1,0+1,1");
    const marks = marksOf(drawn, { region: "Region", crossed: "Line", along: "Path" });
    expect(marks.map(({ what, mark }) => [what, mark.kind, mark.way])).toEqual([["region", "zone", undefined], ["crossed", "line", "right_to_left"]]);
    expect(saidOf(marks[1]!.mark.points)).toBe("0.2,0.6 0.8,0.6");
  });

  it("says how many things narrow it", () => {
    const counts = ["", "?sort=fit", "?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z", "?since=2026-01-01T00:00:00Z", "?label=person&colour=upper:green&colour=lower:red&within=1h", "?crossed=0.2,0.6+0.8,0.6&crossed_way=left_to_right"];
    expect(counts.map((one) => countOf(read(one)))).toEqual([0, 0, 1, 1, 4, 1]);
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
  it("ends where it is alike no more, which may be further on", () => {
    const ranked = (...likenesses: (number | null)[]) => alikeIn(likenesses.map((likeness) => ({ likeness })));
    expect([ranked(0.9, 0.6, 0.599, 0.2), ranked(0.5), ranked(0.9, 0.7), ranked(), ranked(null, null)]).toEqual([2, 0, undefined, undefined, undefined]);
  });

  it("is asked for by its id", () => {
    expect(addressOf(alike({ id: "019715b2c3d4" }))).toBe("?like=019715b2c3d4");
    expect(read("?like=019715b2c3d4&label=person")).toMatchObject({ like: "019715b2c3d4", labels: ["person"] });
    expect(isEmpty(read("?like=../x"))).toBe(true);
  });
});

it("who is watched for wears the main colours of a track, the upper part's first", () => {
  expect(mainColours({ lower: [["blue", 0.6]], upper: [["green", 0.7], ["red", 0.2]] })).toEqual(["upper:green", "lower:blue"]);
});

it("a camera stands in an area of the map, or outside of it, or nobody knows where", () => {
  const area = areaOf("41.0,-72.0 41.0,-71.0 42.0,-71.0 42.0,-72.0") ?? [];
  const camera = (latitude: number | null, longitude: number | null) => standsIn(area, { latitude, longitude });
  expect([camera(41.5, -71.5), camera(41.5, -72.5), camera(42.5, -71.5), camera(null, null)]).toEqual([true, false, false, false]);
});

describe("what is around a track", () => {
  it("are the nearest cameras, or those of the site where nobody knows where they stand", () => {
    const camera = (name: string, latitude?: number, longitude?: number, site = "s") => ({ site, gateway: "g", camera: name, latitude, longitude });
    const placed = [camera("far", 41.9, -72.6), camera("own", 41.76, -72.68), camera("near", 41.761, -72.68), camera("nowhere")];
    expect(neighbours(placed[1]!, placed).map((one) => one.camera)).toEqual(["near", "far"]);
    const unplaced = [camera("own"), camera("next"), camera("elsewhere", 1, 1, "t")];
    expect(neighbours(unplaced[0]!, unplaced).map((one) => one.camera)).toEqual(["next"]);
  });

  it("is before it began, and from then until a little after its end", () => {
    const track = { start: "2026-07-01T12:00:00.000Z", end: "2026-07-01T12:01:00.000Z" };
    expect(spanBefore(track)).toEqual({ since: "2026-07-01T11:57:00.000Z", until: track.start });
    expect(spanAfter(track)).toEqual({ since: track.start, until: "2026-07-01T12:04:00.000Z" });
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
    expect(of(0)).toMatchObject({ columns: 6, from: 0 });
    expect(of(0).to).toBe(6 * 8);
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

  it("change once a row: one goes as another comes", () => {
    const parts = new Set(Array.from({ length: 262 * 4 }, (_, px) => JSON.stringify(of(5_000 + px))));
    expect(parts.size).toBe(5);
    expect(of(5_000).to - of(5_000).from).toBe(of(5_200).to - of(5_200).from);
  });

  it("are none of nothing, and one column on a narrow screen", () => {
    expect(of(0, 0)).toMatchObject({ from: 0, to: 0, whole: 0 });
    expect(shown({ width: 120, above: 0, height: 800, count: 3 }, 150, 262, 12)).toMatchObject({ columns: 1, to: 3 });
  });
});

describe("the bars of the hours", () => {
  const HOUR = 3_600_000;
  const hour = (at: number, count: number) => ({ start: new Date(NOW + at * HOUR).toISOString(), count });

  const byHour = (hours: { start: string; count: number }[], since: number | undefined, until: number) => bars({ hours, minutes: [] }, since, until);

  it("are minutes over a short time, and end where it does: nothing is drawn that is yet to come", () => {
    const MINUTE = 60_000;
    const minute = (at: number, count: number) => ({ start: new Date(NOW + at * MINUTE).toISOString(), count });
    const counts = { hours: [hour(0, 7), hour(-1, 3)], minutes: [minute(-20, 3), minute(0, 2), minute(10, 5)] };
    const now = NOW + 10.5 * MINUTE;
    const found = bars(counts, now - HOUR, now);
    expect([found.length, found[0]!.from, found.at(-1)]).toEqual([61, now - HOUR, { from: NOW + 10 * MINUTE, to: now, count: 5 }]);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(10);
    expect(bars(counts, undefined, now)[0]).toEqual({ from: NOW - 20 * MINUTE, to: NOW - 19 * MINUTE, count: 3 });
    expect(bars(counts, NOW - 2 * HOUR, NOW).map(({ to, from }) => to - from)).toEqual(Array(60).fill(2 * MINUTE));
    const long = bars(counts, NOW - 3 * HOUR, now);
    expect(long.map(({ count }) => count)).toEqual([0, 0, 3, 7]);
    expect(long.at(-1)!.to).toBe(now);
  });

  it("stand for every hour of the span, empty ones too", () => {
    const found = byHour([hour(-3, 5), hour(-1, 2)], NOW - 4 * HOUR, NOW);
    expect(found.map(({ count }) => count)).toEqual([0, 5, 0, 2]);
    expect(found[0]!.from).toBe(NOW - 4 * HOUR);
  });

  it("are wider where there are many hours, and lose nothing", () => {
    const month = Array.from({ length: 720 }, (_, i) => hour(-720 + i, 1));
    const found = byHour(month, undefined, NOW);
    expect(found.length).toBeLessThanOrEqual(96);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(720);
  });

  it("are none where one would say it all, and of nothing", () => {
    expect(byHour([hour(-1, 5)], undefined, NOW)).toEqual([]);
    expect(byHour([], undefined, NOW)).toEqual([]);
    expect(byHour([], NOW, NOW - HOUR)).toEqual([]);
  });

  it("are gone through by keys, and brushed with Shift", () => {
    const key = (name: string, shiftKey = false) => ({ key: name, shiftKey, ctrlKey: false, altKey: false, metaKey: false });
    expect(pressed(key("ArrowLeft"), 5, undefined, 9)).toEqual({ at: 4, brush: undefined });
    expect(pressed(key("ArrowLeft", true), 5, undefined, 9)).toEqual({ at: 4, brush: [5, 4] });
    expect(pressed(key("ArrowRight", true), 4, [5, 4], 9)).toEqual({ at: 5, brush: [5, 5] });
    expect(pressed(key("End", true), 5, [5, 5], 9)).toEqual({ at: 8, brush: [5, 8] });
    expect(pressed(key("ArrowRight"), 8, [5, 8], 9)).toEqual({ at: 8, brush: undefined });
    expect(pressed(key("Home"), 8, undefined, 9)).toEqual({ at: 0, brush: undefined });
    expect(pressed(key("Escape"), 3, [1, 3], 9)).toEqual({ at: 3, brush: undefined });
    for (const other of [key("Escape"), key("Enter"), key("j"), { ...key("ArrowLeft"), altKey: true }]) expect(pressed(other, 3, undefined, 9)).toBeUndefined();
  });

  it("are brushed either way", () => {
    const found = byHour([hour(-3, 5)], NOW - 4 * HOUR, NOW);
    const wanted = { since: new Date(NOW - 3 * HOUR).toISOString(), until: new Date(NOW - HOUR).toISOString() };
    expect(brushed(found, 1, 2)).toEqual(wanted);
    expect(brushed(found, 2, 1)).toEqual(wanted);
    expect(brushed(found, 2, 9)).toBeUndefined();
  });
});

it("counts need little room", () => {
  expect([0, 998, 1000, 1249, 9_960, 34_499, 999_700, 5_100_000].map(compact)).toEqual(["0", "998", "1k", "1.2k", "10k", "34k", "1M", "5.1M"]);
});

describe("places to choose from", () => {
  const of = (...names: string[]) => placesOf(names.map((name) => ({ site: name[0]!, gateway: name[1]!, camera: name })));

  it("are none of one, and gateways only where a site has several", () => {
    expect(of("s1", "s1")).toEqual([]);
    expect(of("s2", "s1")).toEqual([{ site: "s", gateway: "1" }, { site: "s", gateway: "2" }]);
    expect(of("t1", "s1")).toEqual([{ site: "s", gateway: "" }, { site: "t", gateway: "" }]);
    expect(of("t1", "t2", "s1")).toHaveLength(4);
  });

  it("have their cameras", () => {
    const camera = { site: "s", gateway: "1", camera: "x" };
    expect([isOf({ site: "", gateway: "" }, camera), isOf({ site: "s", gateway: "" }, camera), isOf({ site: "s", gateway: "2" }, camera), isOf({ site: "t", gateway: "1" }, camera)]).toEqual([true, true, false, false]);
  });

  it("may be a circle on the map", () => {
    expect(nearOf("41.76,-72.68,50")).toEqual({ spot: "41.76,-72.68", metres: 50 });
    expect(nearText(nearOf("41.76,-72.68,50")!)).toBe("41.76,-72.68,50");
    for (const wrong of ["", "1,2", "1,2,0", "1,2,20001", "91,2,3", "1,,3", "a,b,c", "1,2,3,4"]) expect(nearOf(wrong)).toBeUndefined();
  });
});

it("shares are written in per cent, and read from it", () => {
  expect([percentText(0.07), percentText(undefined), percentText(0.125)]).toEqual(["7", "", "12.5"]);
  expect([shareOf("7"), shareOf(""), shareOf("12.5"), shareOf("250"), shareOf("-3")]).toEqual([0.07, undefined, 0.125, 1, 0]);
});
