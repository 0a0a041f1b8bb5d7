/** The sheet that sign-in and the first account are written on. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { titleOf } from "../heard";
import { text } from "../text";
import { chooseLanguage, language, type Language, LANGUAGES } from "../text/language";
import { Icon, Logo } from "../ui/icon";

export function AccountCard({ title, lead, children }: { title: string; lead: string; children?: ComponentChildren }): JSX.Element {
  useEffect(() => {
    document.title = titleOf(title, text.product);
  }, [title]);
  return (
    <main class="account">
      <div class="account-card">
        <div class="account-mark">
          <Logo size={44} />
          <span>{text.product}</span>
        </div>
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        {children}
      </div>
      <Languages />
    </main>
  );
}

/** Who cannot read the page finds their own language's name. */
const Languages = (): JSX.Element => (
  <p class="languages">
    {(Object.entries(LANGUAGES) as [Language, string][])
      .filter(([other]) => other !== language)
      .map(([other, name]) => (
        <button key={other} type="button" class="button quiet" lang={other} onClick={() => chooseLanguage(other)} data-testid={`language-${other}`}>
          {name}
        </button>
      ))}
  </p>
);

interface FieldProps {
  label: string;
  name: string;
  type?: "text" | "password";
  autocomplete: string;
  hint?: string;
  autofocus?: boolean;
}

export function Field({ label, name, type = "text", autocomplete, hint, autofocus = false }: FieldProps): JSX.Element {
  const rest = {
    name,
    autocomplete,
    autoFocus: autofocus,
    autocapitalize: "none" as const,
    spellcheck: false,
    "aria-describedby": hint ? `${name}-hint` : undefined,
  };
  return (
    <label class="field">
      <span>{label}</span>
      {type === "password" ? <input type="password" {...rest} /> : <input type="text" {...rest} />}
      {hint && <small id={`${name}-hint`}>{hint}</small>}
    </label>
  );
}

export function FormError({ children }: { children: string | undefined }): JSX.Element {
  return (
    <div role="alert" class="form-error-place">
      {children && (
        <p class="form-error">
          <Icon name="warning" size={16} />
          {children}
        </p>
      )}
    </div>
  );
}
