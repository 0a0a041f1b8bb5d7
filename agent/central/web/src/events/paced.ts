/** News in steps: the first at once, what comes soon after together, so that a list can slide to an end between them. */

export interface Paced<T> {
  push: (item: T) => void;
  stop: () => void;
}

/** Longer than a slide (`ui/slide.ts`) and a frame. */
const STEP_MS = 400;

export function paced<T>(tell: (items: readonly T[]) => void, stepMs = STEP_MS): Paced<T> {
  let waiting: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    timer = setTimeout(flush, stepMs);
    tell(items);
  };
  return {
    push: (item) => {
      waiting.push(item);
      if (timer === undefined) flush();
    },
    stop: () => clearTimeout(timer),
  };
}
