/** What needs a person's attention: pure. The rail's badge and the system page say the same. */

import type { Camera, CentreHealth, Gateway } from "../api/types";

export interface Trouble {
  where: string;
  what: string;
}

interface Words {
  centre: string;
  broker: string;
  brokerDown: string;
  database: string;
  databaseBad: string;
  offline: string;
}

export function troubles(
  centre: CentreHealth | undefined,
  gateways: readonly Gateway[],
  cameras: readonly Camera[],
  words: Words,
): Trouble[] {
  return [...ofCentre(centre, words), ...gateways.flatMap((gateway) => ofGateway(gateway, words)), ...ofCameras(cameras, words)];
}

function ofCentre(centre: CentreHealth | undefined, words: Words): Trouble[] {
  if (!centre) return [];
  const found: Trouble[] = [];
  if (!centre.broker.up) found.push({ where: words.centre, what: join(`${words.broker} ${words.brokerDown}`, centre.broker.error) });
  if (!centre.database.ok) found.push({ where: words.centre, what: `${words.database} ${words.databaseBad}` });
  return found;
}

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
