/** The map itself, on Leaflet. Loaded only when somebody opens it. */

import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import type { Camera, Incident, MapGround } from "../api/types";
import { cameraKey } from "../events/filter";
import { areaText, away, circleOf, middleOf, REACH_M, type Spot, spotOf, viewOf } from "./ground";
import { Marks, type MarkWords } from "./marks";
import { StreetNames } from "./names";
import { type Box } from "./naming";
import { warmPaint } from "./warmth";

const at = ([latitude, longitude]: Spot) => L.latLng(latitude, longitude);

export interface Names {
  /** of a camera, for who cannot see the map */
  camera: (camera: Camera, online: boolean) => string;
  zoomIn: string;
  zoomOut: string;
  /** of what happened there */
  alarms: (camera: Camera, count: number) => string;
  seen: (count: number) => string;
  incident: MarkWords;
}

interface Hung {
  camera: Camera;
  marker: L.Marker;
  view: L.Polygon | undefined;
}

const CLOSEST = 20;
/** A bell stands to the upper left of its camera. */
const BELL_PX: L.PointTuple = [27, 27];
/** The panel lies over the right of the map, and over more than half of a narrow one. */
const [SIDE_PX, NARROW_PX, EDGE_PX] = [330, 700, 40];
/** Names stand to the right of their cameras. */
const NAMES_PX: L.PointTuple = [72, 0];
/** No closer than that at first, on a map so wide; a wider one shows as much of the ground. */
const FIRST_ZOOM = 18.5;
const FIRST_PX = 1300;
/** Narrower than that, the ground around the cameras has to wait. */
const SMALL_PX = 700;
/** Further away than that the names of streets would cover each other. */
const NAMED_FROM = 16.75;
const PULSE_MS = 6_000;
/** Where a camera's view is smaller than that on the screen, its warmth is not. */
const LEAST_WARM_PX = 26;
/** Where there are no cameras yet, and no streets. */
const SOMEWHERE: L.LatLngExpression = [30, 0];

export class Chart {
  onChoose: (key: string) => void = () => undefined;
  /** where somebody clicked, while a place is looked for */
  onSpot: (spot: Spot) => void = () => undefined;
  /** the corners of an area that was drawn, as the API wants them */
  onArea: (area: string) => void = () => undefined;
  /** how many corners it has by now */
  onCorners: (count: number) => void = () => undefined;
  /** the open alarms of a camera were pressed */
  onAlarms: (key: string) => void = () => undefined;
  /** the mark of an incident was pressed */
  onIncident: (incident: Incident) => void = () => undefined;

  private readonly map: L.Map;
  private readonly hung = new Map<string, Hung>();
  private readonly counts = L.layerGroup();
  private readonly drawn = L.layerGroup();
  private readonly warmed = L.layerGroup();
  private readonly bells = new Map<string, L.Marker>();
  private readonly marks: Marks;
  private open: ReadonlyMap<string, number> = new Map();
  private passed: ReadonlyMap<string, number> | undefined;
  private corners: Spot[] = [];
  private mode: "look" | "place" | "area" = "look";
  private fitted = false;
  private streets: L.LatLngBounds | undefined;
  private readonly streetNames: StreetNames;

  constructor(
    private readonly root: HTMLElement,
    private readonly names: Names,
  ) {
    this.map = L.map(root, { zoomControl: false, attributionControl: false, maxZoom: CLOSEST, zoomSnap: 0.25 });
    L.control.zoom({ position: "bottomright", zoomInTitle: names.zoomIn, zoomOutTitle: names.zoomOut }).addTo(this.map);
    L.control.scale({ imperial: true }).addTo(this.map);
    this.map.setView(SOMEWHERE, 2);
    this.streetNames = new StreetNames(this.map, () => this.covered());
    this.counts.addTo(this.map);
    this.drawn.addTo(this.map);
    this.map.createPane("warmth").style.pointerEvents = "none";
    this.warmed.addTo(this.map);
    this.map.on("zoomend", () => this.paintWarmth());
    this.marks = new Marks(this.map, names.incident, (incident) => this.mode === "look" && this.onIncident(incident));
    this.root.addEventListener("keydown", this.pressed);
    this.map.on("click", ({ latlng }) => this.clicked([latlng.lat, latlng.lng]));
    const far = () => this.root.classList.toggle("far", this.map.getZoom() < NAMED_FROM);
    this.map.on("zoomend", far);
    far();
    this.map.on("dblclick", () => this.mode === "area" && this.closeArea());
  }

