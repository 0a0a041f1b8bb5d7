/** Keys pressed anywhere on the page. */

import { type Inputs, useLayoutEffect } from "preact/hooks";

/** True when a letter typed now is meant for a field, not for the page. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return event.ctrlKey || event.metaKey || event.altKey || !!target?.closest("input, select, textarea, [role=menu]");
}

/** Hear them from the moment the page is to be seen: hence a layout effect, or a quick hand would be too early. */
export function usePress(press: (event: KeyboardEvent) => void, inputs: Inputs): void {
  useLayoutEffect(() => {
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, inputs);
}
