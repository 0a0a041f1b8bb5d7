/** Plays a clip with the box of its event or track over it: own controls, so that time is wall time and the event is marked. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Clip, Corners, Track } from "../api/types";
import { text } from "../text";
import { clock, span } from "../time/format";
import { Icon } from "../ui/icon";
import { typing, usePress } from "../ui/press";
import { openedAt } from "./lead";
import { type Box, boxAt, strengthAt } from "./overlay";
import { BoxOver } from "./picture";

/** What is marked in the clip: an event, or a track. `time` is the moment of `box`. */
interface Marked {
  start: string;
  end: string | null;
  time: string;
  box: Corners | null;
}

interface Props {
  event: Marked;
  clip: Clip;
  url: string;
  tracks: readonly Track[];
  /** told when the browser makes nothing of it */
  onUnplayable: () => void;
}

interface Playback {
  time: number;
  /** of the picture on the screen: a busy machine shows it later than `time` has passed it */
  shown: number;
  length: number;
  playing: boolean;
  failed: boolean;
}

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const STEP_S = 1;

export function ClipPlayer({ event, clip, url, tracks, onUnplayable }: Props): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [boxes, setBoxes] = useState(true);
  const begin = Date.parse(clip.actual_start ?? clip.start);
  const planned = (Date.parse(clip.actual_end ?? clip.end) - begin) / 1000;
  const now = usePlayback(video, planned);
  useKeys(video, now.length);
  useEffect(() => {
    if (now.failed) onUnplayable();
  }, [now.failed]);
  return (
    <div class="clip" ref={frame}>
      <div class="picture">
        <video
          ref={video}
          src={openedAt(url, Date.parse(event.start) - begin)}
          autoPlay
          muted
          playsInline
          preload="auto"
          onClick={() => toggle(video.current)}
          data-testid="clip-video"
          aria-label={text.event.clip}
        />
        {boxes && <ClipBoxes event={event} tracks={tracks} wallMs={begin + now.shown * 1000} video={video} />}
        {now.failed && (
          <div class="note" role="alert">
            <Icon name="warning" size={22} />
            <strong>{text.clip.unplayable}</strong>
            <span>{text.clip.unplayableMore(clip.codecs)}</span>
          </div>
        )}
      </div>
      <Controls video={video} frame={frame} now={now} begin={begin} event={event} boxes={boxes} setBoxes={setBoxes} />
    </div>
  );
}

function ClipBoxes({ event, tracks, wallMs, video }: { event: Marked; tracks: readonly Track[]; wallMs: number; video: RefObject<HTMLVideoElement | null> }) {
  const size = { width: video.current?.videoWidth || 16, height: video.current?.videoHeight || 9 };
  const moving = tracks
    .map((track) => boxAt({ startMs: Date.parse(track.start), points: track.path }, wallMs))
    .filter((box): box is Box => box !== undefined);
  if (tracks.some((track) => track.path.length > 0)) return <>{moving.map((box, i) => <BoxOver key={i} box={box} {...size} />)}</>;
  const at = Date.parse(event.time);
  const strength = strengthAt(wallMs, Math.min(at, Date.parse(event.start)), Math.max(at, Date.parse(event.start)));
  return event.box && strength > 0 ? <BoxOver box={event.box} strength={strength} {...size} /> : null;
}

interface ControlsProps {
  video: RefObject<HTMLVideoElement | null>;
  frame: RefObject<HTMLDivElement | null>;
  now: Playback;
  begin: number;
  event: Marked;
  boxes: boolean;
  setBoxes: (on: boolean) => void;
}

