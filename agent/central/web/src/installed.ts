/** The viewer as an app of its own: its worker, which serves the frame when the centre is away, and a new build's files. */

export function install(): void {
  // a page of the old build that asks for a part which the new build no longer has
  window.addEventListener("vite:preloadError", () => location.reload());
  // browsers have workers on https and on this machine alone; without one all goes on as ever
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const register = () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  // the first paint goes before it; a language that had to be fetched can be later than the load itself
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register);
}
