/** Below the pictures: play, step, jump, speed, the day and time, a picture to keep, the begin of a span to export. */

import type { JSX } from "preact";
import { HoldButton } from "../holds/button";
import type { Proposal } from "../holds/wish";
import { text } from "../text";
import { clock } from "../time/format";
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
  /** a span is being chosen */
  exporting: boolean;
  /** begin to choose one here, or leave it */
  onExport: () => void;
  /** what would be held */
  proposal: () => Proposal;
}

export function Controls({ head, setHead, toggle, visit, jump, step, zoom, say, rows, view, newest, mayFetch, exporting, onExport, proposal }: Props): JSX.Element {
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
      <span class="playback-when">
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
      </span>
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
      {mayFetch && (
        <button type="button" class={exporting ? "button export-from pressed" : "button export-from"} aria-pressed={exporting} onClick={onExport} aria-label={text.playback.exportFrom} title={text.playback.exportMore} data-testid="export-from">
          <Icon name="download" size={16} />
          <span>{text.playback.exportFrom}</span>
        </button>
      )}
      <HoldButton proposal={proposal} />
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
