/** What the link of a gateway may cost and has cost, and what waits for it. */

import type { JSX } from "preact";
import type { UplinkState } from "../api/types";
import { number, text } from "../text";
import { bytes } from "../time/format";
import { CountCell } from "./count";
import { Fact } from "./fact";

export function UplinkPanel({ uplink }: { uplink: UplinkState }): JSX.Element {
  const signs = [uplink.metered && !uplink.cheap && text.system.metered, uplink.quiet && text.system.quiet].filter(Boolean);
  const state = uplink.cheap ? text.system.uplinkCheap(uplink.cheap) : uplink.limited ? text.system.uplinkLimited : text.system.uplinkFree;
  return (
    <div data-testid="uplink">
      <div class="facts">
        <Fact name={text.system.uplink} tone={uplink.quiet ? "warn" : undefined}>
          {[state, ...signs].join(", ")}
        </Fact>
        <Fact name={text.system.broker} testid="uplink-broker" lines={2}>
          {uplink.broker || "–"}
        </Fact>
        <Refused commands={uplink.refused_commands ?? {}} />
        <Fact name={text.system.mediaRate}>{text.system.uplinkRate(bytes(uplink.rate), uplink.rate_limit ? bytes(uplink.rate_limit) : "")}</Fact>
        <Spent name={text.system.hour} spent={uplink.hour} limit={uplink.hour_limit} />
        <Spent name={text.system.month} spent={uplink.month} limit={uplink.month_limit} hint={byClass(uplink.month_by_class)} />
        {uplink.cheap_bytes > 0 && <Fact name={text.system.cheapBytes}>{bytes(uplink.cheap_bytes)}</Fact>}
        <Fact name={text.system.liveNow}>{uplink.live.length > 0 ? uplink.live.join(", ") : "–"}</Fact>
      </div>
      <Waiting waiting={uplink.waiting.filter(({ reason }) => reason)} />
    </div>
  );
}

/** Somebody who is not the centre speaks as if they were, or the gateway has the key of another centre. */
function Refused({ commands }: { commands: Record<string, number> }): JSX.Element | null {
  const reasons = Object.entries(commands);
  if (reasons.length === 0) return null;
  return (
    <Fact name={text.system.refused} hint={text.system.refusedMore} tone="warn" testid="refused">
      {reasons.map(([reason, count]) => `${number(count)} ${reason}`).join(", ")}
    </Fact>
  );
}

function Spent({ name, spent, limit, hint }: { name: string; spent: number; limit?: number | null | undefined; hint?: string }): JSX.Element {
  const tone = limit && spent > 0.9 * limit ? "warn" : undefined;
  return (
    <Fact name={name} tone={tone} {...(hint ? { hint } : {})}>
      {limit ? text.system.spentOf(bytes(spent), bytes(limit)) : bytes(spent)}
      {limit ? <meter min={0} max={limit} value={Math.min(spent, limit)} aria-label={name} /> : null}
    </Fact>
  );
}

const byClass = (classes: Record<string, number>): string =>
  Object.entries(classes)
    .sort(([, one], [, other]) => other - one)
    .map(([kind, size]) => `${text.system.classes[kind] ?? kind}: ${bytes(size)}`)
    .join("\n");

/** Only what something holds: what merely awaits its turn is in the outbox's line. */
function Waiting({ waiting }: { waiting: UplinkState["waiting"] }): JSX.Element | null {
  if (waiting.length === 0) return null;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={text.system.waitsMore}>
      <table data-testid="waiting">
        <thead>
          <tr>
            <th scope="col">{text.system.waits}</th>
            <th scope="col" class="number">{text.system.waitNumber}</th>
            <th scope="col" class="number">{text.system.waitBytes}</th>
            <th scope="col">{text.system.waitWhy}</th>
          </tr>
        </thead>
        <tbody>
          {waiting.map(({ kind, number: count, bytes: size, reason }) => (
            <tr key={kind}>
              <th scope="row">{text.system.classes[kind] ?? kind}</th>
              <CountCell value={count} />
              <td class="number">{size > 0 ? bytes(size) : "–"}</td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
