import { describe, expect, it } from "vitest";
import type { Camera, CentreHealth, Gateway } from "../src/api/types";
import { troubles } from "../src/system/trouble";
import { text } from "../src/text";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const centreWith = (broker: Partial<CentreHealth["broker"]>): CentreHealth => ({
  ok: true,
  version: "0.1.0",
  first_start: false,
  directory: false,
  broker: { kind: "mosquitto", up: true, error: "", restarts: 0, since: "2026-11-20T11:59:30.000Z", last_end: "", ...broker },
  database: { kind: "sqlite", ok: true },
  ingest: { queued: 0, lag_s: 0, messages: 0 },
  media: { kind: "folder", waiting: 0, error: "", full: "" },
  roles: {},
});
const gateway = { site: "demo", gateway: "gw-1", online: true, problems: [] as string[] } as Gateway;
const camera = { name: "Plaza", online: true, gateway_online: true, error: "" } as Camera;
const found = (gateways: Gateway[], cameras: Camera[]) => troubles(centreWith({}), gateways, cameras, text.system, NOW);
const told = (broker: Partial<CentreHealth["broker"]>, nowMs = NOW) => troubles(centreWith(broker), [], [], text.system, nowMs).map(({ what }) => what);

describe("what needs attention", () => {
  it("is nothing while the broker runs since the centre's start", () => {
    expect(told({})).toEqual([]);
  });

  it("names a dead gateway, camera and child once each", () => {
    expect(found([gateway], [camera])).toEqual([]);
    const gone = { ...camera, online: false, gateway_online: false };
    expect(found([{ ...gateway, online: false }], [gone])).toEqual([{ where: "demo · gw-1", what: "Offline" }]);
    expect(found([gateway], [{ ...camera, online: false, error: "timeout" }])).toEqual([{ where: "Plaza", what: "Offline: timeout" }]);
    expect(found([{ ...gateway, problems: ["analysis restarts"] }], [])).toHaveLength(1);
  });

  it("is what a gateway runs on with for now: a full disk, a free clock, pictures left out", () => {
    const disk = { free: 12e9, total: 271e9, recordings: 1e9 };
    const health = { disk, clock: { synced: false, offset_ms: 8.6 }, shed: "down to 2 pictures a second" };
    const told = found([{ ...gateway, health } as Gateway], []).map(({ what }) => what);
    expect(told).toEqual([expect.stringContaining("12.0 GB free of 271 GB"), expect.stringContaining("Clock not synchronised"), expect.stringContaining("only 2 pictures a second")]);
    const well = { disk: { ...disk, free: 100e9 }, clock: { synced: true, offset_ms: 1 }, shed: "none" };
    expect(found([{ ...gateway, health: well } as Gateway], [])).toEqual([]);
    expect(found([{ ...gateway, health: { shed: "off", clock: { synced: null } } } as unknown as Gateway], [])).toEqual([]);
    expect(found([{ ...gateway, online: false, health } as Gateway], [])).toHaveLength(1);
  });

  it("is held media without room", () => {
    const full = { ...centreWith({}), media: { kind: "folder" as const, waiting: 0, error: "", full: "all that are left are held" } };
    expect(troubles(full, [], [], text.system, NOW).map(({ what }) => what)).toEqual([text.system.mediaFull]);
  });

  it("is a media store that is away, and how much waits for it", () => {
    const away = { ...centreWith({}), media: { kind: "s3" as const, waiting: 3, error: "it does not answer", full: "" } };
    expect(troubles(away, [], [], text.system, NOW).map(({ what }) => what)).toEqual(["3 pictures and clips wait for the media store: it does not answer"]);
  });

  it("is a broker that is down, and why", () => {
    expect(told({ up: false, error: "refused" })).toEqual([expect.stringMatching(/down: refused$/)]);
  });

  it("is a broker that fell, for a minute after it is back", () => {
    const fallen = { restarts: 1, last_end: "the broker ended (signal 9)" };
    expect(told(fallen)).toEqual([expect.stringMatching(/started again .*signal 9/)]);
    expect(told(fallen, NOW + 60_000)).toEqual([]);
  });
});
