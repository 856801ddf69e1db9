// The board's worker: keeps the page itself, so that a board starts with the server dead. One cache a release, switched whole.
const RELEASE = {{ release|tojson }};
const SHELL = "kiosk-shell-" + RELEASE;
const FILES = {{ files|tojson }};

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(SHELL);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  const shells = (await caches.keys()).filter((name) => name.startsWith("kiosk-shell-") && name !== SHELL);
  for (const old of shells.slice(0, -1)) await caches.delete(old); // the one before stays: a page of it may still be open
  await self.clients.claim();
  for (const client of await self.clients.matchAll()) client.postMessage({ release: RELEASE });
})()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === "/board") event.respondWith(page(event.request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(event.request));
});

// The page: from this release's cache at once. Without it (damaged, swept) from the network, and any answer that is no page is not shown.
async function page(request) {
  try {
    const kept = await (await caches.open(SHELL)).match("/board");
    if (kept) return kept;
  } catch { /* a broken cache must not keep the board from starting */ }
  const answer = await fetch(request);
  return answer.ok ? answer : new Response("<!doctype html><meta http-equiv=refresh content=5><body style='background:#FBFAF6'>", { headers: { "Content-Type": "text/html" } });
}

async function file(request) {
  try {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return kept;
  } catch { /* as above */ }
  return fetch(request);
}
