// @ts-check
/** Receipts: while boards are missing, look again every two seconds; the page stays where it is. */
import { parsed } from "../shared/dom.js";

const there = /** @type {HTMLElement | null} */ (document.querySelector(".receipts"));
const seconds = Number(there?.dataset.refresh);
if (seconds) setTimeout(again, seconds * 1000);

async function again() {
  const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
  if (answer?.ok && !answer.redirected) {
    const next = parsed(await answer.text());
    const fresh = /** @type {HTMLElement | null} */ (next.querySelector(".receipts"));
    const [was, will] = [there?.children[1], fresh?.children[1]];
    if (was && will) was.replaceWith(document.importNode(will, true));
    const [lead, told] = [document.querySelector(".lead"), next.querySelector(".lead")?.textContent];
    if (lead && told && lead.textContent !== told) {
      lead.textContent = told;
      const live = document.getElementById("live");
      if (live) live.textContent = told;
    }
    if (fresh && !fresh.dataset.refresh) return;
  }
  setTimeout(again, seconds * 1000);
}
