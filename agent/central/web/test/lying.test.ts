import { describe, expect, it } from "vitest";
import { absorbedBy, mayBelong, ownerIs, scenePictures } from "../src/events/lying";
import { event } from "./event";

const left = { id: "e1", kind: "object_left", end: null };

describe("a thing left behind", () => {
  it("can be said to belong there by who may act, while its event goes on", () => {
    expect(mayBelong(event(left), "operator")).toBe(true);
    expect(mayBelong(event(left), "viewer")).toBe(false);
    expect(mayBelong(event({ ...left, end: "2026-11-20T12:00:04.000Z" }), "admin")).toBe(false);
    expect(mayBelong(event({ ...left, kind: "zone_entered" }), "admin")).toBe(false);
  });

  it("names who said so", () => {
    expect(absorbedBy(event({ ...left, attributes: { outcome: "absorbed", by: "ann" } }))).toBe("ann");
    expect(absorbedBy(event({ ...left, attributes: { outcome: "absorbed" } }))).toBe("");
    expect(absorbedBy(event({ ...left, attributes: { outcome: "taken", by: "ann" } }))).toBe("");
  });

  it("has an owner who is near or away, while it lies there and somebody saw who left it", () => {
    const owned = { ...left, tracks: ["t1"], attributes: { owner_near: true } };
    expect(ownerIs(event(owned))).toBe("near");
    expect(ownerIs(event({ ...owned, attributes: { owner_near: false } }))).toBe("away");
    expect(ownerIs(event({ ...owned, end: "2026-11-20T12:00:04.000Z" }))).toBeUndefined();
    expect(ownerIs(event({ ...owned, tracks: [] }))).toBeUndefined();
    expect(ownerIs(event({ ...owned, attributes: {} }))).toBeUndefined();
    expect(ownerIs(event({ ...owned, kind: "zone_entered" }))).toBeUndefined();
  });

  it("shows the pictures that have come, in order", () => {
    const media = ["a", "b", "c"].map((id) => ({
      id, kind: "snapshot" as const, type: "image/jpeg", bytes: 1, width: 640, height: 360, state: id === "c" ? ("edge" as const) : ("sent" as const), held: false, reason: "", url: id === "c" ? null : `/m/${id}`,
    }));
    const pictures = { owner: "b", now: "c", before: "a", moment: "gone" };
    const shown = scenePictures(event({ ...left, media, attributes: { pictures } }));
    expect(shown.map(({ name, whole }) => [name, whole])).toEqual([["before", true], ["owner", false]]);
    expect(scenePictures(event({ ...left, attributes: {} }))).toEqual([]);
    expect(scenePictures(event({ ...left, attributes: { pictures: 3 } }))).toEqual([]);
  });
});
