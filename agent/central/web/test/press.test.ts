import { describe, expect, it } from "vitest";
import { isOwnKey } from "../src/ui/press";

describe("a field", () => {
  it("that is written into wants every key", () => {
    for (const type of ["text", "search", "number", "datetime-local", "password"]) for (const key of ["a", " ", "Escape", "j"]) expect(isOwnKey(type, key)).toBe(true);
  });

  it("that is only pressed or drawn leaves letters to the page", () => {
    for (const type of ["checkbox", "radio", "range", "button"]) for (const key of ["a", "x", "j", "Escape"]) expect(isOwnKey(type, key)).toBe(false);
  });

  it("keeps the keys it lives by", () => {
    expect(isOwnKey("checkbox", " ")).toBe(true);
    expect(isOwnKey("range", "ArrowLeft")).toBe(true);
    expect(isOwnKey("range", " ")).toBe(false); // plays what was scrubbed through
    expect(isOwnKey("button", "Enter")).toBe(true);
  });
});
