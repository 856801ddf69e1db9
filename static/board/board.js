// @ts-check
/** Board: wires the parts. Who am I, what do I hold, what stands on the wall; the server is asked, never needed. */
import { element } from "../shared/dom.js";
import { clock, day, lunar } from "../shared/time.js";
import { identify, resting, waiting } from "./builtin.js";
import { Clock } from "./clock.js";
import { foot } from "./foot.js";
import { live } from "./live.js";
import { Keep } from "./keep.js";
import { identity, officeKey, ownScreen, pair, pin, pinning, renewed } from "./pairing.js";
import { evergreen } from "./rotation.js";
import { seen } from "./seen.js";
import { trusted } from "./seal.js";
import { serve } from "./shell.js";
import { Store } from "./store.js";
import { moved, running } from "./ticker.js";
import { Timekeeper } from "./timekeeper.js";
import { vitals, watchdog } from "./vitals.js";
import { Wall } from "./wall.js";

const LOOK = 250;
const POLL = 60_000;
const OFFLINE = 180_000;
const IDENTIFY = 20_000;
const PATIENCE = 3000;

const root = /** @type {HTMLElement} */ (document.getElementById("wall"));
const release = document.documentElement.dataset.release ?? "";

/** What the launcher reads, from the first moment on. */
const glance = seen();
const keep = new Keep({ storage: localStorage, caches: globalThis.caches });

/** What stands until the first page does: whose board this is. A page that starts, or starts anew, is never an empty wall. */
function curtain() {
  const board = Number(localStorage.getItem("kiosk-board")), ref = keep.get(`kiosk-held-${board}`)?.ref;
  if (!ref?.panel || !trusted(ref, keep.get(pinning(board))?.keys ?? [], { board }).keys) return;
  place(ref.panel, { page: ref.panel, theme: { name: ref.panel.theme } });
  const card = element("div", "curtain");
  card.append(waiting(ref.face?.office ?? ""));
  root.append(card);
}

async function begin() {
  curtain();
  serve();
  const board = new URLSearchParams(location.search).get("b");
  if (location.hash.length > 1) return arrive(location.hash.slice(1));
  if (board && /^\d+$/.test(board)) return play(Number(board));
  const { token, key } = await pair(root);
  return arrive(token, key);
}

/** @param {string} token @param {string} [paired] the key that came with it */
async function arrive(token, paired) {
  const known = Number(localStorage.getItem("kiosk-board") ?? "");
  if (known && keep.get(`kiosk-held-${known}`)) { // what is here plays while nobody answers
    history.replaceState(null, "", `/board?b=${known}`);
    void identity(token).then(async (told) => {
      if (told) await pin(keep, told.board, token, paired ?? told.key);
      if (told && told.board !== known) { localStorage.setItem("kiosk-board", String(told.board)); location.replace(`/board?b=${told.board}`); }
      else dispatchEvent(new Event("online"));
    });
    return play(known);
  }
  root.replaceChildren(waiting("正在连接"));
  const told = await identity(token);
  if (told === null) {
    history.replaceState(null, "", "/board");
    return known ? play(known) : begin();
  }
  const { board, key } = told;
  await pin(keep, board, token, paired ?? key);
  localStorage.setItem("kiosk-board", String(board));
  history.replaceState(null, "", `/board?b=${board}`);
  return play(board);
}

/** @param {number} board */
async function play(board) {
  root.replaceChildren(...root.querySelectorAll(".curtain"));
  await keep.heal([pinning(board), `kiosk-held-${board}`, `kiosk-clock-${board}`]);
  const time = new Clock({ kept: keep.get(`kiosk-clock-${board}`) }), doubts = () => !time.trusted;
  const store = new Store({ board, fetch: fetch.bind(globalThis), caches: globalThis.caches, storage: localStorage, keep, now: time.now,
    key: () => officeKey(board), renew: () => renewed(keep, board), onSealed: (at) => hours.sealed(at), onFault: (fault) => vital.error(fault),
    onRecall: () => void wall.look(true), onTold: () => void wall.look(true), onHeld: () => { arrange(); vital.soon(); } });
  let newer = false;
  const hours = new Timekeeper({ board, clock: time, keep, keys: () => store.keys, onChange: () => void wall.look() });
  const wall = new Wall({ root, store, now: time.now, doubts, heard: () => time.heardAt, texts: (item) => told(store, item, time), onPlay: (play) => vital.played(play),
    onError: (error) => vital.error(error), onShown: () => { vital.soon(); if ((newer || glance.due) && navigator.onLine && !wall.over) location.reload(); } });
  const report = () => ({ edition: store.ref?.edition ?? null, ref_version: store.ref?.version ?? null, item: wall.item,
    skew_ms: time.skew, release, cause: store.cause, recalled: [...store.recalled] });
  const vital = vitals({ board, report, storage: localStorage, now: time.now });
  const arrange = () => {
    if (store.manifest) void wall.zones.arrange(store.manifest, () => place(store.ref.panel, store.manifest)).then(() => wall.look());
  };

  glance.plays({ board, wall, store, done: (id) => { vital.done(id); vital.soon(); } });

  if (!store.keys.length) await Promise.race([store.pin(), new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]);
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
  setInterval(() => { hours.look(); void wall.look(); }, LOOK);
  addEventListener("resize", () => { if (store.ref) place(store.ref.panel, store.manifest); });
  addEventListener("online", () => void store.sync());
  document.addEventListener("visibilitychange", () => { void wall.sleep.hold(); void wall.look(); });
  navigator.serviceWorker?.addEventListener("message", (event) => { if (event.data?.release && event.data.release !== release) newer = true; });
  watchdog(() => { if (navigator.serviceWorker?.controller || navigator.onLine) location.reload(); }, () => wall.sleep.asleep);
  roll(wall, time);
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

/** Let the ticker run, while there is somebody to read it. @param {Wall} wall @param {Clock} time */
function roll(wall, time) {
  const step = () => {
    const runs = !wall.sleep.asleep && [...root.querySelectorAll(".layer.shown")].map((layer) => moved(/** @type {ShadowRoot} */ (layer.shadowRoot), time.now())).includes(true);
    setTimeout(wall.sleep.asleep ? step : () => requestAnimationFrame(step), runs ? 0 : 500); // an old PC draws nothing for a line that stands still
  };
  step();
}

/** What the moment, the board and the item say on its page. @param {Store} store @param {any} item @param {Clock} time @returns {Record<string, string>} */
function told(store, item, time) {
  const at = new Date(time.now()), manifest = store.manifest && !time.trusted ? evergreen(store.manifest) : store.manifest;
  const portrait = store.manifest?.page.orientation === "portrait";
  const away = store.ref && time.now() - store.answeredAt > OFFLINE;
  const face = store.ref?.face ?? {};
  return { ...resting(face, at), ...foot(item, at), ticker: running(manifest, store.recalled, at.getTime()), unit: face.unit ?? "", board: face.board ?? "", date: day(at, portrait), lunar: lunar(at),
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

begin().catch(() => setTimeout(() => location.reload(), 5000)); // whatever was damaged: what is read next may be whole
