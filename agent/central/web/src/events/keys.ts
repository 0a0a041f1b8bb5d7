/** j and k walk through the cards; Enter opens, because each is a link. */

import type { RefObject } from "preact";
import { typing, usePress } from "../ui/press";

export function useListKeys(list: RefObject<HTMLElement | null>): void {
  const press = (event: KeyboardEvent) => {
    const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
    if (step === 0 || typing(event)) return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>(".card-link") ?? [])];
    const now = links.findIndex((link) => link === document.activeElement);
    const next = links[now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + step))];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  };
  usePress(press, []);
}
