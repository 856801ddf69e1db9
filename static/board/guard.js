// Guard: no module, for it stands before them. When the page's own scripts did not begin (a truncated file, a damaged cache), everything that the
// browser kept of the page is thrown away and the page is asked for anew; the contents stay. Only while the server answers.
(() => {
  const WAIT = 8000;
  const begun = () => "kiosk" in globalThis;
  const look = async () => {
    if (begun()) return;
    try {
      const answer = await fetch("/board-worker.js", { cache: "no-store" });
      if (answer.ok) {
        for (const each of await navigator.serviceWorker?.getRegistrations() ?? []) await each.unregister().catch(() => undefined);
        for (const name of await globalThis.caches?.keys() ?? []) if (name.startsWith("kiosk-shell-")) await caches.delete(name);
        for (const each of document.querySelectorAll("script[src], link[rel=stylesheet]")) await fetch(each.src || each.href, { cache: "reload" }).catch(() => undefined);
        location.reload();
      }
    } catch { /* no server: what is there is all there is */ }
    setTimeout(() => void look(), WAIT);
  };
  setTimeout(() => void look(), WAIT);
})();
