/** Results as a grid that only holds what is near the screen, and asks for more before its end is reached. */

import type { ComponentChildren, JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Shown, shown } from "./window";

/** px where the text is as large as usual, as the style sheet has them: a card's least width, a row with its gap, the gap. */
const LEAST = 150;
const ROW = 262;
const GAP = 12;

interface Props<T> {
  items: readonly T[];
  more: boolean;
  onMore: () => void;
  card: (item: T) => ComponentChildren;
}

export function CardGrid<T extends object>({ items, more, onMore, card }: Props<T>): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const part = useShown(root, items.length);
  // a card that stays is the very same and is not compared again: scrolling costs what is new
  const made = useMemo(() => new WeakMap<T, ComponentChildren>(), [card]);
  const cardOf = (item: T) => {
    if (!made.has(item)) made.set(item, card(item));
    return made.get(item);
  };
  const near = part !== undefined && part.to + 2 * part.columns >= items.length;
  useEffect(() => {
    if (near && more) onMore();
  }, [near, more, items.length]);
  return (
    <div ref={root} class="shots-frame" style={part ? { height: `${part.whole}px` } : {}}>
      {part && (
        <ul class="shots" style={{ transform: `translateY(${part.before}px)`, gridTemplateColumns: `repeat(${part.columns}, minmax(0, 1fr))` }}>
          {items.slice(part.from, part.to).map(cardOf)}
        </ul>
      )}
    </div>
  );
}

function useShown(root: RefObject<HTMLDivElement | null>, count: number): Shown | undefined {
  const [part, set] = useState<Shown>();
  useEffect(() => {
    const frame = root.current!;
    // cards grow with the text of very large screens
    const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const look = () => {
      const { width, top } = frame.getBoundingClientRect();
      const now = shown({ width, above: -top, height: window.innerHeight, count }, LEAST * scale, ROW * scale, GAP * scale);
      set((old) => (old && JSON.stringify(old) === JSON.stringify(now) ? old : now));
    };
    look();
    const resized = new ResizeObserver(look);
    resized.observe(frame);
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      resized.disconnect();
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [count]);
  return part;
}
