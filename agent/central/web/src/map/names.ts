/** The names of streets and places on the map: each whole, over its street, and clear of what hangs there. */

import * as L from "leaflet";
import { along, type Box, boxAround, placed, type Spot } from "./naming";

interface Named {
  name: string;
  /** where it may stand: the corners of a way, or the middle of an area */
  corners: readonly L.LatLng[];
  bounds: L.LatLngBounds;
  /** undefined: it was not on the screen yet */
  shown: L.Tooltip | undefined;
}

/** So far a name stands above or below the middle of its area, px, where that is taken. */
const ASIDE_PX = 20;

export class StreetNames {
  private readonly all: Named[] = [];
  private due = 0;

  /** `taken`: what names must not cover. */
  constructor(
    private readonly map: L.Map,
    private readonly taken: () => readonly Box[],
  ) {
    map.on("moveend", () => this.soon());
  }

  discard(): void {
    cancelAnimationFrame(this.due);
  }

  add(name: string, layer: L.Layer): void {
    const corners = layer instanceof L.Polygon ? [] : layer instanceof L.Polyline ? (layer.getLatLngs().flat(2) as L.LatLng[]) : [(layer as L.CircleMarker).getLatLng()];
    const bounds = layer instanceof L.Polyline ? layer.getBounds() : L.latLngBounds([...corners]);
    this.all.push({ name, corners: corners.length > 0 ? corners : [bounds.getCenter()], bounds, shown: undefined });
  }

  /** Place them anew before the next picture. */
  soon(): void {
    cancelAnimationFrame(this.due);
    this.due = requestAnimationFrame(() => this.lay());
  }

  private lay(): void {
    const seen = this.map.getBounds();
    const [here, gone] = [this.all.filter(({ bounds }) => bounds.intersects(seen)), this.all.filter(({ bounds }) => !bounds.intersects(seen))];
    for (const one of gone) one.shown = void one.shown?.remove();
    for (const one of here) one.shown ??= L.tooltip(one.bounds.getCenter(), { permanent: true, direction: "center", className: "street-name", interactive: false, opacity: 0, content: asText(one.name) }).addTo(this.map);
    const sizes = here.map(({ shown }): Spot => [shown?.getElement()?.offsetWidth ?? 0, shown?.getElement()?.offsetHeight ?? 0]);
    const { x, y } = this.map.getSize();
    const taken = [...this.taken()];
    const said = new Set<string>();
    here.forEach((one, i) => {
      const size = sizes[i] as Spot;
      const spot = said.has(one.name) || size[0] === 0 ? undefined : this.spotFor(one, size, { left: 0, top: 0, right: x, bottom: y }, taken);
      one.shown?.setOpacity(spot ? 1 : 0);
      if (!spot) return;
      said.add(one.name); // a street comes in many pieces
      taken.push(boxAround(spot, size));
      one.shown?.setLatLng(this.map.containerPointToLatLng([...spot]));
    });
  }

  /** Where it stood before, if that is still a place for it. */
  private spotFor({ corners, shown }: Named, size: Spot, frame: Box, taken: readonly Box[]): Spot | undefined {
    const onScreen = (place: L.LatLng): Spot => {
      const { x, y } = this.map.latLngToContainerPoint(place);
      return [x, y];
    };
    const spots = corners.map(onScreen);
    const [[x, y]] = spots as [Spot];
    const places: readonly Spot[] = spots.length > 1 ? along(spots) : [[x, y - ASIDE_PX], [x, y], [x, y + ASIDE_PX]];
    const before = shown?.options.opacity ? shown.getLatLng() : undefined;
    return (before && placed([onScreen(before)], size, frame, taken)) ?? placed(places, size, frame, taken);
  }
}

/** Never as HTML: a name is whatever somebody typed. */
function asText(name: string): HTMLElement {
  const shown = document.createElement("span");
  shown.textContent = name;
  return shown;
}
