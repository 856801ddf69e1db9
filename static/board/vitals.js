// @ts-check
/** Vitals: the heartbeat, the outbox of plays, the watchdog that proves that frames change. */

const BATCH = 100;
const OUTBOX = 2000;
const BEAT = 60_000;
const SOON = 300;

/** @param {{board: number, report: () => any, storage: Storage, fetch?: typeof fetch}} given */
export function vitals({ board, report, storage, fetch: send = fetch.bind(globalThis) }) {
  const key = `kiosk-plays-${board}`;
  /** @type {string[]} */ let errors = [];
  /** @type {string[]} */ let done = [];
  /** @type {any} */ let timer = 0;

  async function beat() {
    clearTimeout(timer);
    timer = setTimeout(beat, BEAT * (0.9 + Math.random() * 0.2));
    const [told, acknowledged] = [errors.slice(-10), [...done]];
    const body = { ...report(), at: new Date().toISOString(), errors: told, done: acknowledged, storage: await space(),
      memory: /** @type {any} */ (performance).memory?.usedJSHeapSize ?? null };
    if (await post(`/board/heartbeat?b=${board}`, body)) {
      errors = errors.filter((error) => !told.includes(error));
      done = done.filter((id) => !acknowledged.includes(id));
    }
    await deliver();
  }

  /** Plays are kept until the server has taken them; the batch's name makes a second sending harmless. */
  async function deliver() {
    const waiting = read(storage, key);
    if (!waiting.plays.length) return;
    const batch = waiting.batch ?? crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const plays = waiting.batch ? waiting.plays.slice(0, waiting.count) : waiting.plays.slice(0, BATCH);
    write(storage, key, { ...waiting, batch, count: plays.length });
    const taken = await post(`/board/plays?b=${board}`, { batch, plays });
    if (taken) write(storage, key, { plays: read(storage, key).plays.slice(plays.length) });
  }

  /** @param {string} url @param {any} body */
  async function post(url, body) {
    try {
      const answer = await send(url, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body), signal: AbortSignal.timeout(15_000) });
      return answer.ok || answer.status === 422;
    } catch {
      return false;
    }
  }

  addEventListener("error", (event) => errors.push(String(event.message).slice(0, 200)));
  addEventListener("unhandledrejection", (event) => errors.push(String(event.reason).slice(0, 200)));
  timer = setTimeout(beat, SOON);
  return {
    /** Tell the server soon: something that staff wait for has changed. */
    soon() { clearTimeout(timer); timer = setTimeout(beat, SOON); },
    /** @param {string} error */ error(error) { errors.push(error); },
    /** @param {string} id */ done(id) { done.push(id); },
    /** @param {any} play */ played(play) {
      const waiting = read(storage, key);
      write(storage, key, { ...waiting, plays: [...waiting.plays, play].slice(-OUTBOX) });
    },
  };
}

/** Call `frozen` when no frame was drawn for 30 s although the page is visible and not `asleep`. @param {() => void} frozen @param {() => boolean} [asleep] */
export function watchdog(frozen, asleep = () => false) {
  let drawn = performance.now();
  const frame = () => {
    drawn = performance.now();
    setTimeout(asleep() ? frame : () => requestAnimationFrame(frame), 1000); // a panel that is off draws nothing, and is not frozen
  };
  requestAnimationFrame(frame);
  setInterval(() => { if (!document.hidden && performance.now() - drawn > 30_000) { drawn = performance.now(); frozen(); } }, 5000);
}

async function space() {
  try {
    const { usage, quota } = await navigator.storage.estimate();
    return { usage, quota };
  } catch {
    return null;
  }
}

/** @param {Storage} storage @param {string} key @returns {{plays: any[], batch?: string, count?: number}} */
function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? "") ?? { plays: [] };
  } catch {
    return { plays: [] };
  }
}

/** @param {Storage} storage @param {string} key @param {any} value */
function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch { /* proof of play is lost before the show is */ }
}
