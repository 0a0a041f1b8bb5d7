/** How the centre, the gateways and the cameras are: what was killed is seen here. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Camera, Stats } from "../api/types";
import { useCell } from "../cell";
import { cameras as allCameras, centre, clockAhead, gateways as allGateways, link } from "../news";
import { number, text } from "../text";
import { bytes } from "../time/format";
import { momentText } from "../time/time";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { Fact } from "./fact";
import { GatewayPanel } from "./gateway";
import { type Trouble, troubles } from "./trouble";

export function SystemPage(): JSX.Element {
  const gateways = useCell(allGateways);
  const cameras = useCell(allCameras) ?? [];
  const found = troubles(useCell(centre), gateways ?? [], cameras, text.system, Date.now() + clockAhead.value);
  return (
    <div class="page system-page">
      <header class="page-head">
        <h1>{text.system.title}</h1>
        {gateways && (
          <span class={found.length > 0 ? "tag bad" : "tag ok"} data-testid="system-summary">
            {found.length > 0 ? text.system.issues(found.length) : text.system.allWell}
          </span>
        )}
      </header>
      {found.length > 0 && <Troubles found={found} />}
      <CentrePanel />
      {gateways?.length === 0 && <Empty icon="system" title={text.system.noGateways} more={text.system.noGatewaysMore} />}
      {gateways?.map((gateway) => (
        <GatewayPanel key={`${gateway.site}/${gateway.gateway}`} gateway={gateway} cameras={camerasOf(cameras, gateway)} />
      ))}
      {!gateways && <div class="panel skeleton system-skeleton" role="status" aria-label={text.loading} />}
    </div>
  );
}

const camerasOf = (cameras: readonly Camera[], gateway: { site: string; gateway: string }) =>
  cameras.filter((camera) => camera.site === gateway.site && camera.gateway === gateway.gateway);

export function Troubles({ found }: { found: readonly Trouble[] }): JSX.Element {
  return (
    <ul class="troubles panel" aria-label={text.system.problems} data-testid="troubles">
      {found.map(({ where, what }) => (
        <li key={where + what}>
          <Icon name="warning" size={16} />
          <strong>{where}</strong>
          <span>{what}</span>
        </li>
      ))}
    </ul>
  );
}

const STATS_EVERY_MS = 3_000;

function useStats(): Stats | undefined {
  const [stats, set] = useState<Stats>();
  useEffect(() => {
    const load = () => api.stats().then(set, () => undefined); // the banner tells of a lost centre
    void load();
    const timer = setInterval(() => document.hidden || void load(), STATS_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return stats;
}

function CentrePanel(): JSX.Element {
  const health = useCell(centre);
  const lost = useCell(link).state === "lost";
  const stats = useStats();
  const tone = lost || !health ? "bad" : health.broker.up && health.database.ok ? "ok" : "warn";
  const count = (value: number | undefined) => (value === undefined ? "–" : number(value));
  return (
    <section class="panel system-panel" aria-labelledby="centre-title" data-testid="centre">
      <header>
        <span class={`dot ${tone}`} />
        <h2 id="centre-title">{text.system.centre}</h2>
        <span class="sub">{health && `${text.system.version} ${health.version}`}</span>
      </header>
      <div class="facts">
        <Fact name={text.system.broker} tone={health?.broker.up === false ? "bad" : undefined} testid="broker">
          {health ? `${health.broker.kind} ${health.broker.up ? text.system.brokerUp : text.system.brokerDown}` : "–"}
        </Fact>
        {health && health.broker.restarts > 0 && (
          <Fact name={text.system.brokerRestarts} hint={health.broker.last_end} tone="warn" testid="broker-restarts">
            {text.system.restartsLast(health.broker.restarts, momentText(health.broker.since ?? ""))}
          </Fact>
        )}
        <Fact name={text.system.database} tone={health?.database.ok === false ? "bad" : undefined}>
          {health ? `${health.database.kind} ${health.database.ok ? "" : text.system.databaseBad}` : "–"}
        </Fact>
        <Fact name={text.system.messages}>{count(stats?.messages.received)}</Fact>
        <Fact name={text.system.events}>{count(stats?.stored.event)}</Fact>
        <Fact name={text.system.tracks}>{count(stats?.stored.track)}</Fact>
        <Fact name={text.system.media}>{stats ? `${count(stats.stored.media)} · ${bytes(stats.media_bytes)}` : "–"}</Fact>
        <Fact name={text.system.queued}>{count(health?.ingest.queued)}</Fact>
        <Fact name={text.system.lost} hint={text.system.lostMore} tone={stats && stats.lost > 0 ? "bad" : undefined} testid="lost">
          {count(stats?.lost)}
        </Fact>
        <Fact name={text.system.dropped} hint={text.system.droppedMore} tone={stats && stats.dropped > 0 ? "warn" : undefined}>
          {count(stats?.dropped)}
        </Fact>
      </div>
    </section>
  );
}
