import { describe, expect, it } from "vitest";
import { eventIcon, ruleName, ruleWords } from "../src/events/words";
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

describe("a rule's name", () => {
  const named = (rule: string | null, more: Parameters<typeof event>[0] = { id: "e" }) => ruleName(event({ ...more, rule }));
  it("is its own, or what it is in words", () => {
    expect(named("Night watch")).toBe("Night watch");
    expect(named("zone_entered plaza")).toBe("Entered zone plaza");
    expect(named("line_crossed kerb", { id: "e", kind: "line_crossed", zone: null, line: "kerb" })).toBe("Line crossed kerb");
    expect(named("tamper", { id: "e", kind: "tamper", zone: null })).toBe("Tampering");
    expect(named("still")).toBe("Things left behind or taken");
    expect(named(null)).toBeNull();
  });
});
