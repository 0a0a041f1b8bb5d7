// What stands when the centre cannot be reached: the viewer's own frame, which says so and connects by itself.
//
// Nothing of the centre's is ever kept: only the files named below, and they are asked of the centre first each time.
// The build fills in both names; another build is another worker with another store, and drops the old one.
const STORE = "lamppost-__VERSION__";
const FILES = __FILES__;

self.addEventListener("install", (event) => {
  // pictures, footage and the API go past this worker altogether where the browser can be told so
  if (event.addRoutes) event.waitUntil(event.addRoutes([{ condition: { urlPattern: "/api/*" }, source: "network" }]).catch(() => undefined));
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

async function keep() {
  const store = await caches.open(STORE);
  await store.addAll(FILES.map((path) => new Request(path, { cache: "no-cache" })));
}

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => self.clients.claim()));
});

async function dropOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== STORE).map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin || pathname.startsWith("/api/")) return;
  const kept = mode === "navigate" ? "/" : FILES.includes(pathname) ? pathname : undefined;
  if (kept) event.respondWith(fetch(event.request).catch(() => fallback(kept)));
});

async function fallback(path) {
  const store = await caches.open(STORE);
  return (await store.match(path)) ?? Response.error();
}
