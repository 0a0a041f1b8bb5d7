/** One gateway: link, disk, outbox, analysis, cameras and workers. */

import type { JSX } from "preact";
import type { Audit, Camera, CameraCounts, FootageKey, Gateway, GatewayHealth } from "../api/types";
import { livePath } from "../live/tile";
import { Link } from "../router";
import { number, text } from "../text";
import { bytes, duration } from "../time/format";
import { momentText } from "../time/time";
import { CountCell } from "./count";
import { Fact } from "./fact";
import { HistoryPanel } from "./history";
import { diskLow, sheds, shedText } from "./trouble";
import { UplinkPanel } from "./uplink";

interface Props {
  gateway: Gateway;
  cameras: readonly Camera[];
  /** with its link, its last day and its workers: on a page of its own */
  whole?: boolean;
}

export const gatewayPath = ({ site, gateway }: { site: string; gateway: string }) => `/system/${[site, gateway].map(encodeURIComponent).join("/")}`;

export function GatewayPanel({ gateway, cameras, whole = false }: Props): JSX.Element {
  const id = `gateway-${gateway.site}-${gateway.gateway}`;
  const when = gateway.online ? gateway.since : gateway.last_seen;
  return (
    <section class="panel system-panel" aria-labelledby={id} data-testid="gateway" data-online={gateway.online}>
      <header>
        <span class={`dot ${gateway.online ? (gateway.problems.length > 0 ? "warn" : "ok") : "bad"}`} />
        <h2 id={id}>
          {whole ? (
            text.system.now
          ) : (
            <Link class="gateway-link" href={gatewayPath(gateway)} data-testid="gateway-link">
              {gateway.site} <span class="slash">/</span> {gateway.gateway}
            </Link>
          )}
        </h2>
        <span class={gateway.online ? "tag ok" : "tag bad"}>{gateway.online ? text.system.online : text.system.offline}</span>
        <span class="sub">
          {when && (gateway.online ? text.system.since(momentText(when)) : text.system.lastSeen(momentText(when)))}
          {gateway.version && ` · ${text.system.version} ${gateway.version}`}
        </span>
      </header>
      <GatewayFacts gateway={gateway} />
      {whole && gateway.health?.uplink && <UplinkPanel uplink={gateway.health.uplink} />}
      {whole && <HistoryPanel gateway={gateway} />}
      {cameras.length > 0 && <CameraTable cameras={cameras} counts={gateway.health?.cameras ?? []} />}
      {whole && <Workers workers={gateway.health?.workers ?? []} />}
    </section>
  );
}

function GatewayFacts({ gateway }: { gateway: Gateway }): JSX.Element {
  const health = gateway.health ?? {};
  const { outbox } = gateway;
  const waits = outbox !== null && outbox.messages + outbox.media > 0;
  return (
    <div class="facts">
      <Fact name={text.system.outbox} testid="outbox" lines={2} tone={waits && outbox.messages > 100 ? "warn" : undefined}>
        {!outbox ? "–" : waits ? text.system.outboxWaits(outbox.messages, outbox.media, bytes(outbox.media_bytes)) : text.system.outboxEmpty}
      </Fact>
      <Fact name={text.system.lost} hint={text.system.lostMore} tone={gateway.lost > 0 ? "bad" : undefined}>
        {number(gateway.lost)}
      </Fact>
      <Fact name={text.system.dropped} hint={text.system.droppedMore} tone={gateway.dropped > 0 ? "warn" : undefined}>
        {number(gateway.dropped)}
      </Fact>
      <DiskFacts disk={health.disk ?? null} />
      <Fact name={text.system.uptime}>{health.uptime_s === undefined ? "–" : duration(health.uptime_s)}</Fact>
      <Fact name={text.system.analysis} lines={2}>{(health.analysis && (text.system.words[health.analysis] ?? health.analysis)) || text.system.unknown}</Fact>
      {typeof health.temperature_c === "number" && <Fact name={text.system.temperature}>{number(health.temperature_c)} °C</Fact>}
      {typeof health.clock?.synced === "boolean" && (
        <Fact name={text.system.clock} tone={health.clock.synced ? undefined : "warn"}>
          {health.clock.synced ? text.system.clockSynced : text.system.clockFree}
          {typeof health.clock.offset_ms === "number" && ` (${text.system.clockOff(health.clock.offset_ms)})`}
        </Fact>
      )}
      <ShedFact shed={health.shed ?? "none"} />
      <Restarts workers={health.workers ?? []} />
      <AuditFact audit={health.audit ?? null} />
      <KeyFact keys={gateway.keys} breaks={gateway.chain_breaks} />
      {gateway.session && (
        <Fact name={text.system.session}>
          <code class="id">{gateway.session}</code>
        </Fact>
      )}
    </div>
  );
}

function ShedFact({ shed }: { shed: string }): JSX.Element {
  return (
    <Fact name={text.system.shed} hint={text.system.shedMore} tone={sheds(shed) ? "warn" : undefined}>
      {sheds(shed) ? shedText(shed, text.system) : shed === "off" ? "–" : text.system.shedNone}
    </Fact>
  );
}

