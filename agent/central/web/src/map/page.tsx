/** Where the cameras are, what they see, how they are and what happens there. */

import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera, Incident } from "../api/types";
import { useCell } from "../cell";
import { mayReview } from "../events/deeds";
import { cameraKey } from "../events/filter";
import { cameras as allCameras, centreNow, onEvent, onIncident, refetch } from "../news";
import { go, Link } from "../router";
import { SPANS } from "../search/filter";
import { session } from "../session";
import { failureLine, number, text } from "../text";
import { Icon } from "../ui/icon";
import { Picker } from "../ui/picker";
import { usePress } from "../ui/press";
import { alarmsPath, useOpenAlarms } from "./alarms";
import { CameraCard } from "./card";
import type { Chart } from "./chart";
import { spotOf } from "./ground";
import { isOpen } from "./incident";
import { useIncidents, useShown } from "./incidents";
import { PlaceForm, type Placing } from "./place";
import { asNow, IncidentsButton, MARKED, type Told, ToldSide, useMarks } from "./told";

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const COUNT_AGAIN_MS = 10_000;
const WARM_AGAIN_MS = 30_000;
/** Whole hours are counted: shorter spans would be more of what was before than of what is asked for. Shown as `24 h`: room is short. */
const HEATS = ["10h", "24h", "7d"] as const;
type HeatSpan = (typeof HEATS)[number];

const NONE: readonly Incident[] = [];

