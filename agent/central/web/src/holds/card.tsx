/** One hold: why, of which cameras and when, who made it, what it keeps here, and how far each gateway is. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Gateway, Hold, HoldAtGateway } from "../api/types";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { cameras as allCameras, gateways as allGateways } from "../news";
import { MOST_CAMERAS, playbackPath } from "../playback/address";
import { Link } from "../router";
import { text } from "../text";
import { bytes, duration } from "../time/format";
import { dayText, Moment, momentText } from "../time/time";
import { Icon } from "../ui/icon";
import { useMayHold } from "./may";
import { Release } from "./release";
import { spanOf, stepOf, summaryOf, TONES } from "./told";

interface Props {
  hold: Hold;
  onChanged: (hold: Hold) => void;
}

export function HoldCard({ hold, onChanged }: Props): JSX.Element {
  const words = text.holds;
  const may = useMayHold();
  const { from, to } = spanOf(hold);
  const [head, mine] = [useRef<HTMLHeadingElement>(null), useRef(false)];
  useEffect(() => {
    if (mine.current) head.current?.focus(); // the button that was pressed is gone
  }, [hold.state]);
  return (
    <li class="panel hold" data-testid="hold" data-state={hold.state} data-slides={hold.id}>
      <header class="hold-head">
        <h2 ref={head} tabIndex={-1}>
          {hold.reason}
        </h2>
        <Glance hold={hold} />
        <span class="spring" />
        {hold.state === "active" && may && <Release hold={hold} onSend={() => void (mine.current = true)} onReleased={onChanged} />}
        <Link class="button" href={playbackPath(hold.cameras.slice(0, MOST_CAMERAS), from)}>
          <Icon name="playback" size={16} />
          {text.nav.playback}
        </Link>
      </header>
      <dl class="hold-facts">
        <Fact name={words.cameras}>
          <Cameras keys={hold.cameras} from={from} />
        </Fact>
        <Fact name={words.span}>
          <Moment at={hold.start} /> – <Moment at={hold.end} withDay={dayText(new Date(from)) !== dayText(new Date(to))} /> <span class="sub so-long">({duration((to - from) / 1000)})</span>
        </Fact>
        <Fact name={words.made}>{words.by(hold.made_by, momentText(hold.made_at))}</Fact>
        {hold.state === "active" ? <Fact name={words.until}>{hold.until ? <Moment at={hold.until} /> : words.untilReleased}</Fact> : <Over hold={hold} />}
        <Fact name={words.here}>{words.hereHeld(hold.media, bytes(hold.bytes))}</Fact>
      </dl>
      <AtGateways gateways={hold.gateways} />
    </li>
  );
}

function Glance({ hold }: { hold: Hold }): JSX.Element {
  const words = text.holds;
  const summary = summaryOf(hold);
  switch (summary.name) {
    case "failed":
      return <span class="tag bad">{words.failed(summary.count)}</span>;
    case "awaited":
      return <span class="tag warn">{words.awaited(summary.count)}</span>;
    case "held":
      return <span class="tag ok">{words.is.held}</span>;
    case "over":
      return <span class="tag">{words.is.over}</span>;
  }
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function Over({ hold }: { hold: Hold }): JSX.Element {
  const words = text.holds;
  const when = momentText(hold.released_at ?? hold.until ?? hold.end);
  return (
    <Fact name={words.over}>
      {hold.released_by === null ? words.overByTime(when) : words.by(hold.released_by, when)}
      {hold.release_reason && <span class="sub"> · {hold.release_reason}</span>}
    </Fact>
  );
}

/** A line of names, not a page of them. */
const FEW = 8;

function Cameras({ keys, from }: { keys: readonly string[]; from: number }): JSX.Element {
  const [all, setAll] = useState(false);
  const known = new Map((useCell(allCameras) ?? []).map((camera) => [cameraKey(camera), camera.name]));
  const shown = all || keys.length <= FEW ? keys : keys.slice(0, FEW - 1);
  return (
    <>
      {shown.map((camera, i) => (
        <span key={camera}>
          {i > 0 && ", "}
          <Link href={playbackPath([camera], from)} title={camera}>
            {known.get(camera) ?? camera}
          </Link>
        </span>
      ))}
      {shown.length < keys.length && (
        <>
          {" … "}
          <button type="button" class="as-link" onClick={() => setAll(true)}>
            {text.holds.allOf(keys.length)}
          </button>
        </>
      )}
    </>
  );
}

function AtGateways({ gateways }: { gateways: readonly HoldAtGateway[] }): JSX.Element {
  const known = useCell(allGateways) ?? [];
  return (
    <ul class="hold-gateways" aria-label={text.holds.gateways}>
      {gateways.map((one) => (
        <AtGateway key={`${one.site}/${one.gateway}`} one={one} known={known} />
      ))}
    </ul>
  );
}

function AtGateway({ one, known }: { one: HoldAtGateway; known: readonly Gateway[] }): JSX.Element {
  const words = text.holds;
  const step = stepOf(one, known);
  const size = step === "held" && one.bytes !== null ? `, ${bytes(one.bytes)}` : "";
  return (
    <li data-testid="hold-gateway" data-step={step}>
      <span class={`dot ${TONES[step]}`} aria-hidden="true" />
      <strong>{`${one.site} · ${one.gateway}`}</strong>
      <span class="how">
        {[words.steps[step] + size, one.error].filter(Boolean).join(": ")}
        {step === "failed" && <small>{words.failedMore}</small>}
      </span>
      <span class="sub">
        <Moment at={one.since} />
      </span>
    </li>
  );
}
