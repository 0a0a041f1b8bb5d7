/** What is known of a camera besides its picture. */

import type { JSX } from "preact";
import type { Camera } from "../api/types";
import { inWords } from "../codecs";
import { spotOf } from "../map/ground";
import { Link } from "../router";
import { Fact } from "../system/fact";
import { gatewayPath } from "../system/gateway";
import { text } from "../text";
import { momentText } from "../time/time";

export function CameraFacts({ camera }: { camera: Camera }): JSX.Element {
  const words = text.live.facts;
  const online = camera.online && camera.gateway_online;
  const spot = spotOf(camera);
  return (
    <section class="panel camera-facts" aria-labelledby="facts-title" data-testid="camera-facts">
      <h2 id="facts-title">{words.title}</h2>
      <div class="facts">
        <Fact name={text.system.state} tone={online ? undefined : "bad"}>
          {online ? text.system.online : text.system.offline}
          {camera.since && ` ${text.system.since(momentText(camera.since))}`}
        </Fact>
        <Fact name={words.footage} tone={camera.recording ? undefined : "warn"}>
          {camera.recording ? text.live.recording : text.live.notRecording}
        </Fact>
        <Fact name={text.system.analysis} tone={camera.analysing ? undefined : "warn"}>
          {camera.analysing ? text.live.analysing : text.live.notAnalysing}
        </Fact>
        {[...camera.streams].sort((a, b) => a.stream.localeCompare(b.stream)).map((stream) => (
          <Fact key={stream.stream} name={words.streams[stream.stream]}>
            {streamText(stream)}
          </Fact>
        ))}
        <Fact name={words.shapes}>{camera.shapes.map(({ name }) => name).join(", ") || words.noShapes}</Fact>
        <Fact name={words.place}>
          {spot ? <Link href="/map">{spot.map((degrees) => degrees.toFixed(5)).join(", ")}</Link> : words.noPlace}
        </Fact>
        <Fact name={text.event.gateway}>
          <Link href={gatewayPath(camera)}>
            {camera.site} · {camera.gateway}
          </Link>
        </Fact>
      </div>
    </section>
  );
}

/** `H.264 · 1920 × 1080 · 15 fps` */
function streamText({ codec, width, height, fps }: Camera["streams"][number]): string {
  return [inWords(codec), `${width} × ${height}`, fps === null ? "" : text.live.fps(fps)].filter(Boolean).join(" · ");
}
