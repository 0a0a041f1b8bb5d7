import { describe, expect, it } from "vitest";
import type { Camera } from "../src/api/types";
import { layoutFor } from "../src/live/layout";
import { MOST_TILES, moved, paged, shownOf, TILES_A_PAGE, withAlarm } from "../src/live/layouts";

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

  it("are pages where the wall cannot hold all cameras, and those with the words that are looked for", () => {
    const many = Array.from({ length: 60 }, (_, i) => ({ ...camera(`cam-${i}`), name: i === 7 ? "Main Street" : `Camera ${i}` }));
    expect(paged(many.slice(0, MOST_TILES), "", 1)).toMatchObject({ page: 1, pages: 1, from: 1, to: MOST_TILES });
    expect(paged(many, "", 3)).toMatchObject({ page: 3, pages: 3, from: 2 * TILES_A_PAGE + 1, to: 60, all: 60 });
    expect(paged(many, "", 99).page).toBe(3);
    expect(paged(many, "", Number.NaN).page).toBe(1);
    expect(names(paged(many, " main  STREET", 1).cameras)).toBe("cam-7");
    expect(paged(many, "nowhere", 2)).toMatchObject({ cameras: [], page: 1, pages: 1, from: 0, to: 0, all: 0 });
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
