/** Taking a span out: what is chosen and what it lacks, then the files, of the cameras that were played at the press. */

import type { JSX, TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import { useCell } from "../cell";
import { useClip } from "../events/clip";
import { cameraOf } from "../events/filter";
import { session } from "../session";
import { text } from "../text";
import { bytes, clock, span } from "../time/format";
import { Icon } from "../ui/icon";
import { lacking, LONGEST_CUT_MS } from "./cut";
import type { Stretch } from "./time";

interface Named {
  camera: string;
  name: string;
}

/** What was asked for, as it was asked for: cameras that come or go later change nothing of it. */
interface Taken extends Stretch {
  number: number;
  cameras: readonly Named[];
  reason: string | undefined;
}

interface Props {
  /** what is being chosen; undefined: nothing */
  chosen: Stretch | undefined;
  rows: readonly Named[];
  /** it was taken, or left */
  onOver: () => void;
}

export function Exports({ chosen, rows, onOver }: Props): JSX.Element | null {
  const [taken, set] = useState<readonly Taken[]>([]);
  const take = (reason: string | undefined) => {
    const cameras = rows.map(({ camera, name }) => ({ camera, name }));
    if (chosen) set((old) => [...old, { ...chosen, cameras, reason, number: (old.at(-1)?.number ?? 0) + 1 }]);
    onOver();
  };
  if (!chosen && taken.length === 0) return null;
  return (
    <div class="exports">
      {chosen && <Choosing span={chosen} rows={rows} onTake={take} onCancel={onOver} />}
      {taken.map((one) => (
        <div key={one.number} class="exports-row" role="status">
          {one.cameras.map(({ camera, name }) => (
            <Exported key={camera} camera={camera} name={name} from={one.from} to={one.to} reason={one.reason} />
          ))}
          {one.reason && <span class="sub">{text.playback.exportProof}</span>}
          <button
            type="button"
            class="button quiet icon-only"
            onClick={() => set((old) => old.filter((other) => other !== one))}
            aria-label={text.playback.exportOver}
            title={text.playback.exportOver}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}

const between = ({ from, to }: Stretch) => `${clock(new Date(from))}–${clock(new Date(to))}`;

interface ChoosingProps {
  span: Stretch;
  rows: readonly Named[];
  onTake: (reason: string | undefined) => void;
  onCancel: () => void;
}

function Choosing({ span: chosen, rows, onTake, onCancel }: ChoosingProps): JSX.Element {
  const [typed, setTyped] = useState("");
  const who = useCell(session);
  const me = who.state === "in" ? who.me : undefined;
  const proves = me?.role === "investigator" || me?.role === "admin";
  const reason = proves ? typed.trim() || me.reason : undefined;
  const lacks = lacking(chosen, reason);
  const longest = chosen.to - chosen.from >= LONGEST_CUT_MS;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (lacks === undefined) onTake(reason);
  };
  return (
    <form class="exports-row" aria-label={text.playback.exportForm} onSubmit={submit} data-testid="export-form">
      <span class="numbers">
        <strong>{between(chosen)}</strong> <span class="sub">{rows.map(({ name }) => name).join(", ")}</span>
      </span>
      {proves && (
        <input
          type="text"
          class="export-why"
          maxLength={200}
          value={typed}
          placeholder={me.reason || text.playback.exportWhy}
          aria-label={text.playback.exportWhy}
          title={text.playback.exportWhyMore}
          onInput={(input) => setTyped(input.currentTarget.value)}
          data-testid="export-why"
        />
      )}
      <button type="submit" class="button primary" disabled={lacks !== undefined} aria-describedby="export-lacks" data-testid="export-to">
        <Icon name="download" size={16} />
        {text.playback.exportTo(span((chosen.to - chosen.from) / 1000))}
      </button>
      <button type="button" class="button" onClick={onCancel} data-testid="export-cancel">
        {text.playback.exportCancel}
      </button>
      <span id="export-lacks" class="sub" role="status" data-testid="export-lacks">
        {lacks ? text.playback.exportLacks[lacks] : longest ? text.playback.exportLongest : ""}
      </span>
    </form>
  );
}

/** With a `reason` as evidence, else the clip alone. */
function Exported({ camera, name, from, to, reason }: Named & Stretch & { reason: string | undefined }): JSX.Element {
  const wish = { ...cameraOf(camera), start: new Date(from).toISOString(), end: new Date(to).toISOString() };
  const ask = () => (reason ? api.exportFootage({ ...wish, reason }) : api.cutClip({ ...wish, quality: "full", exact: true }));
  const { state, retry } = useClip({ ...wish, key: `${camera} ${from} ${to}`, clip: null, ask });
  if (state.name === "ready") {
    const size = state.clip.bytes === null ? [] : [bytes(state.clip.bytes)];
    return (
      <a class="button primary" href={api.downloadAddress(state.url)} download title={reason ? text.playback.exportWhyMore : undefined} data-testid="exported">
        <Icon name="download" size={16} />
        {[text.playback.exported(name), between({ from, to }), ...size].join(" · ")}
      </a>
    );
  }
  const how = state.name === "refused" ? text.clip.refused : state.name === "failed" ? state.reason : state.name === "sending" ? text.clip.sending(state.percent) : text.clip.requested;
  if (state.name !== "failed") return <span class="sub">{`${name}: ${how}`}</span>;
  return (
    <span class="sub bad-text">
      {`${name}: ${how} `}
      <button type="button" class="button" onClick={retry} data-testid="export-again">
        {text.tryAgain}
      </button>
    </span>
  );
}
