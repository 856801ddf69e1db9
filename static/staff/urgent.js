// @ts-check
/** Urgent: the wall as the board's own script draws it, live while somebody writes; receipts that come by themselves; the time that is left. */
import { safe, urgent } from "../board/urgent.js";
import { element, parsed } from "../shared/dom.js";
import { clock } from "../shared/time.js";

const SHEET = new URL("../board/board.css", import.meta.url);
const PATIENCE = 300;

/** @type {Promise<CSSStyleSheet> | null} */ let dressed = null;
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("write"));
const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-watch]"));

document.documentElement.classList.add("with-script");
draw(document);
if (form) writing(form);
if (page?.dataset.watch) watch(Number(page.dataset.watch) * 1000);
setInterval(count, 1000);

/** Every picture of a wall in this part of the page. @param {ParentNode} root */
function draw(root) {
  for (const each of root.querySelectorAll("[data-alert], [data-safe]")) void hang(/** @type {HTMLElement} */ (each));
}

/** @param {HTMLElement} host @param {any} [told] */
async function hang(host, told) {
  const [w, h] = [Number(host.dataset.w), Number(host.dataset.h)];
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [await sheet()];
  host.style.aspectRatio = `${w} / ${h}`;
  const size = () => host.style.setProperty("--u", `${host.clientWidth / w}px`);
  size();
  if (!host.dataset.sized) new ResizeObserver(size).observe(host);
  host.dataset.sized = "1";
  const shown = told ?? JSON.parse(host.dataset.alert ?? host.dataset.safe ?? "{}");
  root.replaceChildren(host.dataset.safe ? safe(shown) : urgent(shown, Date.now(), h > w));
}

/** The board's own rules; those for its document do not reach in here. */
function sheet() {
  dressed ??= fetch(SHEET).then((answer) => answer.text()).then((text) => { const made = new CSSStyleSheet(); made.replaceSync(text); return made; });
  return dressed;
}

/** @param {HTMLFormElement} form */
function writing(form) {
  let later = 0;
  const all = () => {
    const told = typed(form);
    for (const host of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-live]"))) void hang(host, told);
    const other = /** @type {HTMLElement | null} */ (document.querySelector(".other [data-alert]"));
    if (other) void hang(other, { ...told, drill: true });
    form.classList.toggle("drilling", told.drill);
    for (const each of form.querySelectorAll(".kind")) each.classList.toggle("picked", each.querySelector("input")?.checked);
    form.classList.toggle("by-slide", Boolean(value(form, "slide")));
  };
  form.addEventListener("input", () => { clearTimeout(later); later = setTimeout(all, PATIENCE / 2); tell(form); });
  form.addEventListener("change", () => { tell(form); all(); });
  tell(form);
  all();
}

/** What stands in the form, as a board would be told. @param {HTMLFormElement} form */
function typed(form) {
  const now = new Date(), drill = /** @type {any} */ (form.elements.namedItem("drill"))?.value === "1";
  const before = JSON.parse(/** @type {HTMLElement} */ (document.querySelector("[data-live]"))?.dataset.alert ?? "{}");
  return { ...before, drill, headline: value(form, "headline") || "……", text: value(form, "text"), phone: value(form, "phone"), said: now.toISOString(),
    from: now.toISOString(), to: ends(form).toISOString() };
}

/** What is said beside the fields: how many characters are left, when it ends, which boards, who is asked. @param {HTMLFormElement} form */
function tell(form) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-most]"))) left(field);
  const minutes = /** @type {HTMLSelectElement} */ (form.elements.namedItem("minutes"));
  const below = minutes.closest(".field")?.querySelector(".below");
  if (below) below.textContent = (minutes.dataset.ends ?? "").replace("{clock}", clock(ends(form)));
  const places = /** @type {HTMLDetailsElement} */ (form.querySelector(".places"));
  const some = value(form, "where") === "some";
  places.hidden = !some;
  if (some) places.open = true;
  const button = /** @type {HTMLElement} */ (form.querySelector("[data-ask]")), wanted = /** @type {HTMLSelectElement} */ (form.elements.namedItem("wanted"));
  const post = wanted.value ? wanted.selectedOptions[0].textContent ?? "" : "";
  const words = button.querySelector("span");
  if (words && !button.dataset.was) words.textContent = post ? (button.dataset.ask ?? "").replace("{post}", post) : button.dataset.anybody ?? "";
}

