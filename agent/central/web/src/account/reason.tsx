/** Where the centre wants to know why one looks: asked once, kept for the session. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { giveReason } from "../session";
import { failureLine, text } from "../text";

export function ReasonForm({ now = "", quiet = false }: { now?: string; quiet?: boolean }): JSX.Element {
  const words = text.accounts.reason;
  const [error, setError] = useState<string>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get("reason")).trim();
    await giveReason(reason).then(() => setError(undefined), (failure: unknown) => setError(failureLine(failure)));
  };
  return (
    <form class="reason" onSubmit={(event) => void submit(event)} data-testid="reason">
      <label>
        <span class={quiet ? "hidden-text" : ""}>{quiet ? words.label : words.ask}</span>
        <input name="reason" class="text-input" defaultValue={now} required maxLength={200} placeholder={words.example} autocomplete="off" />
      </label>
      <button type="submit" class="button">
        {words.submit}
      </button>
      <small>{error ?? words.more}</small>
    </form>
  );
}
