/** A field whose text stays the person's until it is done, however often the page is drawn anew meanwhile. */

import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

interface Props {
  type: "text" | "number" | "datetime-local";
  value: string;
  /** by Enter, or by leaving the field; a field for a time says each time that is whole */
  onDone: (said: string) => void;
  id?: string;
  class?: string;
  min?: number;
  max?: number;
  step?: "any";
  maxLength?: number;
  placeholder?: string;
  spellcheck?: boolean;
  "aria-label"?: string;
  "data-testid"?: string;
}

export function Draft({ value, onDone, ...rest }: Props): JSX.Element {
  const [said, say] = useState<string>();
  useLayoutEffect(() => say(undefined), [value]); // done, or changed from elsewhere
  return (
    <input
      {...(rest as { type: "text" })} // what may be said of one of these types may be said of all
      value={said ?? value}
      onInput={(input) => say(input.currentTarget.value)}
      onChange={(change) => {
        say(undefined);
        onDone(change.currentTarget.value);
      }}
    />
  );
}
