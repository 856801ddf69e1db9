// @ts-check
/** Pairing: as soon as six characters stand there, say which screen that is and fill in what it told of itself. */

const code = /** @type {HTMLInputElement} */ (document.getElementById("code"));
const told = /** @type {HTMLElement} */ (document.getElementById("code-told"));
const own = document.getElementById("own");
const address = code.form?.dataset.waiting ?? "";
const words = JSON.parse(own?.dataset.words ?? "{}");
let asked = "";

code.addEventListener("input", look);
look();

async function look() {
  const typed = code.value.replace(/[^0-9a-z]/gi, "");
  if (typed !== code.value) code.value = typed;
  if (typed.length !== 6) { asked = ""; told.replaceChildren(); return; }
  if (typed === asked) return;
  asked = typed;
  try {
    const answer = await fetch(`${address}?code=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (asked !== typed) return;
    say(answer.ok ? "found" : "not-found", found.told);
    if (answer.ok && !found.relay) fill(found);
    document.getElementById("guessed")?.toggleAttribute("hidden", answer.ok && found.relay === true); // a relay has no panel
  } catch { /* without an answer the form still works: the server looks when it is sent */ }
}

/** @param {string} kind @param {string} sentence */
function say(kind, sentence) {
  const part = /** @type {HTMLTemplateElement} */ (document.getElementById(kind)).content.cloneNode(true);
  told.replaceChildren(part);
  told.firstElementChild?.append(sentence);
}

/** @param {{w: number, h: number}} found */
function fill(found) {
  if (own) own.textContent = words[found.w >= found.h ? "across" : "upright"].replace("{w}", String(found.w)).replace("{h}", String(found.h));
  for (const [name, value] of [["width_px", found.w], ["height_px", found.h]]) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById(String(name)));
    if (field && !field.value) field.placeholder = String(value);
  }
}
