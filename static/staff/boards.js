// @ts-check
/** The list of boards stays true while somebody looks at it: asked for anew now and then, swapped only where it differs. */
import { parsed } from "../shared/dom.js";

const EVERY = 15_000;
const AWAY = 10 * 60_000; // nobody has moved for so long: ask no more, or the sign-in would never time out
const table = /** @type {HTMLTableElement | null} */ (document.getElementById("boards"));
let present = Date.now();

for (const name of ["pointermove", "keydown"]) addEventListener(name, () => { present = Date.now(); }, { passive: true });
if (table) setInterval(() => { if (!document.hidden && Date.now() - present < AWAY) look(table); }, EVERY);

/** @param {HTMLTableElement} table */
async function look(table) {
  const answer = await fetch(location.href).catch(() => null); // the server is away: what stands here stays
  if (!answer?.ok || answer.redirected) return;
  const page = parsed(await answer.text());
  for (const mark of [".lead", ".sums"]) swap(document.querySelector(mark), page.querySelector(mark));
  const fresh = /** @type {HTMLTableElement | null} */ (page.getElementById("boards"));
  if (!fresh || fresh.textContent === table.textContent || table.contains(document.activeElement)) return;
  const rows = [...fresh.tBodies].map((each) => document.adoptNode(each));
  for (const each of [...table.tBodies]) each.remove();
  table.append(...rows);
}

/** @param {Element | null} old @param {Element | null} now */
function swap(old, now) {
  if (old && now && old.textContent !== now.textContent) old.replaceWith(document.adoptNode(now));
}
