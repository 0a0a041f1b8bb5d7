import { describe, expect, it } from "vitest";
import { addressOf, everything, filterOf, fits, queryOf, toggled } from "../src/events/filter";
import { event } from "./event";

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
    expect(queryOf(chosen, 60, "c1").toString()).toBe(
      "site=demo&gateway=gw-1&camera=plaza&kind=zone_entered&kind=line_crossed&label=person&limit=60&cursor=c1",
    );
    expect(queryOf(everything, 5).toString()).toBe("limit=5");
  });

  it("lets through what the API would", () => {
    expect(fits(chosen, event({ id: "1" }))).toBe(true);
    expect(fits(chosen, event({ id: "1", gateway: "gw-2" }))).toBe(false);
    expect(fits(chosen, event({ id: "1", kind: "motion" }))).toBe(false);
    expect(fits(chosen, event({ id: "1", label: null }))).toBe(false);
    expect(fits(everything, event({ id: "1", label: null }))).toBe(true);
  });

  it("asks for what people have made of them, too", () => {
    const review = { ...everything, alarms: true, state: "open" as const, assigned: "ann", words: " dog " };
    expect(queryOf(review, 5).toString()).toBe("severity=alarm&assigned=ann&words=dog&acknowledged=false&limit=5");
    expect(filterOf(new URLSearchParams(addressOf(review)))).toEqual({ ...review, words: "dog" });
    const note = { by: "bob", time: "", text: "A big Dog" };
    const open = event({ id: "1", severity: "alarm", review: { version: 1, acknowledged: null, assigned: "ann", severity: null, notes: [note] } });
    expect(fits(review, open)).toBe(true);
    expect(fits(review, { ...open, severity: "info" })).toBe(false);
    expect(fits(review, { ...open, review: { ...open.review, acknowledged: { by: "ann", time: "" } } })).toBe(false);
    expect(fits({ ...review, assigned: "bob" }, open)).toBe(false);
    expect(fits({ ...review, words: "cat" }, open)).toBe(false);
  });

  it("ticks and unticks", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  });
});
