// @ts-check
/** The week: a click or the arrow keys choose a moment; blocks are moved and resized by the pointer or by keys, and nothing is kept
 * before somebody said whether all days are meant or this one. */
import { fragment } from "../shared/dom.js";

const week = /** @type {HTMLElement} */ (document.getElementById("week"));
const cols = /** @type {HTMLElement} */ (document.getElementById("cols"));
const panel = /** @type {HTMLElement} */ (document.getElementById("moment"));
const live = document.getElementById("live");
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("moving"));
const words = JSON.parse(week.dataset.words ?? "{}");
/** @type {string[]} */
const names = JSON.parse(week.dataset.days ?? "[]");
const days = /** @type {HTMLElement[]} */ ([...cols.querySelectorAll("[data-col]")]);
const low = Number(week.dataset.low), high = Number(week.dataset.high);
const SLOT = 15, STEP = 30, ROW = 12, EDGE = 8, FAR = 4, WAIT = 250, MIDNIGHT = 1440;
const cursor = Object.assign(document.createElement("button"), { type: "button", className: "cursor", id: "cursor" });

/** Where the moment stands: which day of the week, which minute. */
const at = { day: 0, minute: 0 };
/** What is being moved and is not kept yet. @type {{block: HTMLElement, from: Place, now: Place} | null} */
let held = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;
let asked = 0;
let dragged = false;

/** @typedef {{day: number, start: number, end: number}} Place */

document.documentElement.classList.add("with-script");
for (const [index, block] of blocks().entries()) block.tabIndex = index ? -1 : 0;
begin(week.dataset.at ?? "");
cols.addEventListener("pointerdown", press);
week.addEventListener("click", click);
week.addEventListener("keydown", key);
week.addEventListener("focusin", (event) => { if (isBlock(event.target)) rove(/** @type {HTMLElement} */ (event.target)); });
week.addEventListener("dragstart", (event) => event.preventDefault());
dialog.addEventListener("close", () => { if (!dialog.returnValue) back(); });
dialog.addEventListener("submit", () => { dialog.returnValue = "sent"; });
panel.addEventListener("change", picked);
panel.addEventListener("submit", (event) => { event.preventDefault(); picked(); });
const aimed = location.hash.startsWith("#c") ? document.getElementById(location.hash.slice(1)) : null;
if (aimed && isBlock(aimed)) aimed.focus();

/** The cursor at the moment that the page shows. @param {string} start */
function begin(start) {
  const [day, time] = start.split("T");
  at.day = Math.max(0, days.findIndex((each) => each.dataset.day === day));
  const [hour, minute] = (time ?? "9:00").split(":").map(Number);
  at.minute = Math.floor((hour * 60 + minute) / SLOT) * SLOT;
  point();
}

function blocks() {
  return /** @type {HTMLElement[]} */ ([...week.querySelectorAll("[data-block]")]);
}

/** @param {EventTarget | null} target */
function isBlock(target) {
  return target instanceof HTMLElement && target.matches("[data-block]");
}

/** One stop for the Tab key among all blocks. @param {HTMLElement} block */
function rove(block) {
  for (const each of blocks()) each.tabIndex = each === block ? 0 : -1;
}

// --- the moment ----------------------------------------------------------------------------------------------------------

/** The cursor stands where the moment is. */
function point() {
  at.minute = Math.min(high - SLOT, Math.max(low, at.minute));
  const focused = document.activeElement === cursor;
  if (cursor.parentElement !== days[at.day]) days[at.day].append(cursor);
  if (focused) cursor.focus({ preventScroll: true });
  cursor.className = `cursor a${row(at.minute)} z${row(Math.min(high, at.minute + STEP))}`;
  cursor.setAttribute("aria-label", fill(words.moment, { day: names[at.day], time: clock(at.minute) }));
}

/** @param {number} minute */
function row(minute) {
  return 1 + Math.floor((minute - low) / SLOT);
}

/** Ask what hangs at the moment, a little later: keys come in quick succession. */
function ask() {
  const start = `${days[at.day].dataset.day}T${clock(at.minute)}`;
  const add = /** @type {HTMLAnchorElement | null} */ (document.getElementById("new"));
  if (add) add.href = address();
  say(fill(words.moment, { day: names[at.day], time: clock(at.minute) }));
  clearTimeout(later);
  later = setTimeout(() => load({ at: start }), WAIT);
}

/** The address of a form for a campaign that begins at the moment. */
function address() {
  return `${week.dataset.new}?${new URLSearchParams({ on: week.dataset.on ?? "", day: days[at.day].dataset.day ?? "", start: String(at.minute) })}`;
}

