// @ts-check
/** What every staff page gains by a script: toasts that go by themselves, dialogs, passwords that can be looked at, no second click. */

const TOAST = 8000;

for (const toast of document.querySelectorAll("[data-toast]")) leave(/** @type {HTMLElement} */ (toast));
for (const field of document.querySelectorAll("[data-reveal]")) reveal(/** @type {HTMLInputElement} */ (field));
for (const opener of document.querySelectorAll("[data-dialog]")) opener.addEventListener("click", (event) => open(event, /** @type {HTMLElement} */ (opener)));
for (const closer of document.querySelectorAll("dialog [data-close]")) closer.addEventListener("click", (event) => { event.preventDefault(); closer.closest("dialog")?.close(); });
for (const change of document.querySelectorAll("[data-send]")) change.addEventListener("change", () => /** @type {HTMLInputElement} */ (change).form?.requestSubmit());
addEventListener("submit", busy);
addEventListener("pageshow", () => { for (const button of document.querySelectorAll("[data-was]")) restore(/** @type {HTMLButtonElement} */ (button)); });
document.querySelector("[aria-invalid]")?.scrollIntoView({ block: "center" });

/** A toast goes after eight seconds, but never while somebody reads it with the keyboard or the mouse. @param {HTMLElement} toast */
function leave(toast) {
  let left = setTimeout(() => toast.remove(), TOAST);
  const stay = () => clearTimeout(left);
  const go = () => { left = setTimeout(() => toast.remove(), TOAST / 2); };
  for (const name of ["focusin", "mouseenter"]) toast.addEventListener(name, stay);
  for (const name of ["focusout", "mouseleave"]) toast.addEventListener(name, go);
}

/** @param {HTMLInputElement} field */
function reveal(field) {
  const [show, hide] = (field.dataset.reveal ?? "显示|隐藏").split("|");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "linked", textContent: show });
  const frame = Object.assign(document.createElement("span"), { className: "reveal" });
  field.replaceWith(frame);
  frame.append(field, button);
  button.addEventListener("click", () => {
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.textContent = hidden ? hide : show;
  });
}

/** A dialog in place of the page its link leads to. @param {Event} event @param {HTMLElement} opener */
function open(event, opener) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById(opener.dataset.dialog ?? ""));
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
  /** @type {HTMLElement | null} */ (dialog.querySelector("textarea, input:not([type=hidden]), [data-close]"))?.focus();
  dialog.addEventListener("close", () => opener.focus(), { once: true });
}

/** One press is enough: the button says what is going on. @param {SubmitEvent} event */
function busy(event) {
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (event.defaultPrevented || !button?.dataset.busy) return;
  if (button.dataset.was) { event.preventDefault(); return; }
  button.dataset.was = button.textContent ?? "";
  button.setAttribute("aria-disabled", "true");
  button.textContent = button.dataset.busy;
}

/** @param {HTMLButtonElement} button */
function restore(button) {
  button.textContent = button.dataset.was ?? "";
  button.removeAttribute("aria-disabled");
  delete button.dataset.was;
}
