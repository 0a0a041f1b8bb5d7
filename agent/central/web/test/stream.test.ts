import { describe, expect, it } from "vitest";
import { wallOf } from "../src/live/paths";
import { fullStream, type Size, streamFor } from "../src/live/stream";
import { layoutFor } from "../src/live/layout";

const main = { stream: "main", codec: "h264", width: 1920, height: 1080, fps: 25 } as const;
const sub = { stream: "sub", codec: "h264", width: 640, height: 360, fps: 15 } as const;
const both = [main, sub];
const all = () => true;
const wide = (width: number): Size => ({ width, height: (width * 9) / 16 });
/** What a tile of a wall of `count` shows on a screen of so many device pixels. */
const onWall = (count: number, width: number, height: number, ratio = 1) =>
  streamFor(both, wide(layoutFor(count, width / ratio, height / ratio, 8).tileWidth * ratio), undefined, all);

describe("the stream of a tile", () => {
  it("is the sub stream where that fills it", () => {
    expect(streamFor(both, wide(640), undefined, all)).toBe("sub");
    expect(onWall(16, 1100, 800)).toBe("sub");
    expect(onWall(16, 2200, 1600, 2)).toBe("sub");
  });

  it("is the main stream where the sub stream would look coarse", () => {
    expect(onWall(1, 1100, 800)).toBe("main");
    expect(onWall(16, 3500, 2050)).toBe("main");
    expect(onWall(4, 2200, 1600, 2)).toBe("main");
  });

  it("stays what it is while a tile grows or shrinks by a little", () => {
    const between = wide(720);
    expect([streamFor(both, between, "sub", all), streamFor(both, between, "main", all)]).toEqual(["sub", "main"]);
    expect([streamFor(both, wide(810), "sub", all), streamFor(both, wide(630), "main", all)]).toEqual(["main", "sub"]);
  });

  it("is measured along the side that touches first", () => {
    const high = [main, { ...sub, width: 640, height: 720 }];
    expect(streamFor(high, wide(1200), undefined, all)).toBe("sub");
  });

  it("is the only one there is, or the only one that can be played", () => {
    expect(streamFor([main], wide(100), undefined, all)).toBe("main");
    expect(streamFor([sub], wide(4000), undefined, all)).toBe("sub");
    expect(streamFor([], wide(100), undefined, all)).toBe("main");
    expect(streamFor(both, wide(4000), undefined, (codec) => codec !== "h264")).toBe("sub");
  });

  it("is the light one where its size is not known", () => {
    expect(streamFor([main, { ...sub, width: 0, height: 0 }], wide(4000), undefined, all)).toBe("sub");
  });

  it("of a camera alone is the main one", () => {
    expect([fullStream(both), fullStream([sub]), fullStream([main])]).toEqual(["main", "sub", "main"]);
  });
});

it("a camera's page keeps from which wall one came, and nothing else", () => {
  expect(wallOf(new URLSearchParams("?layout=l1&camera=x"))).toBe("?layout=l1");
  expect(wallOf(new URLSearchParams("?find=north+gate&page=2"))).toBe("?find=north+gate&page=2");
  expect(wallOf(new URLSearchParams("?layout="))).toBe("");
});