/** A day of another week is another page. @param {Record<string, string>} wanted */
async function load(wanted) {
  const mine = ++asked;
  panel.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${week.dataset.moment}?${new URLSearchParams({ on: week.dataset.on ?? "", ...wanted })}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const told = fragment(await answer.text());
    if (mine !== asked) return;
    const start = /** @type {HTMLElement | null} */ (told.querySelector("[data-at]"))?.dataset.at ?? "";
    if (!days.some((each) => each.dataset.day === start.split("T")[0])) {
      location.href = `${week.dataset.here}?${new URLSearchParams({ on: week.dataset.on ?? "", at: start })}`;
      return;
    }
    panel.replaceChildren(told);
    begin(start);
    history.replaceState(null, "", `${week.dataset.here}?${new URLSearchParams({ on: week.dataset.on ?? "", at: start })}`);
    say([panel.querySelector(".shown-title")?.textContent, panel.querySelector(".on-board")?.textContent].filter(Boolean).join("，").replace(/\s+/g, " "));
  } catch {
    if (mine === asked) say(words.failed);
  } finally {
    if (mine === asked) panel.removeAttribute("aria-busy");
  }
}

/** Day and time typed in the panel. */
function picked() {
  const told = new FormData(/** @type {HTMLFormElement} */ (panel.querySelector("form")));
  load({ day: String(told.get("day")), time: String(told.get("time")) });
}

// --- the pointer ---------------------------------------------------------------------------------------------------------

/** @param {MouseEvent} event */
function click(event) {
  if (dragged) { event.preventDefault(); dragged = false; return; }
  if (isBlock(/** @type {HTMLElement} */ (event.target).closest("[data-block]")) || !cols.contains(/** @type {Node} */ (event.target))) return;
  const day = dayAt(event.clientX);
  if (day < 0) return;
  at.day = day;
  at.minute = low + Math.floor((event.clientY - cols.getBoundingClientRect().top) / ROW) * SLOT;
  point();
  cursor.focus({ preventScroll: true });
  ask();
}

/** @param {number} x */
function dayAt(x) {
  return days.findIndex((each) => { const box = each.getBoundingClientRect(); return x >= box.left && x < box.right; });
}

/** A block is taken by its middle to be moved, by its upper or lower edge to be made longer. @param {PointerEvent} event */
function press(event) {
  const block = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-block]"));
  dragged = false;
  if (!block || event.button !== 0 || event.pointerType === "touch") return;
  if (!block.dataset.movable) return;
  const box = block.getBoundingClientRect(), from = where(block);
  const edge = event.clientY > box.bottom - EDGE ? "end" : event.clientY < box.top + EDGE && box.height > 4 * EDGE ? "start" : "";
  const began = { x: event.clientX, y: event.clientY, day: dayAt(event.clientX) };
  /** @param {PointerEvent} moved */
  const move = (moved) => {
    if (!dragged && Math.hypot(moved.clientX - began.x, moved.clientY - began.y) < FAR) return;
    if (!dragged) { dragged = true; take(block); }
    const by = Math.round((moved.clientY - began.y) / ROW) * SLOT, over = dayAt(moved.clientX);
    if (edge === "end") put({ ...from, end: from.end + by });
    else if (edge === "start") put({ ...from, start: from.start + by });
    else put({ day: over < 0 ? from.day : from.day + over - began.day, start: from.start + by, end: from.end + by });
  };
  const drop = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", drop);
    if (dragged) { keep(); setTimeout(() => { dragged = false; }, 0); }
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", drop);
}

// --- keys ----------------------------------------------------------------------------------------------------------------

/** @param {KeyboardEvent} event */
function key(event) {
  const arrow = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] })[event.key];
  if (event.target === cursor) { if (arrow && !event.ctrlKey && !event.metaKey) { event.preventDefault(); step(arrow); } else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); if (event.shiftKey) location.href = address(); else ask(); } return; }
  if (!isBlock(event.target)) return;
  const block = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Escape" && held) { event.preventDefault(); back(); return; }
  if (event.key === "Enter" && held) { event.preventDefault(); keep(); return; }
  if (!arrow || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (!event.shiftKey && !event.altKey) { if (held) back(); next(block, arrow); return; }
  if (!block.dataset.movable) { say(words[block.dataset.why ?? "locked"]); return; }
  if (!held) take(block);
  const now = /** @type {{now: Place}} */ (/** @type {unknown} */ (held)).now;
  const changed = event.altKey ? put({ ...now, end: now.end + arrow[1] * SLOT })
    : put({ day: now.day + arrow[0], start: now.start + arrow[1] * SLOT, end: now.end + arrow[1] * SLOT });
  if (!changed) say(words.edge);
  else tell();
  if (held) held.block.focus();
}

/** @param {[number, number]} arrow */
function step([over, by]) {
  at.day = Math.min(days.length - 1, Math.max(0, at.day + over));
  at.minute += by * STEP;
  point();
  cursor.focus();
  ask();
}

