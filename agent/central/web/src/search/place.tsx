/** Of which site or gateway, and near which camera on the map. */

import type { JSX } from "preact";
import type { Camera } from "../api/types";
import { useCell } from "../cell";
import { cameraKey } from "../events/filter";
import { spotOf } from "../map/ground";
import { cameras as allCameras } from "../news";
import { text } from "../text";
import { Typed } from "../ui/typed";
import type { Search } from "./filter";
import { FURTHEST, isOf, nearOf, nearText, type Place, placesOf } from "./places";

interface Props {
  search: Search;
  onChange: (search: Search) => void;
}

const valueOf = ({ site, gateway }: Place) => `${site}/${gateway}`;
const nameOf = ({ site, gateway }: Place) => (gateway ? [site, gateway].filter(Boolean).join(" · ") : text.search.wholeSite(site));

/** Nothing where there is but one. */
export function OfPlace({ search, onChange }: Props): JSX.Element | null {
  const { site, gateway } = search;
  const chosen: Place = { site, gateway };
  const known = placesOf(useCell(allCameras) ?? []);
  const places = site === "" && gateway === "" ? known : [...known, ...(known.some((one) => valueOf(one) === valueOf(chosen)) ? [] : [chosen])];
  if (places.length === 0) return null;
  const choose = (value: string) => {
    const [of = "", by = ""] = value.split("/");
    const wanted: Place = { site: of, gateway: by };
    // a camera of another site would find nothing
    const cameras = search.cameras.filter((name) => {
      const [own = "", at = "", camera = ""] = name.split("/");
      return isOf(wanted, { site: own, gateway: at, camera });
    });
    onChange({ ...search, ...wanted, cameras });
  };
  return (
    <section class="search-group">
      <h3>
        <label for="search-place">{text.search.place}</label>
      </h3>
      <select id="search-place" class="find" value={valueOf(chosen)} onChange={(change) => choose(change.currentTarget.value)} data-testid="place">
        <option value="/">{text.search.everyPlace}</option>
        {places.map((one) => (
          <option key={valueOf(one)} value={valueOf(one)}>
            {nameOf(one)}
          </option>
        ))}
      </select>
    </section>
  );
}

const USUAL_M = 50;
const spotText = (camera: Camera) => spotOf(camera)?.map((one) => one.toFixed(6)).join();

/** Nothing where no camera is on the map. */
export function NearPlace({ search, onChange }: Props): JSX.Element | null {
  const placed = (useCell(allCameras) ?? []).filter((one) => spotOf(one) !== undefined);
  const near = nearOf(search.near);
  if (placed.length === 0 && !near) return null;
  const metres = near?.metres ?? USUAL_M;
  const own = near && !placed.some((one) => spotText(one) === near.spot);
  const put = (spot: string, around: number) => onChange({ ...search, near: spot && nearText({ spot, metres: around }) });
  return (
    <section class="search-group">
      <h3>{text.search.near}</h3>
      <div class="places">
        <select class="find" value={near?.spot ?? ""} aria-label={text.search.nearWhat} onChange={(change) => put(change.currentTarget.value, metres)} data-testid="near">
          <option value="">{text.search.nearAnywhere}</option>
          {own && <option value={near.spot}>{text.search.nearSpot(near.spot)}</option>}
          {placed.map((camera) => (
            <option key={cameraKey(camera)} value={spotText(camera)}>
              {camera.name}
            </option>
          ))}
        </select>
        {near && (
          <label class="near-metres">
            <Typed class="find" type="number" min={1} max={FURTHEST} step="any" value={String(metres)} onCommit={(said) => put(near.spot, Math.min(FURTHEST, Math.max(1, Number(said) || USUAL_M)))} data-testid="near-metres" />
            {text.search.nearMetres}
          </label>
        )}
      </div>
    </section>
  );
}
