// @ts-check
/**
 * Shell: the page's worker, which starts the board without its server. A worker whose store was damaged looks healthy and fails for ever: it is
 * taken away and made anew.
 */
import { scriptUrl } from "../shared/dom.js";

const LOOK = 1_800_000;
const AGAIN = 20_000;

/** Have the worker, and see to it that it can still be renewed. */
export function serve() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const look = async () => {
    let well = false;
    try {
      const found = await serviceWorker.register(/** @type {any} */ (scriptUrl("/board-worker.js")), { scope: "/board", updateViaCache: "none" });
      if (await reachable()) await found.update();
      well = true;
    } catch {
      if (await reachable()) await anew(serviceWorker);
    }
    setTimeout(() => void look(), well ? LOOK : AGAIN);
  };
  void look();
}

/** Whether the server itself gives the worker now: else nothing is wrong with what is kept. */
async function reachable() {
  try {
    return (await fetch("/board-worker.js", { cache: "no-store", signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}

/** @param {ServiceWorkerContainer} serviceWorker */
async function anew(serviceWorker) {
  try {
    for (const each of await serviceWorker.getRegistrations()) await each.unregister();
  } catch { /* it is asked again */ }
}
