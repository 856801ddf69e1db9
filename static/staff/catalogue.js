// @ts-check
/** The form of a topic: what the rule means, in words, as the server reckons it while it is chosen. */

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("topic-form"));
const box = document.getElementById("rule-said");
const NAMES = ["cadence", "trigger", "n", "measure", "confirm", "stale", "ahead"];
const PERIODS = ["year", "half", "quarter", "month"];
let asked = 0;
let waits = 0;

if (form && box) {
  document.documentElement.classList.add("with-script");
  form.addEventListener("input", (event) => {
    const name = /** @type {HTMLInputElement} */ (event.target).name;
    if (!NAMES.includes(name)) return;
    shape();
    clearTimeout(waits);
    waits = setTimeout(ask, 250);
  });
  shape();
}

/** Of periods nobody chooses from which day, of at once nobody says how long. */
function shape() {
  const cadence = String(new FormData(/** @type {HTMLFormElement} */ (form)).get("cadence"));
  form?.classList.toggle("periodic", PERIODS.includes(cadence));
  form?.classList.toggle("at-once", cadence === "at once");
}

/** What is chosen, in the server's words; an answer that comes late is left. */
async function ask() {
  const mine = ++asked;
  const told = new FormData(/** @type {HTMLFormElement} */ (form));
  const query = new URLSearchParams(NAMES.map((name) => [name, String(told.get(name) ?? "")]));
  try {
    const answer = await fetch(`${form?.dataset.rule}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const said = await answer.json();
    if (mine === asked) show(said);
  } catch {
    // Off line the sentence stays as it was; storing says what is wrong.
  }
}

/** @param {{ rule: string, example: string, more: string[], unsure: string }} said */
function show(said) {
  part("rule").textContent = said.rule;
  part("example").textContent = said.example;
  part("more").textContent = said.more.join("");
  const unsure = part("unsure");
  unsure.hidden = !said.unsure;
  /** @type {HTMLElement} */ (unsure.querySelector("span")).textContent = said.unsure;
}

/** @param {string} name */
function part(name) {
  return /** @type {HTMLElement} */ (box?.querySelector(`[data-said="${name}"]`));
}
