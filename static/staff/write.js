// @ts-check
/** Write: what is typed is seen at once as the chosen board would draw it, with what is wrong and what does not add up; kept in this browser until the server has it. */
import { fragment } from "../shared/dom.js";
import { add } from "./form.js";

const WAIT = 120; // ms after the last key: then the picture comes within 0.3 s
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("write"));
const pages = /** @type {HTMLElement} */ (document.getElementById("pages"));
const on = /** @type {HTMLSelectElement | null} */ (document.getElementById("on"));
const unseen = /** @type {HTMLElement} */ (document.getElementById("unseen"));
const place = /** @type {HTMLElement} */ (document.getElementById("place"));
const dwell = /** @type {HTMLElement} */ (document.getElementById("dwell"));
const live = document.getElementById("live");
const turns = { before: /** @type {HTMLElement} */ (document.getElementById("before")), after: /** @type {HTMLElement} */ (document.getElementById("after")) };
const words = JSON.parse(pages.dataset.words ?? "{}");
const sights = JSON.parse(on?.dataset.sights ?? "{}");
const KEEP = `kiosk-draft-${location.pathname}${location.search}`;
const lead = document.getElementById("lead");
const touched = new Set();
/** @type {{at: number, count: number, drawn: Map<number, {html: string, dwell: number, when: string}>}} */
const shown = { at: Number(pages.dataset.page) - 1, count: Number(pages.dataset.count), drawn: new Map() };
let turn = 0;
let dirty = Boolean(form?.dataset.fresh); // an untouched form is not told what it lacks
let later = 0;

on?.addEventListener("change", () => {
  pages.dataset.board = on.value;
  shown.at = 0;
  if (pages.dataset.preview) void preview(); else stand();
  dispatchEvent(new CustomEvent("kiosk:board", { detail: sights[on.value] }));
});
for (const [name, link] of Object.entries(turns)) link.addEventListener("click", (event) => { event.preventDefault(); go(name === "after" ? 1 : -1); });
form?.addEventListener("input", () => { dirty = true; keep(); soon(); weigh(); });
form?.addEventListener("focusout", (event) => {
  const name = /** @type {HTMLInputElement} */ (event.target).name;
  if (name && String(/** @type {HTMLInputElement} */ (event.target).value).trim() && !touched.has(name)) { touched.add(name); soon(); }
});
form?.addEventListener("submit", () => localStorage.removeItem(KEEP));
addEventListener("kiosk:said", (event) => tell(String(/** @type {CustomEvent} */ (event).detail?.text ?? /** @type {CustomEvent} */ (event).detail ?? "")));
if (!restore() && pages.dataset.preview && (form?.dataset.fresh || shown.count)) void preview();

function soon() {
  clearTimeout(later);
  later = setTimeout(() => void preview(), WAIT);
}

/** Pages of what is typed; the latest question wins. */
async function preview() {
  if (!form || !pages.dataset.preview) return;
  clearTimeout(later);
  const mine = ++turn;
  const told = new FormData(form);
  if (pages.dataset.board) told.set("board", pages.dataset.board);
  told.set("first", String(Math.max(0, shown.at - 1)));
  const [path, query] = pages.dataset.preview.split("?");
  const asked = new URLSearchParams(query);
  if (pages.dataset.board) asked.set("board", pages.dataset.board);
  const answer = await fetch(`${path}?${asked}`, { method: "POST", body: new URLSearchParams(/** @type {any} */ (told)) }).catch(() => null);
  const heard = await answer?.json().catch(() => null);
  if (mine !== turn || !heard) return;
  if (!answer?.ok) return unclear(heard.title);
  if (heard.count) {
    shown.count = heard.count;
    if (shown.at >= heard.count) { shown.at = heard.count - 1; void preview(); return; }
    shown.drawn = new Map(heard.pages.map((/** @type {any} */ page, /** @type {number} */ at) => [heard.first + at, page]));
    draw();
  }
  unclear(dirty && heard.faults.length ? heard.faults[0].text : "");
  mark(heard.faults);
  if (heard.judged) { doubt(heard.doubts); right(heard.checks); }
}

