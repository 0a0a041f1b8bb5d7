import { describe, expect, it } from "vitest";
import { eventIcon, ruleWords } from "../src/events/words";
import { event } from "./event";

describe("an event in few words", () => {
  it("has the icon that the search has for its label", () => {
    const labels = ["person", "vehicle", "truck", "two_wheeler", "bicycle", "animal", "bag", "suitcase", null];
    expect(labels.map(eventIcon)).toEqual(["person", "vehicle", "vehicle", "cycle", "cycle", "animal", "object", "object", "object"]);
  });

  it("says the rule, and only the place where the title has the rule already", () => {
    expect(ruleWords(event({ id: "a" }))).toBe("Entered zone plaza");
    expect(ruleWords(event({ id: "a", kind: "object_left" }))).toBe("Object left in plaza");
    expect(ruleWords(event({ id: "a", label: null, kind: "scene_change", zone: null }))).toBe("");
  });
});
