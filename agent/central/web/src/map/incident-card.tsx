/** An incident that was chosen: what, when and from where, which cameras look there, and how it ended. */

import type { JSX, TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Incident, IncidentChange, IncidentThere } from "../api/types";
import { cameraKey } from "../events/filter";
import { tellIncident } from "../news";
import { useDeed } from "../people/deed";
import { Link } from "../router";
import { failureLine, incidentName, text } from "../text";
import { Moment, momentText } from "../time/time";
import { Icon } from "../ui/icon";
import { aroundPath, isOpen, thenPath, witnesses } from "./incident";

interface Props {
  incident: Incident;
  mayClose: boolean;
  close: () => void;
}

export function IncidentCard({ incident, mayClose, close }: Props): JSX.Element {
  const [there, failure] = useThere(incident);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) title.current?.focus({ preventScroll: true }); // what led here is gone
  }, []);
  return (
    <section class="map-card" data-testid="incident-card">
      <div class="map-card-head">
        <Mark incident={incident} />
        <h2 ref={title} tabIndex={-1}>{incidentName(incident.kind)}</h2>
        <span class="spring" />
        <button type="button" class="button quiet icon-only" onClick={close} aria-label={text.incidents.dismiss} title={text.incidents.dismiss}>
          <Icon name="close" size={14} />
        </button>
      </div>
      {incident.text && <p class="incident-text">{incident.text}</p>}
      <p class="sub">
        <strong class={incident.severity === "alarm" ? "bad-text" : undefined}>{text.incidents.severities[incident.severity]}</strong>
        {" · "}
        <Moment at={incident.time} />
        {` · ${text.incidents.from(incident.source)}`}
        {incident.made_by !== incident.source && `, ${text.incidents.toldBy(incident.made_by)}`}
      </p>
      {incident.closed_by !== null && incident.closed_at !== null && (
        <p class="seen-to">
          <Icon name="check" size={16} />
          {text.incidents.closedBy(incident.closed_by, momentText(incident.closed_at))}
        </p>
      )}
      {incident.note && <p class="incident-text">{incident.note}</p>}
      {failure ? <p class="bad-text" role="alert">{failure}</p> : <Around there={there} />}
      {mayClose && <End key={incident.state} incident={incident} />}
    </section>
  );
}

/** Its sign on the map, once more. */
export const Mark = ({ incident }: { incident: Incident }) => <i class={`map-mark${incident.severity === "alarm" ? " alarm" : ""}${isOpen(incident) ? "" : " closed"}`} aria-hidden="true" />;

/** With its cameras, once they are known; anew when it is put elsewhere. */
function useThere({ id, latitude, longitude }: Incident): [there: IncidentThere | undefined, failure: string] {
  const [there, set] = useState<IncidentThere>();
  const [failure, fail] = useState("");
  useEffect(() => {
    let stale = false;
    fail("");
    api.incident(id).then((found) => stale || set(found), (error: unknown) => stale || fail(failureLine(error)));
    return () => void (stale = true);
  }, [id, latitude, longitude]);
  return [there, failure];
}

function Around({ there }: { there: IncidentThere | undefined }): JSX.Element {
  if (!there) return <div class="incident-wait skeleton" role="status" aria-label={text.loading} />;
  const first = witnesses(there.cameras)[0];
  if (!first) return <p class="sub">{text.incidents.noCameras}</p>;
  return (
    <>
      <div class="map-links">
        <Link class="button primary" href={`/live/${cameraKey(first)}`} data-testid="incident-live">
          {text.incidents.live}
        </Link>
        <Link class="button" href={thenPath(there)} data-testid="incident-play">
          {text.incidents.play}
        </Link>
        <Link class="button" href={aroundPath(there)} title={text.incidents.aroundMore} data-testid="incident-around">
          {text.incidents.around}
        </Link>
      </div>
      <h3 class="incident-cameras-title">{text.incidents.cameras}</h3>
      <ul class="incident-rows">
        {there.cameras.map((camera) => (
          <li key={cameraKey(camera)}>
            <Link class="incident-row" href={`/live/${cameraKey(camera)}`}>
              <span class="incident-what">{camera.name}</span>
              <span class={camera.covers ? "sub sees" : "sub"}>{camera.covers ? text.incidents.sees(Math.round(camera.distance_m)) : text.incidents.away(Math.round(camera.distance_m))}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Closes it with what was found, or opens it again. */
function End({ incident }: { incident: Incident }): JSX.Element {
  const deed = useDeed();
  const [note, write] = useState("");
  const change = (wanted: IncidentChange) => deed.run(async () => tellIncident(await api.changeIncident(incident.id, wanted)));
  const close = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void change({ state: "closed", ...(note.trim() ? { note: note.trim() } : {}) });
  };
  return (
    <>
      {isOpen(incident) ? (
        <form class="incident-end" onSubmit={close}>
          <label>
            <span>{text.incidents.note}</span>
            <input class="text-input" value={note} maxLength={400} onInput={({ currentTarget }) => write(currentTarget.value)} data-testid="incident-note" />
          </label>
          <button type="submit" class="button" disabled={deed.busy} data-testid="incident-close">
            <Icon name="check" size={16} />
            {text.incidents.close}
          </button>
        </form>
      ) : (
        <button type="button" class="button" disabled={deed.busy} onClick={() => void change({ state: "open" })} data-testid="incident-open">
          {text.incidents.reopen}
        </button>
      )}
      {deed.error && <p class="bad-text" role="alert">{deed.error}</p>}
    </>
  );
}
