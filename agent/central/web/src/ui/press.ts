/** Keys pressed anywhere on the page. */

import { type Inputs, useLayoutEffect } from "preact/hooks";

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
/** What a field that is not written into does with keys; all others are the page's. */
const OWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  checkbox: [" "],
  radio: [" ", ...ARROWS],
  range: [...ARROWS, "Home", "End", "PageUp", "PageDown"],
  button: [" ", "Enter"],
  submit: [" ", "Enter"],
  reset: [" ", "Enter"],
  file: [" ", "Enter"],
  color: [" ", "Enter"],
};

/** Whether an `<input>` of that type wants the key for itself: one that is written into wants all. */
export const isOwnKey = (type: string, key: string): boolean => OWN_KEYS[type]?.includes(key) ?? true;

/** True when a key is meant for a field or for a question over the page, not for the page. */
export function typing(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return true;
  const target = event.target as HTMLElement | null;
  const input = target?.closest("input");
  return input ? isOwnKey(input.type, event.key) : !!target?.closest("select, textarea, [role=menu]");
}

/** Hear them from the moment the page is to be seen: hence a layout effect, or a quick hand would be too early. */
export function usePress(press: (event: KeyboardEvent) => void, inputs: Inputs): void {
  useLayoutEffect(() => {
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, inputs);
}
