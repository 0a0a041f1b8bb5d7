/** The second factor: set up with an app's code, taken off with the password. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Field } from "../account/card";
import * as api from "../api/people";
import { askWho } from "../session";
import { text } from "../text";
import { Problem, useDeed } from "./deed";
import { fieldsOf } from "./password";

type Step = { at: "rest" } | { at: "scan"; secret: string; picture: string } | { at: "codes"; codes: string[] };

export function SecondFactor({ on }: { on: boolean }): JSX.Element {
  const words = text.accounts.me;
  const [step, setStep] = useState<Step>({ at: "rest" });
  if (step.at === "scan") return <Scan secret={step.secret} picture={step.picture} onCodes={(codes) => setStep({ at: "codes", codes })} />;
  if (step.at === "codes") return <Codes codes={step.codes} onKept={() => (setStep({ at: "rest" }), void askWho())} />;
  return (
    <Proof
      key={String(on)}
      lead={on ? words.factorOn : words.factorOff}
      submit={on ? words.off : words.begin}
      onProven={async (password) => {
        if (!on) setStep({ at: "scan", ...(await api.beginFactor(password)) });
        else await api.dropFactor(password).then(askWho);
      }}
    />
  );
}

function Proof({ lead, submit, onProven }: { lead: string; submit: string; onProven: (password: string) => Promise<void> }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const deed = useDeed();
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    void deed.run(() => onProven(fieldsOf(form.current, "proof")[0] ?? ""));
  };
  return (
    <form class="narrow" ref={form} onSubmit={send} data-testid="factor">
      <p>{lead}</p>
      <Field label={text.accounts.me.old} name="proof" type="password" autocomplete="current-password" />
      {deed.error && <Problem>{deed.error}</Problem>}
      <button type="submit" class="button" disabled={deed.busy}>
        {submit}
      </button>
    </form>
  );
}

function Scan({ secret, picture, onCodes }: { secret: string; picture: string; onCodes: (codes: string[]) => void }): JSX.Element {
  const words = text.accounts.me;
  const form = useRef<HTMLFormElement>(null);
  const deed = useDeed();
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    void deed.run(async () => onCodes(await api.confirmFactor(fieldsOf(form.current, "code")[0] ?? "")));
  };
  return (
    <form class="narrow" ref={form} onSubmit={send} data-testid="factor-scan">
      <p>{words.scan}</p>
      <img class="qr" src={picture} alt={words.picture} width={196} height={196} />
      <p class="sub">
        {words.secret} <code data-testid="factor-secret">{secret.match(/.{1,4}/g)?.join(" ")}</code>
      </p>
      <Field label={text.accounts.code.label} name="code" autocomplete="one-time-code" autofocus />
      {deed.error && <Problem>{deed.error}</Problem>}
      <button type="submit" class="button primary" disabled={deed.busy}>
        {words.confirm}
      </button>
    </form>
  );
}

function Codes({ codes, onKept }: { codes: string[]; onKept: () => void }): JSX.Element {
  const words = text.accounts.me;
  return (
    <div class="narrow" role="status">
      <strong>{words.codes}</strong>
      <p>{words.codesMore}</p>
      <ul class="codes" data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <button type="button" class="button" onClick={onKept}>
        {words.kept}
      </button>
    </div>
  );
}