/** The page that is looked at, in the frame that stands there. */
function draw() {
  const page = shown.drawn.get(shown.at);
  if (!page) return;
  const sight = sights[pages.dataset.board ?? ""] ?? JSON.parse(document.getElementById("distance")?.dataset.sight ?? "null") ?? { w: 16, h: 9 };
  const frame = /** @type {HTMLIFrameElement | null} */ (pages.querySelector("iframe[data-live]"));
  if (frame && frame.dataset.live === pages.dataset.board) frame.contentWindow?.postMessage({ html: page.html }, location.origin);
  else pages.replaceChildren(framed(`${pages.dataset.blank}?board=${pages.dataset.board}`, page.html, sight));
  placed(Math.round(page.dwell), page.when);
}

/** Pages the server has: those of documents, and of what may only be read. */
function stand() {
  const sight = sights[pages.dataset.board ?? ""] ?? { w: 16, h: 9 };
  pages.replaceChildren(framed(`${pages.dataset.look}${shown.at + 1}?board=${pages.dataset.board}`, null, sight));
  placed(0);
}

/** @param {number} seconds @param {string} [when] */
function placed(seconds, when = "") {
  place.textContent = `${words.page.replace("{n}", String(shown.at + 1)).replace("{of}", String(shown.count))}　${when}`.trim();
  dwell.textContent = seconds ? words.dwell.replace("{s}", String(seconds)) : "";
  turns.before.hidden = shown.at <= 0;
  turns.after.hidden = shown.at >= shown.count - 1;
}

/** @param {number} by */
function go(by) {
  shown.at = Math.min(Math.max(0, shown.at + by), shown.count - 1);
  if (!pages.dataset.preview) return stand();
  if (shown.drawn.has(shown.at)) draw();
  void preview();
  (turns[by > 0 ? "after" : "before"].hidden ? turns[by > 0 ? "before" : "after"] : turns[by > 0 ? "after" : "before"]).focus();
}

/** @param {string} url @param {string | null} html @param {{w: number, h: number}} sight */
function framed(url, html, sight) {
  const frame = Object.assign(document.createElement("span"), { className: `look full true ${sight.h > sight.w ? "portrait" : "landscape"}` });
  const spacer = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  spacer.setAttribute("viewBox", `0 0 ${sight.w} ${sight.h}`);
  const inner = document.createElement("iframe");
  inner.src = url;
  inner.tabIndex = -1;
  inner.title = words.title.replace("{n}", String(shown.at + 1));
  if (html !== null) {
    inner.dataset.live = pages.dataset.board;
    addEventListener("message", function give(event) {
      if (event.source !== inner.contentWindow || !event.data?.ready) return;
      inner.contentWindow?.postMessage({ html: shown.drawn.get(shown.at)?.html ?? html }, location.origin);
      removeEventListener("message", give);
    });
  }
  frame.append(spacer, inner);
  dispatchEvent(new CustomEvent("kiosk:frame", { detail: frame }));
  return frame;
}

/** What keeps the picture from being whole, beneath it; the last good one stays. @param {string} text */
function unclear(text) {
  unseen.hidden = !text;
  /** @type {HTMLElement} */ (unseen.querySelector("span")).textContent = text;
}

/** What is wrong, at the fields that were left already. @param {{name: string, text: string}[]} faults */
function mark(faults) {
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (form?.querySelectorAll("[data-field]") ?? [])) {
    const name = box.dataset.field ?? "";
    const field = box.querySelector("input, textarea, select");
    const fault = faults.find((each) => each.name === name && touched.has(name) && document.activeElement !== field);
    const there = box.querySelector(".message.over");
    if (!fault) { if (!faults.some((each) => each.name === name)) { there?.remove(); box.classList.remove("wrong"); field?.removeAttribute("aria-invalid"); } continue; }
    if (there?.textContent === fault.text) continue;
    there?.remove();
    const message = Object.assign(document.createElement("span"), { className: "message over", id: `${name}-wrong` });
    message.append(shape("over"), Object.assign(document.createElement("span"), { textContent: fault.text }));
    box.append(message);
    box.classList.add("wrong");
    field?.setAttribute("aria-invalid", "true");
    field?.setAttribute("aria-describedby", `${name}-wrong`);
  }
}

