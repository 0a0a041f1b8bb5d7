/** Below the pictures: play, step, jump, speed, the day and time, a picture to keep, a span to export. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import { useClip } from "../events/clip";
import { cameraOf } from "../events/filter";
import { text } from "../text";
import { clock, span } from "../time/format";
import { dayText } from "../time/time";
import { Icon } from "../ui/icon";
import { localField, momentOfField } from "../time/field";
import { SPEEDS, type Head } from "./head";

interface Props {
  head: Head;
  setHead: (change: (old: Head) => Head) => void;
  seek: (at: number) => void;
  jump: (way: 1 | -1) => void;
  /** is there an event to jump to? */
  mayJump: (way: 1 | -1) => boolean;
  zoom: (factor: number) => void;
  cameras: readonly { camera: string; name: string }[];
  newest: () => number;
}

export function Controls({ head, setHead, seek, jump, mayJump, zoom, cameras, newest }: Props): JSX.Element {
  const name = head.playing ? text.clip.pause : text.clip.play;
  const at = new Date(head.at);
  return (
    <div class="stage-bar playback-bar">
      <Small name={text.playback.earlier} icon="back" onClick={() => jump(-1)} disabled={!mayJump(-1)} testid="event-before" />
      <button type="button" class="button primary icon-only" onClick={() => setHead((old) => ({ ...old, playing: !old.playing }))} aria-label={name} title={name} data-testid="play">
        <Icon name={head.playing ? "pause" : "play"} />
      </button>
      <Small name={text.playback.later} icon="forward" onClick={() => jump(1)} disabled={!mayJump(1)} testid="event-after" />
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
          if (wanted) seek(wanted.getTime());
        }}
      />
      <span class="spring" />
      <select class="button speed" value={head.speed} aria-label={text.clip.speed} title={text.clip.speed} onChange={(change) => setHead((old) => ({ ...old, speed: Number(change.currentTarget.value) }))}>
        {SPEEDS.map((speed) => (
          <option key={speed} value={speed}>
            {speed < 1 ? `1/${1 / speed}` : speed}×
          </option>
        ))}
      </select>
      <Small name={text.playback.wider} icon="minus" onClick={() => zoom(2)} />
      <Small name={text.playback.closer} icon="plus" onClick={() => zoom(0.5)} />
      <Small name={text.playback.picture} icon="camera" onClick={keepPicture} />
      <Export at={head.at} cameras={cameras} />
    </div>
  );
}

interface SmallProps {
  name: string;
  icon: "back" | "forward" | "minus" | "plus" | "camera";
  onClick: () => void;
  testid?: string;
  disabled?: boolean;
}

const Small = ({ name, icon, onClick, testid, disabled = false }: SmallProps) => (
  <button type="button" class="button icon-only" disabled={disabled} onClick={onClick} aria-label={name} title={name} data-testid={testid}>
    <Icon name={icon} size={16} />
  </button>
);

/** Every picture on the screen, as the cameras sent it. */
function keepPicture(): void {
  for (const video of document.querySelectorAll<HTMLVideoElement>("[data-testid=played-video]")) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    const camera = video.closest<HTMLElement>("[data-camera]")?.dataset["camera"] ?? "camera";
    canvas.toBlob((blob) => blob && save(blob, `${camera.replaceAll("/", "-")}.jpg`), "image/jpeg", 0.92);
  }
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The gateway cuts at most so much at once. */
const LONGEST_MS = 600_000;

/** First press: from here. Second: to here; the gateway cuts it and it is saved. */
function Export({ at, cameras }: { at: number; cameras: Props["cameras"] }): JSX.Element {
  const [from, setFrom] = useState<number>();
  const [wanted, want] = useState<{ from: number; to: number }>();
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
    if (last - first >= 1000) want({ from: first, to: last });
  };
  return (
    <button type="button" class="button pressed" onClick={finish} data-testid="export-to">
      <Icon name="download" size={16} />
      {text.playback.exportTo(span((last - first) / 1000))}
    </button>
  );
}

function Exported({ camera, name, from, to }: { camera: string; name: string; from: number; to: number }): JSX.Element {
  const wish = { ...cameraOf(camera), start: new Date(from).toISOString(), end: new Date(to).toISOString() };
  const { state } = useClip({ ...wish, key: `${camera} ${from} ${to}`, clip: null, ask: () => api.cutClip(wish) });
  if (state.name === "ready") {
    return (
      <a class="button primary" href={api.downloadAddress(state.url)} download data-testid="exported">
        <Icon name="download" size={16} />
        {name}
      </a>
    );
  }
  const how = state.name === "failed" ? state.reason : state.name === "sending" ? text.clip.sending(state.percent) : text.clip.requested;
  return <span class={state.name === "failed" ? "sub bad-text" : "sub"}>{`${name}: ${how}`}</span>;
}
