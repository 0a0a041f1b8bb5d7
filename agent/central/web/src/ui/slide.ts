/** Things of a list that are pushed aside by new ones slide to their new places: nothing jumps. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const SLIDE = "slide";
const SLIDE_MS = 260;
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** Where a thing stands in the layout, px; unlike a rectangle on the screen that does not follow a slide under way. */
interface Spot {
  x: number;
  y: number;
}

/** Of all below `root` that have `data-event`, or a name in `data-slides`, at each drawing; `of` says which list it is: another one does not slide in. */
export function useSlide(root: RefObject<HTMLElement | null>, of: unknown): void {
  const last = useRef<{ of: unknown; width: number; spots: Map<string, Spot> }>({ of: undefined, width: 0, spots: new Map() });
  useLayoutEffect(() => {
    const frame = root.current;
    const items = frame ? [...frame.querySelectorAll<HTMLElement>("[data-event], [data-slides]")] : [];
    const spots = new Map(items.map((item) => [nameOf(item), { x: item.offsetLeft, y: item.offsetTop }]));
    // a list that was scrolled is held in its place by the browser
    const atTop = !!frame && frame.scrollTop === 0 && window.scrollY === 0;
    const width = frame?.clientWidth ?? 0; // a telephone that was turned lays all out anew: nothing was pushed aside
    if (atTop && last.current.of === of && last.current.width === width && !still?.matches) {
      for (const item of items) slide(item, last.current.spots.get(nameOf(item)));
    }
    last.current = { of, width, spots };
  });
}

const nameOf = ({ dataset }: HTMLElement) => dataset["event"] ?? dataset["slides"] ?? "";

function slide(item: HTMLElement, from: Spot | undefined): void {
  if (!from) return;
  const [dx, dy] = [from.x - item.offsetLeft, from.y - item.offsetTop];
  if (dx === 0 && dy === 0) return;
  // one that slides already goes on from where it is just now
  const { m41, m42 } = new DOMMatrix(getComputedStyle(item).transform);
  for (const before of item.getAnimations()) if (before.id === SLIDE) before.cancel();
  const [x, y] = [dx + m41, dy + m42];
  item.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { id: SLIDE, duration: SLIDE_MS, easing: "cubic-bezier(0.2, 0, 0, 1)" });
}
