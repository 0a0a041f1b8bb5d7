/** Where nothing was recorded in the time that is looked at, and why: to read, and to go there. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { text } from "../text";
import { clock, duration } from "../time/format";
import { dayText } from "../time/time";
import { useDismissed, walk } from "../ui/picker";
import type { Past } from "./past";
import { reasonText } from "./tile";
import { gapsIn, type Stretch } from "./time";

interface Props {
  rows: readonly { camera: string; name: string; past: Past }[];
  view: Stretch;
  onGo: (at: number) => void;
}

/** A list longer than this nobody reads. */
const MOST = 100;

export function Gaps({ rows, view, onGo }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useDismissed(root, open, () => setOpen(false));
  const all = rows.flatMap(({ camera, name, past }) => gapsIn(past.recorded, view).map((gap) => ({ ...gap, camera, name }))).sort((a, b) => a.from - b.from);
  return (
    <div class="picker gaps" ref={root}>
      <button type="button" class="button" aria-haspopup="menu" aria-expanded={open} disabled={all.length === 0} onClick={() => setOpen(!open)} data-testid="gaps">
        {text.playback.gaps(all.length)}
        <span class="caret" aria-hidden="true" />
      </button>
      {open && all.length > 0 && (
        <div class="picker-list" role="menu" aria-label={text.playback.gapsMore} onKeyDown={walk}>
          {all.slice(-MOST).map(({ camera, name, from, to, reason }) => (
            <button
              key={`${camera} ${from}`}
              type="button"
              role="menuitem"
              class="picker-item gap-item"
              onClick={() => {
                onGo(from);
                setOpen(false);
              }}
              data-testid="gap"
            >
              <span>
                <strong class="numbers">{clock(new Date(from))}</strong> <span class="sub">{dayText(new Date(from))}</span> · {duration((to - from) / 1000)}
                {rows.length > 1 && ` · ${name}`}
              </span>
              <span class="sub">{reasonText(reason)}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
