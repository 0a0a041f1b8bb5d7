/** Another password for oneself. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { passwordProblem } from "../account/check";
import { Field } from "../account/card";
import * as api from "../api/people";
import { enter } from "../session";
import { failureLine, text } from "../text";
import { Problem } from "./deed";

export function PasswordForm(): JSX.Element {
  const words = text.accounts.me;
  const form = useRef<HTMLFormElement>(null);
  const [said, setSaid] = useState<{ error?: string | undefined; done?: boolean }>({});
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const [old, fresh, repeat] = fieldsOf(form.current, "old", "fresh", "repeat") as [string, string, string];
    const error = passwordProblem(fresh, repeat);
    setSaid({ error });
    if (error) return;
    try {
      enter(await api.changePassword(old, fresh));
      form.current?.reset();
      setSaid({ done: true });
    } catch (failure) {
      setSaid({ error: failureLine(failure) });
    }
  };
  return (
    <form class="narrow" ref={form} onSubmit={(event) => void submit(event)} data-testid="password" noValidate>
      <Field label={words.old} name="old" type="password" autocomplete="current-password" />
      <Field label={words.fresh} name="fresh" type="password" autocomplete="new-password" hint={text.first.hint} />
      <Field label={words.repeat} name="repeat" type="password" autocomplete="new-password" />
      {said.error && <Problem>{said.error}</Problem>}
      {said.done && <p role="status">{words.changed}</p>}
      <button type="submit" class="button">
        {words.change}
      </button>
    </form>
  );
}

/** What stands in the fields of a form. */
export function fieldsOf(form: HTMLFormElement | null, ...names: string[]): string[] {
  const data = new FormData(form ?? undefined);
  return names.map((name) => String(data.get(name) ?? ""));
}
