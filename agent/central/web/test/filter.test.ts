import { describe, expect, it } from "vitest";
import { addressOf, everything, filterOf, fits, NOBODY, queryOf, toggled } from "../src/events/filter";
import { event } from "./event";

const NOW = Date.parse("2026-11-20T12:30:00.000Z");
const chosen = { ...everything, camera: "demo/gw-1/plaza", kinds: ["zone_entered", "line_crossed"], labels: ["person"], colours: [] };

describe("the filter in the address", () => {
  it("comes back as it went", () => {
    expect(filterOf(new URLSearchParams(addressOf(chosen)))).toEqual(chosen);
    expect(addressOf(everything)).toBe("");
    expect(filterOf(new URLSearchParams(""))).toEqual(everything);
  });

  it("keeps values with odd characters", () => {
    const odd = { ...everything, labels: ["a & b", "ü?"] };
    expect(filterOf(new URLSearchParams(addressOf(odd)))).toEqual(odd);
  });

  it("leaves out what makes no sense", () => {
    expect(filterOf(new URLSearchParams("camera=plaza&kind=&kind=motion&kind=motion"))).toEqual({ ...everything, kinds: ["motion"] });
  });
});

describe("the filter", () => {
  it("asks the API for the same", () => {
    expect(queryOf(chosen, NOW, 60, "c1").toString()).toBe(
      "site=demo&gateway=gw-1&camera=plaza&kind=zone_entered&kind=line_crossed&label=person&limit=60&cursor=c1",
    );
    expect(queryOf(everything, NOW, 5).toString()).toBe("limit=5");
  });

  it("lets through what the API would", () => {
    expect(fits(chosen, event({ id: "1" }), NOW)).toBe(true);
    expect(fits(chosen, event({ id: "1", gateway: "gw-2" }), NOW)).toBe(false);
    expect(fits(chosen, event({ id: "1", kind: "motion" }), NOW)).toBe(false);
    expect(fits(chosen, event({ id: "1", label: null }), NOW)).toBe(false);
    expect(fits(everything, event({ id: "1", label: null }), NOW)).toBe(true);
  });

  it("asks for what people have made of them, too", () => {
    const review = { ...everything, alarms: true, state: "open" as const, assigned: "ann", words: " dog " };
    expect(queryOf(review, NOW, 5).toString()).toBe("severity=alarm&assigned=ann&words=dog&acknowledged=false&limit=5");
    expect(filterOf(new URLSearchParams(addressOf(review)))).toEqual({ ...review, words: "dog" });
    const note = { by: "bob", time: "", text: "A big Dog" };
    const open = event({ id: "1", severity: "alarm", review: { version: 1, acknowledged: null, assigned: "ann", severity: null, notes: [note] } });
    expect(fits(review, open, NOW)).toBe(true);
    expect(fits(review, { ...open, severity: "info" }, NOW)).toBe(false);
    expect(fits(review, { ...open, review: { ...open.review, acknowledged: { by: "ann", time: "" } } }, NOW)).toBe(false);
    expect(fits({ ...review, assigned: "bob" }, open, NOW)).toBe(false);
    expect(fits({ ...review, words: "cat" }, open, NOW)).toBe(false);
  });

  it("has a span that ends now, or a time of its own", () => {
    const hour = filterOf(new URLSearchParams("within=1h&since=2026-01-01T00:00:00Z"));
    expect(hour).toEqual({ ...everything, within: "1h" });
    expect(addressOf(hour)).toBe("?within=1h");
    expect(queryOf(hour, NOW, 5).toString()).toBe("since=2026-11-20T11%3A30%3A00.000Z&limit=5");
    const own = filterOf(new URLSearchParams("since=2026-11-20T13:00:00%2B01:00&until=2026-11-20T12:10:00Z&within=toString"));
    expect(own).toEqual({ ...everything, since: "2026-11-20T12:00:00.000Z", until: "2026-11-20T12:10:00.000Z" });
    expect(filterOf(new URLSearchParams(addressOf(own)))).toEqual(own);
    expect(queryOf(own, NOW, 5).get("until")).toBe(own.until);
    expect(filterOf(new URLSearchParams("since=yesterday"))).toEqual(everything);
    const at = (start: string) => event({ id: "1", start: `2026-11-20T${start}.000000000Z` });
    expect([fits(hour, at("11:29:59"), NOW), fits(hour, at("11:30:00"), NOW)]).toEqual([false, true]);
    expect(["11:59:59", "12:00:00", "12:09:59", "12:10:00"].map((start) => fits(own, at(start), NOW))).toEqual([false, true, true, false]);
  });

  it("asks for those that are nobody's", () => {
    const nobodys = { ...everything, assigned: NOBODY };
    expect(queryOf(nobodys, NOW, 5).toString()).toBe("assigned=-&limit=5");
    const one = event({ id: "1" });
    expect(fits(nobodys, one, NOW)).toBe(true);
    expect(fits(nobodys, { ...one, review: { ...one.review, assigned: "ann" } }, NOW)).toBe(false);
  });

  it("ticks and unticks", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  });
});