  discard(): void {
    this.root.removeEventListener("keydown", this.pressed);
    this.streetNames.discard();
    this.map.remove();
  }

  /** What lies under the cameras. */
  async lay(ground: MapGround, load: () => Promise<GeoJSON.GeoJsonObject>, planUrl: string): Promise<void> {
    if (ground.attribution || ground.tiles) L.control.attribution({ prefix: false }).addAttribution(ground.attribution).addTo(this.map);
    if (ground.tiles) L.tileLayer(ground.tiles, { maxZoom: CLOSEST, maxNativeZoom: 19 }).addTo(this.map);
    if (ground.plan && ground.plan_corners) L.imageOverlay(planUrl, ground.plan_corners as L.LatLngBoundsExpression, { className: "plan" }).addTo(this.map).bringToBack();
    if (!ground.streets) return;
    const streets = L.geoJSON(await load(), { style: styleOf, interactive: false, pointToLayer: (_, place) => L.circleMarker(place, { radius: 2, className: "street" }), onEachFeature: (feature, layer) => this.named(feature, layer) });
    streets.addTo(this.map).bringToBack();
    this.streetNames.soon();
    this.streets = streets.getBounds();
    if (!this.fitted && this.hung.size === 0 && this.streets.isValid()) this.map.fitBounds(this.streets);
  }

  /** The cameras as they are now; the view is chosen once, then left alone. */
  show(cameras: readonly Camera[], chosen: string | undefined): void {
    const there = new Set<string>();
    for (const camera of cameras) {
      const spot = spotOf(camera);
      if (!spot) continue;
      const key = cameraKey(camera);
      there.add(key);
      this.hang(key, camera, spot, key === chosen);
    }
    for (const [key, { marker, view }] of this.hung) {
      if (there.has(key)) continue;
      marker.remove();
      view?.remove();
      this.hung.delete(key);
    }
    this.ringBells();
    if (!this.fitted && this.hung.size > 0) {
      this.fitted = true;
      const { x } = this.map.getSize();
      const maxZoom = FIRST_ZOOM + Math.max(0, Math.log2(x / FIRST_PX));
      const around = L.latLngBounds([...this.hung.values()].map(({ marker }) => marker.getLatLng())).pad(x < SMALL_PX ? 0.2 : 0.35);
      this.map.fitBounds(around, { maxZoom, paddingBottomRight: NAMES_PX });
    }
    this.streetNames.soon();
  }

  /** A ring around a camera that something has happened at. */
  pulse(key: string, alarm: boolean): void {
    const place = this.hung.get(key)?.marker.getLatLng();
    if (place) this.ring([place.lat, place.lng], alarm);
  }

  /** A ring around a place at which something happens. */
  ring(spot: Spot, alarm: boolean): void {
    const ring = L.marker(at(spot), { icon: L.divIcon({ className: alarm ? "map-pulse alarm" : "map-pulse", iconSize: [44, 44] }), interactive: false, keyboard: false });
    ring.addTo(this.map);
    setTimeout(() => ring.remove(), PULSE_MS);
  }

  /** How many were seen at each, as circles; none to take them away. */
  count(counts: ReadonlyMap<string, number>): void {
    this.counts.clearLayers();
    const most = Math.max(0, ...counts.values());
    for (const [key, count] of counts) {
      const place = this.hung.get(key)?.marker.getLatLng();
      if (place && count > 0) L.circleMarker(place, { radius: circleOf(count, most), className: "map-count", interactive: false }).addTo(this.counts);
    }
  }

  /** How many alarms are open at each: a bell beside each camera that has some, for as long as it has. */
  alarms(open: ReadonlyMap<string, number>): void {
    this.open = open;
    this.ringBells();
  }

