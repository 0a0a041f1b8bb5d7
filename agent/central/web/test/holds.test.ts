import { describe, expect, it, vi } from "vitest";
import type { Camera, Hold, HoldAtGateway } from "../src/api/types";
import { filled, type HoldPart, joined, withNews } from "../src/holds/merge";
import { holding, reasonsOf, stepOf, summaryOf } from "../src/holds/told";
import { bodyOf, choices, lacking, ofSpan, proposalAround, type Wish, wishOf } from "../src/holds/wish";

const T0 = Date.parse("2026-11-26T20:00:00Z");
const MINUTE = 60_000;
const at = (minutes: number) => new Date(T0 + minutes * MINUTE).toISOString();
const PLAZA = "demo/gw-1/plaza";

const hold = (id: string, more: Partial<Hold> = {}): Hold => ({
  id, cameras: [PLAZA], start: at(0), end: at(10), reason: `case ${id}`, made_by: "ann", made_at: at(Number(id)), until: null,
  released_by: null, released_at: null, release_reason: null, state: "active", gateways: [], media: 0, bytes: 0, ...more,
});
const asked = (state: HoldAtGateway["state"], gateway = "gw-1"): HoldAtGateway => ({ site: "demo", gateway, cameras: [PLAZA], state, error: "", since: at(0), bytes: null });
const ids = ({ items }: HoldPart) => items.map(({ id }) => id);

describe("what is proposed to be held", () => {
  const name = { site: "demo", gateway: "gw-1", camera: "plaza" };

  it("is the event's time with some minutes around it, till now while it goes on", () => {
    expect(proposalAround({ ...name, start: at(0), end: at(2) }, T0)).toEqual({ cameras: [PLAZA], from: T0 - 5 * MINUTE, to: T0 + 7 * MINUTE });
    expect(proposalAround({ ...name, start: at(0), end: null }, T0 + 30 * MINUTE).to).toBe(T0 + 35 * MINUTE);
  });

  it("is the marked span, else what is seen and has been by now", () => {
    const seen = { from: T0, to: T0 + 60 * MINUTE };
    expect(ofSpan([PLAZA], { from: T0 + 1, to: T0 + 2 }, seen, T0 + MINUTE)).toEqual({ cameras: [PLAZA], from: T0 + 1, to: T0 + 2 });
    expect(ofSpan([PLAZA], undefined, seen, T0 + MINUTE)).toEqual({ cameras: [PLAZA], from: T0, to: T0 + MINUTE });
    expect(ofSpan([PLAZA], { from: T0 + 1, to: T0 + 1 }, seen, T0 + 90 * MINUTE).to).toBe(seen.to);
  });
});

describe("the form of a hold", () => {
  const wish = (more: Partial<Wish> = {}): Wish => ({ ...wishOf({ cameras: [PLAZA], from: T0 + 400, to: T0 + 10 * MINUTE + 400 }), reason: " case 7 ", ...more });

  it("loses nothing of what was proposed to whole seconds", () => {
    expect(bodyOf(wish())).toEqual({ cameras: [PLAZA], start: at(0), end: new Date(T0 + 10 * MINUTE + 1000).toISOString(), reason: "case 7", until: null });
  });

  it("holds what was looked at in the hour that clocks show twice", () => {
    vi.stubEnv("TZ", "America/New_York");
    const [from, to] = [Date.parse("2026-11-01T05:58:00Z"), Date.parse("2026-11-01T06:08:00Z")];
    const autumn = { ...wishOf({ cameras: [PLAZA], from, to }), reason: "case 7" };
    expect([autumn.from, autumn.to]).toEqual(["2026-11-01T01:58:00", "2026-11-01T01:08:00"]);
    expect(lacking(autumn, from)).toBeUndefined();
    expect(bodyOf(autumn)).toMatchObject({ start: new Date(from).toISOString(), end: new Date(to).toISOString() });
    vi.unstubAllEnvs();
  });

  it("says what it lacks, one thing after the other", () => {
    const later = wishOf({ cameras: [], from: T0, to: T0 + MINUTE }).to;
    expect(lacking(wish(), T0)).toBeUndefined();
    expect(lacking(wish({ cameras: [], reason: "" }), T0)).toBe("cameras");
    const many = (count: number, gateways: number) => Array.from({ length: count }, (_, i) => `demo/gw-${i % gateways}/${i}`);
    expect([many(100, 2), many(101, 2), many(65, 1)].map((cameras) => lacking(wish({ cameras }), T0))).toEqual([undefined, "tooMany", "tooMany"]);
    expect(lacking(wish({ from: "" }), T0)).toBe("times");
    expect(lacking(wish({ to: wish().from }), T0)).toBe("order");
    expect(lacking(wish({ until: later }), T0 + MINUTE)).toBe("until");
    expect(lacking(wish({ until: later }), T0)).toBeUndefined();
    expect(lacking(wish({ reason: "  " }), T0)).toBe("reason");
  });

  it("keeps the day until which it holds", () => {
    expect(bodyOf(wish({ until: wishOf({ cameras: [], from: T0, to: T0 }).from })).until).toBe(at(0));
  });

  it("offers cameras by their names, those that were proposed first, also one that is gone", () => {
    const cameras = [{ site: "demo", gateway: "gw-1", camera: "gate", name: "Main gate" }, { site: "demo", gateway: "gw-1", camera: "plaza", name: "City Plaza" }] as Camera[];
    expect(choices(cameras, ["demo/gw-9/old", PLAZA], "").map(({ name }) => name)).toEqual(["demo/gw-9/old", "City Plaza", "Main gate"]);
    expect(choices(cameras, [], " GATE ").map(({ camera }) => camera)).toEqual(["demo/gw-1/gate"]);
  });
});

