import { describe, expect, it } from "vitest";
import { byDay, merge, mergeAll } from "../src/events/merge";
import { event } from "./event";

const at = (id: string, second: number, part = {}) => event({ id, start: `2026-11-20T12:00:${String(second).padStart(2, "0")}.000Z`, ...part });

describe("events in a list", () => {
  it("stand newest first in whatever order they come", () => {
    const some = [at("a", 1), at("c", 3), at("b", 2)];
    const orders = [some, [...some].reverse(), [some[1]!, some[0]!, some[2]!]];
    for (const order of orders) expect(mergeAll([], order).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  });

  it("with one start stand by id, as the API has it", () => {
    expect(mergeAll([], [at("a", 1), at("b", 1)]).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("that change keep their place, and are not there twice", () => {
    const list = merge(mergeAll([], [at("a", 1), at("b", 2)]), at("a", 1, { phase: "update", label: "car" }));
    expect(list.map(({ id, label }) => [id, label])).toEqual([["b", "person"], ["a", "car"]]);
  });

  it("that have been seen to are not undone by news that left before", () => {
    const before = at("a", 1);
    const done = { ...before, review: { ...before.review, version: before.review.version + 1, assigned: "ann" } };
    expect(merge(merge([before], done), before).map(({ review }) => review.assigned)).toEqual(["ann"]);
  });

  it("are put under their days", () => {
    const days = byDay([at("c", 3), at("b", 2), at("a", 1)], ({ id }) => (id === "c" ? "today" : "yesterday"));
    expect(days.map(([day, events]) => [day, events.length])).toEqual([["today", 1], ["yesterday", 2]]);
  });
});
