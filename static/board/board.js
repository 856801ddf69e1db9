// @ts-check
/** Board: wires the parts. Who am I, what do I hold, what stands on the wall; the server is asked, never needed. */
import { element, scriptUrl } from "../shared/dom.js";
import { clock, day, lunar } from "../shared/time.js";
import { identify, resting, waiting } from "./builtin.js";
import { foot } from "./foot.js";
import { live } from "./live.js";
import { identity, ownScreen, pair } from "./pairing.js";
import { seen } from "./seen.js";
import { Store } from "./store.js";
import { moved, running } from "./ticker.js";
import { vitals, watchdog } from "./vitals.js";
import { Wall } from "./wall.js";

const LOOK = 250;
const POLL = 60_000;
const OFFLINE = 180_000;
const IDENTIFY = 20_000;

const root = /** @type {HTMLElement} */ (document.getElementById("wall"));
const release = document.documentElement.dataset.release ?? "";

/** What the launcher reads, from the first moment on. */
const glance = seen();

/** What stands until the first page does: whose board this is. A page that starts, or starts anew, is never an empty wall. */
function curtain() {
  /** @type {any} */ let ref = null;
  try {
    ref = JSON.parse(localStorage.getItem(`kiosk-held-${localStorage.getItem("kiosk-board")}`) ?? "null")?.ref;
  } catch { /* a damaged memory is the store's to mend */ }
  if (!ref?.panel) return;
  place(ref.panel, { page: ref.panel, theme: { name: ref.panel.theme } });
  const card = element("div", "curtain");
  card.append(waiting(ref.face?.office ?? ""));
  root.append(card);
}

async function begin() {
  curtain();
  register();
  const board = new URLSearchParams(location.search).get("b");
  if (location.hash.length > 1) return arrive(location.hash.slice(1));
  if (board && /^\d+$/.test(board)) return play(Number(board));
  const { token } = await pair(root);
  return arrive(token);
}

/** @param {string} token */
async function arrive(token) {
  const known = Number(localStorage.getItem("kiosk-board") ?? "");
  if (known && localStorage.getItem(`kiosk-held-${known}`)) { // what is here plays while nobody answers
    history.replaceState(null, "", `/board?b=${known}`);
    void identity(token).then((board) => {
      if (board !== null && board !== known) { localStorage.setItem("kiosk-board", String(board)); location.replace(`/board?b=${board}`); }
      else dispatchEvent(new Event("online"));
    });
    return play(known);
  }
  root.replaceChildren(waiting("正在连接"));
  const board = await identity(token);
  if (board === null) {
    history.replaceState(null, "", "/board");
    return known ? play(known) : begin();
  }
  localStorage.setItem("kiosk-board", String(board));
  history.replaceState(null, "", `/board?b=${board}`);
  return play(board);
}

/** @param {number} board */
async function play(board) {
  root.replaceChildren(...root.querySelectorAll(".curtain"));
  const store = new Store({ board, fetch: fetch.bind(globalThis), caches: globalThis.caches, storage: localStorage,
    onRecall: () => void wall.look(true), onTold: () => void wall.look(true), onHeld: () => { arrange(); vital.soon(); } });
  let newer = false;
  const wall = new Wall({ root, store, now: Date.now, texts: (item) => told(store, item), onPlay: (play) => vital.played(play),
    onError: (error) => vital.error(error), onShown: () => { vital.soon(); if ((newer || glance.due) && navigator.onLine && !wall.over) location.reload(); } });
  const report = () => ({ edition: store.ref?.edition ?? null, ref_version: store.ref?.version ?? null, item: wall.item,
    skew_ms: null, release, cause: store.cause, recalled: [...store.recalled] });
  const vital = vitals({ board, report, storage: localStorage });
  const arrange = () => {
    if (store.manifest) void wall.zones.arrange(store.manifest, () => place(store.ref.panel, store.manifest)).then(() => wall.look());
  };

  glance.plays({ board, wall, store, done: (id) => { vital.done(id); vital.soon(); } });

  if (await store.recover()) arrange();
  await wall.look();
  const address = `${location.origin.replace("http", "ws")}/board/live?b=${board}`;
  const socket = live({ url: address, opened: () => void store.sync(), hear: (message) => {
    if (message.stop || message.ask || (Number.isInteger(message.version) && message.version > (store.ref?.version ?? 0))) void store.sync();
    if (message.do) command(message);
  } });

  /** @param {{do: string, id: string, after?: number}} message */
  function command(message) {
    if (message.do === "reconnect") return socket.reconnect(message.after ?? 1);
    if (message.do === "screenshot" && glance.watched) return glance.picture(message.id);
    if (message.id && !vital.done(message.id)) return vital.soon(); // said again because the answer was lost
    if (message.do === "reload") return location.reload();
    if (message.do === "identify") { void wall.rouse(IDENTIFY); tell(store); }
    if (message.do === "screenshot") return void screenshot(message.id).then((error) => { if (error) vital.error(error); vital.soon(); });
    vital.soon();
  }
  const poll = () => { void store.sync(); setTimeout(poll, POLL * (0.8 + Math.random() * 0.4)); };
  poll();
  setInterval(() => void wall.look(), LOOK);
  addEventListener("resize", () => { if (store.ref) place(store.ref.panel, store.manifest); });
  addEventListener("online", () => void store.sync());
  document.addEventListener("visibilitychange", () => { void wall.sleep.hold(); void wall.look(); });
  navigator.serviceWorker?.addEventListener("message", (event) => { if (event.data?.release && event.data.release !== release) newer = true; });
  watchdog(() => { if (navigator.serviceWorker?.controller || navigator.onLine) location.reload(); }, () => wall.sleep.asleep);
  roll(wall);
}

