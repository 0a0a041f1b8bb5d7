/** A camera that was chosen on the map: how it is, its newest picture, and where to go from here. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Camera } from "../api/types";
import { cameraKey } from "../events/filter";
import { playbackPath } from "../playback/address";
import { Link } from "../router";
import { failureLine, text } from "../text";
import { Icon } from "../ui/icon";
import { alarmsPath } from "./alarms";
import { Heat } from "./heat";

interface Props {
  camera: Camera;
  /** how many are open */
  alarms: number;
  close: () => void;
  move: (() => void) | undefined;
}

export function CameraCard({ camera, alarms, close, move }: Props): JSX.Element {
  const online = camera.online && camera.gateway_online;
  const key = cameraKey(camera);
  const [heated, heat] = useState(false);
  const [failure, fail] = useState("");
  return (
    <section class="map-card" data-testid="map-card">
      <div class="map-card-head">
        <span class={online ? "dot ok" : "dot bad"} role="img" aria-label={online ? text.live.state.ok : text.live.state.bad} />
        <h2>{camera.name}</h2>
        <span class="spring" />
        <button type="button" class="button quiet icon-only" onClick={close} aria-label={text.map.close} title={text.map.close}>
          <Icon name="close" size={14} />
        </button>
      </div>
      <Link href={`/live/${key}`} class="map-picture" aria-label={text.live.open(camera.name)}>
        {camera.snapshot ? <img src={camera.snapshot.url} alt="" /> : <Icon name="camera" size={28} />}
        {heated && <Heat key={key} camera={camera} onFail={(error) => fail(failureLine(error))} />}
      </Link>
      {failure && <p class="bad-text" role="alert">{failure}</p>}
      <p class="sub">{camera.error || `${camera.site} · ${camera.gateway}`}</p>
      {alarms > 0 && (
        <Link class="map-alarms" href={alarmsPath(key)}>
          {text.map.openAlarms(alarms)}
        </Link>
      )}
      <div class="map-links">
        <Link class="button primary" href={`/live/${key}`} data-testid="map-live">
          {text.nav.live}
        </Link>
        <Link class="button" href={playbackPath([key])}>
          {text.nav.playback}
        </Link>
        <Link class="button" href={`/search?camera=${key}`}>
          {text.nav.search}
        </Link>
        <Link class="button" href={`/events?camera=${key}`}>
          {text.nav.events}
        </Link>
        <button type="button" class={heated ? "button pressed" : "button"} aria-pressed={heated} onClick={() => (heat(!heated), fail(""))} title={text.map.heatMore} data-testid="map-heat-switch">
          {text.map.heat}
        </button>
        {move && (
          <button type="button" class="button" onClick={move} data-testid="map-move">
            {text.map.move}
          </button>
        )}
      </div>
    </section>
  );
}
