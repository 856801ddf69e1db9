// @ts-check
/** Upload: files dropped or picked go up by tus, two at a time, resumed after a break; then the server is asked how far they are. */

const list = /** @type {HTMLElement} */ (document.getElementById("files"));
const drop = /** @type {HTMLFormElement} */ (document.getElementById("drop"));
const picker = /** @type {HTMLInputElement} */ (document.getElementById("file"));
const submit = /** @type {HTMLButtonElement} */ (document.getElementById("submit"));
const chosen = /** @type {HTMLElement} */ (document.getElementById("chosen"));
const count = /** @type {HTMLElement} */ (document.getElementById("count"));
const none = /** @type {HTMLElement} */ (document.getElementById("none"));
const words = JSON.parse(list.dataset.words ?? "{}");
const token = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=csrf-token]")).content;
const TOGETHER = 2;
const MOST = 30;
const ASK = 1000;

/** @typedef {{row: HTMLElement, file: File, tus: any, state: string}} Sending */
/** @type {Sending[]} */
const sending = [];
let asking = false;

picker.multiple = list.dataset.slide === "0";
/** @type {HTMLElement} */ (document.getElementById("send")).hidden = true;
picker.addEventListener("change", () => { take([...picker.files ?? []]); picker.value = ""; });
drop.addEventListener("submit", (event) => event.preventDefault());
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
addEventListener("drop", (event) => take([.../** @type {DragEvent} */ (event).dataTransfer?.files ?? []]));
addEventListener("beforeunload", (event) => { if (sending.some((each) => each.state === "receiving")) event.preventDefault(); });
if ([...list.children].some((row) => unfinished(/** @type {HTMLElement} */ (row)))) void ask();
tally();

/** @param {File[]} files */
function take(files) {
  for (const file of files.slice(0, MOST)) begin(file);
  if (files.length > MOST) say(words.many);
  next();
}

/** @param {File} file */
function begin(file) {
  none.hidden = true;
  const row = document.createElement("li");
  for (const [name, text] of [["look tiny none", words.later], ["name", file.name], ["size number", size(file.size)], ["how", ""], ["last", ""]]) {
    row.append(Object.assign(document.createElement("span"), { className: name, textContent: text }));
  }
  list.prepend(row);
  const each = { row, file, tus: null, state: "waiting" };
  const limit = Number(list.dataset.limit);
  if (file.size === 0) return refuse(each, words.empty);
  if (file.size > limit * 1048576) return refuse(each, words.big.replace("{size}", String(Math.ceil(file.size / 1048576))).replace("{limit}", String(limit)));
  sending.push(each);
  tell(each, "scheduled", words.waiting);
  cancelling(each);
}

function next() {
  const running = sending.filter((each) => each.state === "receiving").length;
  for (const each of sending.filter((each) => each.state === "waiting").slice(0, Math.max(0, TOGETHER - running))) send(each);
  tally();
}

/** @param {Sending} each */
function send(each) {
  each.state = "receiving";
  each.row.dataset.state = "receiving";
  const options = /** @type {any} */ ({});
  const fields = { unit: list.dataset.unit, slide: list.dataset.slide === "0" ? "" : list.dataset.slide };
  for (const [name, value] of Object.entries(fields)) if (value) options[name] = value;
  each.tus = new /** @type {any} */ (globalThis).tus.Upload(each.file, {
    endpoint: list.dataset.tus, chunkSize: 8 * 1048576, retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 30000], removeFingerprintOnSuccess: true,
    headers: { "X-CSRFToken": token }, metadata: { filename: each.file.name, filetype: each.file.type, ...options },
    onAfterResponse: (/** @type {any} */ _, /** @type {any} */ answer) => named(each, answer.getHeader("Kiosk-Upload")),
    onProgress: (/** @type {number} */ done, /** @type {number} */ all) => progress(each, words.receiving, done / all),
    onSuccess: () => { sent(each); void ask(); next(); },
    onShouldRetry: (/** @type {any} */ error) => { if (!navigator.onLine) say(words.offline); const status = error.originalResponse?.getStatus() ?? 0; return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500; },
    onError: (/** @type {any} */ error) => failed(each, error),
  });
  progress(each, words.receiving, 0);
  each.tus.findPreviousUploads().then((/** @type {any[]} */ before) => {
    if (before.length) each.tus.resumeFromPreviousUpload(before[0]);
    each.tus.start();
  });
}

