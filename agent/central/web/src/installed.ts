/** The viewer as an app of its own: its worker, which serves the frame when the centre is away, and a new build's files. */

import { link } from "./news";

const KEY = "lamppost.reloaded";

/** A page of the old build asks for a part which the new one no longer has: to load anew helps, once, if the centre is there. */
function mayHelp(): boolean {
  if (link.value.state !== "up") return false;
  try {
    const fresh = sessionStorage.getItem(KEY) !== import.meta.url;
    sessionStorage.setItem(KEY, import.meta.url);
    return fresh;
  } catch {
    return false; // it could not be known that it was once
  }
}

export function install(): void {
  window.addEventListener("vite:preloadError", () => mayHelp() && location.reload());
  // browsers have workers on https and on this machine alone; without one all goes on as ever
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const register = () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  // the first paint goes before it; a language that had to be fetched can be later than the load itself
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register);
}
