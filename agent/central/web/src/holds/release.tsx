/** Letting go of a hold: why is asked first, for it cannot be taken back. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/holds";
import type { Hold } from "../api/types";
import { Problem, useDeed } from "../people/deed";
import { text } from "../text";
import { Ask } from "../ui/ask";
import { retold } from "./failures";
import { LONGEST_REASON } from "./wish";

interface Props {
  hold: Hold;
  /** the stream may be faster than the answer, and then this is gone */
  onSend: () => void;
  onReleased: (hold: Hold) => void;
}

export function Release(props: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button danger" aria-haspopup="dialog" onClick={() => setOpen(true)} data-testid="release">
        {text.holds.release.open}
      </button>
      {open && <Question {...props} close={() => setOpen(false)} />}
    </>
  );
}

function Question({ hold, close, onSend, onReleased }: Props & { close: () => void }): JSX.Element {
  const words = text.holds.release;
  const [reason, set] = useState("");
  const deed = useDeed();
  const lacks = reason.trim() === "";
  const submit = () =>
    !lacks &&
    !deed.busy &&
    void deed.run(async () => {
      onSend();
      onReleased(await api.releaseHold(hold.id, reason.trim()).catch(retold(words.failures)));
      close();
    });
  const answers = [
    { name: words.cancel, give: close },
    { name: words.submit, look: "danger" as const, disabled: lacks || deed.busy, give: submit, testid: "release-submit" },
  ];
  return (
    <Ask title={words.title} answers={answers} dismiss={close} testid="release-dialog">
      <p class="hold-reason">
        <strong>{hold.reason}</strong>
      </p>
      <p>{words.lead}</p>
      <form class="hold-form" onSubmit={(event) => (event.preventDefault(), submit())}>
        <label class="field">
          <span>{words.why}</span>
          <input name="reason" maxLength={LONGEST_REASON} value={reason} autoFocus autocomplete="off" onInput={(input) => set(input.currentTarget.value)} />
        </label>
      </form>
      <p class="hold-lacks" role="status">
        {lacks && words.lacks}
      </p>
      {deed.error && <Problem>{deed.error}</Problem>}
    </Ask>
  );
}
