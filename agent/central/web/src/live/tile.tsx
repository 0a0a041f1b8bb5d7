/** One camera on the wall. */

import type { HTMLAttributes, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../api/types";
import { cameraKey } from "../events/filter";
import { Link, useAddress } from "../router";
import { text } from "../text";
import { Icon } from "../ui/icon";
import type { Tone } from "./condition";
import { useFittingStream } from "./fitting";
import { wallOf } from "./paths";
import { LivePicture } from "./picture";
import type { Sent } from "./player";

export const livePath = ({ site, gateway, camera }: { site: string; gateway: string; camera: string }) =>
  `/live/${[site, gateway, camera].map(encodeURIComponent).join("/")}`;

interface Props {
  camera: Camera;
  /** the place on the wall; the tiles keep theirs in the document, for a video that is moved there stops */
  order: number;
  large: boolean;
  boxes: boolean;
  /** whether its picture moves */
  onTone: (camera: string, tone: Tone | undefined) => void;
  /** while the wall is arranged: move this camera to where another is, or by one */
  onMove: ((camera: string, to: string | -1 | 1) => void) | undefined;
}

const DRAGGED = "text/plain";

/** What of a tile is seen while one is dragged: it is in the hand, or it would take its place here. */
type Drag = "lifted" | "over" | undefined;

function handlers(key: string, onMove: NonNullable<Props["onMove"]>, drag: (now: Drag) => void): HTMLAttributes<HTMLLIElement> {
  return {
    draggable: true,
    onDragStart: (event) => {
      event.dataTransfer?.setData(DRAGGED, key);
      setTimeout(() => drag("lifted")); // the browser takes its copy for the hand first
    },
    onDragEnd: () => drag(undefined),
    onDragOver: (event) => {
      event.preventDefault();
      drag("over");
    },
    onDragLeave: (event) => event.currentTarget.contains(event.relatedTarget as Node | null) || drag(undefined),
    onDrop: (event) => {
      event.preventDefault();
      drag(undefined);
      onMove(event.dataTransfer?.getData(DRAGGED) ?? "", key);
    },
    onKeyDown: (event) => {
      const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : undefined;
      if (by) onMove(key, by);
    },
    onClickCapture: (event) => event.preventDefault(), // no way off the page while it is arranged
  };
}

export function Tile({ camera, order, large, boxes, onTone, onMove }: Props): JSX.Element {
  const [tone, setTone] = useState<Tone>("ok");
  const [sent, setSent] = useState<Sent>();
  const key = cameraKey(camera);
  useEffect(() => onTone(key, tone), [tone]);
  useEffect(() => () => onTone(key, undefined), []);
  const [drag, setDrag] = useState<Drag>();
  const turn = (now: Drag) => setDrag((old) => (old === "lifted" && now === "over" ? old : now));
  const place = useRef<HTMLLIElement>(null);
  const stream = useFittingStream(place, camera.streams);
  const { query } = useAddress();
  const classes = ["tile", large && "large", onMove && "arranged", onMove && drag].filter(Boolean).join(" ");
  const arranging = onMove ? handlers(key, onMove, turn) : {};
  return (
    <li ref={place} class={classes} style={{ order }} data-testid="live-tile" data-camera={camera.camera} data-tone={tone} data-stream={stream} {...arranging}>
      <Link href={livePath(camera) + wallOf(query)} title={onMove ? text.live.move(camera.name) : text.live.open(camera.name)} class="tile-link" draggable={false}>
        <LivePicture camera={camera} stream={stream} boxes={boxes} onTone={setTone} onSent={setSent} />
        <div class="tile-foot">
          <span class={`dot ${tone}`} role="img" aria-label={text.live.state[tone]} title={text.live.state[tone]} />
          <span class="tile-name">{camera.name}</span>
          {sent?.keys && (
            <span class="tag warn" title={text.live.lessWhy}>
              {text.live.keysOnly}
            </span>
          )}
          <CameraSigns camera={camera} moving={tone === "ok"} />
        </div>
        <span class="tile-open" aria-hidden="true">
          <Icon name="expand" size={16} />
        </span>
      </Link>
    </li>
  );
}

/** Recording, analysing, frames a second while they come: small signs with their meaning on hover. */
export function CameraSigns({ camera, moving }: { camera: Camera; moving: boolean }): JSX.Element {
  const recording = camera.recording ? text.live.recording : text.live.notRecording;
  const analysing = camera.analysing ? text.live.analysing : text.live.notAnalysing;
  return (
    <span class="signs">
      {camera.fps !== null && camera.online && moving && <span class="numbers">{text.live.fps(camera.fps)}</span>}
      <span class={camera.analysing ? "sign on" : "sign"} role="img" aria-label={analysing} title={analysing}>
        <Icon name="eye" size={14} />
      </span>
      <span class={camera.recording ? "sign rec" : "sign"} role="img" aria-label={recording} title={recording}>
        <Icon name="record" size={14} />
      </span>
    </span>
  );
}
