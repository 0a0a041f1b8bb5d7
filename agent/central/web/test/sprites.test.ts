import { describe, expect, it } from "vitest";
import { cellsOf, thinned } from "../src/events/sprites";

function webp(note: string, name = "LMPS"): ArrayBuffer {
  const chunk = (id: string, body: Uint8Array) => {
    const padded = body.length + (body.length % 2);
    const bytes = new Uint8Array(8 + padded);
    bytes.set(new TextEncoder().encode(id));
    new DataView(bytes.buffer).setUint32(4, body.length, true);
    bytes.set(body, 8);
    return bytes;
  };
  const parts = [new TextEncoder().encode("RIFF....WEBP"), chunk("VP8X", new Uint8Array(11)), chunk(name, new TextEncoder().encode(note))];
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all.buffer;
}

describe("the strip of a track", () => {
  it("says where its cells are", () => {
    expect(cellsOf(webp('{"v":1,"cells":[[0,0,30,96,0,0,1,1,[]],[0.4,30,28,90,0,0,1,1,[1,2]]]}'))).toEqual([
      { at: 0, x: 0, width: 30, height: 96 },
      { at: 0.4, x: 30, width: 28, height: 90 },
    ]);
  });

  it("is nothing when it is another picture, broken or empty", () => {
    expect(cellsOf(webp('{"cells":[]}', "EXIF"))).toEqual([]);
    expect(cellsOf(webp("{nonsense"))).toEqual([]);
    expect(cellsOf(new ArrayBuffer(0))).toEqual([]);
    expect(cellsOf(webp('{"cells":[[0,0,1,1]]}').slice(0, 40))).toEqual([]);
  });

  it("keeps the first and the last when it is thinned", () => {
    const cells = Array.from({ length: 64 }, (_, at) => ({ at, x: 0, width: 1, height: 1 }));
    const few = thinned(cells, 24);
    expect(few).toHaveLength(24);
    expect([few[0]!.at, few[23]!.at]).toEqual([0, 63]);
    expect(thinned(cells.slice(0, 3), 24)).toHaveLength(3);
  });
});
