// @ts-check
/** The order of a playlist: by dragging, by keyboard, by ↑ ↓; nothing goes to the boards before it is saved. */
import Sortable from "../vendor/sortable/sortable.js";
import { advice } from "./rounds.js";

const rows = /** @type {HTMLElement} */ (document.getElementById("rows"));
const lead = /** @type {HTMLElement} */ (document.getElementById("lead"));
const undo = /** @type {HTMLButtonElement} */ (document.getElementById("undo"));
const live = document.getElementById("live");
const words = JSON.parse(lead.dataset.words ?? "{}");
/** @type {HTMLElement[][]} */
const past = [];
/** @type {{row: HTMLElement, from: HTMLElement[]} | null} */
let lifted = null;
let saved = false;

document.documentElement.classList.add("with-script");
new Sortable(rows, { handle: ".place, .picture", draggable: "[data-row]", animation: still() ? 0 : 120, ghostClass: "gap", chosenClass: "lifted", forceFallback: false,
  onStart: () => remember(), onEnd: (/** @type {{item: HTMLElement, oldIndex: number, newIndex: number}} */ event) => {
    if (event.oldIndex === event.newIndex) past.pop();
    else moved(event.item);
    settle();
  } });
rows.addEventListener("click", press);
rows.addEventListener("keydown", key);
rows.addEventListener("input", (event) => { retold(row(event.target)); told(words.changed); settle(); });
rows.addEventListener("focusout", (event) => { if (lifted && row(event.target) === lifted.row && !moving) drop(); });
undo.addEventListener("click", back);
rows.closest("form")?.addEventListener("submit", () => { saved = true; });
addEventListener("beforeunload", (event) => { if (past.length && !saved) event.preventDefault(); });
let moving = false;

function all() {
  return /** @type {HTMLElement[]} */ ([...rows.querySelectorAll("[data-row]")]);
}

/** @param {EventTarget | null} target */
function row(target) {
  return /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (target).closest("[data-row]"));
}

function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** ↑ ↓ × without a way to the server. @param {MouseEvent} event */
function press(event) {
  const button = /** @type {HTMLButtonElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-move]"));
  if (!button) return;
  event.preventDefault();
  const mine = row(button);
  remember();
  if (button.dataset.move === "remove") {
    mine.remove();
    told(words.removed, mine);
    (all()[0]?.querySelector(".handle") ?? undo)?.focus();
  } else {
    shift(mine, button.dataset.move === "up" ? -1 : 1);
    moved(mine);
    (button.disabled ? /** @type {HTMLElement | null} */ (mine.querySelector("[data-move]:not(:disabled)")) : button)?.focus();
  }
  settle();
}

/** Space lifts and drops, ↑ ↓ move, Esc puts back. @param {KeyboardEvent} event */
function key(event) {
  const handle = /** @type {HTMLElement} */ (event.target);
  if (!handle.classList.contains("handle")) return;
  const mine = row(handle);
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    if (lifted) drop(); else lift(mine);
  } else if (lifted && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    shift(mine, event.key === "ArrowUp" ? -1 : 1);
    settle();
    say(words.now, mine);
  } else if (lifted && event.key === "Escape") {
    event.preventDefault();
    arrange(lifted.from);
    mine.classList.remove("lifted");
    lifted = null;
    past.pop();
    settle();
    say(words.back, mine);
  }
}

/** @param {HTMLElement} mine */
function lift(mine) {
  remember();
  lifted = { row: mine, from: all() };
  mine.classList.add("lifted");
  say(words.lifted, mine);
}

function drop() {
  if (!lifted) return;
  const { row: mine, from } = lifted;
  mine.classList.remove("lifted");
  lifted = null;
  if (from.every((each, at) => all()[at] === each)) past.pop(); else moved(mine);
  settle();
  say(words.dropped, mine);
}

/** One place up or down, the focus with it. @param {HTMLElement} mine @param {number} by */
function shift(mine, by) {
  const others = all();
  const at = others.indexOf(mine) + by;
  if (at < 0 || at >= others.length) return;
  const held = /** @type {HTMLElement | null} */ (document.activeElement);
  moving = true;
  if (by < 0) rows.insertBefore(mine, others[at]); else rows.insertBefore(mine, others[at].nextSibling);
  if (held && mine.contains(held)) held.focus();
  moving = false;
}

function remember() {
  past.push(all());
}

/** @param {HTMLElement[]} order */
function arrange(order) {
  const held = /** @type {HTMLElement | null} */ (document.activeElement);
  moving = true;
  rows.replaceChildren(...order);
  held?.focus();
  moving = false;
}

function back() {
  const before = past.pop();
  if (before) arrange(before);
  settle();
  if (!past.length) lead.textContent = fill(words.sum, { n: all().length, time: lasts(total()) });
}

/** @param {HTMLElement} mine */
function moved(mine) {
  told(words.moved, mine);
}

