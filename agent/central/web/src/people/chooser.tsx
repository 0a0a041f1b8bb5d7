/** What somebody sees: everything, or some sites and cameras to tick. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useCell } from "../cell";
import { cameras as allCameras } from "../news";
import { text } from "../text";
import { choices, isCovered, toggled } from "./places";

const MOST = 200;

interface Props {
  places: string[] | null;
  onChange: (places: string[] | null) => void;
  mayAll: boolean;
  legend?: string;
}

export function PlaceChooser({ places, onChange, mayAll, legend = text.accounts.people.sees }: Props): JSX.Element {
  const words = text.accounts.people;
  const [find, setFind] = useState("");
  const cameras = useCell(allCameras) ?? [];
  const shown = choices(cameras, places ?? [], find).slice(0, MOST);
  return (
    <fieldset class="chooser">
      <legend>{legend}</legend>
      {mayAll && (
        <div class="segmented" role="group" aria-label={legend}>
          <button type="button" aria-pressed={places === null} onClick={() => onChange(null)} data-testid="sees-all">
            {words.seesAll}
          </button>
          <button type="button" aria-pressed={places !== null} onClick={() => places ?? onChange([])} data-testid="sees-some">
            {words.seesSome}
          </button>
        </div>
      )}
      {places !== null && (
        <>
          <input class="text-input" type="search" value={find} placeholder={words.find} aria-label={words.find} onInput={(event) => setFind(event.currentTarget.value)} />
          <ul class="place-list">
            {shown.map(({ place, name, site }) => (
              <li key={place} class={site === undefined ? "site" : "camera"}>
                <label>
                  <input
                    type="checkbox"
                    checked={places.includes(place) || isCovered(places, place)}
                    disabled={isCovered(places, place)}
                    onChange={() => onChange(toggled(places, place))}
                  />
                  <span>{name}</span>
                  <small>{site === undefined ? words.whole : place}</small>
                </label>
              </li>
            ))}
            {cameras.length === 0 && <li class="sub">{words.noCameras}</li>}
          </ul>
        </>
      )}
    </fieldset>
  );
}
