/** Something that is about to be reported: where is clicked on the map, the rest is said here. */

import type { JSX, TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import type { Incident } from "../api/types";
import { tellIncident } from "../news";
import { useDeed } from "../people/deed";
import { incidentName, text } from "../text";
import type { Spot } from "./ground";

interface Props {
  spot: Spot | undefined;
  done: (told: Incident | undefined) => void;
}

export function ReportForm({ spot, done }: Props): JSX.Element {
  const deed = useDeed();
  const [kind, setKind] = useState("other");
  const [severity, setSeverity] = useState<Incident["severity"]>("info");
  const [words, say] = useState("");
  const send = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!spot) return;
    void deed.run(async () => {
      const told = await api.tellOfIncident({ kind, severity, text: words.trim(), latitude: spot[0], longitude: spot[1] });
      tellIncident(told);
      done(told);
    });
  };
  return (
    <form class="map-card incident-end" onSubmit={send} data-testid="report-form">
      <h2>{text.incidents.report}</h2>
      <p class="sub">
        {spot ? text.incidents.clickAgain : text.incidents.click} {text.incidents.clickKeys}
      </p>
      <p role="status" class="numbers" data-testid="report-spot">
        {spot && `${text.incidents.where}: ${spot[0].toFixed(5)}, ${spot[1].toFixed(5)}`}
      </p>
      <div class="map-where">
        <label>
          <span>{text.incidents.kind}</span>
          <select class="text-input" value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value)} data-testid="report-kind">
            {Object.keys(text.incidents.kinds).map((name) => (
              <option key={name} value={name}>
                {incidentName(name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{text.incidents.severity}</span>
          <select class="text-input" value={severity} onChange={({ currentTarget }) => setSeverity(currentTarget.value as Incident["severity"])} data-testid="report-severity">
            {(["info", "alarm"] as const).map((name) => (
              <option key={name} value={name}>
                {text.incidents.severities[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label>
        <span>{text.incidents.text}</span>
        <input class="text-input" value={words} maxLength={400} onInput={({ currentTarget }) => say(currentTarget.value)} data-testid="report-text" />
      </label>
      {deed.error && <p class="bad-text" role="alert">{deed.error}</p>}
      <div class="map-links">
        <button type="submit" class="button primary" disabled={!spot || deed.busy} data-testid="report-send">
          {text.incidents.send}
        </button>
        <button type="button" class="button" onClick={() => done(undefined)}>
          {text.incidents.discard}
        </button>
      </div>
    </form>
  );
}
