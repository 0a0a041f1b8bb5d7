/** The first account, made from the one-time link. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import { go, Link } from "../router";
import { enter } from "../session";
import { failureLine, text } from "../text";
import { AccountCard, Field, FormError } from "./card";
import { problemOf } from "./check";

export function FirstPage({ token }: { token: string }): JSX.Element {
  const [error, setError] = useState<string>();
  const [used, setUsed] = useState<boolean | undefined>(token === "" ? true : undefined);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    // better to say it before somebody thinks up a password; while nobody answers, let them try
    if (token) void api.health().then(({ first_start }) => setUsed(!first_start), () => setUsed(false));
  }, [token]);
  if (used === undefined) return <AccountCard title={text.first.title} lead={text.first.lead} />;
  if (used) {
    return (
      <AccountCard title={text.first.title} lead={text.first.used}>
        <Link class="button" href="/" data-testid="to-sign-in">
          {text.first.toSignIn}
        </Link>
      </AccountCard>
    );
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [name, password, repeat] = ["username", "password", "repeat"].map((key) => String(form.get(key))) as [string, string, string];
    const problem = problemOf(name, password, repeat);
    setError(problem);
    if (problem) return;
    setBusy(true);
    try {
      const me = await api.first(token, name.trim(), password);
      go("/", { replace: true });
      enter(me);
    } catch (failure) {
      if (failure instanceof api.ApiError && failure.code === "token_used") setUsed(true);
      else setError(failureLine(failure));
      setBusy(false);
    }
  };
  return (
    <AccountCard title={text.first.title} lead={text.first.lead}>
      <form onSubmit={(event) => void submit(event)} data-testid="first-account" noValidate>
        <Field label={text.first.name} name="username" autocomplete="username" autofocus />
        <Field label={text.first.password} name="password" type="password" autocomplete="new-password" hint={text.first.hint} />
        <Field label={text.first.repeat} name="repeat" type="password" autocomplete="new-password" />
        <FormError>{error}</FormError>
        <button class="button primary" type="submit" disabled={busy}>
          {busy ? text.first.busy : text.first.submit}
        </button>
      </form>
    </AccountCard>
  );
}
