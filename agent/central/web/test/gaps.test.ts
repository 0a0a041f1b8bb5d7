import { expect, it } from "vitest";
import { gapsOf, LATE_MS } from "../src/system/gaps";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();
const span = (from: number, to: number, reason: string) => ({ start: at(from), end: at(to), segments: 1, bytes: 1, reason });
const ms = (minute: number) => Date.parse(at(minute));

it("gaps in a recording are the newest first, each with why the footage before it ended", () => {
  const spans = [span(10, 20, "stop"), span(0, 5, "lost"), span(20, 25, "time")];
  expect(gapsOf(spans, ms(25))).toEqual([{ from: ms(5), to: ms(10), reason: "lost" }]);
  expect(gapsOf([...spans, span(30, 40, "off")], ms(40))).toEqual([
    { from: ms(25), to: ms(30), reason: "time" },
    { from: ms(5), to: ms(10), reason: "lost" },
  ]);
});

it("a recording that ended goes on missing, one whose newest segment is only late does not", () => {
  const spans = [span(0, 5, "off")];
  expect(gapsOf(spans, ms(5) + LATE_MS)).toEqual([]);
  expect(gapsOf(spans, ms(5) + LATE_MS + 1)).toEqual([{ from: ms(5), to: undefined, reason: "off" }]);
  expect(gapsOf([], ms(5))).toEqual([]);
});
