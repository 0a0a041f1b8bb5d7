/** Which cameras' footage is held: to tick. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useCell } from "../cell";
import { toggled } from "../events/filter";
import { cameras as allCameras } from "../news";
import { text } from "../text";
import { choices } from "./wish";

/** A list longer than this nobody ticks: it is searched. */
const MOST_SHOWN = 100;
/** Fewer are seen at once. */
const MANY = 6;

interface Props {
  chosen: readonly string[];
  /** those that were proposed stand on top */
  first: readonly string[];
  onChange: (cameras: readonly string[]) => void;
}

export function CameraChoice({ chosen, first, onChange }: Props): JSX.Element {
  const words = text.holds.ask;
  const [find, setFind] = useState("");
  const known = useCell(allCameras) ?? [];
  const found = choices(known, first, find);
  const hidden = found.length - MOST_SHOWN;
  return (
    <fieldset class="chooser hold-cameras">
      <legend>{words.cameras(chosen.length)}</legend>
      {known.length > MANY && <input type="search" value={find} placeholder={words.find} aria-label={words.find} onInput={(input) => setFind(input.currentTarget.value)} />}
      <ul class="place-list">
        {found.slice(0, MOST_SHOWN).map(({ camera, name }) => (
          <li key={camera}>
            <label>
              <input type="checkbox" checked={chosen.includes(camera)} onChange={() => onChange(toggled(chosen, camera))} />
              <span>{name}</span>
              <small>{camera}</small>
            </label>
          </li>
        ))}
        {hidden > 0 && <li class="sub">{words.more(hidden)}</li>}
      </ul>
    </fieldset>
  );
}
