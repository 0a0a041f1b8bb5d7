/** In which zone times are shown: the device's, a site's, or UTC. */

import type { JSX } from "preact";
import type { Gateway } from "../api/types";
import { useCell } from "../cell";
import { gateways as allGateways } from "../news";
import { text } from "../text";
import { chooseZone, deviceZone, isZone, zone } from "../time/zone";

/** Each zone with the sites in it; the chosen one also when its site is gone. */
export function zonesOf(gateways: readonly Pick<Gateway, "site" | "timezone">[], chosen: string | undefined): Map<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { site, timezone } of gateways) {
    if (timezone && isZone(timezone)) found.set(timezone, (found.get(timezone) ?? new Set()).add(site));
  }
  if (!found.has("UTC")) found.set("UTC", new Set());
  if (chosen && !found.has(chosen)) found.set(chosen, new Set());
  return found;
}

export function Zones(): JSX.Element {
  const words = text.accounts.me;
  const zones = zonesOf(useCell(allGateways) ?? [], zone);
  const choice = (name: string | undefined, shown: string) => (
    <label key={name ?? ""}>
      <input type="radio" name="zone" checked={zone === name} onChange={() => chooseZone(name)} data-testid={`zone-${name ?? "device"}`} />
      <span>{shown}</span>
    </label>
  );
  return (
    <fieldset class="zones">
      <legend class="sub">{words.timesMore}</legend>
      {choice(undefined, words.ofSite(words.device, deviceZone()))}
      {[...zones].map(([name, sites]) => choice(name, sites.size > 0 ? words.ofSite(name, [...sites].sort().join(", ")) : name))}
    </fieldset>
  );
}