/** @param {HTMLInputElement} field */
function left(field) {
  const hint = field.closest(".field")?.querySelector(".hint");
  if (!hint) return;
  const most = Number(field.dataset.most), rest = most - [...field.value.replace(/\s*\n\s*/g, "")].length;
  let count = /** @type {HTMLElement | null} */ (hint.querySelector("[data-count]"));
  if (!count) { count = element("span"); count.dataset.count = ""; hint.append("，", count); }
  count.textContent = (rest < 0 ? field.dataset.over : field.dataset.left)?.replace("{n}", String(Math.abs(rest))) ?? "";
  count.classList.toggle("too-many", rest < 0);
}

/** @param {HTMLFormElement} form */
function ends(form) {
  return new Date(Date.now() + Number(value(form, "minutes") || 30) * 60_000);
}

/** @param {HTMLFormElement} form @param {string} name */
function value(form, name) {
  return String(/** @type {any} */ (form.elements.namedItem(name))?.value ?? "").trim();
}

/** Look again every two seconds; the page stays where it is, and so does whoever is on a button. @param {number} pause */
function watch(pause) {
  setTimeout(async () => {
    const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
    if (answer?.ok) take(parsed(await answer.text()), answer.url);
    if (!answer || !answer.ok || /** @type {HTMLElement} */ (document.querySelector("[data-watch]"))?.dataset.watch) watch(pause);
  }, pause);
}

/** @param {Document} fresh @param {string} url */
function take(fresh, url) {
  const was = /** @type {HTMLElement | null} */ (document.querySelector("[data-watch]")), will = /** @type {HTMLElement | null} */ (fresh.querySelector("[data-watch]"));
  if (!was || !will) { location.assign(url); return; }
  const busy = was.contains(document.activeElement) || document.querySelector("main details[open]");
  if (was.innerText.replace(/\s/g, "") !== shape(will) && !busy) {
    const put = /** @type {HTMLElement} */ (document.importNode(will, true));
    was.replaceWith(put);
    draw(put);
  }
  was.dataset.watch = will.dataset.watch;
  for (const name of ["h1", ".lead", ".actions", ".crumbs"]) same(fresh, name);
  const bars = document.querySelector(".alarms"), next = fresh.querySelector(".alarms");
  if (bars && next && bars.querySelectorAll(".alarm").length !== next.querySelectorAll(".alarm").length) bars.replaceWith(document.importNode(next, true));
}

/** The words of a part that is not shown yet. @param {HTMLElement} part */
function shape(part) {
  const copy = /** @type {HTMLElement} */ (part.cloneNode(true));
  for (const each of copy.querySelectorAll(".plainly, .hidden")) each.remove();
  return (copy.textContent ?? "").replace(/\s/g, "");
}

/** @param {Document} fresh @param {string} name */
function same(fresh, name) {
  const [was, will] = [document.querySelector(`main ${name}`), fresh.querySelector(`main ${name}`)];
  if (!was || !will || was.textContent === will.textContent) return;
  was.replaceChildren(...Array.from(will.childNodes, (each) => document.importNode(each, true)));
  const live = document.getElementById("live");
  if (live && name === "h1") live.textContent = will.textContent;
}

/** The time that is left, by the second. */
function count() {
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-until]"))) {
    const seconds = Math.max(0, Math.round((Date.parse(each.dataset.until ?? "") - Date.now()) / 1000));
    each.textContent = (each.dataset.left ?? "").replace("{m}", String(Math.floor(seconds / 60))).replace("{s}", String(seconds % 60));
  }
}
