/** One camera's picture at the playhead: the piece that is played, and the next one on its way. */

import type { JSX, RefObject } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Clip } from "../api/types";
import type { ClipState } from "../events/progress";
import { text } from "../text";
import { Icon } from "../ui/icon";
import type { Footage } from "./footage";
import { driftAllowed, type Head } from "./head";
import { coveredAt, gapReason, pieceOf, type Recorded } from "./time";

interface Props {
  camera: string;
  name: string;
  recorded: readonly Recorded[] | undefined;
  head: Head;
  footage: Footage;
  /** told whether the playhead has to wait for this picture */
  onWait: (camera: string, waits: boolean) => void;
  onRemove: (() => void) | undefined;
}

/** The next piece is asked for this long before it is needed, at the least. */
const AHEAD_MS = 12_000;
/** A picture that stands is where the playhead is, to the millisecond: single steps begin there. */
const STANDS_S = 0.001;

export function PlayedTile({ camera, name, recorded, head, footage, onWait, onRemove }: Props): JSX.Element {
  const now = pieceOf(head.at);
  const later = pieceOf(now.to);
  const there = recorded === undefined || coveredAt(recorded, head.at) !== undefined;
  const soon = head.playing && now.to - head.at < AHEAD_MS * Math.max(1, head.speed);
  const pieces = [...(there ? [now] : []), ...(soon && recorded && coveredAt(recorded, later.from) ? [later] : [])];
  const state = there ? footage.piece(camera, now) : undefined;
  const [ready, setReady] = useState<number>();
  const waits = there && ready !== now.from;
  useEffect(() => onWait(camera, waits && state?.name !== "failed"), [waits, state?.name]);
  useEffect(() => () => onWait(camera, false), []);
  return (
    <figure class="tile played" data-testid="played" data-camera={camera} data-state={there ? state?.name : "gap"}>
      {pieces.map((piece) => (
        <Piece
          key={piece.from}
          state={footage.piece(camera, piece)}
          head={head}
          shown={piece.from === now.from}
          onReady={() => setReady(piece.from)}
        />
      ))}
      {!there && <Note icon="record" title={text.playback.nothing} more={reasonText(gapReason(recorded ?? [], head.at))} />}
      {there && state && <Waiting state={state} waits={waits} again={() => footage.again(camera, now)} />}
      <figcaption class="tile-name">{name}</figcaption>
      {onRemove && (
        <button type="button" class="button icon-only tile-remove" onClick={onRemove} aria-label={text.playback.remove(name)} title={text.playback.remove(name)}>
          <Icon name="close" size={14} />
        </button>
      )}
    </figure>
  );
}

export const reasonText = (reason: string | undefined) => (reason === undefined ? text.playback.before : (text.playback.reasons[reason] ?? reason));

interface PieceProps {
  state: ClipState;
  head: Head;
  shown: boolean;
  onReady: () => void;
}

function Piece({ state, head, shown, onReady }: PieceProps): JSX.Element | null {
  const video = useRef<HTMLVideoElement>(null);
  const [, look] = useReducer((count: number) => count + 1, 0);
  const ready = state.name === "ready" ? state : undefined;
  useInStep(video, ready?.clip, head, shown);
  if (!ready) return null;
  const told = () => {
    look(undefined); // where it landed may not be where the playhead is by now
    if (shown) onReady();
  };
  return (
    <video
      ref={video}
      class={shown ? "" : "hidden-video"}
      src={ready.url}
      muted
      playsInline
      preload="auto"
      onLoadedData={told}
      onSeeked={told}
      data-testid={shown ? "played-video" : undefined}
    />
  );
}

/** Keeps the video at the playhead: it plays by itself, and is moved when it is off by more than the eye forgives. */
function useInStep(video: RefObject<HTMLVideoElement | null>, clip: Clip | undefined, head: Head, shown: boolean): void {
  useEffect(() => {
    const element = video.current;
    if (!element || !clip) return;
    const wanted = Math.max(0, (head.at - Date.parse(clip.actual_start ?? clip.start)) / 1000);
    const drift = Math.abs(element.currentTime - wanted);
    if (!shown || !head.playing) {
      if (!element.paused) element.pause();
      if (drift > STANDS_S && !element.seeking) element.currentTime = wanted;
      return;
    }
    if (element.playbackRate !== head.speed) element.playbackRate = head.speed;
    if (drift > driftAllowed(head.speed) && !element.seeking) element.currentTime = wanted;
    if (element.paused && !element.ended) element.play().catch(() => undefined); // the next step tries again
  });
}

function Waiting({ state, waits, again }: { state: ClipState; waits: boolean; again: () => void }): JSX.Element | null {
  if (state.name === "failed") {
    return (
      <Note icon="warning" title={text.clip.failed} more={state.reason}>
        <button type="button" class="button" onClick={again}>
          <Icon name="retry" size={16} />
          {text.tryAgain}
        </button>
      </Note>
    );
  }
  if (!waits) return null;
  const words = state.name === "sending" ? text.clip.sending(state.percent) : text.clip.requested;
  return (
    <div class="tile-wait" role="status">
      <progress max={100} {...(state.name === "sending" ? { value: state.percent } : {})} aria-label={text.clip.progress} />
      {/* other words are another line: what stands in the middle would jump as it grows */}
      <span key={words}>{words}</span>
    </div>
  );
}

interface NoteProps {
  icon: "record" | "warning";
  title: string;
  more: string;
  children?: JSX.Element;
}

const Note = ({ icon, title, more, children }: NoteProps) => (
  <div class="note" data-testid="played-note">
    <Icon name={icon} size={22} />
    <strong>{title}</strong>
    <span>{more}</span>
    {children}
  </div>
);

