import { describe, expect, it } from "vitest";
import { clean, coloursOf, isColour, wears } from "../src/events/colours";
import { addressOf, everything, filterOf, fits, queryOf } from "../src/events/filter";
import { event } from "./event";

const green = event({ id: "1", attributes: { colours: { upper: [["green", 0.7], ["black", 0.2]], lower: [["blue", 0.9]] } } });

describe("colours of an event", () => {
  it("are what the edge says, without what makes no sense", () => {
    expect(coloursOf(green)).toEqual({ upper: [["green", 0.7], ["black", 0.2]], lower: [["blue", 0.9]] });
    for (const broken of [null, 7, "green", { upper: "green" }, { upper: [["unknown", 1]] }, { hat: [["red", 1]] }, { upper: [[1, 2, 3]] }])
      expect(clean(broken)).toEqual({});
  });

  it("match as the API has it", () => {
    const colours = coloursOf(green);
    expect(wears(colours, [])).toBe(true);
    expect(wears(colours, ["upper:green"])).toBe(true);
    expect(wears(colours, ["upper:red", "upper:green"])).toBe(true);
    expect(wears(colours, ["upper:green", "lower:blue"])).toBe(true);
    expect(wears(colours, ["upper:green", "lower:red"])).toBe(false);
    expect(wears(colours, ["upper:black"])).toBe(false);
    expect(wears({}, ["vehicle:white"])).toBe(false);
  });
});

describe("a filter by colour", () => {
  const chosen = { ...everything, colours: ["upper:green", "lower:blue"] };

  it("stands in the address and asks the API", () => {
    expect(addressOf(chosen)).toBe("?colour=upper:green&colour=lower:blue");
    expect(filterOf(new URLSearchParams(addressOf(chosen)))).toEqual(chosen);
    expect(filterOf(new URLSearchParams("colour=green&colour=hat:red&colour=upper:beige&colour="))).toEqual(everything);
    expect(queryOf(chosen, 0, 5).toString()).toBe("colour=upper%3Agreen&colour=lower%3Ablue&limit=5");
    expect(isColour("vehicle:white")).toBe(true);
  });

  it("lets through what fits", () => {
    expect(fits(chosen, green, 0)).toBe(true);
    expect(fits(chosen, event({ id: "2" }), 0)).toBe(false);
  });
});
