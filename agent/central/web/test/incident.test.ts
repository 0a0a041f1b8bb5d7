import { describe, expect, it } from "vitest";
import type { Incident, IncidentThere } from "../src/api/types";
import type { Spot } from "../src/map/ground";
import { aroundPath, presence, ringOf, thenPath, withIncident, witnesses } from "../src/map/incident";
import { playedOf } from "../src/playback/address";
import { searchOf } from "../src/search/filter";
import { standsIn } from "../src/search/places";

const TIME = "2026-06-01T18:04:05.250Z";
const HERE: Spot = [41.7637, -72.6851];

const incident = (id: string, more: Partial<Incident> = {}): Incident => ({
  id, kind: "shot", text: "", latitude: HERE[0], longitude: HERE[1], time: TIME, source: "sensor", external: null, severity: "alarm", state: "open",
  made_by: "ann", made_at: TIME, closed_by: null, closed_at: null, note: "", ...more,
});

const camera = (name: string, distance_m: number, covers: boolean): IncidentThere["cameras"][number] => ({ site: "demo", gateway: "gw-1", camera: name, name, distance_m, covers });

const queryOf = (path: string) => new URLSearchParams(path.slice(path.indexOf("?")));

describe("incidents", () => {
  it("are listed by their time, and each as it was told last", () => {
    const early = incident("a", { time: "2026-06-01T18:00:00.000Z" });
    const list = [early, incident("b"), incident("c", { time: "2026-06-01T18:10:00.000Z" })].reduce(withIncident, [] as readonly Incident[]);
    expect(list.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    const closed = withIncident(list, { ...early, state: "closed" });
    expect(closed.map(({ id, state }) => [id, state])).toEqual([["c", "open"], ["b", "open"], ["a", "closed"]]);
    expect(withIncident([incident("d")], incident("e")).map(({ id }) => id)).toEqual(["e", "d"]);
  });

  it("step back with age, and never out of sight", () => {
    const after = (hours: number) => presence(incident("a"), Date.parse(TIME) + hours * 3_600_000);
    expect(after(0)).toBe(1);
    expect(after(-1)).toBe(1);
    expect(after(6)).toBeLessThan(after(1));
    expect(after(100)).toBe(after(12));
    expect(after(100)).toBeGreaterThan(0.3);
  });
});

describe("what was seen of an incident", () => {
  const looking = Array.from({ length: 11 }, (_, i) => camera(`looks-${i}`, 10 + i, true));
  const near = Array.from({ length: 6 }, (_, i) => camera(`near-${i}`, 200 + 50 * i, false));

  it("is seen by the cameras that look there, else by the nearest", () => {
    expect(witnesses([...looking.slice(0, 2), ...near]).map(({ camera: name }) => name)).toEqual(["looks-0", "looks-1"]);
    expect(witnesses(looking)).toHaveLength(9);
    expect(witnesses(near).map(({ camera: name }) => name)).toEqual(["near-0", "near-1", "near-2", "near-3"]);
    expect(witnesses([])).toEqual([]);
  });

  it("is played from half a minute before", () => {
    const played = playedOf(queryOf(thenPath({ time: TIME, cameras: looking })));
    expect(played.cameras).toHaveLength(9);
    expect(played.cameras[0]).toBe("demo/gw-1/looks-0");
    expect(played.at).toBe(Date.parse(TIME) - 30_000);
  });

  it("is searched for around it, ten minutes before and after, as far as its cameras hang", () => {
    const search = (cameras: IncidentThere["cameras"]) => searchOf(queryOf(aroundPath({ time: TIME, latitude: HERE[0], longitude: HERE[1], cameras })));
    const found = search(near);
    expect([found.since, found.until]).toEqual(["2026-06-01T17:54:05.250Z", "2026-06-01T18:14:05.250Z"]);
    const reaches = (area: string, metres: number) =>
      standsIn(area.split(" ").map((one) => one.split(",").map(Number) as unknown as Spot), { latitude: HERE[0] + metres / 111_195, longitude: HERE[1] });
    expect([350, 355, 400].map((metres) => reaches(found.area, metres))).toEqual([true, true, false]);
    expect([145, 170].map((metres) => reaches(search([]).area, metres))).toEqual([true, false]);
  });

  it("lies in a ring that no direction cuts short", () => {
    const ring = ringOf(HERE, 100);
    for (let angle = 0; angle < 360; angle += 5) {
      const [east, north] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)].map((part) => (part * 99) / 111_195) as [number, number];
      expect(standsIn(ring, { latitude: HERE[0] + north, longitude: HERE[1] + east / Math.cos((HERE[0] * Math.PI) / 180) })).toBe(true);
    }
  });
});