export function MapPage(): JSX.Element {
  const cameras = useCell(allCameras);
  const who = useCell(session);
  const mayPlace = who.state === "in" && who.me.role === "admin";
  const mayTell = who.state === "in" && mayReview(who.me.role);
  const [chosen, chooseCamera] = useState<string>();
  const [asked, tell] = useState<Told>();
  const [mode, ask] = useState<"look" | "area">("look");
  const [corners, setCorners] = useState(0);
  const [heated, heat] = useState<HeatSpan>();
  const [placing, place] = useState<Placing>();
  const [counted, count] = useState(false);
  const [failure, fail] = useFailures();
  const choose = (key: string | undefined) => {
    chooseCamera(key);
    tell(undefined);
  };
  const turn = (to: Told | undefined) => {
    tell(to);
    if (!to) return;
    chooseCamera(undefined);
    ask("look");
  };
  const incidents = useIncidents();
  const happening = useMemo(() => incidents.filter(isOpen), [incidents]);
  const told = asNow(asked, incidents);
  const [marked, mark] = useShown();
  const root = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => (cameras ?? []).map((camera) => (placing && cameraKey(camera) === placing.key ? { ...camera, ...placing.place } : camera)), [cameras, placing]);
  // the one that is being placed, whatever else is chosen meanwhile: its place must never become another's
  const placed = placing && cameras?.find((one) => cameraKey(one) === placing.key);
  const open = useOpenAlarms();
  const all = [...open.values()].reduce((sum, count) => sum + count, 0);
  const chart = useChart(root, shown, chosen, { choose: (key) => placed || choose(key), corners: setCorners, alarms: (key) => go(alarmsPath(key)), fail, incident: (incident) => placed || turn({ what: "one", incident }), area: (area) => go(`/search?area=${encodeURIComponent(area)}`), spot: (latitude, longitude) => (told?.what === "report" ? tell({ what: "report", spot: [latitude, longitude] }) : place((old) => old && { ...old, place: { ...old.place, latitude, longitude } })) });
  const pointing = placed !== undefined || told?.what === "report";
  useEffect(() => chart?.ask(pointing ? "place" : mode), [chart, pointing, mode]);
  useMarks(chart, marked ? incidents : NONE, told);
  useEffect(() => chart?.alarms(open), [chart, open]);
  useCounts(chart, counted, shown, fail);
  useWarmth(chart, heated, shown, fail);
  usePress((event) => {
    if (event.key === "Escape") {
      ask("look");
      tell((old) => (old?.what === "report" ? old : undefined));
    }
    const pressed = (event.target as HTMLElement).closest?.("button, a, input, [role=button]");
    if (event.key === "Enter" && mode === "area" && !pressed) chart?.closeArea();
  }, [mode, chart]);
  const camera = cameras?.find((one) => cameraKey(one) === chosen);
  const askArea = (asked: boolean) => {
    ask(asked ? "area" : "look");
    if (asked) choose(undefined);
  };
  const lost = (cameras ?? []).filter((one) => !spotOf(one));
  const begin = (one: Camera) => {
    choose(cameraKey(one));
    const { latitude, longitude, bearing, field_of_view } = one;
    place({ key: cameraKey(one), place: { latitude, longitude, bearing, field_of_view } });
  };
  return (
    <div class="page map-page">
      <header class="page-head">
        <h1>{text.map.title}</h1>
        {all > 0 && (
          <Link class="map-alarms" href={alarmsPath()} data-testid="map-alarms">
            <span class="only-small numbers" aria-hidden="true">
              <Icon name="bell" size={14} />
              {number(all)}
            </span>
            <span class="only-wide">{text.map.openAlarms(all)}</span>
          </Link>
        )}
        <span class="spring" />
        <Picker
          name={text.map.heat}
          any={text.map.heat}
          single
          options={HEATS.map((value) => ({ value, name: text.map.heatOf(value.replace(/\D/, " $&")) }))}
          chosen={heated ? [heated] : []}
          onToggle={(value) => heat(value === heated ? undefined : (value as HeatSpan))}
          testid="map-warmth"
        />
        <button type="button" class={counted ? "button pressed" : "button"} aria-pressed={counted} onClick={() => count(!counted)} data-testid="map-counts">
          <Icon name="eye" size={16} />
          <span class="only-wide">{text.map.counts}</span>
        </button>
        <IncidentsButton open={happening} pressed={told !== undefined} disabled={!!placed} press={() => turn(told ? undefined : { what: "open" })} />
        <button type="button" class={mode === "area" ? "button pressed" : "button"} aria-pressed={mode === "area"} disabled={pointing} onClick={() => askArea(mode !== "area")} data-testid="map-area">
          <Icon name="zone" size={16} />
          <span class="only-wide">{text.map.area}</span>
        </button>
      </header>
      {failure && <p class="bad-text" role="alert">{failure}</p>}
      <div class="map-body">
        <div class="map" ref={root} aria-label={text.map.title} role={pointing || mode === "area" ? "application" : "region"} data-testid="map" />
        {!chart && !failure && <div class="map-wait skeleton" role="status" aria-label={text.loading} />}
        {heated && (
          <p class="map-legend" data-testid="map-legend">
            {text.map.fewer}
            <i class="map-ramp" aria-hidden="true" />
            {text.map.most}
          </p>
        )}
        {cameras?.length === 0 && (
          <p class="map-hint" role="status">
            {text.live.none}. {text.live.noneMore}
          </p>
        )}
        {mode === "area" && (
          <p class="map-hint" role="status">
            <span>
              {text.map.howArea} <span class="sub">{text.map.howKeys}</span>
            </span>
            <strong class="numbers">{text.map.corners(corners)}</strong>
            <button type="button" class="button" onClick={() => chart?.closeArea()} data-testid="map-area-done">
              {text.map.searchHere}
            </button>
          </p>
        )}
        {(camera || placed || told || lost.length > 0) && mode === "look" && (
          <aside class="panel map-side">
            {camera && !placed && <CameraCard key={cameraKey(camera)} camera={camera} alarms={open.get(cameraKey(camera)) ?? 0} close={() => choose(undefined)} move={mayPlace ? () => begin(camera) : undefined} />}
            {placed && <PlaceForm key={placing.key} camera={placed} placing={placing} change={place} done={() => place(undefined)} />}
            {told && !placed && <ToldSide told={told} open={happening} mayTell={mayTell} shown={marked} show={mark} turn={turn} bring={({ latitude, longitude }) => chart?.bring([latitude, longitude])} />}
            {!camera && !placed && !told && lost.length > 0 && (
              <section>
                <h2>{text.map.lost}</h2>
                <p class="sub">{mayPlace ? text.map.lostMore : text.map.lostRead}</p>
                <ul class="map-lost">
                  {lost.map((one) => (
                    <li key={cameraKey(one)}>
                      <span>{one.name}</span>
                      {mayPlace && (
                        <button type="button" class="button" onClick={() => begin(one)}>
                          {text.map.put}
                        </button>
                      )}
                    </li>
                  ))}
                </ul>
              </section>
            )}
          </aside>
        )}
      </div>
    </div>
  );
}

/** What of the page cannot be had just now; without a reason it can be had again. */
type Fail = (what: "chart" | "counts" | "heat", why?: string) => void;

