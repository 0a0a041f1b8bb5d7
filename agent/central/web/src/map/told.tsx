/** What of incidents stands beside the map: which are open, one of them, or one that is about to be reported. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Incident } from "../api/types";
import { centreNow } from "../news";
import { incidentName, text } from "../text";
import { momentText } from "../time/time";
import { Icon } from "../ui/icon";
import type { Chart } from "./chart";
import type { Spot } from "./ground";
import { IncidentCard } from "./incident-card";
import { IncidentList } from "./incident-list";
import type { MarkWords } from "./marks";
import { ReportForm } from "./report";

export type Told = { what: "open" } | { what: "one"; incident: Incident } | { what: "report"; spot: Spot | undefined };

const FADE_AGAIN_MS = 60_000;

/** Opens the list, and says how many are in it. */
export function IncidentsButton({ open, pressed, disabled, press }: { open: readonly Incident[]; pressed: boolean; disabled: boolean; press: () => void }): JSX.Element {
  const alarm = open.some(({ severity }) => severity === "alarm");
  return (
    <button type="button" class={pressed ? "button pressed" : "button"} aria-pressed={pressed} title={text.incidents.open(open.length)} disabled={disabled} onClick={press} data-testid="map-incidents">
      <Icon name="incident" size={16} />
      <span class="only-wide">{text.incidents.title}</span>
      {open.length > 0 && <span class={alarm ? "map-many alarm" : "map-many"}>{open.length}</span>}
    </button>
  );
}

interface Props {
  told: Told;
  open: readonly Incident[];
  mayTell: boolean;
  shown: boolean;
  show: (on: boolean) => void;
  turn: (to: Told | undefined) => void;
  bring: (incident: Incident) => void;
}

export function ToldSide({ told, open, mayTell, shown, show, turn, bring }: Props): JSX.Element {
  if (told.what === "report") return <ReportForm spot={told.spot} done={(made) => turn(made ? { what: "one", incident: made } : { what: "open" })} />;
  if (told.what === "one") return <IncidentCard key={told.incident.id} incident={told.incident} mayClose={mayTell} close={() => turn({ what: "open" })} />;
  const choose = (incident: Incident) => {
    turn({ what: "one", incident });
    bring(incident);
  };
  return <IncidentList open={open} shown={shown} show={show} choose={choose} report={mayTell ? () => turn({ what: "report", spot: undefined }) : undefined} close={() => turn(undefined)} />;
}

/** The words of their marks. */
export const MARKED: MarkWords = {
  kind: ({ kind }) => incidentName(kind),
  whole: ({ kind, severity, state, time }) => text.incidents.mark(incidentName(kind), text.incidents.severities[severity], text.incidents.state[state], momentText(time)),
};

/** The marks on the map, which step back as time goes by; and where something is about to be reported. */
export function useMarks(chart: Chart | undefined, incidents: readonly Incident[], told: Told | undefined): void {
  const chosen = told?.what === "one" ? told.incident.id : undefined;
  useEffect(() => {
    const draw = () => chart?.incidents(incidents, chosen, centreNow());
    draw();
    const timer = setInterval(draw, FADE_AGAIN_MS);
    return () => clearInterval(timer);
  }, [chart, incidents, chosen]);
  const spot = told?.what === "report" ? told.spot : undefined;
  useEffect(() => chart?.draft(spot), [chart, spot]);
}

/** With the incident as it was told last. */
export const asNow = (told: Told | undefined, incidents: readonly Incident[]): Told | undefined =>
  told?.what === "one" ? { what: "one", incident: incidents.find(({ id }) => id === told.incident.id) ?? told.incident } : told;
