/** Where the cameras are, what they see, how they are and what happens there. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera } from "../api/types";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { cameras as allCameras, onEvent } from "../news";
import { go } from "../router";
import { session } from "../session";
import { failureLine, text } from "../text";
import { Icon } from "../ui/icon";
import { usePress } from "../ui/press";
import { CameraCard } from "./card";
import type { Chart } from "./chart";
import { spotOf } from "./ground";
import { PlaceForm, type Placing } from "./place";

const DAY_MS = 86_400_000;
const COUNT_AGAIN_MS = 10_000;

export function MapPage(): JSX.Element {
  const cameras = useCell(allCameras);
  const who = useCell(session);
  const mayPlace = who.state === "in" && who.me.role === "admin";
  const [chosen, choose] = useState<string>();
  const [mode, ask] = useState<"look" | "area">("look");
  const [placing, place] = useState<Placing>();
  const [counted, count] = useState(false);
  const [failure, fail] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => (cameras ?? []).map((camera) => (placing && cameraKey(camera) === placing.key ? { ...camera, ...placing.place } : camera)), [cameras, placing]);
  const chart = useChart(root, shown, chosen, { choose, fail, area: (area) => go(`/search?area=${encodeURIComponent(area)}`), spot: (latitude, longitude) => place((old) => old && { ...old, place: { ...old.place, latitude, longitude } }) });
  useEffect(() => chart?.ask(placing ? "place" : mode), [chart, placing !== undefined, mode]);
  useCounts(chart, counted, shown, fail);
  usePress((event) => {
    if (event.key === "Escape") ask("look");
    if (event.key === "Enter" && mode === "area") chart?.closeArea();
  }, [mode, chart]);
  const camera = cameras?.find((one) => cameraKey(one) === chosen);
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
        <span class="spring" />
        <button type="button" class={counted ? "button pressed" : "button"} aria-pressed={counted} onClick={() => count(!counted)} data-testid="map-counts">
          <Icon name="eye" size={16} />
          <span class="only-wide">{text.map.counts}</span>
        </button>
        <button type="button" class={mode === "area" ? "button pressed" : "button"} aria-pressed={mode === "area"} onClick={() => ask(mode === "area" ? "look" : "area")} data-testid="map-area">
          <Icon name="zone" size={16} />
          <span class="only-wide">{text.map.area}</span>
        </button>
      </header>
      {failure && <p class="bad-text" role="alert">{failure}</p>}
      <div class="map-body">
        <div class="map" ref={root} aria-label={text.map.title} role="region" data-testid="map" />
        {!chart && !failure && <div class="map-wait skeleton" role="status" aria-label={text.loading} />}
        {cameras?.length === 0 && (
          <p class="map-hint" role="status">
            {text.live.none}. {text.live.noneMore}
          </p>
        )}
        {mode === "area" && (
          <p class="map-hint" role="status">
            {text.map.howArea}
            <button type="button" class="button" onClick={() => chart?.closeArea()} data-testid="map-area-done">
              {text.map.searchHere}
            </button>
          </p>
        )}
        {(camera || lost.length > 0) && (
          <aside class="panel map-side">
            {camera && !placing && <CameraCard key={cameraKey(camera)} camera={camera} close={() => choose(undefined)} move={mayPlace ? () => begin(camera) : undefined} />}
            {camera && placing && <PlaceForm camera={camera} placing={placing} change={place} done={() => place(undefined)} />}
            {!camera && lost.length > 0 && (
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

interface Heard {
  choose: (key: string) => void;
  fail: (why: string) => void;
  area: (area: string) => void;
  spot: (latitude: number, longitude: number) => void;
}

/** The map on the page, kept true to the cameras, with a ring where something happens. */
function useChart(root: { current: HTMLDivElement | null }, cameras: readonly Camera[], chosen: string | undefined, heard: Heard): Chart | undefined {
  const [chart, set] = useState<Chart>();
  const now = useRef(heard);
  now.current = heard;
  useEffect(() => {
    let made: Chart | undefined;
    let over = false;
    const open = async () => {
      const [{ Chart: Made }, ground] = await Promise.all([import("./chart"), api.mapGround()]);
      if (over || !root.current) return;
      made = new Made(root.current, { camera: text.map.camera, zoomIn: text.map.zoomIn, zoomOut: text.map.zoomOut });
      made.onChoose = (key) => now.current.choose(key);
      made.onSpot = ([latitude, longitude]) => now.current.spot(latitude, longitude);
      made.onArea = (area) => now.current.area(area);
      set(made);
      await made.lay(ground, api.mapStreets, api.MAP_PLAN);
    };
    open().catch((error: unknown) => now.current.fail(failureLine(error)));
    const stop = onEvent((event) => event.phase === "start" && made?.pulse(cameraKey(event), event.severity === "alarm"));
    return () => {
      over = true;
      stop();
      made?.discard();
    };
  }, []);
  useEffect(() => chart?.show(cameras, chosen), [chart, cameras, chosen]);
  return chart;
}

/** How many were seen at each camera in the last day. */
function useCounts(chart: Chart | undefined, on: boolean, cameras: readonly Camera[], fail: (why: string) => void): void {
  useEffect(() => {
    if (!chart || !on) {
      chart?.count(new Map());
      return undefined;
    }
    const look = () => {
      const query = new URLSearchParams({ since: new Date(Date.now() - DAY_MS).toISOString(), limit: "1", facets: "true" });
      api.tracks(query).then(
        ({ facets }) => chart.count(new Map((facets?.cameras ?? []).map((one) => [cameraKey(one), one.count]))),
        (error: unknown) => fail(failureLine(error)),
      );
    };
    look();
    const timer = setInterval(() => document.hidden || look(), COUNT_AGAIN_MS);
    return () => clearInterval(timer);
  }, [chart, on, cameras.length]);
}
