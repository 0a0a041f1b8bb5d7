/** News in steps: the first at once, what comes soon after together, so that a list can slide to an end between them. */

export interface Paced<T> {
  push: (item: T) => void;
  stop: () => void;
}

/** Longer than a slide (`ui/slide.ts`). */
const STEP_MS = 400;

/** When what was told is on the screen, in the next picture but one; a slow machine draws it late. Beside a page: at once. */
const whenDrawn = (then: () => void) => ("requestAnimationFrame" in globalThis ? void requestAnimationFrame(() => requestAnimationFrame(then)) : then());

export function paced<T>(tell: (items: readonly T[]) => void, stepMs = STEP_MS): Paced<T> {
  let waiting: T[] = [];
  let [busy, over] = [false, false];
  const flush = () => {
    busy = waiting.length > 0 && !over;
    if (!busy) return;
    const items = waiting;
    waiting = [];
    tell(items);
    // a slide begins and ends with pictures, not with the clock
    whenDrawn(() => setTimeout(() => whenDrawn(flush), stepMs));
  };
  return {
    push: (item) => {
      waiting.push(item);
      if (!busy) flush();
    },
    stop: () => void (over = true),
  };
}
