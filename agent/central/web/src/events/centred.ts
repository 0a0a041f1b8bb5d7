/** Without a pointer nothing is hovered: what is in the middle of the screen is what is looked at. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const touch = globalThis.matchMedia?.("(hover: none)");
/** The middle third of the screen. */
const MIDDLE = "-34% 0px -34% 0px";

export function useCentred(root: RefObject<HTMLElement | null>, wanted: boolean): boolean {
  const [centred, set] = useState(false);
  useEffect(() => {
    if (!wanted || !touch?.matches || !root.current) return undefined;
    const observer = new IntersectionObserver((seen) => set(seen.at(-1)?.isIntersecting ?? false), { rootMargin: MIDDLE });
    observer.observe(root.current);
    return () => observer.disconnect();
  }, [wanted]);
  return centred;
}
