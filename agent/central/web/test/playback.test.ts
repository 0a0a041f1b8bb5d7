import { describe, expect, it } from "vitest";
import { plays, playsFootage } from "../src/codecs";
import { playbackPath, playedOf } from "../src/playback/address";
import { ahead, LONGEST_PIECE_MS, mostAhead, pieceAt } from "../src/playback/ahead";
import { advanced } from "../src/playback/head";
import { questionOf } from "../src/playback/jump";
import { nameOfPicture } from "../src/playback/keep";
import { coveredAt, following, gapReason, gapsIn, nextFootage, pieceOf, SHORTEST_MS, type Stretch, ticks, zoomed } from "../src/playback/time";
import { aheadMs } from "../src/time/zone";

const HOUR = 3_600_000;
const NOON = Date.parse("2026-07-01T12:00:00.000Z");
const spans = [
  { from: NOON, to: NOON + 60_000, reason: "lost" },
  { from: NOON + 90_000, to: NOON + 200_000, reason: "time" },
];

describe("the timeline", () => {
  it("zooms around a moment that stays where it is", () => {
    const near = zoomed({ from: 0, to: 1000 * 60 }, 0.5, 15_000);
    expect(near).toEqual({ from: 7_500, to: 37_500 });
    expect(zoomed({ from: 0, to: SHORTEST_MS }, 0.1, 0).to).toBe(SHORTEST_MS);
  });

  it("goes on with a playhead that leaves it, by one edge to the other", () => {
    expect(following({ from: 0, to: 100 }, 50)).toEqual({ from: 0, to: 100 });
    expect(following({ from: 0, to: 100 }, 130)).toEqual({ from: 130, to: 230 });
    expect(following({ from: 100, to: 200 }, 60)).toEqual({ from: -40, to: 60 });
  });

  it("has lines at round times, and days at the zone's midnight", () => {
    expect(ticks({ from: NOON, to: NOON + HOUR }, 10, () => 0)).toEqual({ step: 600_000, at: [0, 1, 2, 3, 4, 5, 6].map((n) => NOON + n * 600_000) });
    const { step, at } = ticks({ from: NOON, to: NOON + 72 * HOUR }, 4, () => 2 * HOUR);
    expect(step).toBe(24 * HOUR);
    expect(new Date(at[0]!).toISOString()).toBe("2026-07-01T22:00:00.000Z");
  });

  it("has days at midnight on both sides of a change of clocks, and hours without a hole or a step back", () => {
    const zoneAhead = (moment: number) => aheadMs(moment, "America/New_York");
    for (const change of [Date.parse("2026-11-01T06:00:00Z"), Date.parse("2026-03-08T07:00:00Z")]) {
      const view = { from: change - 80 * HOUR, to: change + 80 * HOUR };
      const days = ticks(view, 7, zoneAhead).at;
      expect(days.map((at) => new Date(at + zoneAhead(at)).toISOString().slice(11, 16))).toEqual(days.map(() => "00:00"));
      expect(days.length).toBeGreaterThanOrEqual(6);
      expect(new Set(ticks({ from: change - 10 * HOUR, to: change + 10 * HOUR }, 7, zoneAhead).at.map((at) => ((at + zoneAhead(at)) / HOUR) % 3))).toEqual(new Set([0]));
      const { step, at } = ticks({ from: change - 4 * HOUR, to: change + 4 * HOUR }, 9, zoneAhead);
      expect(at.slice(1).map((one, i) => one - at[i]!)).toEqual(Array(at.length - 1).fill(step));
    }
  });
});

describe("what was recorded", () => {
  it("is known for each moment, and why not", () => {
    expect(coveredAt(spans, NOON + 60_000)).toBeUndefined();
    expect(gapReason(spans, NOON + 70_000)).toBe("lost");
    expect(gapReason(spans, NOON - 1)).toBeUndefined();
    expect(gapsIn(spans, { from: NOON, to: NOON + HOUR })).toEqual([{ from: NOON + 60_000, to: NOON + 90_000, reason: "lost" }]);
    expect(gapsIn(spans, { from: NOON + 91_000, to: NOON + HOUR })).toEqual([]);
  });

  it("is gone on with where any camera has it", () => {
    expect(nextFootage([spans, [{ from: NOON + 80_000, to: NOON + 85_000, reason: "stop" }]], NOON + 70_000)).toBe(NOON + 80_000);
    expect(nextFootage([spans], NOON + 100_000)).toBe(NOON + 100_000);
    expect(nextFootage([spans], NOON + HOUR)).toBeUndefined();
  });

  it("comes in the same pieces for everybody", () => {
    expect(pieceOf(NOON + 25_000)).toEqual(pieceOf(NOON + 39_999));
    expect(pieceOf(NOON + 40_000)).toEqual({ from: NOON + 40_000, to: NOON + 60_000 });
  });
});

