/** What needs a person's attention: pure. The rail's badge and the system page say the same. */

import type { Camera, CentreHealth, Gateway } from "../api/types";
import { momentText } from "../time/time";

export interface Trouble {
  where: string;
  what: string;
}

interface Words {
  centre: string;
  broker: string;
  brokerDown: string;
  brokerBack: (when: string) => string;
  database: string;
  databaseBad: string;
  mediaWait: (count: number) => string;
  offline: string;
}

export function troubles(
  centre: CentreHealth | undefined,
  gateways: readonly Gateway[],
  cameras: readonly Camera[],
  words: Words,
  nowMs: number,
): Trouble[] {
  return [...ofCentre(centre, words, nowMs), ...gateways.flatMap((gateway) => ofGateway(gateway, words)), ...ofCameras(cameras, words)];
}

/** A broker is back within a second: its fall is told of for so long, or nobody would see it. */
const TOLD_MS = 60_000;

function ofCentre(centre: CentreHealth | undefined, words: Words, nowMs: number): Trouble[] {
  if (!centre) return [];
  const found: Trouble[] = [];
  if (!centre.broker.up) found.push({ where: words.centre, what: join(`${words.broker} ${words.brokerDown}`, centre.broker.error) });
  else if (backSince(centre.broker, nowMs)) {
    found.push({ where: words.centre, what: join(`${words.broker} ${words.brokerBack(momentText(centre.broker.since ?? ""))}`, centre.broker.last_end) });
  }
  if (!centre.database.ok) found.push({ where: words.centre, what: `${words.database} ${words.databaseBad}` });
  if (centre.media.error) found.push({ where: words.centre, what: `${words.mediaWait(centre.media.waiting)}: ${centre.media.error}` });
  return found;
}

const backSince = ({ restarts, since }: CentreHealth["broker"], nowMs: number): boolean =>
  restarts > 0 && since !== null && nowMs - Date.parse(since) < TOLD_MS;

function ofGateway(gateway: Gateway, words: Words): Trouble[] {
  const where = `${gateway.site} · ${gateway.gateway}`;
  if (!gateway.online) return [{ where, what: words.offline }];
  return gateway.problems.map((what) => ({ where, what }));
}

/** A camera behind a dead gateway is told of by its gateway. */
function ofCameras(cameras: readonly Camera[], words: Words): Trouble[] {
  return cameras
    .filter((camera) => camera.gateway_online && !camera.online)
    .map((camera) => ({ where: camera.name, what: join(words.offline, camera.error) }));
}

const join = (what: string, more: string) => (more ? `${what}: ${more}` : what);
