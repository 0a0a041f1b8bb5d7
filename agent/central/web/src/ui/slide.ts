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

/** How a list lies: its own width, and where each thing in it is. */
interface Lay {
  width: number;
  spots: ReadonlyMap<string, Spot>;
}

/** Of all below `root` that have `data-event`, or a name in `data-slides`, at each drawing; `of` says which list it is: another one does not slide in. */
export function useSlide(root: RefObject<HTMLElement | null>, of: unknown): void {
  const last = useRef<Lay & { of: unknown }>({ of: undefined, width: 0, spots: new Map() });
  // a list that was made wider or narrower between two drawings lies there by now
  const resized = useRef<{ frame: HTMLElement | null; stop: () => void }>({ frame: null, stop: () => undefined });
  useLayoutEffect(() => {
    const frame = root.current;
    const lay = layOf(frame);
    // a list that was scrolled is held in its place by the browser
    const atTop = !!frame && frame.scrollTop === 0 && window.scrollY === 0;
    // a telephone that was turned lays all out anew: nothing was pushed aside
    if (atTop && last.current.of === of && last.current.width === lay.width && !still?.matches) {
      for (const item of itemsOf(frame)) slide(item, last.current.spots.get(nameOf(item)));
    }
    last.current = { of, ...lay };
    if (frame === resized.current.frame) return;
    resized.current.stop();
    resized.current = { frame, stop: whenResized(frame, () => (last.current = { ...last.current, ...layOf(frame) })) };
  });
  useLayoutEffect(() => () => resized.current.stop(), []);
}

function whenResized(frame: HTMLElement | null, then: () => void): () => void {
  if (!frame) return () => undefined;
  const observer = new ResizeObserver(then);
  observer.observe(frame);
  return () => observer.disconnect();
}

const itemsOf = (frame: HTMLElement) => [...frame.querySelectorAll<HTMLElement>("[data-event], [data-slides]")];

const layOf = (frame: HTMLElement | null): Lay => ({
  width: frame?.clientWidth ?? 0,
  spots: new Map(frame ? itemsOf(frame).map((item) => [nameOf(item), { x: item.offsetLeft, y: item.offsetTop }]) : []),
});

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
