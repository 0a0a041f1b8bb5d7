/** The incidents that are open, in the map's panel. */

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { Incident } from "../api/types";
import { incidentName, text } from "../text";
import { Moment } from "../time/time";
import { Icon } from "../ui/icon";
import { useSlide } from "../ui/slide";
import { Mark } from "./incident-card";

interface Props {
  open: readonly Incident[];
  shown: boolean;
  show: (on: boolean) => void;
  choose: (incident: Incident) => void;
  /** undefined for who may not */
  report: (() => void) | undefined;
  close: () => void;
}

export function IncidentList({ open, shown, show, choose, report, close }: Props): JSX.Element {
  const rows = useRef<HTMLUListElement>(null);
  useSlide(rows, "open");
  return (
    <section data-testid="incident-list">
      <div class="map-card-head">
        <h2>{text.incidents.title}</h2>
        <span class="spring" />
        <button type="button" class="button quiet icon-only" onClick={close} aria-label={text.incidents.dismiss} title={text.incidents.dismiss}>
          <Icon name="close" size={14} />
        </button>
      </div>
      {open.length === 0 ? (
        <p class="sub">
          {text.incidents.none} {text.incidents.noneMore}
        </p>
      ) : (
        <ul class="incident-rows" ref={rows}>
          {open.map((incident) => (
            <li key={incident.id} data-slides={incident.id}>
              <button type="button" class="incident-row" onClick={() => choose(incident)} data-testid="incident-row">
                <Mark incident={incident} />
                <span class="incident-what">{[incidentName(incident.kind), incident.text].filter(Boolean).join(": ")}</span>
                <span class="sub">
                  <Moment at={incident.time} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <label class="incident-shown">
        <input type="checkbox" checked={shown} onChange={({ currentTarget }) => show(currentTarget.checked)} data-testid="incidents-shown" />
        {text.incidents.onMap}
      </label>
      {report && (
        <button type="button" class="button" onClick={report} data-testid="incident-report">
          <Icon name="plus" size={16} />
          {text.incidents.report}
        </button>
      )}
    </section>
  );
}
