/** One gateway alone: all that is known of how it is and was. */

import type { JSX } from "preact";
import { useCell } from "../cell";
import { cameras as allCameras, clockAhead, gateways as allGateways } from "../news";
import { Link } from "../router";
import { text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { GapsPanel } from "./gaps-panel";
import { GatewayPanel } from "./gateway";
import { Troubles } from "./page";
import { troubles } from "./trouble";

export function GatewayPage({ site, gateway: id }: { site: string; gateway: string }): JSX.Element {
  const gateways = useCell(allGateways);
  const cameras = (useCell(allCameras) ?? []).filter((camera) => camera.site === site && camera.gateway === id);
  const gateway = gateways?.find((one) => one.site === site && one.gateway === id);
  const found = gateway ? troubles(undefined, [gateway], cameras, text.system, Date.now() + clockAhead.value) : [];
  return (
    <div class="page system-page">
      <header class="page-head">
        <Link class="button quiet icon-only" href="/system" aria-label={text.system.title} title={text.system.title}>
          <Icon name="back" />
        </Link>
        <h1>
          {site} <span class="slash">/</span> {id}
        </h1>
      </header>
      {gateways && !gateway && <Empty icon="system" title={text.system.noSuch} more={text.system.noSuchMore} />}
      {found.length > 0 && <Troubles found={found} />}
      {gateway && <GatewayPanel gateway={gateway} cameras={cameras} whole />}
      {gateway && cameras.length > 0 && <GapsPanel cameras={cameras} />}
      {!gateways && <div class="panel skeleton system-skeleton" role="status" aria-label={text.loading} />}
    </div>
  );
}
