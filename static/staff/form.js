// @ts-check
/** Form: rows of a list come, go and move without a way to the server; a figure is put right by one press. The same buttons work without a script. */
import Sortable from "../vendor/sortable/sortable.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("write"));
const live = document.getElementById("live");
const BLANK = "9999"; // the number of the row in the template

document.documentElement.classList.add("with-script");
form?.addEventListener("click", press);
form?.addEventListener("keydown", key);
for (const list of form?.querySelectorAll("[data-list]") ?? []) ready(/** @type {HTMLElement} */ (list));
/** @type {HTMLElement | null} */ (document.querySelector("[aria-invalid]"))?.focus({ preventScroll: true });
for (const choice of form?.querySelectorAll("[data-turns]") ?? []) {  // other fields stand with another word: the server draws them
  choice.addEventListener("change", () => {
    const look = /** @type {HTMLButtonElement | null} */ (document.querySelector("button[form=write][value=look]"));
    if (look) form?.requestSubmit(look);
  });
}
const sheet = /** @type {HTMLInputElement | null} */ (document.getElementById("sheet"));
sheet?.addEventListener("change", () => send(sheet));

/** @param {HTMLElement} list */
function ready(list) {
  const rows = /** @type {HTMLElement | null} */ (list.querySelector("[data-rows]"));
  if (!rows) return;
  new Sortable(rows, { handle: ".handle", draggable: "[data-row]", animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    ghostClass: "gap", onEnd: () => changed(list) });
  settle(list);
}

/** @param {MouseEvent} event */
function press(event) {
  const button = /** @type {HTMLButtonElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("button"));
  const list = /** @type {HTMLElement | null} */ (button?.closest("[data-list]"));
  if (button?.dataset.fix) return fix(event, button);
  if (!button || !list || !list.querySelector("[data-rows]")) return;
  if ("add" in button.dataset) { event.preventDefault(); add(list)?.querySelector("input, textarea, select")?.focus(); changed(list); }
  if (button.dataset.move) { event.preventDefault(); move(list, button, button.dataset.move); }
}

/** The figure that is right goes into its field; a list typed as lines is put right by the server. @param {MouseEvent} event @param {HTMLButtonElement} button */
function fix(event, button) {
  const field = /** @type {HTMLInputElement | null} */ (form?.elements.namedItem(button.dataset.fix ?? ""));
  if (!field || !("value" in field)) return;
  event.preventDefault();
  field.value = button.dataset.value ?? "";
  field.closest("details")?.setAttribute("open", "");
  field.focus();
  button.closest(".doubt")?.remove();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  say(`${field.labels?.[0]?.textContent?.trim() ?? ""} ${field.value}`);
}

/** ↑ ↓ on the handle move the row. Enter in a field sends nothing. @param {KeyboardEvent} event */
function key(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Enter" && target instanceof HTMLInputElement && target.type !== "submit") event.preventDefault();
  if (!target.classList.contains("handle") || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const list = /** @type {HTMLElement} */ (target.closest("[data-list]"));
  shift(list, row(target), event.key === "ArrowUp" ? -1 : 1);
  target.focus();
  changed(list);
  say(target.getAttribute("aria-label") ?? "");
}

/** @param {HTMLElement} list @param {HTMLButtonElement} button @param {string} how */
function move(list, button, how) {
  const mine = row(button);
  if (how !== "drop") {
    shift(list, mine, how === "up" ? -1 : 1);
    changed(list);
    (button.disabled ? /** @type {HTMLElement | null} */ (mine.querySelector("[data-move]:not(:disabled)")) : button)?.focus();
    return;
  }
  const next = mine.nextElementSibling ?? mine.previousElementSibling;
  mine.remove();
  const left = all(list).length ? /** @type {HTMLElement} */ (next) : add(list);
  changed(list);
  /** @type {HTMLElement | null} */ (left?.querySelector("[data-move=drop]"))?.focus();
}

/** @param {HTMLElement} list @param {HTMLElement} mine @param {number} by */
function shift(list, mine, by) {
  const others = all(list);
  const to = others[others.indexOf(mine) + by];
  if (to) by < 0 ? to.before(mine) : to.after(mine);
}

/** One more row at the end; null where the list is full. @param {HTMLElement} list @returns {HTMLElement | null} */
export function add(list) {
  const rows = /** @type {HTMLElement} */ (list.querySelector("[data-rows]"));
  const count = all(list).length;
  const made = /** @type {HTMLTemplateElement} */ (list.querySelector("template")).content.querySelector("[data-row]")?.cloneNode(true);
  if (!rows || !made || count >= Number(list.dataset.most)) return null;
  rows.append(made);
  settle(list);
  return all(list)[count];
}

/** @param {HTMLElement} list */
function all(list) {
  return /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-rows] > [data-row]")]);
}

/** @param {Element} inner @returns {HTMLElement} */
function row(inner) {
  return /** @type {HTMLElement} */ (inner.closest("[data-row]"));
}

/** @param {HTMLElement} list */
function changed(list) {
  settle(list);
  form?.dispatchEvent(new Event("input"));
}

/** Every row gets the number of its place, in all that names it. @param {HTMLElement} list */
function settle(list) {
  const rows = all(list);
  const name = list.dataset.list ?? "";
  rows.forEach((each, at) => {
    number(each, name, at);
    /** @type {HTMLButtonElement} */ (each.querySelector("[data-move=up]")).disabled = at === 0;
    /** @type {HTMLButtonElement} */ (each.querySelector("[data-move=down]")).disabled = at === rows.length - 1;
  });
  const more = /** @type {HTMLButtonElement | null} */ (list.querySelector("[data-add]"));
  if (more) more.disabled = rows.length >= Number(list.dataset.most);
}

/** @param {HTMLElement} each @param {string} name @param {number} at */
function number(each, name, at) {
  const was = each.dataset.row ?? BLANK;
  if (was === String(at)) return;
  for (const part of [each, .../** @type {NodeListOf<HTMLElement>} */ (each.querySelectorAll("*"))]) {
    for (const attribute of [...part.attributes]) {
      if (!/^(id|name|for|value|aria-describedby|data-field|data-slot|data-name|data-fix)$/.test(attribute.name) || (part.tagName === "INPUT" && attribute.name === "value")) continue;
      attribute.value = attribute.value.replace(`${name}.${was}`, `${name}.${at}`).replace(`:${name}:${was}`, `:${name}:${at}`);
    }
    if (part.hasAttribute("aria-label")) part.setAttribute("aria-label", (part.getAttribute("aria-label") ?? "").replace(/\d+/, String(at + 1)));
    if (part.matches("td > label.hidden")) part.textContent = (part.textContent ?? "").replace(/\d+/, String(at + 1));
    if (part.hasAttribute("data-place")) part.textContent = String(at + 1);
  }
  each.dataset.row = String(at);
}

/** What is typed beside the content goes with the table, so that nothing is lost. @param {HTMLInputElement} file */
function send(file) {
  const beside = form ? [...new FormData(form)].filter(([name]) => !/^(f\.|r\.|csrf_token$)/.test(name)) : [];
  /** @type {HTMLInputElement} */ (file.form?.elements.namedItem("typed")).value = new URLSearchParams(/** @type {any} */ (beside)).toString();
  file.form?.requestSubmit();
}

/** @param {string} text */
function say(text) {
  if (live) live.textContent = text;
}
