/** The map itself, on Leaflet. Loaded only when somebody opens it. */

import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import type { Camera, MapGround } from "../api/types";
import { cameraKey } from "../events/filter";
import { areaText, circleOf, type Spot, spotOf, viewOf } from "./ground";

const at = ([latitude, longitude]: Spot) => L.latLng(latitude, longitude);

export interface Names {
  /** of a camera, for who cannot see the map */
  camera: (camera: Camera, online: boolean) => string;
  zoomIn: string;
  zoomOut: string;
}

interface Hung {
  camera: Camera;
  marker: L.Marker;
  view: L.Polygon | undefined;
}

const CLOSEST = 20;
/** Names stand to the right of their cameras. */
const NAMES_PX: L.PointTuple = [72, 0];
/** Further away than that the names of streets would cover each other. */
const NAMED_FROM = 16.75;
const PULSE_MS = 6_000;
/** Where there are no cameras yet, and no streets. */
const SOMEWHERE: L.LatLngExpression = [30, 0];

export class Chart {
  onChoose: (key: string) => void = () => undefined;
  /** where somebody clicked, while a place is looked for */
  onSpot: (spot: Spot) => void = () => undefined;
  /** the corners of an area that was drawn, as the API wants them */
  onArea: (area: string) => void = () => undefined;

  private readonly map: L.Map;
  private readonly hung = new Map<string, Hung>();
  private readonly counts = L.layerGroup();
  private readonly drawn = L.layerGroup();
  private corners: Spot[] = [];
  private mode: "look" | "place" | "area" = "look";
  private fitted = false;
  private streets: L.LatLngBounds | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly names: Names,
  ) {
    this.map = L.map(root, { zoomControl: false, attributionControl: false, maxZoom: CLOSEST, zoomSnap: 0.25 });
    L.control.zoom({ position: "bottomright", zoomInTitle: names.zoomIn, zoomOutTitle: names.zoomOut }).addTo(this.map);
    L.control.scale({ imperial: true }).addTo(this.map);
    this.map.setView(SOMEWHERE, 2);
    this.counts.addTo(this.map);
    this.drawn.addTo(this.map);
    this.map.on("click", ({ latlng }) => this.clicked([latlng.lat, latlng.lng]));
    const far = () => this.root.classList.toggle("far", this.map.getZoom() < NAMED_FROM);
    this.map.on("zoomend", far);
    far();
    this.map.on("dblclick", () => this.mode === "area" && this.closeArea());
  }

  discard(): void {
    this.map.remove();
  }

  /** What lies under the cameras. */
  async lay(ground: MapGround, load: () => Promise<GeoJSON.GeoJsonObject>, planUrl: string): Promise<void> {
    if (ground.attribution || ground.tiles) L.control.attribution({ prefix: false }).addAttribution(ground.attribution).addTo(this.map);
    if (ground.tiles) L.tileLayer(ground.tiles, { maxZoom: CLOSEST, maxNativeZoom: 19 }).addTo(this.map);
    if (ground.plan && ground.plan_corners) L.imageOverlay(planUrl, ground.plan_corners as L.LatLngBoundsExpression, { className: "plan" }).addTo(this.map).bringToBack();
    if (!ground.streets) return;
    const streets = L.geoJSON(await load(), { style: styleOf, interactive: false, pointToLayer: (_, place) => L.circleMarker(place, { radius: 2, className: "street" }), onEachFeature: named });
    streets.addTo(this.map).bringToBack();
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
    if (!this.fitted && this.hung.size > 0) {
      this.fitted = true;
      this.map.fitBounds(L.latLngBounds([...this.hung.values()].map(({ marker }) => marker.getLatLng())).pad(0.35), { maxZoom: 18.5, paddingBottomRight: NAMES_PX });
    }
  }

  /** A ring around a camera that something has happened at. */
  pulse(key: string, alarm: boolean): void {
    const place = this.hung.get(key)?.marker.getLatLng();
    if (!place) return;
    const ring = L.marker(place, { icon: L.divIcon({ className: alarm ? "map-pulse alarm" : "map-pulse", iconSize: [44, 44] }), interactive: false, keyboard: false });
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

  /** Look for a place, or for the corners of an area, or neither. */
  ask(mode: "look" | "place" | "area"): void {
    this.mode = mode;
    this.corners = [];
    this.drawn.clearLayers();
    this.root.classList.toggle("asking", mode !== "look");
    if (mode === "area") this.map.doubleClickZoom.disable();
    else this.map.doubleClickZoom.enable();
  }

  /** With what was clicked so far, when that makes an area. */
  closeArea(): void {
    const corners = this.corners.filter((one, i) => i === 0 || areaText([one]) !== areaText([this.corners[i - 1]!]));
    if (corners.length >= 3) this.onArea(areaText(corners));
  }

  private clicked(spot: Spot): void {
    if (this.mode === "place") this.onSpot(spot);
    if (this.mode !== "area") return;
    this.corners.push(spot);
    this.drawn.clearLayers();
    L.polygon(this.corners.map(at), { className: "map-area", interactive: false }).addTo(this.drawn);
    for (const corner of this.corners) L.circleMarker(at(corner), { radius: 4, className: "map-corner", interactive: false }).addTo(this.drawn);
  }

  private hang(key: string, camera: Camera, spot: Spot, chosen: boolean): void {
    const old = this.hung.get(key);
    const online = camera.online && camera.gateway_online;
    const name = this.names.camera(camera, online);
    const icon = L.divIcon({ className: `map-camera ${online ? "ok" : "bad"}${chosen ? " chosen" : ""}`, html: `<span class="dot"></span><span class="map-name"></span>`, iconSize: [0, 0] });
    const marker = old?.marker ?? L.marker(at(spot), { keyboard: true, riseOnHover: true }).addTo(this.map);
    if (!old) marker.on("click keypress", (event) => (event.type !== "keypress" || (event as unknown as L.LeafletKeyboardEvent).originalEvent.key === "Enter") && this.onChoose(key));
    marker.setLatLng(at(spot)).setIcon(icon);
    const element = marker.getElement();
    element?.setAttribute("aria-label", name);
    element?.setAttribute("data-testid", "map-camera");
    element?.setAttribute("data-camera", key);
    const label = element?.querySelector(".map-name");
    if (label) label.textContent = camera.name; // never as HTML: a name is whatever somebody typed
    old?.view?.remove();
    const corners = viewOf(spot, camera.bearing, camera.field_of_view);
    const view = corners && L.polygon(corners.map(at), { className: `map-view ${online ? "ok" : "bad"}${chosen ? " chosen" : ""}`, interactive: false });
    view?.addTo(this.map);
    this.hung.set(key, { camera, marker, view });
  }
}

function styleOf(feature?: GeoJSON.Feature): L.PathOptions {
  const area = feature?.geometry.type.includes("Polygon");
  const kind = String((feature?.properties as Record<string, unknown> | null)?.["kind"] ?? "");
  return { className: area ? `street area ${/^[a-z]+$/.test(kind) ? kind : ""}` : "street way" };
}

function named(feature: GeoJSON.Feature, layer: L.Layer): void {
  const name = (feature.properties as Record<string, unknown> | null)?.["name"];
  if (typeof name !== "string" || name === "") return;
  const shown = document.createElement("span");
  shown.textContent = name;
  layer.bindTooltip(shown, { permanent: true, direction: "center", className: "street-name", interactive: false });
}