/** A part that fell and is back again runs like any other: only this tells of it. */
function Restarts({ workers }: { workers: GatewayHealth["workers"] }): JSX.Element | null {
  const fallen = workers.filter((worker) => worker.restarts > 0);
  if (fallen.length === 0) return null;
  return (
    <Fact name={text.system.restarts} tone="warn" testid="restarts" hint={fallen.map(({ name, error }) => `${name}: ${error}`).join("\n")}>
      {fallen.map(({ name, restarts }) => `${name} ${restarts}`).join(", ")}
    </Fact>
  );
}

function AuditFact({ audit }: { audit: Audit | null }): JSX.Element {
  if (!audit) return <Fact name={text.system.audit}>–</Fact>;
  const hint = [text.system.auditMore(momentText(audit.time)), ...audit.problems].join("\n");
  return (
    <Fact name={text.system.audit} tone={audit.failed > 0 ? "bad" : undefined} testid="audit" hint={hint}>
      {text.system.audited(audit.checked, audit.failed)}
    </Fact>
  );
}

/** Footage is only as trustworthy as the key that signed it: a new one, or a number given twice, is for a person to see. */
function KeyFact({ keys, breaks }: { keys: readonly FootageKey[]; breaks: number }): JSX.Element | null {
  const [present] = keys;
  if (!present) return null;
  const doubt = keys.length > 1 || breaks > 0;
  const hint = keys.map(({ id, first_seen }) => `${id} ${text.system.since(momentText(first_seen))}`).join("\n");
  return (
    <Fact name={text.system.key} tone={doubt ? "bad" : undefined} testid="key" hint={hint}>
      <code class="id">{present.id}</code>
    </Fact>
  );
}

function DiskFacts({ disk }: { disk: GatewayHealth["disk"] }): JSX.Element | null {
  if (!disk) return null;
  return (
    <>
      <Fact name={text.system.disk} tone={diskLow(disk) ? "bad" : undefined}>
        {text.system.diskUse(bytes(disk.free), bytes(disk.total))}
        <meter min={0} max={disk.total} value={disk.total - disk.free} aria-label={text.system.disk} />
      </Fact>
      <Fact name={text.system.recordings}>{bytes(disk.recordings)}</Fact>
    </>
  );
}

function CameraTable({ cameras, counts }: { cameras: readonly Camera[]; counts: readonly CameraCounts[] }): JSX.Element {
  const heads = [text.system.state, text.system.recorded, text.system.lostPackets, text.system.analysed, text.system.skipped, text.system.reconnects];
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={text.system.cameras}>
      <table class="steady">
        <thead>
          <tr>
            <th scope="col">{text.system.camera}</th>
            {heads.map((head, i) => (
              <th key={head} scope="col" class={i > 0 ? "number" : ""}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cameras.map((camera) => (
            <CameraRow key={camera.camera} camera={camera} counts={counts.find(({ id }) => id === camera.camera)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CameraRow({ camera, counts }: { camera: Camera; counts: CameraCounts | undefined }): JSX.Element {
  const off = [!camera.recording && text.live.notRecording, !camera.analysing && text.live.notAnalysing].filter(Boolean);
  return (
    <tr data-testid="camera-row" data-camera={camera.camera} data-online={camera.online}>
      <th scope="row">
        <Link href={livePath(camera)}>{camera.name}</Link>
      </th>
      <td>
        <span class="state">
          <span class={`dot ${!camera.online ? "bad" : off.length > 0 ? "warn" : "ok"}`} />
          {camera.online ? [text.system.online, ...off].join(" · ") : text.system.offline}
          {!camera.online && camera.since && <span class="sub">{text.system.since(momentText(camera.since))}</span>}
        </span>
        {camera.error && <span class="row-error">{camera.error}</span>}
      </td>
      <CountCell value={counts?.packets_recorded} />
      <CountCell value={counts?.packets_lost} tone={counts && counts.packets_lost > 0 ? "bad" : undefined} />
      <CountCell value={counts?.frames_analysed} />
      <CountCell value={counts?.packets_not_analysed} />
      <CountCell value={counts?.reconnects} />
    </tr>
  );
}

function Workers({ workers }: { workers: GatewayHealth["workers"] }): JSX.Element | null {
  if (workers.length === 0) return null;
  const restarts = workers.reduce((sum, worker) => sum + worker.restarts, 0);
  return (
    <details class="workers">
      <summary>{text.system.workers(workers.length, restarts)}</summary>
      <div class="table-frame">
        <table>
          <thead>
            <tr>
              <th scope="col">{text.system.worker}</th>
              <th scope="col">{text.system.state}</th>
              <th scope="col" class="number">{text.system.restarts}</th>
              <th scope="col">{text.system.lastError}</th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <tr key={worker.name}>
                <th scope="row" translate={false}>
                  {worker.name}
                </th>
                <td>{text.system.words[worker.state] ?? worker.state}</td>
                <CountCell value={worker.restarts} />
                <td class="sub">{worker.error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