/** The nearest block that way. @param {HTMLElement} block @param {[number, number]} arrow */
function next(block, [over, by]) {
  const mine = where(block);
  const found = blocks().filter((each) => each !== block).map((each) => ({ each, place: where(each) }))
    .filter(({ place }) => (over ? Math.sign(place.day - mine.day) === over : place.day === mine.day && (place.start - mine.start || place.end - mine.end) * by > 0))
    .sort((one, two) => (over ? Math.abs(one.place.day - mine.day) - Math.abs(two.place.day - mine.day) : 0) || Math.abs(one.place.start - mine.start) - Math.abs(two.place.start - mine.start));
  if (found.length) found[0].each.focus();
  else say(words.edge);
}

// --- moving --------------------------------------------------------------------------------------------------------------

/** @param {HTMLElement} block @returns {Place} */
function where(block) {
  return { day: days.findIndex((each) => each.dataset.day === block.dataset.day), start: Number(block.dataset.start), end: Number(block.dataset.end) };
}

/** @param {HTMLElement} block */
function take(block) {
  if (held && held.block !== block) back();
  const from = where(block);
  held = { block, from, now: from };
  block.classList.add("moving");
}

/** Show the block there, if that lies within a day. @param {Place} place */
function put(place) {
  if (!held || place.day < 0 || place.day >= days.length || place.start < 0 || place.end > MIDNIGHT || place.end - place.start < SLOT) return false;
  held.now = place;
  draw(held.block, place);
  return true;
}

/** @param {HTMLElement} block @param {Place} place */
function draw(block, place) {
  if (block.parentElement !== days[place.day]) days[place.day].append(block);
  const start = row(Math.max(low, place.start)), end = Math.max(start + 1, row(Math.min(high, place.end)));
  block.className = `${block.className.replace(/(^|\s)[az]\d+/g, "")} a${start} z${end}`;
  const from = block.querySelector("[data-from]");
  if (from) from.textContent = `${clock(place.start)}—${clock(place.end)}`;
}

/** As it was. */
function back() {
  if (!held) return;
  const { block, from } = held;
  held = null;
  block.classList.remove("moving");
  draw(block, from);
  const told = block.querySelector("[data-from]");
  if (told) told.textContent = clock(from.start);
  block.focus();
  say(fill(words.back, { day: names[from.day], from: clock(from.start), to: clock(from.end) }));
}

/** Send it, once it is clear which days are meant. */
function keep() {
  if (!held) return;
  const { block, from, now } = held;
  if (from.day === now.day && from.start === now.start && from.end === now.end) { back(); return; }
  const form = /** @type {HTMLFormElement} */ (document.getElementById("moving-form"));
  form.action = (week.dataset.move ?? "").replace("/0/", `/${block.dataset.id}/`);
  const told = { day: block.dataset.day, part: block.dataset.part, start: now.start, end: now.end, to: days[now.day].dataset.day, edits: block.dataset.edits };
  for (const [name, value] of Object.entries(told)) /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = String(value);
  if (block.dataset.single) { form.submit(); return; }
  const same = from.day === now.day, daypart = block.dataset.daypart ?? "", days_ = block.dataset.days ?? "";
  set("[data-ask]", fill(words.ask, { name: block.dataset.name ?? "", before: span(from), after: same ? span(now) : `${names[now.day]} ${span(now)}` }));
  show("[data-all-said]", same, { days: days_ });
  show("[data-other-said]", !same, { days: days_ });
  show("[data-daypart-said]", same && Boolean(daypart), { daypart });
  show("[data-all]", same, { days: days_ });
  dialog.returnValue = "";
  dialog.showModal();
  /** @type {HTMLElement} */ (dialog.querySelector("[data-close]")).focus();
}

/** @param {string} name @param {boolean} on @param {Record<string, string>} values */
function show(name, on, values) {
  const each = /** @type {HTMLElement} */ (dialog.querySelector(name));
  each.hidden = !on;
  each.dataset.words ??= each.textContent ?? "";
  each.textContent = fill(each.dataset.words, values);
}

/** @param {string} name @param {string} text */
function set(name, text) {
  /** @type {HTMLElement} */ (dialog.querySelector(name)).textContent = text;
}

/** Where the block stands now, for whoever hears the page. */
function tell() {
  if (held) say(fill(words.moved, { name: held.block.dataset.name ?? "", day: names[held.now.day], from: clock(held.now.start), to: clock(held.now.end) }));
}

/** @param {Place} place */
function span(place) {
  return `${clock(place.start)}—${clock(place.end)}`;
}

/** @param {number} minute */
function clock(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** @param {string} text */
function say(text) {
  if (live) live.textContent = text;
}

/** @param {string} sentence @param {Record<string, string>} values */
function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