  /** What happened, and which of it is chosen; none to take them away. */
  incidents(told: readonly Incident[], chosen: string | undefined, nowMs: number): void {
    this.marks.show(told, chosen, nowMs);
  }

  /** Where something is about to be reported; undefined: nowhere. */
  draft(spot: Spot | undefined): void {
    this.marks.put(spot);
  }

  /** Have that place on the screen, beside the panel. */
  bring(spot: Spot): void {
    const { x, y } = this.map.getSize();
    this.map.panInside(at(spot), { paddingTopLeft: [EDGE_PX, EDGE_PX], paddingBottomRight: x <= NARROW_PX ? [EDGE_PX, 0.6 * y] : [SIDE_PX, EDGE_PX] });
  }

  /** How many passed each, as warmth around what it sees, and in figures beside its name; undefined to take it away. */
  warm(passed: ReadonlyMap<string, number> | undefined): void {
    this.passed = passed;
    for (const [key, { camera, marker }] of this.hung) this.label(key, camera, marker);
    this.paintWarmth();
    this.streetNames.soon();
  }

  /** Look for a place, or for the corners of an area, or neither. */
  ask(mode: "look" | "place" | "area"): void {
    this.mode = mode;
    this.corners = [];
    this.drawn.clearLayers();
    this.root.classList.toggle("asking", mode !== "look");
    if (mode === "area") this.map.doubleClickZoom.disable();
    else this.map.doubleClickZoom.enable();
    if (mode !== "look") this.root.focus({ preventScroll: true }); // arrow keys move it from now on
    this.onCorners(0);
  }

