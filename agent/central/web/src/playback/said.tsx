/** A line over the pictures that goes away by itself. */

import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";

const STAYS_MS = 5_000;

export interface Line {
  words: string;
  /** the same words said again are another line */
  number: number;
}

export function useSaid(): [Line, (words: string) => void] {
  const [line, set] = useState<Line>({ words: "", number: 0 });
  useEffect(() => {
    if (!line.words) return undefined;
    const timer = setTimeout(() => set(({ number }) => ({ words: "", number })), STAYS_MS);
    return () => clearTimeout(timer);
  }, [line.number]);
  const say = useCallback((words: string) => set(({ number }) => ({ words, number: number + 1 })), []);
  return [line, say];
}

export const Said = ({ line }: { line: Line }): JSX.Element => (
  <p class={line.words ? "said" : "said hidden-text"} role="status" data-testid="said">
    <span key={line.number}>{line.words}</span>
  </p>
);
