/** Whether an element can be seen: a tile that nobody sees costs neither gateway nor link anything. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Switching tabs back and forth should not restart every stream. */
const HIDE_AFTER_MS = 2_000;

export function useOnScreen(element: RefObject<Element | null>): boolean {
  const [inView, setInView] = useState(false);
  const shown = useTabShown();
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setInView(entries.at(-1)!.isIntersecting), { rootMargin: "80px" });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return inView && shown;
}

function useTabShown(): boolean {
  const [shown, setShown] = useState(!document.hidden);
  useEffect(() => {
    let later: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      clearTimeout(later);
      if (document.hidden) later = setTimeout(() => setShown(false), HIDE_AFTER_MS);
      else setShown(true);
    };
    document.addEventListener("visibilitychange", changed);
    return () => {
      clearTimeout(later);
      document.removeEventListener("visibilitychange", changed);
    };
  }, []);
  return shown;
}