/** A page cannot see its own screen: a program of this PC may, if one answers here. What went wrong. @param {string} id */
async function screenshot(id) {
  try {
    const answer = await fetch(`/agent/screenshot?id=${encodeURIComponent(id)}`, { method: "POST", signal: AbortSignal.timeout(20_000) });
    return answer.ok ? "" : "screenshot: unavailable";
  } catch {
    return "screenshot: unavailable";
  }
}

/** Let the ticker run, while there is somebody to read it. @param {Wall} wall */
function roll(wall) {
  const step = () => {
    const runs = !wall.sleep.asleep && [...root.querySelectorAll(".layer.shown")].map((layer) => moved(/** @type {ShadowRoot} */ (layer.shadowRoot), Date.now())).includes(true);
    setTimeout(wall.sleep.asleep ? step : () => requestAnimationFrame(step), runs ? 0 : 500); // an old PC draws nothing for a line that stands still
  };
  step();
}

/** What the moment, the board and the item say on its page. @param {Store} store @param {any} item @returns {Record<string, string>} */
function told(store, item) {
  const at = new Date();
  const portrait = store.manifest?.page.orientation === "portrait";
  const away = store.ref && Date.now() - store.answeredAt > OFFLINE;
  const face = store.ref?.face ?? {};
  return { ...resting(face, at), ...foot(item, at), ticker: running(store.manifest, store.recalled, at.getTime()), unit: face.unit ?? "", board: face.board ?? "", date: day(at, portrait), lunar: lunar(at),
    offline: away ? `离线播放\n内容截至${clock(new Date(Date.parse(store.ref.sealed_at)))}` : "" };
}

/** Turn and size the wall: u in CSS px from the space there is, whatever the PC's scaling. @param {any} panel @param {any} manifest */
function place(panel, { page, theme }) {
  const turned = (panel?.rotation ?? 0) % 180 === 90;
  const edge = 1 - 2 * (panel?.overscan ?? 0) / 1000;
  const [width, height] = [(turned ? innerHeight : innerWidth) * edge, (turned ? innerWidth : innerHeight) * edge];
  document.documentElement.dataset.theme = theme?.name ?? "";
  root.dataset.rotation = String(panel?.rotation ?? 0);
  root.style.width = `${width}px`;
  root.style.height = `${height}px`;
  root.style.setProperty("--u", `${Math.min(width / page.w, height / page.h)}px`);
}

/** @param {Store} store */
function tell(store) {
  const card = element("div", "over");
  card.append(identify(store.ref?.face, store.ref?.panel, ownScreen()));
  root.append(card);
  setTimeout(() => card.remove(), IDENTIFY);
}

function register() {
  navigator.serviceWorker?.register(/** @type {any} */ (scriptUrl("/board-worker.js")), { scope: "/board", updateViaCache: "none" })
    .catch(() => undefined);
}

void begin();
