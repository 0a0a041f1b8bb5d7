/** A field that somebody types into while the page goes on: what is half typed outlives every redraw. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

interface Props {
  type: "text" | "search" | "number" | "datetime-local";
  /** what is so now; shown while nobody types */
  value: string;
  /** with what was typed, once it is: at Enter, and when the field is left */
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
  /** what the page knows, or was told and has not answered with yet */
  const told = useRef(value);
  if (draft === undefined) told.current = value;
  const commit = (typed: string) => {
    if (typed === told.current) return;
    told.current = typed;
    onCommit(typed);
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
      onKeyDown={(event) => event.key === "Enter" && commit(event.currentTarget.value)}
      onBlur={({ currentTarget }) => {
        commit(currentTarget.value);
        set(undefined);
      }}
    />
  );
}
