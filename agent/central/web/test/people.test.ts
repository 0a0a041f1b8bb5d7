import { describe, expect, it } from "vitest";
import { passwordProblem } from "../src/account/check";
import type { Camera } from "../src/api/types";
import { deviceOf } from "../src/people/me";
import { choices, isCovered, toggled } from "../src/people/places";
import { text } from "../src/text";

const camera = (site: string, name: string) => ({ site, gateway: "gw", camera: name, name: `The ${name}` }) as Camera;
const CAMERAS = [camera("demo", "plaza"), camera("attic", "cellar"), camera("demo", "gate")];

describe("what somebody may see", () => {
  it("offers each site before its cameras, and what is chosen but not there any more", () => {
    const places = choices(CAMERAS, ["old-site"], "").map(({ place }) => place);
    expect(places).toEqual(["attic", "attic/gw/cellar", "demo", "demo/gw/plaza", "demo/gw/gate", "old-site"]);
    expect(choices(CAMERAS, [], "GATE").map(({ name }) => name)).toEqual(["The gate"]);
  });
  it("has a site take the place of its cameras", () => {
    expect(toggled(["attic", "demo/gw/gate"], "demo")).toEqual(["attic", "demo"]);
    expect(toggled(["attic", "demo"], "demo")).toEqual(["attic"]);
    expect(isCovered(["demo"], "demo/gw/gate")).toBe(true);
    expect(isCovered(["demo"], "demo-2/gw/gate")).toBe(false);
  });
});

describe("a password", () => {
  it("is long enough and typed twice alike", () => {
    expect(passwordProblem("short", "short")).toBe(text.first.short);
    expect(passwordProblem("long enough now", "long enough not")).toBe(text.first.different);
    expect(passwordProblem("long enough now", "long enough now")).toBeUndefined();
  });
});

describe("a session", () => {
  it("is named by browser and system where they are known", () => {
    expect(deviceOf("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0")).toBe("Edge · Windows");
    expect(deviceOf("Mozilla/5.0 (Linux; Android 14) Firefox/126.0")).toBe("Firefox · Android");
    expect(deviceOf("curl/8")).toBe("curl/8");
    expect(deviceOf("")).toBe("");
  });
});