  /** What is under the cross in the middle of the map, as if it had been clicked. */
  private readonly pressed = (event: KeyboardEvent): void => {
    if (this.mode === "look" || event.target !== this.root) return;
    const { lat, lng } = this.map.getCenter();
    if (event.key === " " || (event.key === "Enter" && this.mode === "place")) this.clicked([lat, lng]);
    else if (event.key === "Enter") this.closeArea();
    else if (event.key === "Backspace") this.setCorners(this.corners.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** With what was clicked so far, when that makes an area. */
  closeArea(): void {
    const corners = this.corners.filter((one, i) => i === 0 || areaText([one]) !== areaText([this.corners[i - 1]!]));
    if (corners.length >= 3) this.onArea(areaText(corners));
  }

  private clicked(spot: Spot): void {
    if (this.mode === "place") this.onSpot(spot);
    if (this.mode !== "area") return;
    this.setCorners([...this.corners, spot]);
  }

  private setCorners(corners: Spot[]): void {
    this.corners = corners;
    this.onCorners(corners.length);
    this.drawn.clearLayers();
    L.polygon(this.corners.map(at), { className: "map-area", interactive: false }).addTo(this.drawn);
    for (const corner of this.corners) L.circleMarker(at(corner), { radius: 4, className: "map-corner", interactive: false }).addTo(this.drawn);
  }

  private hang(key: string, camera: Camera, spot: Spot, chosen: boolean): void {
    const old = this.hung.get(key);
    const online = camera.online && camera.gateway_online;
    const icon = L.divIcon({ className: `map-camera ${online ? "ok" : "bad"}${chosen ? " chosen" : ""}`, html: `<span class="dot"></span><span class="map-name"></span>`, iconSize: [0, 0] });
    const marker = old?.marker ?? L.marker(at(spot), { keyboard: true, riseOnHover: true }).addTo(this.map);
    if (!old) marker.on("click keypress", (event) => (event.type !== "keypress" || (event as unknown as L.LeafletKeyboardEvent).originalEvent.key === "Enter") && this.mode === "look" && this.onChoose(key));
    marker.setLatLng(at(spot)).setIcon(icon);
    marker.getElement()?.setAttribute("data-testid", "map-camera");
    marker.getElement()?.setAttribute("data-camera", key);
    this.label(key, camera, marker);
    old?.view?.remove();
    const corners = viewOf(spot, camera.bearing, camera.field_of_view);
    const view = corners && L.polygon(corners.map(at), { className: `map-view ${online ? "ok" : "bad"}${chosen ? " chosen" : ""}`, interactive: false });
    view?.addTo(this.map);
    this.hung.set(key, { camera, marker, view });
  }

  private label(key: string, camera: Camera, marker: L.Marker): void {
    const seen = this.passed && this.names.seen(this.passed.get(key) ?? 0);
    const element = marker.getElement();
    const state = this.names.camera(camera, camera.online && camera.gateway_online);
    element?.setAttribute("aria-label", seen ? `${state}, ${seen}` : state);
    const label = element?.querySelector(".map-name");
    if (label) label.textContent = seen ? `${camera.name} · ${seen}` : camera.name; // never as HTML: a name is whatever somebody typed
  }

  private ringBells(): void {
    for (const [key, bell] of this.bells) {
      if (this.hung.has(key) && this.open.get(key)) continue;
      bell.remove();
      this.bells.delete(key);
    }
    for (const [key, count] of this.open) {
      const hung = this.hung.get(key);
      if (!hung || count === 0) continue;
      const bell = this.bells.get(key) ?? this.hangBell(key);
      const element = bell.setLatLng(hung.marker.getLatLng()).getElement();
      element?.setAttribute("aria-label", this.names.alarms(hung.camera, count));
      element?.setAttribute("title", this.names.alarms(hung.camera, count));
      const shown = element?.querySelector("span");
      if (shown) shown.textContent = count > 99 ? "99+" : String(count);
    }
  }

  private hangBell(key: string): L.Marker {
    const icon = L.divIcon({ className: "map-alarm", html: "<span></span>", iconSize: [24, 24], iconAnchor: BELL_PX });
    const bell = L.marker([0, 0], { icon, keyboard: true, zIndexOffset: 1000 }).addTo(this.map);
    bell.on("click keypress", (event) => (event.type !== "keypress" || (event as unknown as L.LeafletKeyboardEvent).originalEvent.key === "Enter") && this.mode === "look" && this.onAlarms(key));
    bell.getElement()?.setAttribute("data-testid", "map-alarm");
    bell.getElement()?.setAttribute("data-alarms", key);
    this.bells.set(key, bell);
    return bell;
  }

  private paintWarmth(): void {
    this.warmed.clearLayers();
    const most = Math.max(0, ...(this.passed?.values() ?? []));
    for (const [key, count] of this.passed ?? []) {
      const hung = this.hung.get(key);
      const spot = hung && spotOf(hung.camera);
      if (!spot || count === 0) continue;
      const { colour, cover } = warmPaint(count, most);
      const radius = Math.max(LEAST_WARM_PX, this.pixels(spot, REACH_M * 0.75));
      const middle = at(middleOf(spot, hung.camera.bearing));
      L.circleMarker(middle, { pane: "warmth", radius, stroke: false, fillColor: colour, fillOpacity: cover, className: "map-warm", interactive: false }).addTo(this.warmed);
    }
  }

  /** By cameras, their names and bells, and by the map's controls, from the map's top left. */
  private covered(): Box[] {
    const { left, top } = this.root.getBoundingClientRect();
    const boxes = [...this.root.querySelectorAll(".map-camera > *, .map-alarm, .leaflet-control")].map((one) => one.getBoundingClientRect());
    return boxes.map((box) => ({ left: box.left - left, top: box.top - top, right: box.right - left, bottom: box.bottom - top }));
  }

  private named(feature: GeoJSON.Feature, layer: L.Layer): void {
    const name = (feature.properties as Record<string, unknown> | null)?.["name"];
    if (typeof name === "string" && name !== "") this.streetNames.add(name, layer);
  }

  /** How long so many metres are on the screen. */
  private pixels(spot: Spot, metres: number): number {
    const [here, there] = [at(spot), at(away(spot, 90, metres))].map((place) => this.map.latLngToLayerPoint(place));
    return here!.distanceTo(there!);
  }
}

function styleOf(feature?: GeoJSON.Feature): L.PathOptions {
  const area = feature?.geometry.type.includes("Polygon");
  const kind = String((feature?.properties as Record<string, unknown> | null)?.["kind"] ?? "");
  return { className: area ? `street area ${/^[a-z]+$/.test(kind) ? kind : ""}` : "street way" };
}
