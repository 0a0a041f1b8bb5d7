/** Things left behind and taken away: on or off, and after how long it is told. */

import type { JSX } from "preact";
import { text } from "../text";

interface Props {
  still: Readonly<Record<string, unknown>>;
  change: (still: Readonly<Record<string, unknown>>) => void;
  readOnly: boolean;
}

export function StillPart({ still, change, readOnly }: Props): JSX.Element {
  const on = still["enabled"] === true;
  const after = typeof still["after_s"] === "number" ? still["after_s"] : 30;
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
          <label>
            {text.editor.fields.after_s}
            <input type="number" min={1} max={3600} value={after} onChange={(event) => change({ ...still, after_s: Math.max(1, Math.min(3600, Number(event.currentTarget.value) || 30)) })} />
          </label>
        </div>
      )}
    </fieldset>
  );
}
