/** The marks of incidents on the map, and of one that is about to be reported. */

import * as L from "leaflet";
import type { Incident } from "../api/types";
import type { Spot } from "./ground";
import { isOpen, presence } from "./incident";

/** A mark further south lies over one further north; by so much others lie over both. */
const BAND_PX = 2_000;
const HTML = `<i class="map-mark"></i><span class="map-name"></span>`;

export interface MarkWords {
  /** what stands beside it */
  kind: (incident: Incident) => string;
  /** of all of it, for who cannot see the map */
  whole: (incident: Incident) => string;
}

export class Marks {
  private readonly marks = new Map<string, L.Marker>();
  private known: readonly Incident[] = [];
  private draft: L.Marker | undefined;

  constructor(
    private readonly map: L.Map,
    private readonly words: MarkWords,
    private readonly onChoose: (incident: Incident) => void,
  ) {}

  /** These, as they are now; none to take them away. */
  show(incidents: readonly Incident[], chosen: string | undefined, nowMs: number): void {
    this.known = incidents;
    const there = new Set(incidents.map(({ id }) => id));
    for (const [id, mark] of this.marks) {
      if (there.has(id)) continue;
      mark.remove();
      this.marks.delete(id);
    }
    for (const incident of incidents) this.draw(incident, incident.id === chosen, nowMs);
  }

  /** Where something is about to be reported. */
  put(spot: Spot | undefined): void {
    this.draft?.remove();
    this.draft = spot && L.marker([...spot], { icon: iconOf("map-incident draft"), interactive: false, keyboard: false, zIndexOffset: 10 * BAND_PX }).addTo(this.map);
  }

  /** An element that is there stays, whatever changes: it may have the focus. */
  private draw(incident: Incident, chosen: boolean, nowMs: number): void {
    const mark = this.marks.get(incident.id) ?? this.hang(incident.id);
    const above = (chosen ? 2 : 0) + (isOpen(incident) ? 1 : 0) + (incident.severity === "alarm" ? 1 : 0);
    const element = mark.setLatLng([incident.latitude, incident.longitude]).setZIndexOffset(BAND_PX * (1 + above)).getElement();
    if (!element) return;
    for (const [name, on] of [["alarm", incident.severity === "alarm"], ["closed", !isOpen(incident)], ["chosen", chosen]] as const) element.classList.toggle(name, on);
    element.style.setProperty("--presence", presence(incident, nowMs).toFixed(2));
    element.setAttribute("aria-label", this.words.whole(incident));
    element.querySelector(".map-name")!.textContent = this.words.kind(incident); // never as HTML: a source says what it likes
  }

  private hang(id: string): L.Marker {
    const mark = L.marker([0, 0], { icon: iconOf("map-incident"), keyboard: true, riseOnHover: true }).addTo(this.map);
    mark.on("click keypress", (event) => (event.type !== "keypress" || (event as unknown as L.LeafletKeyboardEvent).originalEvent.key === "Enter") && this.choose(id));
    mark.getElement()?.setAttribute("data-testid", "map-incident");
    mark.getElement()?.setAttribute("data-incident", id);
    this.marks.set(id, mark);
    return mark;
  }

  private choose(id: string): void {
    const incident = this.known.find((one) => one.id === id);
    if (incident) this.onChoose(incident);
  }
}

const iconOf = (className: string) => L.divIcon({ className, html: HTML, iconSize: [0, 0] });
