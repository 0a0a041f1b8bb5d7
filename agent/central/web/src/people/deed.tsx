/** Doing something at the centre from a button or form: busy meanwhile, and one line when it failed. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../cell";
import { refetch } from "../news";
import { failureLine, text } from "../text";

export interface Deed {
  busy: boolean;
  error: string | undefined;
  /** True when it worked. */
  run: (what: () => Promise<unknown>) => Promise<boolean>;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const run = async (what: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await what();
      return true;
    } catch (failure) {
      setError(failureLine(failure));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

/** What was fetched, undefined until then; `again` fetches it anew, and what failed is fetched when the centre is back. */
export function useFetched<T>(fetch: () => Promise<T>): { value: T | undefined; error: string | undefined; again: () => void } {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<string>();
  const again = () => {
    const taken = (fetched: T) => {
      setValue(() => fetched);
      setError(undefined);
    };
    void fetch().then(taken, (failure: unknown) => setError(failureLine(failure)));
  };
  const generation = useCell(refetch);
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current || error) again();
    begun.current = true;
  }, [generation]);
  return { value, error, again };
}

/** Something that is shown once, to be copied. */
export function ShownOnce({ title, more, value, testid }: { title: string; more: string; value: string; testid: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(value).then(() => setCopied(true), () => undefined);
  return (
    <div class="shown-once" role="status">
      <strong>{title}</strong>
      <p>{more}</p>
      <div class="row-of">
        <input class="text-input mono" readOnly value={value} aria-label={title} onFocus={(event) => event.currentTarget.select()} data-testid={testid} />
        <button type="button" class="button" onClick={copy}>
          {copied ? text.accounts.people.copied : text.accounts.people.copy}
        </button>
      </div>
    </div>
  );
}

export function Problem({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <p role="alert" class="problem">
      {children}
    </p>
  );
}
