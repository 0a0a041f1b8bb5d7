/** Handing one picture or clip over to somebody without an account: a link, made here, good for some days. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import * as api from "../api/client";
import { useCell } from "../cell";
import { Problem, ShownOnce, useDeed } from "../people/deed";
import { session } from "../session";
import { text } from "../text";
import { mayTakeOut } from "./export";
import { Icon } from "./icon";
import { useDismissed } from "./picker";

const DAYS = [1, 7, 30] as const;

export function Share({ url }: { url: string }): JSX.Element | null {
  const who = useCell(session);
  const [of, setOf] = useState<string>(); // what was there when it was opened: a clip may come later than its picture
  const open = of !== undefined;
  const root = useRef<HTMLDivElement>(null);
  useDismissed(root, open, () => setOf(undefined));
  if (who.state !== "in" || !mayTakeOut(who.me.role)) return null;
  return (
    <div class="picker at-end" ref={root}>
      <button type="button" class="button" aria-haspopup="dialog" aria-expanded={open} title={text.share.more} onClick={() => setOf(open ? undefined : url)} data-testid="share">
        <Icon name="link" size={16} />
        <span class="only-wide">{text.share.label}</span>
      </button>
      {of && (
        <div class="picker-list share" role="dialog" aria-label={text.share.label}>
          <Wish url={of} />
        </div>
      )}
    </div>
  );
}

function Wish({ url }: { url: string }): JSX.Element {
  const deed = useDeed();
  const [link, setLink] = useState<string>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    void deed.run(async () => setLink(new URL((await api.shareMedium(url, Number(data.get("days")), String(data.get("note")))).link, location.href).href));
  };
  if (link) return <ShownOnce title={text.share.made} more={text.share.once} value={link} testid="share-link" />;
  return (
    <form onSubmit={submit}>
      <p class="sub">{text.share.more}</p>
      <label class="field">
        <span>{text.share.days}</span>
        <select name="days">
          {DAYS.map((days) => (
            <option key={days} value={days} selected={days === 7}>
              {text.share.daysOf(days)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{text.share.note}</span>
        <input name="note" maxLength={200} autocomplete="off" />
      </label>
      {deed.error && <Problem>{deed.error}</Problem>}
      <button type="submit" class="button primary" disabled={deed.busy} data-testid="share-make">
        {text.share.make}
      </button>
    </form>
  );
}
