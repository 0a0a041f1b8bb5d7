import { describe, expect, it } from "vitest";
import type { AuditLine } from "../src/api/people";
import { piecesOf, runsOf } from "../src/people/told";

const names = new Map([["demo/gw-1/plaza", "City Plaza"]]);
const words = { sub: "small picture", "acknowledged True": "acknowledged", "its time is over": "its time was up" };
const told = (action: string, what: string) =>
  piecesOf({ action, what }, names, words).map((piece) => (piece.of === "text" ? piece.text : piece.of === "moment" ? piece.at : piece.of === "camera" ? `${piece.name} @${piece.at ?? ""}` : `${piece.of} ${piece.id}`));
const [from, to] = ["2026-11-26T20:53:20.000Z", "2026-11-26T20:53:40.000Z"];

describe("what an audit line is about", () => {
  it("is a camera by its name, and a moment as such", () => {
    expect(told("media.view", "snapshot 01a2 of demo/gw-1/plaza")).toEqual(["medium 01a2", "City Plaza @"]);
    expect(told("media.view", "clip 01a2 of demo/gw-1/gone")).toEqual(["medium 01a2", "demo/gw-1/gone"]);
    expect(told("live.view", "demo/gw-1/plaza/sub")).toEqual(["City Plaza @", "small picture"]);
    expect(told("clip.request", `demo/gw-1/plaza ${from} ${to}`)).toEqual([`City Plaza @${from}`, from, to]);
    expect(told("footage.export", `demo/gw-1/plaza ${from} ${to}: case 7 of May`)).toEqual([`City Plaza @${from}`, from, to, ": case 7 of May"]);
  });

  it("leads to events", () => {
    expect(told("event.review", "acknowledged True, note: e1 e2")).toEqual(["acknowledged, note", "event e1", "event e2"]);
    expect(told("clip.request", "event e1 high")).toEqual(["event e1", "high"]);
    expect(told("account.make", "bob: operator, demo/gw-1/plaza")).toEqual(["bob: operator,", "City Plaza @"]);
    expect(told("sign-out", "")).toEqual([]);
  });

  it("leads to holds, with the time that is held before the one until when", () => {
    const cameras = "demo/gw-1/plaza, demo/gw-1/gone";
    expect(told("hold.make", `hold h1 until it is released: ${from} ${to} ${cameras}`)).toEqual(["hold h1", from, to, `City Plaza @${from}`, ", demo/gw-1/gone"]);
    expect(told("hold.make", `hold h1 until ${to}: ${from} ${to} demo/gw-1/plaza`)).toEqual(["hold h1", from, to, `City Plaza @${from}`, "until", to]);
    expect(told("hold.release", "hold h1")).toEqual(["hold h1"]);
    expect(told("hold.end", "hold h1: its time is over")).toEqual(["hold h1", "its time was up"]);
    expect(told("hold.failed", "release of hold h1 at demo/gw-1: the disk: gone")).toEqual(["release of", "hold h1", "at", "demo/gw-1: the disk: gone"]);
  });
});

describe("lines that stand together", () => {
  const line = (seq: number, action: string, what: string, more: Partial<AuditLine> = {}): AuditLine => ({ seq, time: from, action, what, who: "ann", why: null, from: "::1", salt: null, said: "", hash: "", ...more });
  const runs = (...lines: AuditLine[]) => runsOf(lines).map(({ lines: together, kind }) => [kind, together.length]);

  it("are looks at the same sort of thing by the same person for the same reason", () => {
    const look = (seq: number, more: Partial<AuditLine> = {}) => line(seq, "media.view", `snapshot s${seq} of demo/gw-1/plaza`, more);
    expect(runs(look(5), look(4), look(3, { who: "bob" }), look(2, { why: "case" }))).toEqual([["snapshot", 2], ["snapshot", 1], ["snapshot", 1]]);
    expect(runs(look(5), line(4, "media.view", "clip c of demo/gw-1/plaza"), look(3))).toEqual([["snapshot", 1], ["clip", 1], ["snapshot", 1]]);
    expect(runs(line(5, "sign-out", ""), line(4, "sign-out", ""))).toEqual([[undefined, 1], [undefined, 1]]);
  });
});
