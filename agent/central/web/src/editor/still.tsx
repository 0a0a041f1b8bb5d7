/** Things left behind and taken away: on or off, and after how long it is told. */

import type { JSX } from "preact";
import { text } from "../text";
import { NumberField } from "./number";

const USUAL_S = 30;

interface Props {
  still: Readonly<Record<string, unknown>>;
  change: (still: Readonly<Record<string, unknown>>) => void;
  readOnly: boolean;
}

export function StillPart({ still, change, readOnly }: Props): JSX.Element {
  const on = still["enabled"] === true;
  const after = typeof still["after_s"] === "number" ? still["after_s"] : USUAL_S;
  return (
    <fieldset class="rule" disabled={readOnly}>
      <legend class="hidden-text">{text.editor.still}</legend>
      <div class="rule-head">
        <strong>{text.editor.still}</strong>
        <span class="spring" />
        <label class="rule-on">
          <input type="checkbox" checked={on} onChange={(event) => change({ ...still, enabled: event.currentTarget.checked })} data-testid="still-on" />
          {text.editor.on}
        </label>
      </div>
      {on && (
        <div class="rule-fields">
          <NumberField name={text.editor.fields.after_s} value={after} set={(value) => change({ ...still, after_s: value ?? USUAL_S })} min={1} max={3600} testid="still-after" />
        </div>
      )}
    </fieldset>
  );
}