describe("how far a hold is", () => {
  const away = [{ site: "demo", gateway: "gw-1", online: false }];

  it("waits at a gateway that is away", () => {
    expect(stepOf(asked("asked"), away)).toBe("waits");
    expect(stepOf(asked("asked", "gw-2"), away)).toBe("asked");
    expect(stepOf(asked("releasing"), away)).toBe("stays");
    expect(stepOf(asked("held"), away)).toBe("held");
  });

  it("is told by what went wrong first, then by what is awaited", () => {
    const of = (state: Hold["state"], ...states: HoldAtGateway["state"][]) => summaryOf({ state, gateways: states.map((one) => asked(one)) });
    expect(of("active", "held", "failed", "asked")).toEqual({ name: "failed", count: 1 });
    expect(of("active", "held", "asked", "asked")).toEqual({ name: "awaited", count: 2 });
    expect(of("active", "held")).toEqual({ name: "held" });
    expect(of("over", "released", "releasing")).toEqual({ name: "awaited", count: 1 });
    expect(of("over", "released")).toEqual({ name: "over" });
  });

  it("covers its cameras in its time, while it is active", () => {
    const all = [hold("1"), hold("2", { start: at(20), end: at(30) }), hold("3", { state: "over" }), hold("4", { cameras: ["demo/gw-1/gate"] }), hold("5", { reason: "case 1" })];
    const found = holding(all, PLAZA, { from: T0 + 5 * MINUTE, to: T0 + 5 * MINUTE });
    expect(found.map(({ id }) => id)).toEqual(["1", "5"]);
    expect(reasonsOf(found)).toBe("case 1");
  });
});

describe("the list of holds", () => {
  const query = { state: "active", camera: undefined } as const;
  const part: HoldPart = { items: [hold("5"), hold("3")], next: "older" };

  it("takes a new one where its time is, and leaves one that changed in its place", () => {
    expect(ids(withNews(part, hold("9"), query))).toEqual(["9", "5", "3"]);
    expect(ids(withNews(part, hold("4"), query))).toEqual(["5", "4", "3"]);
    expect(ids(withNews(part, hold("1"), query))).toEqual(["5", "3"]);
    expect(ids(withNews({ ...part, next: null }, hold("1"), query))).toEqual(["5", "3", "1"]);
    const over = withNews(part, hold("5", { state: "over" }), query);
    expect(over.items.map(({ state }) => state)).toEqual(["over", "active"]);
  });

  it("takes none that it was not asked for", () => {
    expect(ids(withNews(part, hold("9", { state: "over" }), query))).toEqual(["5", "3"]);
    expect(ids(withNews(part, hold("9"), { ...query, camera: "demo/gw-1/gate" }))).toEqual(["5", "3"]);
  });

  it("has what moved from page to page once, and is asked anew as long as it was", async () => {
    expect(ids(joined(part, { items: [hold("3"), hold("2")], next: null }))).toEqual(["5", "3", "2"]);
    const pages: Record<string, HoldPart> = { "": { items: [hold("5")], next: "a" }, a: { items: [hold("4")], next: "b" }, b: { items: [hold("3")], next: null } };
    const page = async (cursor = "") => pages[cursor]!;
    expect(ids(await filled(page, 2))).toEqual(["5", "4"]);
    expect(ids(await filled(page, 9))).toEqual(["5", "4", "3"]);
  });
});
