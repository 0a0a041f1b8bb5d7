/** A button that opens somebody, or a vehicle, to be dressed in the colours that are looked for, as the search has it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Figure } from "../search/figure";
import { colourName, text } from "../text";
import { useDismissed } from "../ui/picker";
import { isPart, PARTS } from "./colours";

interface Props {
  /** `upper:green` */
  chosen: readonly string[];
  onChange: (colours: readonly string[]) => void;
}

export function ColourFilter({ chosen, onChange }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(false);
  useDismissed(root, open, () => setOpen(false));
  useEffect(() => {
    if (open) root.current?.querySelector<HTMLElement>("[role=dialog] button")?.focus();
  }, [open]);
  const [first = ""] = chosen;
  const shown = chosen.length === 0 ? text.events.anyColour : chosen.length === 1 ? words(first) : text.events.chosen(chosen.length, text.events.colour);
  const press = () => {
    setAtEnd(root.current!.getBoundingClientRect().left > window.innerWidth / 2); // filters wrap: it may stand anywhere
    setOpen(!open);
  };
  return (
    <div class={atEnd ? "picker at-end" : "picker"} ref={root} data-testid="filter-colour">
      <button
        type="button"
        class={chosen.length > 0 ? "button pressed" : "button"}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={`${text.events.colour}: ${shown}`}
        onClick={press}
      >
        {shown}
        <span class="caret" aria-hidden="true" />
      </button>
      {open && (
        <div class="picker-list dressed" role="dialog" aria-label={text.events.colour}>
          <Figure parts={PARTS} colours={chosen} facets={undefined} onChange={onChange} />
        </div>
      )}
    </div>
  );
}

function words(colour: string): string {
  const [part = "", name = ""] = colour.split(":");
  return isPart(part) ? text.coloured(text.parts[part], colourName(name)) : colour;
}
