/** "Hold", where one looks at footage: opens the form with what is looked at. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { HoldDialog } from "./dialog";
import { useMayHold } from "./may";
import type { Proposal } from "./wish";

interface Props {
  /** called when it is pressed */
  proposal: () => Proposal;
}

/** Nothing for who may not. */
export function HoldButton({ proposal }: Props): JSX.Element | null {
  const may = useMayHold();
  const [open, setOpen] = useState<Proposal>();
  if (!may) return null;
  return (
    <>
      <button type="button" class="button hold-button" aria-haspopup="dialog" aria-label={text.holds.button} onClick={() => setOpen(proposal())} title={text.holds.buttonMore} data-testid="hold-open">
        <Icon name="hold" size={16} />
        <span class="only-wide">{text.holds.button}</span>
      </button>
      {open && <HoldDialog proposal={open} close={() => setOpen(undefined)} />}
    </>
  );
}
