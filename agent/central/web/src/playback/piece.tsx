/** A piece of footage as a video that is kept at the playhead. */

import type { JSX, RefObject } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";
import type { Clip } from "../api/types";
import type { PieceState } from "./footage";
import { driftAllowed, type Head } from "./head";

interface Props {
  state: PieceState;
  head: Head;
  /** when it will be shown; undefined: it is shown */
  enters: number | undefined;
  onReady: () => void;
  onUnplayable: () => void;
}

/** A picture that stands is where the playhead is, to the millisecond: single steps begin there. */
const STANDS_S = 0.001;
/** A browser that says nothing of a video for so long, neither that more came nor that it cannot, will not show it. */
const SILENT_MS = 20_000;

export function Piece({ state, head, enters, onReady, onUnplayable }: Props): JSX.Element | null {
  const ready = state.name === "ready" ? state : undefined;
  // of a piece that is coded anew the video begins anew, too
  return ready ? <Film key={ready.clip.id} clip={ready.clip} url={ready.url} {...{ head, enters, onReady, onUnplayable }} /> : null;
}

function Film({ clip, url, head, enters, onReady, onUnplayable }: Omit<Props, "state"> & { clip: Clip; url: string }): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const [, look] = useReducer((count: number) => count + 1, 0);
  const shown = enters === undefined;
  const heard = useSilence(video, shown, onUnplayable);
  useInStep(video, clip, head, enters);
  const told = () => {
    heard();
    look(undefined); // where it landed may not be where the playhead is by now
    const element = video.current;
    if (!element || element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (element.videoWidth === 0) onUnplayable(); // sound alone
    else if (shown) onReady();
  };
  useEffect(told, [shown]); // what was fetched ahead has told all it has to tell
  return (
    <video
      ref={video}
      class={shown ? "" : "hidden-video"}
      src={url}
      muted
      playsInline
      preload="auto"
      onLoadedData={told}
      onSeeked={told}
      onProgress={heard}
      onError={onUnplayable}
      data-begin={beginOf(clip)}
      data-testid={shown ? "played-video" : undefined}
    />
  );
}

const beginOf = (clip: Clip) => Date.parse(clip.actual_start ?? clip.start);

/** Keeps the video at the playhead: it plays by itself, and is moved when it is off by more than the eye forgives. */
function useInStep(video: RefObject<HTMLVideoElement | null>, clip: Clip, head: Head, enters: number | undefined): void {
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const wanted = Math.max(0, ((enters ?? head.at) - beginOf(clip)) / 1000);
    const drift = Math.abs(element.currentTime - wanted);
    if (enters !== undefined || !head.playing) {
      if (!element.paused) element.pause();
      if (drift > STANDS_S && !element.seeking) element.currentTime = wanted;
      return;
    }
    if (element.playbackRate !== head.speed) element.playbackRate = head.speed;
    if (drift > driftAllowed(head.speed) && !element.seeking) element.currentTime = wanted;
    if (element.paused && !element.ended) element.play().catch(() => undefined); // the next step tries again
  });
}

/** Gives a video up that has no picture and says nothing; returns what is called when it says something. */
function useSilence(video: RefObject<HTMLVideoElement | null>, shown: boolean, giveUp: () => void): () => void {
  const spoke = useRef(0);
  const tell = useRef(giveUp);
  tell.current = giveUp;
  useEffect(() => {
    spoke.current = performance.now();
    if (!shown) return undefined;
    const timer = setInterval(() => {
      const waits = (video.current?.readyState ?? 0) < HTMLMediaElement.HAVE_CURRENT_DATA && !document.hidden;
      if (!waits) spoke.current = performance.now();
      else if (performance.now() - spoke.current > SILENT_MS) tell.current();
    }, 1_000);
    return () => clearInterval(timer);
  }, [shown]);
  return () => void (spoke.current = performance.now());
}
