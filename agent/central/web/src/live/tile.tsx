/** One camera on the wall. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Camera, StreamName } from "../api/types";
import { Link } from "../router";
import { text } from "../text";
import { Icon } from "../ui/icon";
import type { Tone } from "./condition";
import { LivePicture } from "./picture";
import type { Sent } from "./player";

export const livePath = ({ site, gateway, camera }: { site: string; gateway: string; camera: string }) =>
  `/live/${[site, gateway, camera].map(encodeURIComponent).join("/")}`;

/** The lightest stream there is: a wall has many tiles. */
const tileStream = (camera: Camera): StreamName => (camera.streams.some(({ stream }) => stream === "sub") ? "sub" : "main");

export function Tile({ camera }: { camera: Camera }): JSX.Element {
  const [tone, setTone] = useState<Tone>("ok");
  const [sent, setSent] = useState<Sent>();
  return (
    <li class="tile" data-testid="live-tile" data-camera={camera.camera} data-tone={tone}>
      <Link href={livePath(camera)} aria-label={text.live.open(camera.name)} class="tile-link">
        <LivePicture camera={camera} stream={tileStream(camera)} onTone={setTone} onSent={setSent} />
        <div class="tile-foot">
          <span class={`dot ${tone}`} role="img" aria-label={text.live.state[tone]} title={text.live.state[tone]} />
          <span class="tile-name">{camera.name}</span>
          {sent?.keys && (
            <span class="tag warn" title={text.live.lessWhy}>
              {text.live.keysOnly}
            </span>
          )}
          <CameraSigns camera={camera} />
        </div>
        <span class="tile-open" aria-hidden="true">
          <Icon name="expand" size={16} />
        </span>
      </Link>
    </li>
  );
}

/** Recording, analysing, frames a second: small signs with their meaning on hover. */
export function CameraSigns({ camera }: { camera: Camera }): JSX.Element {
  const recording = camera.recording ? text.live.recording : text.live.notRecording;
  const analysing = camera.analysing ? text.live.analysing : text.live.notAnalysing;
  return (
    <span class="signs">
      {camera.fps !== null && camera.online && <span class="numbers">{text.live.fps(camera.fps)}</span>}
      <span class={camera.analysing ? "sign on" : "sign"} role="img" aria-label={analysing} title={analysing}>
        <Icon name="eye" size={14} />
      </span>
      <span class={camera.recording ? "sign rec" : "sign"} role="img" aria-label={recording} title={recording}>
        <Icon name="record" size={14} />
      </span>
    </span>
  );
}
