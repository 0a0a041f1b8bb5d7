/** One's own account: password, second factor, where one is signed in, tokens for programs. */

import type { ComponentChildren, JSX } from "preact";
import * as api from "../api/people";
import type { Me } from "../api/types";
import { ReasonForm } from "../account/reason";
import { text } from "../text";
import { momentText } from "../time/time";
import { mayTakeOut } from "../ui/export";
import { Problem, useDeed, useFetched } from "./deed";
import { SecondFactor } from "./factor";
import { Links } from "./links";
import { PasswordForm } from "./password";
import { Tokens } from "./tokens";
import { Zones } from "./zones";

export function MyPage({ me }: { me: Me }): JSX.Element {
  const words = text.accounts.me;
  return (
    <div class="page my-page">
      <header class="page-head">
        <h1>{me.name}</h1>
        <span class="tag">{text.role[me.role]}</span>
        <span class="sub">{me.places === null ? text.accounts.people.seesAll : me.places.join(", ") || text.accounts.people.nothing}</span>
      </header>
      <div class="my-columns">
        <div>
          {me.asks_reason && me.reason && (
            <Part title={words.reason}>
              <ReasonForm key={me.reason} now={me.reason} quiet />
            </Part>
          )}
          <Part title={words.password}>{me.elsewhere ? <p>{words.elsewhere}</p> : <PasswordForm />}</Part>
          {!me.elsewhere && (
            <Part title={words.factor}>
              <SecondFactor on={me.second_factor} />
            </Part>
          )}
          <Part title={words.times}>
            <Zones />
          </Part>
        </div>
        <div>
          <Part title={words.sessions}>
            <Sessions />
          </Part>
          <Part title={words.tokens}>
            <Tokens admin={me.role === "admin"} />
          </Part>
          {mayTakeOut(me.role) && (
            <Part title={words.links}>
              <Links />
            </Part>
          )}
        </div>
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="panel my-part" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Sessions(): JSX.Element {
  const words = text.accounts.me;
  const list = useFetched(api.sessions);
  const deed = useDeed();
  const run = (what: () => Promise<unknown>) => void deed.run(what).then(list.again);
  return (
    <>
      <ul class="lines" data-testid="sessions">
        {list.value?.map((session) => (
          <li key={session.id}>
            <span class="grow">
              <strong>{deviceOf(session.agent) || session.origin}</strong>
              <small>
                {session.origin} · {words.since(momentText(session.created))} · {words.used(momentText(session.last_seen))}
              </small>
            </span>
            {session.here ? (
              <span class="tag ok">{words.here}</span>
            ) : (
              <button type="button" class="button" disabled={deed.busy} onClick={() => run(() => api.endSession(session.id))}>
                {words.end}
              </button>
            )}
          </li>
        ))}
      </ul>
      {(list.value?.length ?? 0) > 1 && (
        <button type="button" class="button" disabled={deed.busy} onClick={() => run(api.endOtherSessions)} data-testid="end-others">
          {words.endOthers}
        </button>
      )}
      {(deed.error ?? list.error) && <Problem>{deed.error ?? list.error}</Problem>}
    </>
  );
}

const BROWSERS: [RegExp, string][] = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS: [RegExp, string][] = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]];

/** `Firefox · Windows`, as far as a browser says what it is. */
export function deviceOf(agent: string): string {
  const found = [BROWSERS, SYSTEMS].map((known) => known.find(([pattern]) => pattern.test(agent))?.[1]);
  return found.filter(Boolean).join(" · ") || agent.slice(0, 40);
}
