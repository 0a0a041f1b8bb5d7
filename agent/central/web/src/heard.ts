/** What the page is called: in the window's title, and for who hears pages, after each way to another one. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "./text";

/** `Person · Events · Lamppost`: the page itself first, for tabs are narrow; what says the same stands once. */
export const titleOf = (...names: readonly string[]): string => [...new Set(names)].filter(Boolean).join(" · ");

/**
 * Keep the window's title, and tell of the page one comes to. What is returned is to be said, politely.
 *
 * Where the way led away from what had the focus (the card of a list), the page's heading gets it, and is heard by that;
 * otherwise the focus stays where it is: in the rail, on the button to the next event, in a dialog.
 */
export function useHeard(main: RefObject<HTMLElement | null>, path: string, place: string): string {
  const [said, say] = useState("");
  const here = useRef<string | undefined>(undefined);
  useEffect(() => {
    const arrived = here.current !== undefined && here.current !== path;
    here.current = path;
    document.title = titleOf(place, text.product);
    say("");
    const look = (): boolean => {
      const heading = main.current?.querySelector<HTMLElement>("h1, .page > .empty h2");
      const name = heading?.textContent?.trim();
      if (!heading || !name) return false;
      document.title = titleOf(name, place, text.product);
      if (arrived && !takesFocus(heading)) say(name);
      return true;
    };
    // many pages are called after what they show, which comes later
    const observer = new MutationObserver(() => look() && observer.disconnect());
    const soon = setTimeout(() => look() || observer.observe(main.current!, { childList: true, subtree: true }));
    return () => {
      clearTimeout(soon);
      observer.disconnect();
    };
  }, [path, place]);
  return said;
}

function takesFocus(heading: HTMLElement): boolean {
  if (document.activeElement && document.activeElement !== document.body) return false;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true }); // the way back keeps its place
  return document.activeElement === heading;
}