/** @param {string} sentence @param {HTMLElement} [mine] */
function told(sentence, mine) {
  const text = fill(sentence, place(mine));
  lead.textContent = `${fill(words.sum, { n: all().length, time: lasts(total()) })}${text}`;
  if (live) live.textContent = text;
}

/** @param {string} sentence @param {HTMLElement} mine */
function say(sentence, mine) {
  if (live) live.textContent = fill(sentence, place(mine));
}

/** @param {HTMLElement} [mine] */
function place(mine) {
  return { title: mine?.dataset.title ?? "", n: mine ? all().indexOf(mine) + 1 : 0, of: all().length };
}

/** Numbers, buttons, the length of the round and its strip. */
function settle() {
  const here = all();
  here.forEach((each, at) => {
    /** @type {HTMLElement} */ (each.querySelector("[data-place]")).textContent = String(at + 1);
    /** @type {HTMLButtonElement} */ (each.querySelector("[data-move=up]")).disabled = at === 0;
    /** @type {HTMLButtonElement} */ (each.querySelector("[data-move=down]")).disabled = at === here.length - 1;
  });
  undo.hidden = !past.length;
  const sum = total();
  const shown = document.getElementById("total");
  if (shown) shown.textContent = lasts(sum);
  strip(here, sum);
  advise(here, sum);
}

/** How long people wait on the board, whether that is too long, and what to move. @param {HTMLElement[]} here @param {number} sum */
function advise(here, sum) {
  const [status, waited, move] = ["advice", "wait", "move"].map((id) => document.getElementById(id));
  if (!status || !waited || !move) return;
  const others = Number(status.dataset.others), most = Number(status.dataset.most);
  const lists = JSON.parse(waited.dataset.lists ?? "[]");
  status.replaceChildren(clone(sum + others > most ? "too-long" : "fine"));
  waited.textContent = others ? fill(words.board, { board: waited.dataset.board ?? "", lists: titled(lists), time: lasts(sum + others) }) : words.alone;
  const playing = here.map((each) => ({ title: each.dataset.title ?? "", seconds: seconds(each) }));
  const told = advice(playing, others, most);
  const titles = titled(told.move.map((each) => each.title));
  move.textContent = others > most ? fill(words.others, { time: lasts(others) })
    : titles ? fill(told.enough ? words.move : words.still, { titles, time: lasts(told.left) })
      : sum > most ? fill(words.one, { titles: titled(playing.filter((each) => each.seconds).map((each) => each.title)), time: lasts(sum) }) : "";
}

/** @param {string[]} titles */
function titled(titles) {
  return titles.map((title) => fill(words.title, { title })).join("");
}

/** What stands under the seconds of one row. @param {HTMLElement} mine */
function retold(mine) {
  const place = mine.querySelector("[data-told]");
  const given = Number(dwell(mine).value);
  const short = Number(mine.dataset.text) - given;
  if (!place) return;
  place.replaceChildren(clone(!given ? "by-text" : short > 0 ? "hand" : "by-hand"));
  if (given && short > 0) place.querySelector(".status")?.append(fill(words.hand, { n: short }));
}

/** @param {HTMLElement} mine */
function dwell(mine) {
  return /** @type {HTMLInputElement} */ (mine.querySelector("[name=dwell]"));
}

/** @param {HTMLElement} mine */
function seconds(mine) {
  const weight = /** @type {HTMLInputElement | null} */ (mine.querySelector("[name=weight]"));
  return mine.dataset.plays === "1" ? Number(mine.dataset.pages) * (Number(dwell(mine).value) || Number(mine.dataset.text)) * (Number(weight?.value) || 1) : 0;
}

function total() {
  return all().reduce((sum, each) => sum + seconds(each), 0);
}

/** @param {HTMLElement[]} here @param {number} sum */
function strip(here, sum) {
  const drawing = document.getElementById("strip");
  if (!drawing || !sum) return;
  let x = 0;
  drawing.replaceChildren(...here.filter((each) => seconds(each)).map((each) => {
    const wide = seconds(each) / sum * 1000;
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of [["x", x], ["width", Math.max(2, wide - 4)], ["height", 22]]) bar.setAttribute(String(name), String(value));
    if (each.classList.contains("lifted")) bar.setAttribute("class", "lifted");
    x += wide;
    return bar;
  }));
}

/** @param {number} sum */
function lasts(sum) {
  const all = Math.round(sum);
  return all >= 60 ? fill(words.minutes, { m: Math.floor(all / 60), s: String(all % 60).padStart(2, "0") }) : fill(words.seconds, { s: all });
}

/** @param {string} id */
function clone(id) {
  return /** @type {HTMLTemplateElement} */ (document.getElementById(id)).content.cloneNode(true);
}

/** @param {string} sentence @param {Record<string, string | number>} values */
function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
