/** A live picture with what is wrong said over it; the wall's tile and the full view are both made of it. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { liveAddress } from "../api/client";
import type { Camera, StreamName } from "../api/types";
import { useCell } from "../cell";
import { inWords } from "../codecs";
import { link } from "../news";
import { text } from "../text";
import { duration } from "../time/format";
import { momentText } from "../time/time";
import { Icon } from "../ui/icon";
import { LiveBoxes, type BoxFeed } from "./boxes";
import { type Tone, toneOf, type Trouble, troubleOf } from "./condition";
import { LivePlayer, type Seen, type Sent } from "./player";
import { seen as seenAt } from "./trail";
import { useOnScreen } from "./visible";

interface Props {
  camera: Camera;
  /** undefined: not known yet */
  stream: StreamName | undefined;
  boxes?: boolean;
  zones?: boolean;
  onTone?: (tone: Tone) => void;
  /** the wall time of the shown picture, every look */
  onShown?: (ms: number | undefined) => void;
  /** what the gateway sends, when that changes */
  onSent?: (sent: Sent | undefined) => void;
}

export function LivePicture({ camera, stream, boxes = false, zones = false, onTone, onShown, onSent }: Props): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const feed = useRef<BoxFeed>({ trail: [], shownMs: () => undefined });
  const onScreen = useOnScreen(frame);
  const linkUp = useCell(link).state !== "lost";
  const seen = usePlayer({ camera, stream, boxes, on: onScreen, video, still, feed });
  const trouble = troubleOf(camera, seen, linkUp);
  const tone = toneOf(camera, trouble);
  useEffect(() => onTone?.(tone), [tone]);
  useEffect(() => onSent?.(seen?.sent), [seen?.sent]);
  useEffect(() => onShown?.(trouble ? undefined : seen?.shownMs), [seen]);
  const silent = seen?.silent === undefined;
  return (
    <div class="picture" ref={frame} data-state={trouble?.kind ?? "playing"} data-testid="live-picture">
      {silent && camera.snapshot && <img class="still" src={camera.snapshot.url} alt="" />}
      <canvas class="still" ref={still} aria-hidden="true" />
      <video ref={video} muted playsInline disablePictureInPicture aria-label={text.live.picture(camera.name)} data-testid="live-video" />
      {(boxes || zones) && !trouble && <LiveBoxes camera={camera} feed={feed.current} boxes={boxes} zones={zones} />}
      {trouble && <TroubleNote trouble={trouble} camera={camera} />}
    </div>
  );
}

interface PlayerProps {
  camera: Camera;
  stream: StreamName | undefined;
  boxes: boolean;
  on: boolean;
  video: RefObject<HTMLVideoElement | null>;
  still: RefObject<HTMLCanvasElement | null>;
  feed: { current: BoxFeed };
}

function usePlayer({ camera, stream, boxes, on, video, still, feed }: PlayerProps): Seen | undefined {
  const [seen, setSeen] = useState<Seen>();
  const player = useRef<LivePlayer | null>(null);
  useEffect(() => {
    const made = new LivePlayer(video.current!);
    player.current = made;
    made.onSeen = (next) => setSeen((old) => (worthDrawing(old, next) ? next : old));
    made.onLosing = () => keepStill(video.current, still.current);
    made.onBoxes = (wallMs, found) => (feed.current.trail = seenAt(feed.current.trail, { wallMs, boxes: found }));
    feed.current.shownMs = () => made.shownMs();
    return () => made.discard();
  }, []);
  const address = stream && liveAddress(camera, stream, boxes);
  const wanted = on && camera.gateway_online;
  useEffect(() => {
    if (wanted && address) player.current?.start(address);
    else player.current?.stop();
  }, [address, wanted]);
  const up = useCell(link).state === "up"; // the centre is back
  useEffect(() => player.current?.hurry(), [camera.online, camera.since, up]);
  return seen;
}

/** Looks come five times a second; drawing is worth it when something that is shown changed. */
function worthDrawing(old: Seen | undefined, next: Seen): boolean {
  if (!old || old.phase !== next.phase || old.sent !== next.sent || (old.silent === undefined) !== (next.silent === undefined)) return true;
  if (Math.floor(old.silent ?? 0) !== Math.floor(next.silent ?? 0) || (old.silent ?? 0) >= 2) return true;
  return Math.floor((old.shownMs ?? 0) / 500) !== Math.floor((next.shownMs ?? 0) / 500);
}

/** Copy what the video shows, so that it stays while the next stream begins. */
function keepStill(video: HTMLVideoElement | null, canvas: HTMLCanvasElement | null): void {
  if (!video || !canvas || !(video.videoWidth > 0)) return;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
}

function TroubleNote({ trouble, camera }: { trouble: Trouble; camera: Camera }): JSX.Element {
  if (trouble.kind === "connecting") {
    return (
      <div class="note quiet">
        <strong>
          <span class="pulse" />
          {text.live.connecting}
        </strong>
      </div>
    );
  }
  const [head, more] = words(trouble, camera);
  return (
    <div class="note" role="status">
      <Icon name={trouble.kind === "no_picture" ? "warning" : "offline"} size={22} />
      <strong>{head}</strong>
      {more && <span>{more}</span>}
    </div>
  );
}

function words(trouble: Exclude<Trouble, { kind: "connecting" }>, camera: Camera): [head: string, more: string] {
  const since = (when: string | null) => (when ? text.live.since(momentText(when)) : "");
  switch (trouble.kind) {
    case "centre_lost":
      return [text.live.centreLost, ""];
    case "gateway_offline":
      return [text.live.gatewayOffline, since(trouble.since)];
    case "camera_offline":
      return [text.live.cameraOffline, [since(trouble.since), trouble.error].filter(Boolean).join(" · ")];
    case "no_picture":
      return [text.live.noPicture(duration(trouble.seconds)), camera.error];
    case "refused":
      return [text.live.refused[trouble.code as keyof typeof text.live.refused] ?? trouble.message, trouble.message];
    case "unplayable":
      return [text.live.unplayable, text.live.unplayableMore(inWords(camera.streams[0]?.codec ?? trouble.mime))];
  }
}
