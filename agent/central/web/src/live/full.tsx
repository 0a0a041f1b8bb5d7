/** One camera, as large as it gets, with its own events beside it. */

import type { JSX, RefObject } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Camera, CameraName, StreamName } from "../api/types";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { EventStrip } from "../events/strip";
import { cameras as allCameras, clockAhead, sameCamera } from "../news";
import { playbackPath } from "../playback/address";
import { go, Link, useAddress } from "../router";
import { session } from "../session";
import { text } from "../text";
import { clock } from "../time/format";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { typing, usePress } from "../ui/press";
import { type Tone } from "./condition";
import { CameraFacts } from "./facts";
import { wallOf } from "./paths";
import { LivePicture } from "./picture";
import type { Sent } from "./player";
import { fullStream } from "./stream";
import { CameraSigns } from "./tile";

export function FullPage({ name }: { name: CameraName }): JSX.Element {
  const cameras = useCell(allCameras);
  const camera = cameras?.find((other) => sameCamera(other, name));
  if (cameras && !camera) {
    return (
      <div class="page">
        <Empty icon="camera" title={text.live.unknown} more={text.live.unknownMore}>
          <Link class="button" href="/">
            {text.live.back}
          </Link>
        </Empty>
      </div>
    );
  }
  return camera ? <Full camera={camera} key={`${name.site}/${name.gateway}/${name.camera}`} /> : <div class="page"><div class="stage skeleton" /></div>;
}

function Full({ camera }: { camera: Camera }): JSX.Element {
  const stage = useRef<HTMLDivElement>(null);
  const [tone, setTone] = useState<Tone>("ok");
  const [boxes, setBoxes] = useState(false);
  const [zones, setZones] = useState(false);
  const [shown, setShown] = useState<number>();
  const [sent, setSent] = useState<Sent>();
  const stream = useMemo(() => fullStream(camera.streams), [camera.streams]);
  const from = wallOf(useAddress().query);
  const who = useCell(session);
  const mayEdit = who.state === "in" && who.me.role !== "viewer";
  useKeys(stage, setBoxes, setZones);
  return (
    <div class="page full-page camera-page">
      <header class="page-head">
        <Link class="button quiet icon-only" href={`/${from}`} aria-label={text.live.back} title={text.live.back} data-testid="to-wall">
          <Icon name="back" />
        </Link>
        <span class={`dot ${tone}`} role="img" aria-label={text.live.state[tone]} />
        <h1>{camera.name}</h1>
        <span class="sub">{camera.site} · {camera.gateway}</span>
        <span class="spring" />
        <CameraSigns camera={camera} moving={tone === "ok"} />
      </header>
      <div class="live-body">
        <div class="stage-column">
          <div class="stage" ref={stage} data-testid="stage">
            <LivePicture camera={camera} stream={stream} boxes={boxes} zones={zones} onTone={setTone} onShown={setShown} onSent={setSent} />
          </div>
          <div class="stage-bar">
            <Behind shown={shown} />
            <Less wanted={stream} sent={sent} />
            <span class="spring" />
            <Link class="button" href={playbackPath([cameraKey(camera)])} aria-label={text.nav.playback}>
              <Icon name="playback" size={16} />
              <span class="wide">{text.nav.playback}</span>
            </Link>
            <Toggle on={boxes} set={setBoxes} label={text.live.boxes} hint="b" icon="box" />
            {camera.shapes.length > 0 && <Toggle on={zones} set={setZones} label={text.live.zones} hint="z" icon="zone" />}
            {mayEdit && (
              <Link class="button" href={`/cameras/${camera.site}/${camera.gateway}/${camera.camera}${from}`} aria-label={text.live.edit} data-testid="edit">
                <Icon name="edit" size={16} />
                <span class="wide">{text.live.edit}</span>
              </Link>
            )}
            <button type="button" class="button" onClick={() => void fullScreen(stage)} aria-label={text.live.full} title={`${text.live.full} (f)`}>
              <Icon name="expand" size={16} />
            </button>
          </div>
        </div>
        <aside class="strip panel" aria-labelledby="strip-title">
          <div class="strip-head">
            <h2 id="strip-title">{text.live.eventsHere}</h2>
            <Link class="strip-all" href={`/events?camera=${encodeURIComponent(`${camera.site}/${camera.gateway}/${camera.camera}`)}`}>
              {text.live.all}
              <Icon name="forward" size={14} />
            </Link>
          </div>
          <EventStrip most={30} camera={camera} empty={text.live.noEvents} />
        </aside>
        <CameraFacts camera={camera} />
      </div>
    </div>
  );
}

/** The time in the picture, and how far it is behind, by the centre's clock. */
function Behind({ shown }: { shown: number | undefined }): JSX.Element {
  const ahead = useCell(clockAhead);
  if (shown === undefined) return <span class="sub" />;
  const behind = (Date.now() + ahead - shown) / 1000;
  return (
    <span class="shown-at">
      <span class="tag bad">{text.live.now}</span>
      <time class="numbers">{clock(new Date(shown))}</time>
      {behind >= 0 && behind < 60 && (
        <span class="sub numbers" title={text.live.behindWhy}>
          {text.live.behind(behind)}
        </span>
      )}
    </span>
  );
}

/** That the gateway's link bears less than was asked for. */
export function Less({ wanted, sent }: { wanted: StreamName; sent: Sent | undefined }): JSX.Element | null {
  const less = sent && (sent.keys ? text.live.keysOnly : wanted === "main" && sent.stream === "sub" ? text.live.smallOnly : undefined);
  return less ? (
    <span class="tag warn" title={text.live.lessWhy} data-testid="live-less">
      {less}
    </span>
  ) : null;
}

interface ToggleProps {
  on: boolean;
  set: (on: boolean) => void;
  label: string;
  hint: string;
  icon: "box" | "zone";
}

function Toggle({ on, set, label, hint, icon }: ToggleProps): JSX.Element {
  return (
    <button type="button" class={on ? "button pressed" : "button"} aria-pressed={on} aria-label={label} onClick={() => set(!on)} title={hint}>
      <Icon name={icon} size={16} />
      <span class="wide">{label}</span>
    </button>
  );
}

async function fullScreen(stage: RefObject<HTMLElement | null>): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await stage.current?.requestFullscreen?.();
}

type Flip = (change: (on: boolean) => boolean) => void;

function useKeys(stage: RefObject<HTMLElement | null>, boxes: Flip, zones: Flip): void {
  const press = (event: KeyboardEvent) => {
    if (typing(event)) return;
    if (event.key === "Escape" && !document.fullscreenElement) go(`/${wallOf(new URLSearchParams(location.search))}`);
    else if (event.key === "b") boxes((on) => !on);
    else if (event.key === "z") zones((on) => !on);
    else if (event.key === "f") void fullScreen(stage);
  };
  usePress(press, []);
}
