/** What happened before a camera, above what was recorded of it: marks; where there are too many, how many in each hour. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { eventTitle } from "../events/words";
import { text } from "../text";
import { clock } from "../time/format";
import { marksOf } from "./marks";
import type { Past } from "./past";
import type { Stretch } from "./time";

const HOUR_MS = 3_600_000;

/** Drawn anew when it or the view changes, not with every step of the playhead. */
export function Happened({ past, view }: { past: Past; view: Stretch }): JSX.Element {
  const { events, since, hours } = past;
  return useMemo(() => {
    const share = (at: number) => `${(100 * (at - view.from)) / (view.to - view.from)}%`;
    const counted = since === undefined ? [] : hours.filter(({ from }) => from < Math.min(since, view.to) && from + HOUR_MS > view.from);
    const most = Math.max(1, ...hours.map(({ count }) => count));
    return (
      <div class="timeline-events">
        {counted.map(({ from, count }) => (
          <span
            key={from}
            class="hour"
            title={`${clock(new Date(from)).slice(0, 5)}: ${text.playback.inHour(count)}`}
            style={{ left: share(Math.max(view.from, from)), right: `calc(100% - ${share(Math.min(view.to, since ?? view.to, from + HOUR_MS))})`, height: `${20 + (80 * count) / most}%` }}
            data-testid="events-in-hour"
          />
        ))}
        {marksOf(events, view).map(({ at, many, event }) => (
          <span
            key={event.id}
            class={event.severity === "alarm" ? "happened alarm" : "happened"}
            title={`${clock(new Date(at))} ${eventTitle(event)}${many > 1 ? ` (${text.playback.others(many - 1)})` : ""}`}
            style={{ left: share(at) }}
            data-testid="happened"
          />
        ))}
      </div>
    );
  }, [events, since, hours, view.from, view.to]);
}
