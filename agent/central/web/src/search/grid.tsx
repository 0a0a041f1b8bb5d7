/** Results as a grid that only holds what is near the screen, and asks for more before its end is reached. */

import type { ComponentChildren, JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Left } from "./list";
import { type Shown, shown } from "./window";

/** px where the text is as large as usual, as the style sheet has them: a card's least width, a row with its gap, the gap. */
const LEAST = 150;
const ROW = 262;
const GAP = 12;

interface Props<T> {
  items: readonly T[];
  more: boolean;
  onMore: () => void;
  /** it is come back to */
  left: Left | undefined;
  card: (item: T, place: Place) => ComponentChildren;
}

/** Where a card stands, for the style sheet: what scrolls by keeps its place, and is not painted anew. */
export interface Place extends Record<string, number> {
  "--row": number;
  "--column": number;
}

export function CardGrid<T extends object>({ items, more, onMore, left, card }: Props<T>): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const part = useShown(root, items.length, left);
  const cards = useCards(items, part, card);
  const near = part !== undefined && part.to + 2 * part.columns >= items.length;
  useEffect(() => {
    if (near && more) onMore();
  }, [near, more, items.length]);
  return (
    <div ref={root} class="shots-frame" style={part ? { height: `${part.whole}px` } : {}}>
      {part && (
        <ul class="shots placed" style={{ "--columns": part.columns }}>
          {cards}
        </ul>
      )}
    </div>
  );
}

/** A card that stays is the very same and is not compared again: scrolling costs what is new. Those that went are let go. */
function useCards<T extends object>(items: readonly T[], part: Shown | undefined, card: Props<T>["card"]): ComponentChildren[] {
  const before = useRef({ card, columns: 0, cards: new Map<T, [number, ComponentChildren]>() });
  if (!part) return [];
  const { from, to, columns } = part;
  const same = before.current.card === card && before.current.columns === columns;
  const cards = new Map<T, [number, ComponentChildren]>();
  for (const [number, item] of items.slice(from, to).entries()) {
    const at = from + number;
    const old = same ? before.current.cards.get(item) : undefined;
    cards.set(item, old?.[0] === at ? old : [at, card(item, { "--row": Math.floor(at / columns), "--column": at % columns })]);
  }
  before.current = { card, columns, cards };
  return [...cards.values()].map(([, one]) => one);
}

function useShown(root: RefObject<HTMLDivElement | null>, count: number, left: Left | undefined): Shown | undefined {
  const [part, set] = useState<Shown>();
  const returned = useRef<Left | undefined>(undefined);
  useLayoutEffect(() => {
    const frame = root.current!;
    const partNow = () => {
      // cards grow with the text of very large screens, and a window may be dragged to one
      const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      const { width, top } = frame.getBoundingClientRect();
      return shown({ width, above: -top, height: window.innerHeight, count }, LEAST * scale, ROW * scale, GAP * scale);
    };
    if (left && returned.current !== left) {
      // a page is scrolled no further than it is high
      frame.style.height = `${partNow().whole}px`;
      window.scrollTo(0, left.scrolled);
    }
    returned.current = left;
    const look = () => {
      const now = partNow();
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
  }, [count, left]);
  return part;
}