/** What does not add up stands beside its figures; a reason that is being written stays. @param {{key: string, slot: string, name: string, text: string, html: string}[]} doubts */
function doubt(doubts) {
  const there = new Map(/** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-doubt]")]).map((each) => [each.dataset.doubt, each]));
  for (const each of doubts) {
    const old = there.get(each.key);
    there.delete(each.key);
    const slot = document.querySelector(`[data-slot="${CSS.escape(each.slot)}"]`) ?? document.querySelector(`[data-slot="${CSS.escape(each.slot.split(".")[0])}"]`)
      ?? document.querySelector("[data-slot=whole]");
    if (old && old.dataset.text === each.text && old.parentElement === slot) continue;
    const made = /** @type {HTMLElement} */ (fragment(each.html).firstElementChild);
    const was = /** @type {HTMLInputElement | null} */ (old?.querySelector("input"));
    if (was?.value) { /** @type {HTMLInputElement} */ (made.querySelector("input")).value = was.value; made.querySelector("details")?.setAttribute("open", ""); }
    const held = was !== null && document.activeElement === was;
    if (old?.parentElement === slot) old?.replaceWith(made); else { old?.remove(); slot?.append(made); }
    if (held) made.querySelector("input")?.focus();
  }
  for (const gone of there.values()) gone.remove();
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (form?.querySelectorAll("[data-field]") ?? [])) box.classList.toggle("doubted", doubts.some((each) => each.name === box.dataset.field));
  weigh();
}

/** The next step stands out: first what does not add up, then the submission. */
function weigh() {
  const open = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-doubt]")]).filter((each) => !each.querySelector("input")?.value.trim());
  document.getElementById("submit")?.classList.toggle("filled", open.length === 0);
  document.querySelectorAll("[data-fix]").forEach((button) => button.classList.toggle("filled", button.closest("[data-doubt]") === open[0]));
  if (lead) lead.textContent = (open.length ? lead.dataset.doubts : lead.dataset.plain)?.replace("{n}", String(open.length)) ?? "";
}

/** @param {string[]} checks */
function right(checks) {
  const card = document.getElementById("checks");
  if (!card) return;
  card.hidden = !checks.length;
  card.querySelector("ul")?.replaceChildren(...checks.map((text) => {
    const line = document.createElement("li");
    const status = Object.assign(document.createElement("span"), { className: "status ok" });
    status.append(shape("ok"), text);
    line.append(status);
    return line;
  }));
}

/** @param {string} state */
function shape(state) {
  return /** @type {Node} */ (document.querySelector(`#shapes [data-shape=${state}] svg`)?.cloneNode(true) ?? document.createTextNode(""));
}

/** What a paste left out or turned into something else. @param {string} text */
function tell(text) {
  document.querySelector(".pasted")?.remove();
  if (!text) return;
  if (live) live.textContent = text;
  const note = Object.assign(document.createElement("p"), { className: "message due pasted", textContent: "" });
  note.append(shape("due"), Object.assign(document.createElement("span"), { textContent: text }));
  (document.querySelector("[data-paste]")?.closest(".field") ?? form)?.append(note);
}

/** Nothing typed is lost by a closed window or a broken line. */
function keep() {
  if (!form) return;
  const told = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  try { localStorage.setItem(KEEP, JSON.stringify(told)); } catch { /* full or forbidden: the server's draft must do */ }
}

/** What was typed here and never sent, unless the server has something newer. */
function restore() {
  let told;
  try { told = JSON.parse(localStorage.getItem(KEEP) ?? "null"); } catch { return false; }
  if (!Array.isArray(told) || !form?.dataset.restore) return false;
  const edits = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("edits"))?.value;
  if (edits !== undefined && told.find(([name]) => name === "edits")?.[1] !== edits) return false;
  rows(told);
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input, textarea, select"))) {
    if (["hidden", "file"].includes(field.type) || field.disabled) continue;
    const values = told.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
  }
  soon();
  return true;
}

/** As many rows as were written. @param {[string, string][]} told */
function rows(told) {
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (form?.querySelectorAll("[data-list]") ?? [])) {
    const numbers = told.map(([name]) => Number(name.match(new RegExp(`^f\\.${list.dataset.list}\\.(\\d+)\\.`))?.[1] ?? -1));
    while (list.querySelectorAll("[data-rows] > [data-row]").length <= Math.max(...numbers, 0)) if (!add(list)) break;
  }
}
