/** A button that opens a list to tick: for filters. */

import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../text";
import { Icon } from "./icon";

interface Option {
  value: string;
  name: string;
}

interface Props {
  name: string;
  any: string;
  options: readonly Option[];
  chosen: readonly string[];
  onToggle: (value: string) => void;
  single?: boolean;
  testid?: string;
}

export function Picker({ name, any, options, chosen, onToggle, single = false, testid }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useDismissed(root, open, () => setOpen(false));
  const first = options.find(({ value }) => value === chosen[0])?.name ?? chosen[0];
  const shown = chosen.length === 0 ? any : chosen.length === 1 ? first : text.events.chosen(chosen.length, name);
  const pick = (value: string) => {
    onToggle(value);
    if (single) setOpen(false);
  };
  return (
    <div class="picker" ref={root} data-testid={testid}>
      <button
        type="button"
        class={chosen.length > 0 ? "button pressed" : "button"}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={`${name}: ${shown}`}
        onClick={() => setOpen(!open)}
      >
        <span class="picker-shown">{shown}</span>
        <span class="caret" aria-hidden="true" />
      </button>
      {open && (
        <div class="picker-list" role="menu" aria-label={name} onKeyDown={walk}>
          {options.map(({ value, name: label }, i) => (
            <button
              key={value}
              type="button"
              role={single ? "menuitemradio" : "menuitemcheckbox"}
              aria-checked={chosen.includes(value)}
              class="picker-item"
              autoFocus={i === 0}
              onClick={() => pick(value)}
            >
              <span class="tick">{chosen.includes(value) && <Icon name="check" size={14} />}</span>
              {label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Arrow keys, Home and End inside an open list. */
export function walk(event: TargetedKeyboardEvent<HTMLElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("button, a")];
  const now = items.indexOf(document.activeElement as HTMLElement);
  const steps: Record<string, number> = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 };
  const target = steps[event.key];
  if (target === undefined) return;
  event.preventDefault();
  items[(target + items.length) % items.length]?.focus();
}

/** Close on Escape (focus goes back to the button), on a click elsewhere, and when focus leaves. */
export function useDismissed(root: { current: HTMLElement | null }, open: boolean, close: () => void): void {
  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const press = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
      root.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
    };
    const elsewhere = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("keydown", press, true);
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    return () => {
      document.removeEventListener("keydown", press, true);
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
    };
  }, [open]);
}
