/** j and k walk through the cards; Enter opens, because each is a link. */

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** True when a letter typed now is meant for a field, not for the page. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return event.ctrlKey || event.metaKey || event.altKey || !!target?.closest("input, select, textarea, [role=menu]");
}

export function useListKeys(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
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
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
