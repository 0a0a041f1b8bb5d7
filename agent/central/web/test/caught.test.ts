import { describe, expect, it } from "vitest";
import type { LamppostEvent } from "../src/api/types";
import { catchUp, cutAt, type EventPage, MOST, reaches } from "../src/events/caught";
import { event } from "./event";

const at = (second: number) => event({ id: `e${String(second).padStart(5, "0")}`, start: new Date(Date.UTC(2026, 10, 20) + second * 1000).toISOString() });
/** From the newer to the older one, both with. */
const from = (newest: number, oldest: number) => Array.from({ length: newest - oldest + 1 }, (_, i) => at(newest - i));
const ids = (list: readonly LamppostEvent[]) => list.map(({ id }) => id);

/** An API that has the events 0 to `newest`, and counts what it was asked. */
function site(newest: number) {
  const asked: number[] = [];
  const ask = (limit: number, cursor: string): Promise<EventPage> => {
    asked.push(limit);
    const first = Number(cursor);
    const last = Math.max(0, first - limit + 1);
    return Promise.resolve({ items: from(first, last), next: last === 0 ? null : String(last - 1) });
  };
  return { asked, ask, first: () => ask(60, String(newest)) };
}

describe("catching up after a time offline", () => {
  it("asks for no more than what closes the hole", async () => {
    const { asked, ask, first } = site(5_000);
    const list = from(4_995, 4_950);
    expect(reaches(await first(), list)).toBe(true);
    expect(ids((await catchUp(await first(), list, ask)).items)).toEqual(ids(from(5_000, 4_941)));
    expect(asked).toEqual([60, 60]);
  });

  it("goes down to the end of the list, so that what came late in its middle is there, too", async () => {
    const { ask, first } = site(5_000);
    const list = from(4_700, 4_600).filter(({ id }) => id !== "e04650");
    const page = await catchUp(await first(), list, ask);
    expect(reaches(page, list)).toBe(true);
    expect(ids(page.items)).toContain("e04650");
  });

  it("gives up where it is too much, and then goes on from there without a hole", async () => {
    const { ask, first } = site(5_000);
    const list = from(900, 800);
    const page = await catchUp(await first(), list, ask);
    expect(page.items.length).toBeGreaterThanOrEqual(MOST);
    expect(page.items.length).toBeLessThan(MOST + 200);
    expect(reaches(page, list)).toBe(false);
    const live = at(5_001);
    const cut = cutAt(page, [live, ...list]);
    expect(ids(cut)).toEqual(ids(from(5_001, Number(page.next) + 1)));
  });

  it("stops where there is nothing more", async () => {
    const { ask, first } = site(70);
    expect((await catchUp(await first(), [], ask)).items.length).toBe(60);
    expect(reaches({ items: [], next: null }, from(3, 1))).toBe(true);
    expect(reaches({ items: [], next: "0" }, from(3, 1))).toBe(false);
  });
});
