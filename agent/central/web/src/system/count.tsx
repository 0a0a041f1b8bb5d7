/** A number that grows: its place is kept, and its words are new ones each time, so that nothing seems to have moved. */

import type { JSX } from "preact";
import { number } from "../text";

/** A cell of a table; a dash while nobody knows. */
export function CountCell({ value, tone }: { value: number | undefined; tone?: "bad" | undefined }): JSX.Element {
  const shown = value === undefined ? "–" : number(value);
  return (
    <td class={tone ? `number ${tone}` : "number"}>
      <span key={shown}>{shown}</span>
    </td>
  );
}
