/** A field that somebody types into while the page goes on: what is half typed outlives every redraw. */

import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

interface Props {
  type: "text" | "search" | "number" | "datetime-local";
  /** what is so now; shown while nobody types */
  value: string;
  /** with what was typed, once it is: by Enter, by leaving the field, by its arrows; a field for a time says each time that is whole */
  onCommit: (value: string) => void;
  class?: string;
  id?: string;
  min?: number;
  max?: number;
  step?: number | "any";
  maxLength?: number;
  placeholder?: string;
  spellcheck?: boolean;
  "aria-label"?: string;
  "data-testid"?: string;
}

export function Typed({ type, value, onCommit, ...rest }: Props): JSX.Element {
  const [draft, set] = useState<string>();
  useLayoutEffect(() => set(undefined), [value]); // done, or changed from elsewhere
  const commit = (typed: string) => {
    set(undefined);
    if (typed !== value) onCommit(typed);
  };
  return (
    <input
      {...rest}
      type={type as "text"} // to the compiler each type is another element; none of their differences matters here
      value={draft ?? value}
      onInput={({ currentTarget }) => {
        set(currentTarget.value);
        // its cross empties it and is meant at once
        if (type === "search" && currentTarget.value === "") commit("");
      }}
      onChange={({ currentTarget }) => commit(currentTarget.value)}
    />
  );
}
