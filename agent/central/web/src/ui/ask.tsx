/** A question that has to be answered before anything else is done. Escape is the answer that changes nothing. */

import type { ComponentChildren, JSX } from "preact";
import { useId, useRef } from "preact/hooks";
import { useModal } from "./modal";

export interface Answer {
  name: string;
  /** the usual one, or one that throws something away */
  look?: "primary" | "danger";
  disabled?: boolean;
  give: () => void;
  testid?: string;
}

interface Props {
  title: string;
  answers: readonly Answer[];
  /** Escape */
  dismiss: () => void;
  children?: ComponentChildren;
  testid?: string;
}

export function Ask({ title, answers, dismiss, children, testid }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useModal(dialog);
  const cancel = (event: Event) => {
    event.preventDefault();
    dismiss();
  };
  return (
    <dialog ref={dialog} class="panel ask" aria-labelledby={id} onCancel={cancel} data-testid={testid}>
      <h2 id={id}>{title}</h2>
      {children}
      <div class="ask-answers">
        {answers.map(({ name, look, disabled, give, testid }) => (
          <button key={name} type="button" class={look ? `button ${look}` : "button"} disabled={disabled} onClick={give} data-testid={testid}>
            {name}
          </button>
        ))}
      </div>
    </dialog>
  );
}