/** The first of them, in words. */
function useFailures(): [string | undefined, Fail] {
  const [all, set] = useState<Partial<Record<Parameters<Fail>[0], string | undefined>>>({});
  const fail = useCallback<Fail>((what, why) => set((old) => (old[what] === why ? old : { ...old, [what]: why })), []);
  return [all.chart ?? all.counts ?? all.heat, fail];
}

interface Heard {
  corners: (count: number) => void;
  alarms: (key: string) => void;
  incident: (incident: Incident) => void;
  choose: (key: string) => void;
  fail: Fail;
  area: (area: string) => void;
  spot: (latitude: number, longitude: number) => void;
}

/** The map on the page, kept true to the cameras, with a ring where something happens. */
function useChart(root: { current: HTMLDivElement | null }, cameras: readonly Camera[], chosen: string | undefined, heard: Heard): Chart | undefined {
  const [chart, set] = useState<Chart>();
  const now = useRef(heard);
  now.current = heard;
  const [tries, setTries] = useState(0);
  const failed = useRef(false);
  const generation = useCell(refetch);
  useEffect(() => void (failed.current && setTries((count) => count + 1)), [generation]);
  useEffect(() => {
    failed.current = false;
    let made: Chart | undefined;
    let over = false;
    const open = async () => {
      const [{ Chart: Made }, ground] = await Promise.all([import("./chart"), api.mapGround()]);
      if (over || !root.current) return;
      made = new Made(root.current, { camera: text.map.camera, zoomIn: text.map.zoomIn, zoomOut: text.map.zoomOut, alarms: ({ name }, count) => text.map.alarmsAt(name, count), seen: text.map.seen, incident: MARKED });
      made.onChoose = (key) => now.current.choose(key);
      made.onSpot = ([latitude, longitude]) => now.current.spot(latitude, longitude);
      made.onCorners = (count) => now.current.corners(count);
      made.onAlarms = (key) => now.current.alarms(key);
      made.onIncident = (incident) => now.current.incident(incident);
      made.onArea = (area) => now.current.area(area);
      set(made);
      await made.lay(ground, api.mapStreets, api.MAP_PLAN);
      now.current.fail("chart");
    };
    open().catch((error: unknown) => {
      failed.current = true;
      now.current.fail("chart", failureLine(error));
    });
    const stops = [
      onEvent((event) => event.phase === "start" && made?.pulse(cameraKey(event), event.severity === "alarm")),
      onIncident((told) => isOpen(told) && made?.ring([told.latitude, told.longitude], told.severity === "alarm")),
    ];
    return () => {
      over = true;
      for (const stop of stops) stop();
      made?.discard();
    };
  }, [tries]);
  useEffect(() => chart?.show(cameras, chosen), [chart, cameras, chosen]);
  return chart;
}

/** How many were seen at each camera in the last day. */
function useCounts(chart: Chart | undefined, on: boolean, cameras: readonly Camera[], fail: Fail): void {
  useEffect(() => {
    if (!chart || !on) {
      chart?.count(new Map());
      fail("counts");
      return undefined;
    }
    let stale = false;
    const look = () => {
      const query = new URLSearchParams({ since: new Date(centreNow() - DAY_MS).toISOString(), limit: "1", facets: "true" });
      api.tracks(query).then(
        ({ facets }) => {
          if (stale) return;
          chart.count(new Map((facets?.cameras ?? []).map((one) => [cameraKey(one), one.count])));
          fail("counts");
        },
        (error: unknown) => stale || fail("counts", failureLine(error)),
      );
    };
    look();
    const timer = setInterval(() => document.hidden || look(), COUNT_AGAIN_MS);
    return () => {
      stale = true;
      clearInterval(timer);
    };
  }, [chart, on, cameras.length]);
}

/** How many passed each camera in that time, as warmth. */
function useWarmth(chart: Chart | undefined, span: HeatSpan | undefined, cameras: readonly Camera[], fail: Fail): void {
  useEffect(() => {
    chart?.warm(undefined);
    fail("heat");
    if (!chart || !span) return undefined;
    let stale = false;
    const look = () =>
      api.counts(new Date(centreNow() - SPANS[span] * HOUR_MS)).then(
        ({ items }) => {
          if (stale) return;
          chart.warm(new Map(items.map((one) => [cameraKey(one), one.total])));
          fail("heat");
        },
        (error: unknown) => stale || fail("heat", failureLine(error)),
      );
    void look();
    const timer = setInterval(() => document.hidden || void look(), WARM_AGAIN_MS);
    return () => {
      stale = true;
      clearInterval(timer);
    };
  }, [chart, span, cameras.length]);
}