function Controls({ video, frame, now, begin, event, boxes, setBoxes }: ControlsProps): JSX.Element {
  const mark = useRef<HTMLDivElement>(null);
  const from = clamp((Date.parse(event.start) - begin) / 1000 / now.length);
  const to = clamp((Date.parse(event.end ?? event.start) - begin) / 1000 / now.length);
  useEffect(() => {
    mark.current!.style.left = `${from * 100}%`;
    mark.current!.style.width = `${Math.max(0.012, to - from) * 100}%`;
  }, [from, to]);
  const name = now.playing ? text.clip.pause : text.clip.play;
  return (
    <div class="controls">
      <button type="button" class="button quiet icon-only" onClick={() => toggle(video.current)} aria-label={name} title={name} data-testid="clip-play">
        <Icon name={now.playing ? "pause" : "play"} />
      </button>
      <span class="numbers at" data-testid="clip-time">
        {clock(new Date(begin + now.time * 1000))}
      </span>
      <div class="scrub">
        <div class="scrub-event" ref={mark} />
        <input
          type="range"
          min={0}
          max={now.length}
          step={0.04}
          value={now.time}
          aria-label={text.clip.position}
          aria-valuetext={text.clip.of(span(now.time), span(now.length))}
          onInput={(input) => seek(video.current, Number(input.currentTarget.value))}
        />
      </div>
      <span class="numbers sub left">{text.clip.of(span(now.time), span(now.length))}</span>
      <Speed video={video} />
      <button type="button" class={boxes ? "button icon-only pressed" : "button icon-only"} aria-pressed={boxes} onClick={() => setBoxes(!boxes)} aria-label={text.clip.boxes} title={text.clip.boxes}>
        <Icon name="box" size={16} />
      </button>
      <button type="button" class="button icon-only" onClick={() => void fullScreen(frame)} aria-label={text.clip.full} title={text.clip.full}>
        <Icon name="expand" size={16} />
      </button>
    </div>
  );
}

function Speed({ video }: { video: RefObject<HTMLVideoElement | null> }): JSX.Element {
  const [speed, set] = useState(1);
  useEffect(() => {
    if (video.current) video.current.playbackRate = video.current.defaultPlaybackRate = speed; // the latter: of the next file, too
  }, [speed]);
  return (
    <select class="button speed" value={speed} aria-label={text.clip.speed} title={text.clip.speed} onChange={(change) => set(Number(change.currentTarget.value))}>
      {SPEEDS.map((value) => (
        <option key={value} value={value}>
          {value}×
        </option>
      ))}
    </select>
  );
}

const clamp = (share: number) => Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0));

/** A frame-exact look at the video while it plays; events alone come four times a second. */
function usePlayback(video: RefObject<HTMLVideoElement | null>, planned: number): Playback {
  const [state, set] = useState<Playback>({ time: 0, shown: 0, length: Math.max(0.1, planned), playing: false, failed: false });
  useEffect(() => {
    const element = video.current!;
    let request = 0;
    let shown: number | undefined;
    let painting = 0;
    const painted = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
      shown = mediaTime;
      if (element.paused) look();
      painting = element.requestVideoFrameCallback(painted);
    };
    // not in every browser: the clock stands for it there
    if ("requestVideoFrameCallback" in element) painting = element.requestVideoFrameCallback(painted);
    const look = () => {
      const length = Number.isFinite(element.duration) && element.duration > 0 ? element.duration : Math.max(planned, element.currentTime, 0.1);
      set({ time: element.currentTime, shown: shown ?? element.currentTime, length, playing: !element.paused && !element.ended, failed: element.error !== null || isSoundAlone(element) });
      cancelAnimationFrame(request);
      if (!element.paused && !element.ended) request = requestAnimationFrame(look);
    };
    const kinds = ["play", "pause", "seeked", "timeupdate", "ended", "error", "durationchange", "loadeddata"];
    for (const kind of kinds) element.addEventListener(kind, look);
    return () => {
      cancelAnimationFrame(request);
      if (painting) element.cancelVideoFrameCallback(painting);
      for (const kind of kinds) element.removeEventListener(kind, look);
    };
  }, [planned]);
  return state;
}

/** A browser that lacks the codec of the pictures may play the sound, and call that success. */
const isSoundAlone = (element: HTMLVideoElement) => element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && element.videoWidth === 0;

function toggle(video: HTMLVideoElement | null): void {
  if (!video) return;
  if (video.paused) video.play().catch(() => undefined); // the failed state says why
  else video.pause();
}

function seek(video: HTMLVideoElement | null, time: number): void {
  if (video) video.currentTime = Math.max(0, time);
}

async function fullScreen(frame: RefObject<HTMLElement | null>): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await frame.current?.requestFullscreen?.();
}

function useKeys(video: RefObject<HTMLVideoElement | null>, length: number): void {
  const press = (event: KeyboardEvent) => {
    if (typing(event) || (event.target as HTMLElement).closest?.("button, a")) return;
    const now = video.current?.currentTime ?? 0;
    if (event.key === " ") toggle(video.current);
    else if (event.key === "ArrowLeft") seek(video.current, now - STEP_S);
    else if (event.key === "ArrowRight") seek(video.current, Math.min(length, now + STEP_S));
    else return;
    event.preventDefault();
  };
  usePress(press, [length]);
}