/** The server's number for this file; a row left over from an earlier visit makes room. @param {Sending} each @param {string | undefined} number */
function named(each, number) {
  if (!number || each.row.dataset.upload === number) return;
  list.querySelector(`[data-upload="${number}"]`)?.remove();
  each.row.dataset.upload = number;
}

/** All bytes are there; the row waits for the server's own word about this file. @param {Sending} each */
function sent(each) {
  each.state = "sent";
  each.row.dataset.state = "received";
  progress(each, words.received, 0);
  last(each).replaceChildren();
}

/** @param {Sending} each @param {any} error */
function failed(each, error) {
  const body = error.originalResponse?.getBody() ?? "";
  let told = "";
  try { told = JSON.parse(body).title; } catch { /* a proxy's page or nothing: the line is to blame */ }
  if (told) { refuse(each, told); sending.splice(sending.indexOf(each), 1); next(); return; }
  each.state = "broken";
  each.row.dataset.state = "broken";
  tell(each, "over", words.broken);
  const again = link(words.again, () => { each.state = "waiting"; next(); });
  last(each).replaceChildren(again);
  next();
}

/** @param {{row: HTMLElement, state: string}} each @param {string} why */
function refuse(each, why) {
  each.state = "refused";
  each.row.dataset.state = "failed";
  const look = /** @type {HTMLElement} */ (each.row.firstElementChild);
  look.classList.add("failed");
  look.textContent = "×";
  tell(each, "over", words.failed);
  how(each).append(Object.assign(document.createElement("span"), { className: "told", textContent: why }));
  last(each).replaceChildren(link(words.cancel, () => { each.row.remove(); tally(); }));
  tally();
}

/** @param {Sending} each */
function cancelling(each) {
  last(each).replaceChildren(link(words.cancel, () => {
    void each.tus?.abort(true).catch(() => undefined);
    sending.splice(sending.indexOf(each), 1);
    each.row.remove();
    next();
  }));
}

/** What the server has made of the files: rows drawn by the server, so that they look alike with and without a script. */
async function ask() {
  if (asking) return;
  asking = true;
  for (;;) {
    const told = await fetch(list.dataset.list ?? "").then((answer) => answer.ok ? answer.json() : null).catch(() => null);
    if (told) for (const each of told.toReversed?.() ?? [...told].reverse()) follow(each);
    tally();
    if (![...list.children].some((row) => unfinished(/** @type {HTMLElement} */ (row)))) break;
    await new Promise((go) => setTimeout(go, ASK));
  }
  asking = false;
}

/** @param {any} told */
function follow(told) {
  let row = /** @type {HTMLElement | null} */ (list.querySelector(`[data-upload="${told.upload}"]`));
  if (told.state === "receiving" || row?.dataset.state === "receiving") return; // the sender itself knows best
  if (!row) {
    row = document.createElement("li");
    row.dataset.upload = String(told.upload);
    for (const [name, text] of [["look tiny none", words.later], ["name", told.name], ["size number", size(told.size)], ["how", ""], ["last", ""]]) {
      row.append(Object.assign(document.createElement("span"), { className: name, textContent: text }));
    }
    list.prepend(row);
    none.hidden = true;
  }
  const each = { row, state: told.state };
  if (row.dataset.state === told.state && told.state !== "converting") return;
  row.dataset.state = told.state;
  if (told.state === "done") done(each, told);
  else if (told.state === "failed") { refuse(each, told.problem ?? ""); last(each).replaceChildren(anchor(words.replace, `?slide=${told.slide}`)); }
  else if (told.state === "converting" && told.total) progress(each, words.converting.replace("{done}", told.done).replace("{total}", told.total), told.done / told.total);
  else progress(each, told.state === "converting" ? words.preparing : words[told.state], 0);
}

