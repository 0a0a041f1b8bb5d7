/** Beside what is edited: the events that it tells, as they come. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { CameraName, LamppostEvent } from "../api/types";
import { useCell } from "../cell";
import { EventRow } from "../events/card";
import { merge, mergeAll } from "../events/merge";
import { paced } from "../events/paced";
import { onEvent, refetch, sameCamera } from "../news";
import { kindName, text } from "../text";
import { useSlide } from "../ui/slide";
import { kindsFor } from "./kinds";
import { queryFor, type Subject, tells } from "./subject";

const MOST = 30;
/** The API narrows by kind and place; two rules may have both in common. */
const ASKED = 100;

export interface HappenedProps {
  camera: CameraName;
  subject: Subject;
  /** the gateway goes by it already */
  inForce: boolean;
  /** nothing is told about it: make a rule that does, where one may */
  mute: { addRule: ((kind: string) => void) | undefined } | undefined;
}

export function Happened({ camera, subject, inForce, mute }: HappenedProps): JSX.Element {
  const key = JSON.stringify(subject.of === "rule" ? [subject.of, subject.rule.kind, subject.rule["name"], subject.rule["zone"], subject.rule["line"]] : subject);
  const list = useEvents(camera, subject, key);
  const rows = useRef<HTMLUListElement>(null);
  useSlide(rows, key);
  return (
    <section class="editor-events panel" aria-labelledby="happened-title" data-testid="happened">
      <h2 id="happened-title">{titleFor(subject)}</h2>
      {subject.of === "shape" && mute && <Mute of={subject.kind} addRule={mute.addRule} />}
      {list?.length === 0 || !inForce ? (
        !mute && <p class="strip-empty">{inForce ? text.editor.nothingYet : text.editor.notInForce}</p>
      ) : (
        <ul ref={rows} class="rows" aria-busy={!list}>
          {list?.map((event) => <EventRow key={event.id} event={event} />)}
        </ul>
      )}
    </section>
  );
}

/** That no event can come of it, and the way to one. */
function Mute({ of, addRule }: { of: "zone" | "line"; addRule: ((kind: string) => void) | undefined }): JSX.Element {
  return (
    <div class="editor-mute">
      <p>{text.editor.mute[of]}</p>
      {addRule && (
        <select class="button" value="" aria-label={text.editor.addRuleFor[of]} onChange={(event) => event.currentTarget.value && addRule(event.currentTarget.value)} data-testid="add-rule-here">
          <option value="">{text.editor.addRuleFor[of]}</option>
          {kindsFor(of).map((kind) => (
            <option key={kind} value={kind}>
              {kindName(kind)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function titleFor(subject: Subject): string {
  if (subject.of === "camera") return text.live.eventsHere;
  if (subject.of === "shape") return text.editor.eventsOf(subject.name);
  const { kind, name, zone, line } = subject.rule;
  return text.editor.eventsOf(typeof name === "string" && name ? name : [kindName(kind), zone ?? line].filter(Boolean).join(" "));
}

function useEvents(camera: CameraName, subject: Subject, key: string): readonly LamppostEvent[] | undefined {
  const [list, set] = useState<readonly LamppostEvent[]>();
  const generation = useCell(refetch);
  useEffect(() => set(undefined), [key]);
  useEffect(() => {
    let stale = false;
    const query = new URLSearchParams([["site", camera.site], ["gateway", camera.gateway], ["camera", camera.camera], ["limit", String(subject.of === "rule" ? ASKED : MOST)], ...queryFor(subject)]);
    const fits = (event: LamppostEvent) => sameCamera(camera, event) && tells(subject, event);
    api.events(query).then(
      ({ items }) => !stale && set((old) => mergeAll(items.filter(fits), old ?? []).slice(0, MOST)),
      () => undefined, // the banner tells of it; the next hello loads again
    );
    const news = paced<LamppostEvent>((events) => set((old) => events.reduce(merge, [...(old ?? [])]).slice(0, MOST)));
    const stop = onEvent((event) => fits(event) && news.push(event));
    return () => {
      stale = true;
      stop();
      news.stop();
    };
  }, [key, generation]);
  return list;
}