describe("what is fetched ahead", () => {
  const DAY = [{ from: NOON - HOUR, to: NOON + HOUR, reason: "" }];
  const head = (speed: number, at = NOON) => ({ at, playing: true, speed });
  const first = pieceOf(NOON);
  const reach = (pieces: readonly Stretch[]) => (pieces.at(-1)?.to ?? first.to) - NOON;

  it("lasts as long by the clock on the wall at every speed, in as few pieces", () => {
    expect(ahead(first, head(1), DAY, [], 4, false)).toEqual([]); // it has all of this one before it
    expect(ahead(first, head(1, NOON + 9_000), DAY, [], 4, false)).toEqual([pieceOf(first.to)]);
    const fast = ahead(first, head(16), DAY, [], 4, false);
    expect(reach(fast)).toBeGreaterThanOrEqual(16 * 12_000 * 0.8);
    expect(fast.length).toBeLessThanOrEqual(4);
    expect(ahead(pieceOf(NOON + 60_000), head(16, NOON + 60_000), DAY, [], 1, false)).toEqual([{ from: NOON + 80_000, to: NOON + 80_000 + LONGEST_PIECE_MS }]);
  });

  it("hangs together, and begins at multiples of its own length", () => {
    let from = first.to;
    for (const piece of ahead(first, head(16), DAY, [], 4, false)) {
      expect(piece.from).toBe(from);
      expect(piece.from % (piece.to - piece.from)).toBe(0);
      from = piece.to;
    }
  });

  it("takes what was asked for before, short pieces where they must be coded anew, and none while it stands", () => {
    const asked = { from: first.to, to: first.to + LONGEST_PIECE_MS };
    expect(ahead(first, head(2), DAY, [asked], 4, false)).toEqual([asked]);
    expect(pieceAt([first, asked], first.to + 30_000)).toBe(asked);
    expect(ahead(first, head(16), DAY, [], 3, true).map(({ from, to }) => to - from)).toEqual([20_000, 20_000, 20_000]);
    expect(ahead(first, { ...head(16), playing: false }, DAY, [], 4, false)).toEqual([]);
  });

  it("does not reach beyond footage without a break, but goes on behind it", () => {
    const broken = [{ from: NOON, to: NOON + 50_000, reason: "lost" }, { from: NOON + 170_000, to: NOON + HOUR, reason: "" }];
    expect(ahead(first, head(16), broken, [], 3, false).map(({ from, to }) => [from - NOON, to - NOON])).toEqual([[20_000, 40_000], [40_000, 60_000], [160_000, 180_000]]);
  });

  it("asks a gateway for no more at once than it lets wait", () => {
    expect([1, 3, 4, 6, 9].map(mostAhead)).toEqual([4, 4, 3, 2, 1]);
  });
});

describe("what a browser plays", () => {
  const old = (mime: string) => (/avc1|mp4a/.test(mime) ? "probably" : "");

  it("is asked of it by the codec of the pictures; what nobody knows is tried", () => {
    expect([plays("avc1.64001f", old), plays("hvc1.1.6.L93.B0,mp4a.40.2", old), plays("mp4a.40.2,hev1.1.6", old), plays("avc1.64001f,ulaw", old), plays("", old)]).toEqual([true, false, false, true, true]);
    const camera = (codec: string) => playsFootage([{ stream: "sub", codec: "h264" }, { stream: "main", codec }], old);
    expect([camera("h264"), camera("hevc"), camera("H265"), camera("jpeg")]).toEqual([true, false, false, true]);
    expect(playsFootage([{ stream: "sub", codec: "hevc" }], old)).toBe(true); // it is not what is recorded
  });
});

describe("jumps", () => {
  it("ask for the event after or before, and not for the one just come to, two seconds in front of it", () => {
    const on = questionOf(["a/b/c", "a/b/d"], NOON - 2_000, 1);
    expect([on.getAll("camera"), on.get("sort"), on.get("limit")]).toEqual([["a/b/c", "a/b/d"], "oldest", "1"]);
    expect(Date.parse(on.get("since")!)).toBeGreaterThan(NOON);
    const back = questionOf(["a/b/c"], NOON - 2_000.5, -1);
    expect(back.get("sort")).toBeNull();
    expect(Date.parse(back.get("until")!)).toBe(NOON - 5_000);
  });
});

describe("a picture that is kept", () => {
  it("is named by its camera and moment, in characters that every system takes", () => {
    expect(nameOfPicture("demo/gw-1/plaza", new Date(NOON + 125))).toBe("demo-gw-1-plaza 2026-07-01 12.00.00.125 UTC.jpg");
  });
});

describe("the playhead", () => {
  const head = { at: NOON, playing: true, speed: 4 };

  it("moves by its speed, and waits while it is held or stopped", () => {
    expect(advanced(head, 100, false, NOON + HOUR).at).toBe(NOON + 400);
    expect(advanced(head, 100, true, NOON + HOUR)).toBe(head);
    expect(advanced({ ...head, playing: false }, 100, false, NOON + HOUR).at).toBe(NOON);
  });

  it("goes along with the newest footage, never back, and does not leap after a sleep", () => {
    expect(advanced(head, 100, false, NOON + 300)).toEqual({ at: NOON + 300, playing: true, speed: 4 });
    expect(advanced(head, 100, false, NOON - 300)).toEqual(head);
    expect(advanced({ ...head, speed: 1 }, 60_000, false, NOON + HOUR).at).toBe(NOON + 250);
  });
});

describe("the address of a moment", () => {
  it("comes back as it was, with at most nine cameras", () => {
    const path = playbackPath(["a/b/c", "a/b/d"], NOON);
    expect(path).toBe("/playback?camera=a/b/c&camera=a/b/d&at=2026-07-01T12:00:00.000Z");
    expect(playedOf(new URLSearchParams(path.split("?")[1]))).toEqual({ cameras: ["a/b/c", "a/b/d"], at: NOON });
    const many = new URLSearchParams(Array.from({ length: 12 }, (_, i): [string, string] => ["camera", `a/b/${i}`]));
    expect(playedOf(many).cameras).toHaveLength(9);
    expect(playedOf(new URLSearchParams("camera=x&at=never"))).toEqual({ cameras: [], at: undefined });
  });
});
