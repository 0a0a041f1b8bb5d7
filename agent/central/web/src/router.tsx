/** Where we are: the address bar is the only state. Paths are matched by hand, there are few. */

import type { AnchorHTMLAttributes, ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface Address {
  path: string;
  query: URLSearchParams;
}

const here = (): Address => ({ path: location.pathname, query: new URLSearchParams(location.search) });

const listeners = new Set<() => void>();
const tellAll = () => listeners.forEach((tell) => tell());
/** What the page that is shown was reached by: after a step back the browser's own address is another already. */
let shown = location.pathname + location.search;

/** Asked before another page takes the place of the one that is shown; goes `onward` when it may be. */
type Keeper = (onward: () => void) => void;
let keeper: Keeper | undefined;

/** Have `ask` asked before this page is left, until the returned function is called. */
export function keepHere(ask: Keeper): () => void {
  keeper = ask;
  return () => {
    if (keeper === ask) keeper = undefined;
  };
}

/** Do what leaves the page, at once or when who keeps it lets go. */
export function leaving(onward: () => void): void {
  if (!keeper) return onward();
  keeper(() => {
    keeper = undefined;
    onward();
  });
}

const pathOf = (target: string) => new URL(target, location.href).pathname;

window.addEventListener("popstate", ({ state }) => {
  if (keeper && location.pathname !== pathOf(shown)) {
    // the step is done already: stand where we stood, and take it again when we may
    history.pushState(null, "", shown);
    leaving(() => history.back());
    return;
  }
  shown = location.pathname + location.search;
  tellAll();
  const left = (state as Left | null)?.left;
  if (left) scrollBack(left);
});

/** What a step of the history keeps: how far down its page was when one went on. */
interface Left {
  left: number;
}

const PATIENCE_MS = 3_000;
const HAND = ["wheel", "touchstart", "pointerdown", "keydown"];

/** To where the page was left: a list is asked for anew, so it is there a moment after its page. A hand goes first. */
function scrollBack(left: number): void {
  const hand = new AbortController();
  HAND.forEach((kind) => window.addEventListener(kind, () => hand.abort(), { signal: hand.signal, passive: true }));
  const until = Date.now() + PATIENCE_MS;
  const path = location.pathname;
  const step = () => {
    if (hand.signal.aborted || location.pathname !== path) return;
    window.scrollTo(0, left);
    if (Math.abs(window.scrollY - left) > 1 && Date.now() < until) setTimeout(step, 30);
    else hand.abort();
  };
  setTimeout(step); // once the page stands
}

/** Go there; `replace` leaves no step in the history (filters, redirects). */
export function go(target: string, { replace = false } = {}): void {
  if (target === location.pathname + location.search) return;
  const samePage = pathOf(target) === location.pathname;
  const step = () => {
    if (!replace) history.replaceState({ ...(history.state as object | null), left: window.scrollY } satisfies Left, "");
    history[replace ? "replaceState" : "pushState"](null, "", target);
    shown = target;
    tellAll();
    if (!samePage) window.scrollTo(0, 0);
  };
  if (samePage) step();
  else leaving(step);
}

export function useAddress(): Address {
  const [address, set] = useState(here);
  useEffect(() => {
    const tell = () => set(here());
    listeners.add(tell);
    tell();
    return () => void listeners.delete(tell);
  }, []);
  return address;
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string; children?: ComponentChildren; "data-testid"?: string };

/** A real link (middle click, copy address work) that a plain click follows without loading the page anew. */
export function Link({ href, ...rest }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
