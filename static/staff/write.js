// @ts-check
/** Write: what is typed is seen at once as the chosen board would draw it, and kept in this browser until the server has it. */

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("write"));
const pages = /** @type {HTMLElement} */ (document.getElementById("pages"));
const on = /** @type {HTMLSelectElement | null} */ (document.getElementById("on"));
const unseen = /** @type {HTMLElement} */ (document.getElementById("unseen"));
const words = JSON.parse(pages.dataset.words ?? "{}");
const KEEP = `kiosk-draft-${location.pathname}`;
let turn = 0;
let later = 0;

on?.addEventListener("change", () => {
  pages.dataset.board = on.value;
  pages.dataset.shape = on.selectedOptions[0].dataset.shape ?? "landscape";
  if (pages.dataset.preview) void preview(); else show(Number(pages.dataset.count));
});
form?.addEventListener("input", () => { keep(); soon(); });
form?.addEventListener("submit", () => localStorage.removeItem(KEEP));
restore();

function soon() {
  clearTimeout(later);
  later = setTimeout(() => void preview(), 350);
}

/** Pages of what is typed; the latest question wins. */
async function preview() {
  if (!form || !pages.dataset.preview) return;
  const mine = ++turn;
  const told = new FormData(form);
  if (pages.dataset.board) told.set("board", pages.dataset.board);
  if (!String(told.get("title")).trim()) return;
  const answer = await fetch(pages.dataset.preview, { method: "POST", body: new URLSearchParams(/** @type {any} */ (told)) }).catch(() => null);
  const heard = await answer?.json().catch(() => null);
  if (mine !== turn || !heard) return;
  unseen.textContent = answer?.ok ? "" : heard.title;
  if (answer?.ok) draw(heard.pages);
}

/** @param {{html: string, dwell: number}[]} drawn */
function draw(drawn) {
  const figures = [...pages.querySelectorAll("figure.live")];
  pages.querySelectorAll(":scope > :not(figure.live)").forEach((old) => old.remove());
  figures.slice(drawn.length).forEach((old) => old.remove());
  drawn.forEach((page, at) => {
    const there = figures[at]?.querySelector("iframe");
    if (there && /** @type {HTMLElement} */ (figures[at]).dataset.board === pages.dataset.board) there.contentWindow?.postMessage({ html: page.html }, location.origin);
    else { figures[at]?.remove(); pages.append(figure(`${pages.dataset.blank}?board=${pages.dataset.board}`, page.html)); }
    const caption = pages.querySelectorAll("figcaption")[at];
    caption.textContent = words.page.replace("{n}", String(at + 1)).replace("{s}", String(Math.round(page.dwell)));
  });
}

/** Pages the server has: pictures of documents. @param {number} count */
function show(count) {
  pages.replaceChildren(...Array.from({ length: Math.min(count, 4) }, (_, at) => {
    const made = figure(`${pages.dataset.look}${at + 1}?board=${pages.dataset.board}`, null);
    /** @type {HTMLElement} */ (made.querySelector("figcaption")).textContent = words.plain.replace("{n}", String(at + 1));
    return made;
  }));
}

/** @param {string} url @param {string | null} html */
function figure(url, html) {
  const made = Object.assign(document.createElement("figure"), { className: html === null ? "" : "live" });
  made.dataset.board = pages.dataset.board;
  const frame = Object.assign(document.createElement("span"), { className: `look full ${pages.dataset.shape}` });
  const inner = document.createElement("iframe");
  inner.src = url;
  inner.tabIndex = -1;
  inner.title = words.plain.replace("{n}", "");
  if (html !== null) addEventListener("message", function give(event) {
    if (event.source !== inner.contentWindow || !event.data?.ready) return;
    inner.contentWindow?.postMessage({ html }, location.origin);
    removeEventListener("message", give);
  });
  frame.append(inner);
  made.append(frame, Object.assign(document.createElement("figcaption"), { className: "second" }));
  return made;
}

/** Nothing typed is lost by a closed window or a broken line. */
function keep() {
  if (!form) return;
  const told = [...new FormData(form)].filter(([name]) => !["csrf_token", "edits"].includes(name));
  try { localStorage.setItem(KEEP, JSON.stringify(told)); } catch { /* full or forbidden: the server's draft must do */ }
}

function restore() {
  let told;
  try { told = JSON.parse(localStorage.getItem(KEEP) ?? "null"); } catch { return; }
  if (!told || !form || document.querySelector("[aria-invalid], .note.over")) return;
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input, textarea, select"))) {
    if (["hidden"].includes(field.type) || field.disabled) continue;
    const values = told.filter((/** @type {[string, string]} */ [name]) => name === field.name).map((/** @type {[string, string]} */ [, value]) => value);
    if (field.type === "checkbox") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
  }
  soon();
}