/** @param {{row: HTMLElement, state: string}} each @param {any} told */
function done(each, told) {
  each.row.dataset.slide = told.fresh ? String(told.slide) : "";
  const look = Object.assign(document.createElement("span"), { className: "look tiny landscape" });
  const frame = document.createElement("iframe");
  frame.src = `/staff/look/${told.revision}/1`;
  frame.tabIndex = -1;
  frame.title = told.name;
  look.append(frame);
  each.row.firstElementChild?.replaceWith(look);
  tell(each, told.notes.length ? "due" : "ok", told.notes.length ? words.look.replace("{n}", told.notes.length) : words.done);
  how(each).append(Object.assign(document.createElement("span"), { className: "second", textContent: words.pages.replace("{n}", told.pages) }));
  for (const note of told.notes) how(each).append(Object.assign(document.createElement("span"), { className: "told", textContent: note }));
  last(each).replaceChildren(anchor(told.notes.length ? words.check : words.preview, `/staff/content/${told.slide}`));
}

/** The sentence under the title and the one button follow what is there. */
function tally() {
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  const state = (/** @type {string[]} */ ...names) => rows.filter((row) => names.includes(row.dataset.state ?? "")).length;
  const look = rows.filter((row) => row.dataset.state === "done" && row.querySelector(".status.due")).length;
  const figures = [["good", state("done") - look], ["look", look], ["bad", state("failed", "broken")], ["running", rows.length - state("done", "failed", "broken")]];
  const said = figures.filter(([, n]) => n).map(([name, n]) => (count.dataset[String(name)] ?? "").replace("{n}", String(n)));
  count.textContent = rows.length ? (count.dataset.all ?? "").replace("{all}", String(rows.length)).replace("{parts}", said.join(count.dataset.comma ?? "")) : count.dataset.none ?? "";
  const ready = rows.map((row) => row.dataset.slide).filter(Boolean);
  submit.hidden = ready.length === 0;
  submit.textContent = ready.length === 1 ? submit.dataset.one ?? "" : (submit.dataset.word ?? "").replace("{n}", String(ready.length));
  chosen.replaceChildren(...ready.map((slide) => Object.assign(document.createElement("input"), { type: "hidden", name: "slide", value: slide })));
}

/** @param {HTMLElement} row */
function unfinished(row) {
  return ["received", "converting"].includes(row.dataset.state ?? "");
}

/** @param {{row: HTMLElement}} each @param {string} word @param {number} part */
function progress(each, word, part) {
  const held = how(each);
  let bar = /** @type {HTMLProgressElement | null} */ (held.querySelector("progress"));
  if (!bar) {
    tell(each, "scheduled", word);
    bar = Object.assign(document.createElement("progress"), { max: 1 });
    held.append(bar, Object.assign(document.createElement("span"), { className: "percent" }));
  }
  /** @type {HTMLElement} */ (held.querySelector(".word")).textContent = word;
  bar.value = part;
  bar.setAttribute("aria-label", word);
  /** @type {HTMLElement} */ (held.querySelector(".percent")).textContent = part ? `${Math.round(part * 100)}%` : "";
}

/** @param {{row: HTMLElement}} each @param {string} state @param {string} word */
function tell(each, state, word) {
  const status = Object.assign(document.createElement("span"), { className: `status ${state}` });
  const shape = /** @type {SVGElement} */ (document.querySelector(`#shapes [data-shape="${state}"] svg`)?.cloneNode(true) ?? document.createElement("i"));
  status.append(shape, Object.assign(document.createElement("span"), { className: "word", textContent: word }));
  how(each).replaceChildren(status);
}

/** @param {{row: HTMLElement}} each */
function how(each) { return /** @type {HTMLElement} */ (each.row.querySelector(".how")); }

/** @param {{row: HTMLElement}} each */
function last(each) { return /** @type {HTMLElement} */ (each.row.querySelector(".last")); }

/** @param {string} word @param {() => void} act */
function link(word, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "linked", textContent: word });
  made.addEventListener("click", act);
  return made;
}

/** @param {string} word @param {string} url */
function anchor(word, url) {
  return Object.assign(document.createElement("a"), { href: url, textContent: word });
}

/** @param {number} bytes */
function size(bytes) {
  return bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;
}

/** @param {string} text */
function say(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
  count.textContent = text;
}
