/** Below the pictures: play, step, jump, speed, the day and time, a picture to keep, a span to export. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import { useCell } from "../cell";
import { useClip } from "../events/clip";
import { cameraOf } from "../events/filter";
import { session } from "../session";
import { text } from "../text";
import { clock, span } from "../time/format";
import { dayText } from "../time/time";
import { Icon, type IconName } from "../ui/icon";
import { localField, momentOfField } from "../time/field";
import { Gaps } from "./gaps";
import { SPEEDS, type Head } from "./head";
import { keepPictures } from "./keep";
import type { Past } from "./past";
import type { Stretch } from "./time";

interface Props {
  head: Head;
  setHead: (change: (old: Head) => Head) => void;
  /** play, or stop */
  toggle: () => void;
  visit: (at: number) => void;
  /** to the event after or before */
  jump: (way: 1 | -1) => void;
  /** by a single picture */
  step: (way: 1 | -1) => void;
  zoom: (factor: number) => void;
  say: (words: string) => void;
  rows: readonly { camera: string; name: string; past: Past }[];
  view: Stretch;
  newest: () => number;
  mayFetch: boolean;
}

export function Controls({ head, setHead, toggle, visit, jump, step, zoom, say, rows, view, newest, mayFetch }: Props): JSX.Element {
  const name = head.playing ? text.clip.pause : text.clip.play;
  const at = new Date(head.at);
  const stopAt = (gap: number) => setHead((old) => ({ ...old, at: gap, playing: false }));
  return (
    <div class="stage-bar playback-bar">
      <span class="pair">
        <Small name={text.playback.earlier} icon="back" onClick={() => jump(-1)} testid="event-before" />
        <Small name={text.playback.pictureBack} icon="stepBack" onClick={() => step(-1)} disabled={!mayFetch} testid="step-back" />
        <button type="button" class="button primary icon-only" disabled={!mayFetch} onClick={toggle} aria-label={name} title={name} data-testid="play">
          <Icon name={head.playing ? "pause" : "play"} />
        </button>
        <Small name={text.playback.pictureOn} icon="stepOn" onClick={() => step(1)} disabled={!mayFetch} testid="step-on" />
        <Small name={text.playback.later} icon="forward" onClick={() => jump(1)} testid="event-after" />
      </span>
      <span class="playback-at numbers" data-testid="playback-at">
        <strong>{clock(at)}</strong> <span class="sub">{dayText(at)}</span>
      </span>
      <input
        type="datetime-local"
        class="go-to"
        step={1}
        value={localField(at, 19)}
        max={localField(new Date(newest()), 19)}
        aria-label={text.playback.goTo}
        onChange={(change) => {
          const wanted = momentOfField(change.currentTarget.value);
          if (wanted) visit(wanted.getTime());
        }}
      />
      <span class="spring" />
      <Gaps rows={rows} view={view} onGo={stopAt} />
      <select class="button speed" value={head.speed} aria-label={text.clip.speed} title={text.clip.speed} onChange={(change) => setHead((old) => ({ ...old, speed: Number(change.currentTarget.value) }))} data-testid="speed">
        {SPEEDS.map((speed) => (
          <option key={speed} value={speed}>
            {speed < 1 ? `1/${1 / speed}` : speed}×
          </option>
        ))}
      </select>
      <Small name={text.playback.wider} icon="minus" onClick={() => zoom(2)} />
      <Small name={text.playback.closer} icon="plus" onClick={() => zoom(0.5)} />
      <Small name={text.playback.picture} icon="camera" onClick={() => say(text.playback.kept(keepPictures()))} testid="keep-pictures" />
      {mayFetch && <Export at={head.at} cameras={rows} />}
    </div>
  );
}

interface SmallProps {
  name: string;
  icon: IconName;
  onClick: () => void;
  testid?: string;
  disabled?: boolean;
}

const Small = ({ name, icon, onClick, testid, disabled = false }: SmallProps) => (
  <button type="button" class="button icon-only" disabled={disabled} onClick={onClick} aria-label={name} title={name} data-testid={testid}>
    <Icon name={icon} size={16} />
  </button>
);

/** The gateway cuts at most so much at once. */
const LONGEST_MS = 600_000;

/** First press: from here. Second: to here; the gateway cuts it and it is saved. */
function Export({ at, cameras }: { at: number; cameras: Props["rows"] }): JSX.Element {
  const [from, setFrom] = useState<number>();
  const [wanted, want] = useState<{ from: number; to: number; reason: string | undefined }>();
  const [typed, setTyped] = useState("");
  const who = useCell(session);
  const me = who.state === "in" ? who.me : undefined;
  const proves = me?.role === "investigator" || me?.role === "admin";
  const reason = proves ? typed.trim() || me.reason : undefined;
  if (wanted) {
    return (
      <span class="exports" role="status">
        {cameras.map(({ camera, name }) => (
          <Exported key={camera} camera={camera} name={name} {...wanted} />
        ))}
        <button type="button" class="button quiet icon-only" onClick={() => want(undefined)} aria-label={text.playback.exportOver} title={text.playback.exportOver}>
          <Icon name="close" size={14} />
        </button>
      </span>
    );
  }
  if (from === undefined) {
    return (
      <button type="button" class="button" onClick={() => setFrom(at)} title={text.playback.exportMore} data-testid="export-from">
        <Icon name="download" size={16} />
        {text.playback.exportFrom}
      </button>
    );
  }
  const [first, last] = [Math.min(from, at), Math.min(Math.max(from, at), Math.min(from, at) + LONGEST_MS)];
  const finish = () => {
    setFrom(undefined);
    if (last - first >= 1000) want({ from: first, to: last, reason });
  };
  return (
    <span class="exports">
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
      <button type="button" class="button pressed" onClick={finish} disabled={reason === ""} data-testid="export-to">
        <Icon name="download" size={16} />
        {text.playback.exportTo(span((last - first) / 1000))}
      </button>
    </span>
  );
}

/** With a `reason` as evidence, else the clip alone. */
function Exported({ camera, name, from, to, reason }: { camera: string; name: string; from: number; to: number; reason: string | undefined }): JSX.Element {
  const span = { ...cameraOf(camera), start: new Date(from).toISOString(), end: new Date(to).toISOString() };
  const ask = () => (reason ? api.exportFootage({ ...span, reason }) : api.cutClip({ ...span, quality: "full" }));
  const { state } = useClip({ ...span, key: `${camera} ${from} ${to}`, clip: null, ask });
  if (state.name === "ready") {
    return (
      <a class="button primary" href={api.downloadAddress(state.url)} download data-testid="exported">
        <Icon name="download" size={16} />
        {name}
      </a>
    );
  }
  const how = state.name === "refused" ? text.clip.refused : state.name === "failed" ? state.reason : state.name === "sending" ? text.clip.sending(state.percent) : text.clip.requested;
  return <span class={state.name === "failed" ? "sub bad-text" : "sub"}>{`${name}: ${how}`}</span>;
}
