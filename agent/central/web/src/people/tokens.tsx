/** One's own tokens for programs. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import * as api from "../api/people";
import { text } from "../text";
import { momentText } from "../time/time";
import { Problem, ShownOnce, useDeed, useFetched } from "./deed";
import { fieldsOf } from "./password";

export function Tokens({ admin }: { admin: boolean }): JSX.Element {
  const words = text.accounts.me;
  const list = useFetched(api.tokens);
  const deed = useDeed();
  const [made, setMade] = useState<string>();
  const make = (name: string, scopes: api.Scope[], days: number) =>
    deed.run(async () => {
      const expires = days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
      setMade((await api.makeToken(name, scopes, expires)).token);
      list.again();
    });
  return (
    <>
      <p class="sub">{words.tokensMore}</p>
      <ul class="lines" data-testid="tokens">
        {list.value?.length === 0 && <li class="sub">{words.noTokens}</li>}
        {list.value?.map((token) => (
          <li key={token.id}>
            <span class="grow">
              <strong>{token.name}</strong>
              <small>
                {token.scopes.map((scope) => words.scopes[scope]).join(", ")} · {words.tokenExpires}: {token.expires ? momentText(token.expires) : words.tokenNever} ·{" "}
                {token.last_used ? words.tokenUsed(momentText(token.last_used)) : words.tokenUnused}
              </small>
            </span>
            <button type="button" class="button" disabled={deed.busy} onClick={() => void deed.run(() => api.revokeToken(token.id)).then(list.again)}>
              {words.revoke}
            </button>
          </li>
        ))}
      </ul>
      {made && <ShownOnce title={words.tokenMade} more={words.tokenOnce} value={made} testid="token" />}
      <TokenForm admin={admin} busy={deed.busy} onMake={make} />
      {(deed.error ?? list.error) && <Problem>{deed.error ?? list.error}</Problem>}
    </>
  );
}

const DAYS = { none: 0, week: 7, month: 30, year: 365 } as const;

function TokenForm({ admin, busy, onMake }: { admin: boolean; busy: boolean; onMake: (name: string, scopes: api.Scope[], days: number) => Promise<boolean> }): JSX.Element {
  const words = text.accounts.me;
  const form = useRef<HTMLFormElement>(null);
  const [scopes, setScopes] = useState<api.Scope[]>(["read"]);
  const offered = api.SCOPES.filter((scope) => admin || scope !== "admin");
  const toggle = (scope: api.Scope) => setScopes(scopes.includes(scope) ? scopes.filter((other) => other !== scope) : [...scopes, scope]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const [name, days] = fieldsOf(form.current, "token-name", "days") as [string, string];
    void onMake(name.trim(), scopes, Number(days)).then((worked) => worked && form.current?.reset());
  };
  return (
    <form class="token-form" ref={form} onSubmit={submit} data-testid="token-form">
      <label class="field">
        <span>{words.tokenName}</span>
        <input name="token-name" required maxLength={64} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" autocomplete="off" spellcheck={false} />
      </label>
      <label class="field">
        <span>{words.tokenExpires}</span>
        <select name="days" defaultValue="365">
          {Object.entries(DAYS).map(([name, days]) => (
            <option key={name} value={days} selected={days === 365}>
              {words.days[name as keyof typeof DAYS]}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="scopes">
        <legend>{words.tokenScopes}</legend>
        {offered.map((scope) => (
          <label key={scope}>
            <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
            {words.scopes[scope]}
          </label>
        ))}
      </fieldset>
      <button type="submit" class="button" disabled={busy || scopes.length === 0}>
        {words.tokenMake}
      </button>
    </form>
  );
}
