import { describe, expect, it } from "vitest";
import { titleOf } from "../src/heard";

describe("the window's title", () => {
  it("begins with the page itself", () => {
    expect(titleOf("Person", "Events", "Lamppost")).toBe("Person · Events · Lamppost");
  });

  it("says no word twice, and nothing empty", () => {
    expect(titleOf("Events", "Events", "Lamppost")).toBe("Events · Lamppost");
    expect(titleOf("", "Live", "Lamppost")).toBe("Live · Lamppost");
  });
});
