/** Sign-in, and what stands in its place while nobody has an account. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import { enter } from "../session";
import { failureLine, text } from "../text";
import { AccountCard, Field, FormError } from "./card";

export function SignInPage({ firstStart, ended }: { firstStart: boolean; ended: boolean }): JSX.Element {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  if (firstStart) return <AccountCard title={text.signIn.firstTitle} lead={text.signIn.firstLead} />;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    try {
      enter(await api.signIn(String(form.get("username")).trim(), String(form.get("password"))));
    } catch (failure) {
      setError(lineOf(failure));
      setBusy(false);
    }
  };
  return (
    <AccountCard title={text.signIn.title} lead={ended ? text.signIn.ended : text.signIn.lead}>
      <form onSubmit={(event) => void submit(event)} data-testid="sign-in">
        <Field label={text.signIn.name} name="username" autocomplete="username" autofocus />
        <Field label={text.signIn.password} name="password" type="password" autocomplete="current-password" />
        <FormError>{error}</FormError>
        <button class="button primary" type="submit" disabled={busy}>
          {busy ? text.signIn.busy : text.signIn.submit}
        </button>
      </form>
    </AccountCard>
  );
}

function lineOf(failure: unknown): string {
  const code = failure instanceof api.ApiError ? failure.code : "";
  return text.signIn.failed[code as keyof typeof text.signIn.failed] ?? failureLine(failure);
}
