/** Sign-in, with the code of a second factor where there is one, and what stands here while nobody has an account. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/client";
import { enter } from "../session";
import { failureLine, text } from "../text";
import { AccountCard, Field, FormError } from "./card";

type Known = { name: string; password: string };

interface Props {
  firstStart: boolean;
  ended: boolean;
  /** may one come in through an organisation's directory? */
  directory: boolean;
  /** why the directory did not let one in */
  refused: string | null;
}

export function SignInPage({ firstStart, ended, directory, refused }: Props): JSX.Element {
  const [error, setError] = useState<string | undefined>(refused === null ? undefined : (text.accounts.directory.refused[refused] ?? text.accounts.directory.failed));
  const [busy, setBusy] = useState(false);
  const [known, setKnown] = useState<Known>();
  if (firstStart) return <AccountCard title={text.signIn.firstTitle} lead={text.signIn.firstLead} />;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const word = known ?? { name: String(form.get("username")).trim(), password: String(form.get("password")) };
    setBusy(true);
    setError(undefined);
    try {
      enter(await api.signIn(word.name, word.password, known && String(form.get("code"))));
    } catch (failure) {
      const code = failure instanceof api.ApiError ? failure.code : "";
      if (code === "second_factor") setKnown(word);
      else setError(lineOf(failure, code));
      if (code === "wrong_credentials") setKnown(undefined);
      setBusy(false);
    }
  };
  const lead = known ? text.accounts.code.lead : ended ? text.signIn.ended : text.signIn.lead;
  return (
    <AccountCard title={text.signIn.title} lead={lead}>
      <form onSubmit={(event) => void submit(event)} data-testid="sign-in">
        {known ? (
          <Field key="code" label={text.accounts.code.label} name="code" autocomplete="one-time-code" hint={text.accounts.code.hint} autofocus />
        ) : (
          <>
            <Field label={text.signIn.name} name="username" autocomplete="username" autofocus />
            <Field label={text.signIn.password} name="password" type="password" autocomplete="current-password" />
          </>
        )}
        <FormError>{error}</FormError>
        <button class="button primary" type="submit" disabled={busy}>
          {busy ? text.signIn.busy : text.signIn.submit}
        </button>
        {directory && !known && (
          <a class="button" href={api.directoryAddress()} data-testid="directory">
            {text.accounts.directory.submit}
          </a>
        )}
      </form>
    </AccountCard>
  );
}

function lineOf(failure: unknown, code: string): string {
  const said = text.signIn.failed[code as keyof typeof text.signIn.failed] ?? text.accounts.signInFailed[code];
  return said ?? failureLine(failure);
}
