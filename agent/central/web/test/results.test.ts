import { describe, expect, it } from "vitest";
import type { Facets, Found, Track } from "../src/api/types";
import { type Brief, brief, briefly } from "../src/search/brief";
import { begun, failed, freshIn, joined, looked, nothing } from "../src/search/results";

const facets: Facets = { exact: true, cameras: [], labels: [], kinds: [], severities: [], upper: [], lower: [], vehicle: [], minutes: [], hours: [] };
const page = (ids: string, next: string | null = null): Found<Brief> => ({ items: [...ids].map((id) => ({ id }) as Brief), next, complete: true, reached: null, facets: null });
const ids = (results: { items?: readonly Brief[] }) => (results.items ?? []).map(({ id }) => id).join("");

describe("the results of a search", () => {
  const first = begun("a", page("fed", "1"), nothing());

  it("grow by pages, each result once", () => {
    const more = joined(first, page("dcb", "2"));
    expect(ids(more)).toBe("fedcb");
    expect(more.next).toBe("2");
    expect(ids(joined(more, page("cba")))).toBe("fedcba");
  });

  it("do not change by what is new, which is counted and waits", () => {
    const told = looked(first, page("hgfed"));
    expect(ids(told)).toBe("fed");
    expect(freshIn(told)).toBe(2);
    expect(freshIn(looked(told, page("fed")))).toBe(0);
  });

  it("keep the counts of the same search until new ones are there, and no others", () => {
    const counted = { ...looked(first, page("gfed")), facets };
    const again = begun("a", counted.newest!, counted);
    expect([ids(again), again.facets, freshIn(again)]).toEqual(["gfed", facets, 0]);
    expect(begun("b", page("z"), counted).facets).toBeUndefined();
  });

  it("outlive a failure, unless they are of another search", () => {
    const error = new Error("away");
    expect(failed("a", error, first)).toMatchObject({ items: first.items, next: "1", error });
    expect(failed("b", error, first)).toMatchObject({ key: "b", next: null, error });
    expect(failed("b", error, first).items).toBeUndefined();
    expect(begun("a", page("f"), failed("a", error, first)).error).toBeUndefined();
  });

  it("say how far it was looked only when the time was up", () => {
    const cut = { ...page("c", "3"), complete: false, reached: "2026-07-01T11:00:00Z" };
    const more = joined(first, cut);
    expect(more.reached).toBe(cut.reached);
    expect(joined(more, page("b")).reached).toBeUndefined();
  });
});

describe("a track in a list", () => {
  const whole = { id: "f", camera: "cam-1", label: "person", kind: "", start: "2026-03-01T10:00:00Z", camera_name: "Plaza", picture: null, likeness: 0.7, path: [[0, 0.1, 0.1, 0.2, 0.3]] };

  it("is only what its card shows, and of each part the main colour", () => {
    const colours = { upper: [["green", 0.5], ["grey", 0.3]], lower: [["no colour", 0.9]], vehicle: "?" };
    const short = { id: "f", label: "person", kind: "", start: "2026-03-01T10:00:00Z", camera_name: "Plaza", picture: null, likeness: 0.7, colours: { upper: [["green", 0.5]] } };
    expect(brief({ ...whole, colours } as unknown as Track)).toEqual(short);
    expect(briefly({ ...page("f", "1"), items: [{ ...whole, colours } as unknown as Track] })).toEqual({ ...page("f", "1"), items: [short] });
  });
});
