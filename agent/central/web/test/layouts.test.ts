import { describe, expect, it } from "vitest";
import type { Camera } from "../src/api/types";
import { layoutFor } from "../src/live/layout";
import { moved, shownOf, withAlarm } from "../src/live/layouts";

const camera = (name: string) => ({ site: "s", gateway: "g", camera: name }) as Camera;
const all = ["a", "b", "c"].map(camera);
const names = (cameras: readonly Camera[]) => cameras.map((one) => one.camera).join("");

describe("layouts of the wall", () => {
  it("show their cameras in their order, without those that are gone", () => {
    expect(names(shownOf(undefined, all).cameras)).toBe("abc");
    const shown = shownOf({ cameras: ["s/g/c", "s/g/x", "s/g/a"], columns: 2, large: true }, all);
    expect(names(shown.cameras)).toBe("ca");
    expect([shown.columns, shown.large]).toEqual([2, true]);
  });

  it("put an alarm first and large", () => {
    const shown = shownOf({ cameras: ["s/g/a", "s/g/b"], columns: null, large: false }, all);
    expect(names(withAlarm(shown, "s/g/b", all).cameras)).toBe("ba");
    expect(names(withAlarm(shown, "s/g/c", all).cameras)).toBe("ca");
    expect(withAlarm(shown, "s/g/c", all).large).toBe(true);
    expect(withAlarm(shown, undefined, all)).toBe(shown);
    expect(withAlarm(shown, "s/g/x", all)).toBe(shown);
  });

  it("are put in order by moving one to another's place", () => {
    expect(moved(["a", "b", "c"], "a", "c")).toEqual(["b", "c", "a"]);
    expect(moved(["a", "b", "c"], "c", "a")).toEqual(["c", "a", "b"]);
    expect(moved(["a", "b"], "a", "a")).toEqual(["a", "b"]);
  });

  it("fit the screen with as many columns as are wished for, and the first one large", () => {
    expect(layoutFor(4, 1600, 900, 8, { columns: 4, large: false })).toMatchObject({ columns: 4, rows: 1, hero: 1 });
    expect(layoutFor(4, 1600, 900, 8, { columns: 3, large: true })).toMatchObject({ columns: 3, rows: 3, hero: 2 });
    const large = layoutFor(5, 1600, 900, 8, { columns: null, large: true });
    expect(large.hero).toBeGreaterThan(1);
    expect(large.columns * large.rows).toBeGreaterThanOrEqual(large.hero ** 2 + 4);
    expect(layoutFor(1, 1600, 900, 8, { columns: null, large: true }).hero).toBe(1);
  });
});
