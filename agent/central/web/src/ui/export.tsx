/** Taking away what was found, as a file: for who may take evidence out. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Me } from "../api/types";
import { useCell } from "../cell";
import { session } from "../session";
import { text } from "../text";
import { Icon } from "./icon";
import { useDismissed, walk } from "./picker";

const MAY: ReadonlySet<Me["role"]> = new Set(["investigator", "admin"]);
/** May somebody of this role take evidence out? */
export const mayTakeOut = (role: Me["role"]): boolean => MAY.has(role);

const FORMS: readonly api.ExportForm[] = ["csv", "jsonl", "geojson"];

interface Props {
  what: "tracks" | "events";
  /** What the API is asked, as of now. */
  query: () => URLSearchParams;
}

export function Export({ what, query }: Props): JSX.Element | null {
  const who = useCell(session);
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useDismissed(root, open, () => setOpen(false));
  if (who.state !== "in" || !mayTakeOut(who.me.role)) return null;
  const unsaid = who.me.asks_reason && !who.me.reason;
  return (
    <div class="picker at-end" ref={root}>
      <button
        type="button"
        class="button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={text.export.label}
        disabled={unsaid}
        title={unsaid ? text.failure.reason_needed : text.export.more}
        onClick={() => setOpen(!open)}
        data-testid="export"
      >
        <Icon name="download" size={16} />
        <span class="only-wide">{text.export.label}</span>
      </button>
      {open && (
        <div class="picker-list" role="menu" aria-label={text.export.label} onKeyDown={walk}>
          {FORMS.map((form) => (
            <a key={form} role="menuitem" class="picker-item" href={api.exportAddress(what, form, query())} download onClick={() => setOpen(false)} data-testid={`export-${form}`}>
              {text.export.forms[form]}
            </a>
          ))}
        </div>
      )}
    </div>
  );
}
