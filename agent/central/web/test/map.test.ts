import { describe, expect, it } from "vitest";
import { areaOf, areaText, away, circleOf, middleOf, type Spot, viewOf } from "../src/map/ground";
import { along, boxAround, placed, type Spot as Pixel } from "../src/map/naming";
import { addressOf, searchOf } from "../src/search/filter";
import { warmPaint, warmth } from "../src/map/warmth";

const HERE: Spot = [41.7637, -72.6851];

describe("what a camera sees", () => {
  it("lies in the direction it looks", () => {
    const [north, east] = [away(HERE, 0, 100), away(HERE, 90, 100)];
    expect(north[0] - HERE[0]).toBeCloseTo(100 / 111_195, 6);
    expect(north[1]).toBeCloseTo(HERE[1], 9);
    expect(east[1]).toBeGreaterThan(HERE[1]);
    expect((east[1] - HERE[1]) / (north[0] - HERE[0])).toBeCloseTo(1 / Math.cos((HERE[0] * Math.PI) / 180), 3);
  });

  it("is a sector from where it hangs, all around for a whole circle, and unknown without a direction", () => {
    const view = viewOf(HERE, 90, 60, 50)!;
    expect(view[0]).toEqual(HERE);
    expect(view.every(([, longitude]) => longitude >= HERE[1])).toBe(true);
    expect(viewOf(HERE, 0, 360)![0]).not.toEqual(HERE);
    expect(viewOf(HERE, null, 60)).toBeUndefined();
  });
});

describe("an area", () => {
  const corners: Spot[] = [[41.76, -72.69], [41.77, -72.69], [41.77, -72.67]];

  it("goes to the API and comes back", () => {
    expect(areaText(corners)).toBe("41.760000,-72.690000 41.770000,-72.690000 41.770000,-72.670000");
    expect(areaOf(areaText(corners))).toEqual(corners);
  });

  it("has three corners on this earth", () => {
    for (const bad of ["", "1,2", "1,2 3,4", "1,2 3,4 x,y", "91,0 1,1 2,2", "1,2,3 1,1 2,2"]) expect(areaOf(bad)).toBeUndefined();
  });

  it("is part of a search's address", () => {
    const search = searchOf(new URLSearchParams({ area: areaText(corners) }));
    expect(searchOf(new URLSearchParams(addressOf(search))).area).toBe(areaText(corners));
    expect(searchOf(new URLSearchParams({ area: "nowhere" })).area).toBe("");
  });
});

it("a circle's area grows with the number", () => {
  expect(circleOf(0, 10)).toBe(0);
  expect(circleOf(10, 10)).toBe(42);
  expect(circleOf(3, 12) - 8).toBeCloseTo((circleOf(12, 12) - 8) / 2);
});

it("the middle of what a camera sees lies before it, or where it hangs", () => {
  expect(middleOf(HERE, null)).toEqual(HERE);
  expect(middleOf(HERE, 180, 100)).toEqual(away(HERE, 180, 50));
});

describe("warmth", () => {
  it("is paint on the map, too: none where nothing passed, red and dense where most did", () => {
    expect(warmPaint(0, 10).cover).toBe(0);
    expect(warmPaint(10, 10)).toEqual({ colour: "rgb(255 40 20)", cover: 0.75 });
    expect(warmPaint(1, 10).cover).toBeGreaterThan(0.25);
    expect(warmPaint(1, 10).cover).toBeLessThan(0.5);
  });

  it("is nothing where nobody stood, and the most where most did", () => {
    const pixels = warmth([0, 1, 100]);
    expect([...pixels.slice(0, 4)][3]).toBe(0);
    expect([...pixels.slice(8)]).toEqual([255, 40, 20, 200]);
    expect(pixels[7]).toBeGreaterThan(50);
    expect([...warmth([0, 0])]).toEqual([255, 200, 60, 0, 255, 200, 60, 0]);
  });
});

describe("the name of a street", () => {
  const frame = { left: 0, top: 0, right: 400, bottom: 300 };
  const size: Pixel = [80, 16];
  const across = along([[-600, 100], [600, 100]]);

  it("stands in the middle of what is seen of it", () => {
    const [x, y] = placed(across, size, frame, [])!;
    expect(Math.abs(x - 200)).toBeLessThanOrEqual(24);
    expect(y).toBe(100);
  });

  it("is whole, or not there", () => {
    expect(placed(along([[-600, 5], [600, 5]]), size, frame, [])).toBeUndefined();
    expect(placed(along([[390, -100], [390, 500]]), size, frame, [])).toBeUndefined();
    const down = placed(along([[350, -900], [350, 20], [350, 60]]), size, frame, [])!;
    expect(boxAround(down, size).top).toBeGreaterThanOrEqual(4);
  });

  it("gives way to what hangs there, by no more than it must", () => {
    const camera = { left: 150, top: 90, right: 250, bottom: 110 };
    const [x] = placed(across, size, frame, [camera])!;
    expect([x + 40 + 4 <= 150 || x - 40 - 4 >= 250, Math.abs(x - 200) < 125]).toEqual([true, true]);
    expect(placed(across, size, frame, [{ left: 0, top: 90, right: 400, bottom: 110 }])).toBeUndefined();
  });
});
