// The board's worker: keeps the page itself, so that a board starts with the server dead. One cache a release, switched whole.
const RELEASE = {{ release|tojson }};
const SHELL = "kiosk-shell-" + RELEASE;
const FILES = {{ files|tojson }};

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(SHELL);
  await Promise.all(FILES.map((file) => take(cache, file)));
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

// One file, with the hash of its bytes beside them: what a power cut truncated must be known when it is read again.
async function take(cache, file) {
  const answer = await fetch(new Request(file, { cache: "reload" }));
  if (!answer.ok) throw new Error(`${file} ${answer.status}`);
  const body = await answer.arrayBuffer(), headers = new Headers(answer.headers);
  headers.set("Kiosk-Sha", await hash(body));
  await cache.put(file, new Response(body, { status: 200, headers }));
}

async function hash(body) {
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", body)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A kept file, if it is what it was; else null, and it is taken anew. A file of the release before has no hash.
async function whole(cache, name) {
  try {
    const kept = await cache.match(name, { ignoreSearch: true });
    if (!kept) return null;
    const body = await kept.arrayBuffer(), sha = kept.headers.get("Kiosk-Sha");
    return sha === null || sha === await hash(body) ? new Response(body, { status: 200, headers: kept.headers }) : null;
  } catch {
    return null; // a broken cache must not keep the board from starting
  }
}

// The page: from this release's cache at once. Without it (damaged, swept) from the network, and any answer that is no page is not shown.
async function page(request) {
  const kept = await from(SHELL, "/board");
  if (kept) return kept;
  const answer = await fetch(request);
  void mend("/board");
  return answer.ok ? answer : new Response("<!doctype html><meta http-equiv=refresh content=5><body style='background:#FBFAF6'>", { headers: { "Content-Type": "text/html" } });
}

async function file(request) {
  const path = new URL(request.url).pathname;
  for (const shell of [SHELL, ...await shells()]) {
    const kept = await from(shell, path);
    if (kept) return kept;
  }
  if (FILES.includes(path)) void mend(path);
  return fetch(request, { cache: FILES.includes(path) ? "reload" : "default" });
}

async function shells() {
  return caches.keys().then((names) => names.filter((name) => name.startsWith("kiosk-shell-") && name !== SHELL), () => []);
}

async function from(shell, path) {
  return caches.open(shell).then((cache) => whole(cache, path), () => null);
}

async function mend(file) {
  return caches.open(SHELL).then((cache) => take(cache, file)).catch(() => undefined);
}
