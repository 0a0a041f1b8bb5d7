/** A one-time link from an administrator: the password is set here, the first time or anew. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { join } from "../api/people";
import { go, Link } from "../router";
import { enter } from "../session";
import { failureLine, text } from "../text";
import { AccountCard, Field, FormError } from "./card";
import { passwordProblem } from "./check";

export function JoinPage({ token }: { token: string }): JSX.Element {
  const words = text.accounts.join;
  const [error, setError] = useState<string>();
  const [over, setOver] = useState<string | undefined>(token ? undefined : words.used);
  const [busy, setBusy] = useState(false);
  if (over !== undefined) {
    return (
      <AccountCard title={words.title} lead={over}>
        <Link class="button" href="/" data-testid="to-sign-in">
          {text.first.toSignIn}
        </Link>
      </AccountCard>
    );
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const password = String(form.get("password"));
    const problem = passwordProblem(password, String(form.get("repeat")));
    setError(problem);
    if (problem) return;
    setBusy(true);
    try {
      const me = await join(token, password);
      go("/", { replace: true });
      enter(me);
    } catch (failure) {
      const code = failure instanceof ApiError ? failure.code : "";
      if (code === "token_used") setOver(words.used);
      else if (code === "second_factor") setOver(words.factor);
      else setError(failureLine(failure));
      setBusy(false);
    }
  };
  return (
    <AccountCard title={words.title} lead={words.lead}>
      <form onSubmit={(event) => void submit(event)} data-testid="join" noValidate>
        <Field label={words.password} name="password" type="password" autocomplete="new-password" hint={text.first.hint} autofocus />
        <Field label={words.repeat} name="repeat" type="password" autocomplete="new-password" />
        <FormError>{error}</FormError>
        <button class="button primary" type="submit" disabled={busy}>
          {busy ? words.busy : words.submit}
        </button>
      </form>
    </AccountCard>
  );
}
