// @ts-check
/** The list of boards stays true while it is open: it is fetched anew now and then, and swapped only where it differs. */

const EVERY = 15_000;
const table = document.getElementById("boards");

if (table) setInterval(() => { if (!document.hidden) refresh(); }, EVERY);

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected || !table) return;
    const fresh = new Document_(await answer.text());
    for (const [old, now] of fresh.pairs(table)) old.replaceWith(now);
  } catch { /* the server is away: what stands here stays, the next turn asks again */ }
}

/** The answer as a document, and what differs in it. */
class Document_ {
  /** @param {string} text */
  constructor(text) {
    this.page = new DOMParser().parseFromString(policy.createHTML(text), "text/html");
  }

  /** @param {HTMLElement} table @returns {Iterable<[Element, Element]>} */
  * pairs(table) {
    const fresh = this.page.getElementById("boards");
    for (const mark of [".lead", ".sums"]) {
      const [old, now] = [document.querySelector(mark), this.page.querySelector(mark)];
      if (old && now && old.textContent !== now.textContent) yield [old, document.adoptNode(now)];
    }
    if (fresh && fresh.textContent !== table.textContent && !table.contains(document.activeElement)) {
      for (const part of [...table.tBodies]) if (part !== table.tBodies[0]) part.remove();
      if (table.tBodies[0]) { table.tBodies[0].after(...[...fresh.querySelectorAll("tbody")].map((each) => document.adoptNode(each))); table.tBodies[0].remove(); }
    }
  }
}
