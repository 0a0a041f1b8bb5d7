/** A number or a word with its name above it. */

import type { ComponentChildren, JSX } from "preact";

interface Props {
  name: string;
  hint?: string;
  tone?: "ok" | "warn" | "bad" | undefined;
  testid?: string;
  /** Its words are long at times: room that is kept for them. */
  lines?: number;
  children: ComponentChildren;
}

export function Fact({ name, hint, tone, testid, lines, children }: Props): JSX.Element {
  return (
    <div class="fact" title={hint} data-testid={testid}>
      <span class="fact-name">{name}</span>
      <span class={tone ? `fact-value numbers ${tone}` : "fact-value numbers"} style={lines ? { minHeight: `${lines}lh` } : undefined}>
        {children}
      </span>
    </div>
  );
}
