// @ts-check
/** Vitals: the heartbeat, the delivery of plays, the numbers of commands that are done, the watchdog that proves that frames change. */
import { Spool } from "./spool.js";

const BEAT = 60_000;
const SOON = 300;
const ALIVE = 30_000;
const BATCHES = 40; // in a row, after a long time off line
const KNOWN = 50; // numbers of commands that are remembered

/** @param {{board: number, report: () => any, storage: Storage, fetch?: typeof fetch, now?: () => number}} given */
export function vitals({ board, report, storage, fetch: send = fetch.bind(globalThis), now = Date.now }) {
  const spool = new Spool({ board, storage, now });
  const key = `kiosk-done-${board}`; // a reload is done before it can be told
  /** @type {string[]} */ let errors = [];
  const numbers = () => /** @type {{told: string[], done: string[]}} */ (read(storage, key) ?? { told: [], done: [] });
  /** @type {any} */ let timer = 0;
  let delivering = false;
  let away = ""; // why the server was not reached, until it has been told

  async function beat() {
    clearTimeout(timer);
    timer = setTimeout(beat, BEAT * (0.9 + Math.random() * 0.2));
    const [told, acknowledged] = [errors.slice(-10), numbers().done];
    const said = report();
    const body = { ...said, cause: said.cause || away, at: new Date(now()).toISOString(), errors: told, done: acknowledged, storage: await space(),
      memory: /** @type {any} */ (performance).memory?.usedJSHeapSize ?? null };
    if (await post(`/board/heartbeat?b=${board}`, body) === "taken") {
      away = "";
      errors = errors.filter((error) => !told.includes(error));
      const { told: before, done } = numbers();
      write(storage, key, { told: [...before, ...acknowledged].slice(-KNOWN), done: done.filter((id) => !acknowledged.includes(id)) });
    }
    await deliver();
  }

  /** Plays are kept until the server has taken them; the batch's name makes a second sending harmless. */
  async function deliver() {
    if (delivering) return;
    delivering = true;
    for (let count = 0; count < BATCHES; count += 1) {
      const batch = spool.batch(), answer = batch ? await post(`/board/plays?b=${board}`, batch) : "away";
      if (!batch || answer === "away") break;
      spool.taken(batch.batch, answer === "refused");
    }
    delivering = false;
  }

  /** @param {string} url @param {any} body */
  async function post(url, body) {
    try {
      const answer = await send(url, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body), signal: AbortSignal.timeout(15_000) });
      if (answer.ok || answer.status === 422) return answer.ok ? "taken" : "refused";
      away = String(answer.status);
    } catch (error) {
      away = /** @type {Error} */ (error).name === "TimeoutError" ? "timeout" : "unreachable";
    }
    return "away";
  }

  addEventListener("error", (event) => errors.push(String(event.message).slice(0, 200)));
  addEventListener("unhandledrejection", (event) => errors.push(String(event.reason).slice(0, 200)));
  timer = setTimeout(beat, SOON);
  spool.alive();
  setInterval(() => spool.alive(), ALIVE);
  return {
    /** Tell the server soon: something that staff wait for has changed. */
    soon() { clearTimeout(timer); timer = setTimeout(beat, SOON); },
    /** @param {string} error */ error(error) { errors.push(error); },
    /** A command's number, once: a server that heard no answer says it again. True when it is new. @param {string} id */
    done(id) {
      const { told, done } = numbers();
      if (told.includes(id) || done.includes(id)) return false;
      write(storage, key, { told, done: [...done, id] });
      return true;
    },
    /** @param {any} play */ played(play) { spool.add(play); },
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

/** @param {Storage} storage @param {string} key @returns {any} */
function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Storage} storage @param {string} key @param {any} value */
function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch { /* the show goes on */ }
}
