/** What needs a person's attention: pure. The rail's badge and the system page say the same. */

import type { Camera, CentreHealth, Gateway, GatewayHealth } from "../api/types";
import { bytes } from "../time/format";
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
  mediaFull: string;
  offline: string;
  diskLow: (free: string, total: string) => string;
  clockWrong: string;
  shedding: (what: string) => string;
  shedTo: (fps: number) => string;
  words: Record<string, string>;
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
  if (centre.media.full) found.push({ where: words.centre, what: words.mediaFull });
  return found;
}

const backSince = ({ restarts, since }: CentreHealth["broker"], nowMs: number): boolean =>
  restarts > 0 && since !== null && nowMs - Date.parse(since) < TOLD_MS;

function ofGateway(gateway: Gateway, words: Words): Trouble[] {
  const where = `${gateway.site} · ${gateway.gateway}`;
  if (!gateway.online) return [{ where, what: words.offline }];
  return [...gateway.problems, ...ofHealth(gateway.health ?? {}, words)].map((what) => ({ where, what }));
}

/** What a gateway runs on with, for now, but nobody should leave as it is. */
function ofHealth({ disk, clock, shed }: Partial<GatewayHealth>, words: Words): string[] {
  const found: string[] = [];
  if (disk && diskLow(disk)) found.push(words.diskLow(bytes(disk.free), bytes(disk.total)));
  if (clock?.synced === false) found.push(words.clockWrong);
  if (sheds(shed)) found.push(words.shedding(shedText(shed, words)));
  return found;
}

type Disk = NonNullable<GatewayHealth["disk"]>;

export const diskLow = ({ free, total }: Pick<Disk, "free" | "total">): boolean => total > 0 && free / total < 0.05;

/** Does analysis go without something? */
export const sheds = (shed: string | undefined): shed is string => shed !== undefined && shed !== "none" && shed !== "off";

/** In the reader's words; what is not known is shown as it came. */
export function shedText(shed: string, words: Pick<Words, "shedTo" | "words">): string {
  const rate = /^down to ([\d.]+) pictures a second$/.exec(shed)?.[1];
  return rate === undefined ? (words.words[shed] ?? shed) : words.shedTo(Number(rate));
}

/** A camera behind a dead gateway is told of by its gateway. */
function ofCameras(cameras: readonly Camera[], words: Words): Trouble[] {
  return cameras
    .filter((camera) => camera.gateway_online && !camera.online)
    .map((camera) => ({ where: camera.name, what: join(words.offline, camera.error) }));
}

const join = (what: string, more: string) => (more ? `${what}: ${more}` : what);
