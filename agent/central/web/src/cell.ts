/** A value that tells those who look when it changes: all the state management the viewer needs. */

import { useEffect, useState } from "preact/hooks";

export interface Cell<T> {
  readonly value: T;
  set(next: T): void;
  watch(tell: () => void): () => void;
}

export function cell<T>(first: T): Cell<T> {
  let value = first;
  const watchers = new Set<() => void>();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const tell of [...watchers]) tell();
    },
    watch(tell) {
      watchers.add(tell);
      return () => void watchers.delete(tell);
    },
  };
}

/** The cell's value; the component draws again when it changes. */
export function useCell<T>(source: Cell<T>): T {
  const [, draw] = useState({});
  useEffect(() => {
    const seen = source.value;
    const stop = source.watch(() => draw({}));
    if (!Object.is(seen, source.value)) draw({});
    return stop;
  }, [source]);
  return source.value;
}
