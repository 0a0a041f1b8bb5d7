import { describe, expect, it } from "vitest";
import { drawnOf, grown, mayShow, pictureAt, placeOf, sheetOf, stepOf } from "../src/playback/previews";

const NOON = Date.parse("2026-07-01T12:00:00.000Z");
const MINUTE = 60_000;

/** A JPEG's first bytes, with that text as its first comment. */
function jpeg(text: string, marker = 0xfe): ArrayBuffer {
  const said = new TextEncoder().encode(text);
  const bytes = new Uint8Array(6 + said.length + 2);
  bytes.set([0xff, 0xd8, 0xff, marker, (said.length + 2) >> 8, (said.length + 2) & 255]);
  bytes.set(said, 6);
  bytes.set([0xff, 0xdb], 6 + said.length);
  return bytes.buffer;
}

describe("which sheet", () => {
  it("has a picture every so often, by how much time is seen", () => {
    const view = (minutes: number) => ({ from: NOON, to: NOON + minutes * MINUTE });
    expect([0.5, 5, 30, 24 * 60, 7 * 24 * 60].map((minutes) => stepOf(view(minutes)))).toEqual([2, 10, 60, 3600, 3600]);
  });

  it("is the same for all moments between its ends, and begins as the centre has it", () => {
    const sheet = sheetOf("a/b/c", NOON + 3 * MINUTE, 60);
    expect(sheet.from % (24 * MINUTE)).toBe(0);
    expect(sheet.to - sheet.from).toBe(24 * MINUTE);
    expect(sheetOf("a/b/c", sheet.to - 1, 60)).toEqual(sheet);
    expect(sheetOf("a/b/c", sheet.to, 60).from).toBe(sheet.to);
  });

  it("is asked for again only while its time was still being recorded", () => {
    const sheet = sheetOf("a/b/c", NOON, 2);
    expect(grown(sheet, NOON, NOON + 15_000)).toBe(false);
    expect(grown(sheet, NOON, NOON + 25_000)).toBe(true);
    expect(grown(sheet, sheet.to + 16_000, sheet.to + 3_600_000)).toBe(false);
    expect(grown(sheetOf("a/b/c", NOON, 60), NOON, NOON + 25_000)).toBe(false);
  });
});

describe("which picture", () => {
  const drawn = { columns: 6, width: 160, height: 90, at: [0, 60_000, 120_000, 180_000, 240_000, 300_000, 420_000] };

  it("is the nearest, where it is near enough", () => {
    expect(pictureAt(drawn, 80_000, 60)).toBe(1);
    expect(pictureAt(drawn, 95_000, 60)).toBe(2);
    expect(pictureAt(drawn, 345_000, 60)).toBeUndefined();
    expect(pictureAt(drawn, 380_001, 60)).toBe(6);
    expect(pictureAt(drawn, 470_000, 60)).toBeUndefined();
  });

  it("stands in its row", () => {
    expect([placeOf(drawn, 5), placeOf(drawn, 6)]).toEqual([{ x: 800, y: 0 }, { x: 0, y: 90 }]);
  });

  it("is asked for where there may be footage", () => {
    const recorded = [{ from: NOON, to: NOON + MINUTE, reason: "time" }];
    const now = NOON + 60 * MINUTE;
    expect([-20, -5, 30, 65, 75].map((s) => mayShow(recorded, NOON + s * 1000, now))).toEqual([false, true, true, true, false]);
    expect(mayShow([], now - 5_000, now)).toBe(true);
  });
});

describe("a sheet", () => {
  it("says which pictures it has", () => {
    const said = { columns: 6, width: 160, height: 90, at: [NOON, NOON + 2000] };
    expect(drawnOf(jpeg(`LMPP${JSON.stringify({ v: 1, ...said })}`))).toEqual(said);
  });

  it("is none when it is another picture, broken or empty", () => {
    for (const text of ["Lavc62", "LMPP{nonsense", 'LMPP{"columns":6,"width":160,"height":90,"at":[]}', 'LMPP{"columns":0,"width":160,"height":90,"at":[1]}', 'LMPP{"columns":6,"width":160,"height":90,"at":["x"]}'])
      expect(drawnOf(jpeg(text))).toBeUndefined();
    expect(drawnOf(jpeg('LMPP{"columns":6,"width":160,"height":90,"at":[1]}', 0xe0))).toBeUndefined();
    expect(drawnOf(new ArrayBuffer(0))).toBeUndefined();
  });
});
