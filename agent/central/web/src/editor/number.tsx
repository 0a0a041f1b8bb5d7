/** A number that is typed: it counts at each key, and what stands in the field is left alone until the field is left. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";

interface Props {
  name: string;
  /** undefined: nothing is said */
  value: number | undefined;
  /** undefined when the field is empty or holds no number */
  set: (value: number | undefined) => void;
  min: number;
  max?: number;
  placeholder?: string;
  testid?: string;
}

export function NumberField({ name, value, set, min, max, placeholder, testid }: Props): JSX.Element {
  const [typed, type] = useState<string>();
  const said = (words: string) => {
    type(words);
    const number = Number(words);
    set(words === "" || !Number.isFinite(number) ? undefined : Math.min(max ?? Infinity, Math.max(min, number)));
  };
  return (
    <label>
      {name}
      <input
        type="number"
        min={min}
        max={max}
        step="any"
        value={typed ?? value ?? ""}
        placeholder={placeholder}
        onInput={(event) => said(event.currentTarget.value)}
        onBlur={() => type(undefined)}
        data-testid={testid}
      />
    </label>
  );
}
