// @ts-check
/**
 * Ticker: the line at the foot. It says only what a notice on the same board says too. It stands still where it fits; else it moves at
 * 2.5 characters a second, rests at both ends, and is a function of the clock alone: a change of page does not disturb it.
 */

const SPEED = 20; // u a second: 2.5 characters of 8 u
const REST = 4; // seconds at either end

/**
 * The texts of this moment, in one line.
 * @param {{tickers?: {text: string, revision: number, from: string | null, to: string | null}[]} | null} manifest
 * @param {Set<number>} recalled
 * @param {number} at milliseconds
 */
export function running(manifest, recalled, at) {
  return (manifest?.tickers ?? []).filter((each) => !recalled.has(each.revision) && (each.from === null || Date.parse(each.from) <= at)
    && (each.to === null || at < Date.parse(each.to))).map((each) => each.text).join("　　");
}

/**
 * How far the line has moved to the left, in the same unit as `wide` and `room`.
 * @param {number} at milliseconds @param {number} wide of the text @param {number} room of the line @param {number} u
 * @param {boolean} still in steps of a line instead of a motion
 */
export function offset(at, wide, room, u, still = false) {
  const way = wide - room;
  if (way <= 0) return 0;
  const lasts = way / (SPEED * u);
  const seconds = (at / 1000) % (lasts + 2 * REST);
  const done = Math.min(Math.max(seconds - REST, 0), lasts) * SPEED * u;
  return still ? Math.min(Math.floor(done / (room * 0.8)) * room * 0.8, way) : done;
}

/** Move the lines of a page; whether any of them is longer than its place. @param {ParentNode} root @param {number} at milliseconds */
export function moved(root, at) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let runs = false;
  for (const run of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".ticker .run"))) {
    const line = /** @type {HTMLElement} */ (run.parentElement);
    const u = parseFloat(getComputedStyle(run).fontSize) / 8;
    run.style.transform = `translateX(${-offset(at, run.offsetWidth, line.clientWidth, u, still)}px)`;
    runs ||= run.offsetWidth > line.clientWidth;
  }
  return runs;
}
