/** j and k walk through the cards; Enter opens, because each is a link. */

import type { RefObject } from "preact";
import { typing, usePress } from "../ui/press";

const linksIn = (list: RefObject<HTMLElement | null>) => [...(list.current?.querySelectorAll<HTMLElement>(".card-link") ?? [])];

function step(list: RefObject<HTMLElement | null>, by: number): void {
  const links = linksIn(list);
  // a card's box may have the focus, too
  const card = document.activeElement?.closest("[data-event]");
  const now = links.findIndex((link) => link.closest("[data-event]") === card);
  const next = links[now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

export function useListKeys(list: RefObject<HTMLElement | null>): void {
  const press = (event: KeyboardEvent) => {
    const by = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
    if (by === 0 || typing(event)) return;
    step(list, by);
    event.preventDefault();
  };
  usePress(press, []);
}

export interface ReviewKeys {
  /** of the card that has the focus, or of none */
  acknowledge: (id: string | undefined) => void;
  choose: (id: string) => void;
  none: () => void;
}

/** a acknowledges and goes on, x chooses, Escape chooses none. */
export function useReviewKeys(list: RefObject<HTMLElement | null>, may: boolean, keys: ReviewKeys): void {
  const press = (event: KeyboardEvent) => {
    if (!may || typing(event)) return;
    const id = document.activeElement?.closest<HTMLElement>("[data-event]")?.dataset["event"];
    if (event.key === "a") {
      keys.acknowledge(id);
      if (id) step(list, 1);
    } else if (event.key === "x" && id) keys.choose(id);
    else if (event.key === "Escape") keys.none();
  };
  usePress(press, [may, keys]);
}
