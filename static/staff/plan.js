// @ts-check
/** The form of a campaign: shows only what the choice needs, and says in one sentence what it means before it is saved. */
import { fragment } from "../shared/dom.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("plan"));
const place = /** @type {HTMLElement} */ (document.getElementById("meaning"));
const WAIT = 300;
let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;

document.documentElement.classList.add("with-script");
form.addEventListener("input", () => { choose(); clearTimeout(later); later = setTimeout(say, WAIT); });
form.addEventListener("change", choose);
choose();
if (!form.querySelector("fieldset[disabled]") && !place.querySelector(".means")) say();

/** Weekdays, the recurrence and own hours show where they are meant. */
function choose() {
  const told = new FormData(form);
  const shown = { weekdays: told.get("days") === "weekdays", recurring: told.get("days") === "recurring", own: told.get("hours") === "own" };
  for (const [name, on] of Object.entries(shown)) {
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll(`[data-for="${name}"]`))) each.hidden = !on;
  }
}

/** The sentence of what is typed; an answer that was overtaken is dropped. */
async function say() {
  const mine = ++asked;
  try {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    const answer = await fetch(form.dataset.sentence ?? "", { method: "POST", body, headers: { "X-CSRFToken": String(body.get("csrf_token")) } });
    if (answer.ok && mine === asked) place.replaceChildren(fragment(await answer.text()));
  } catch {
    // without a line the sentence stays as it was; the server says it again when the form is saved
  }
}
