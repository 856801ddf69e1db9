// @ts-check
/**
 * Rotation: what plays at a moment, in which order, and what comes next. Pure; the twin of kiosk/signage/schedule.py.
 * tests/contracts/programme.json holds both to the same answers.
 * @typedef {{item: string, revision: number, html: string, dwell: number, page: number, of: number, slide: number, media: string[], disclosed?: string, confirmed?: string, due?: string, late_from?: string, kind?: string, title?: string, zone?: string, weight?: number, hourly?: number, transition?: string, confirm?: number}} Item `confirm`: seconds after the server's last word until which it may hang
 * @typedef {{items: string[], from: string | null, to: string | null, priority?: number, zone?: string}} Window
 * @typedef {{items: Item[], windows: Window[], fallback: string[]}} Manifest
 */

export const MAIN = "main";
const HOUR = 3600;

/**
 * @param {Manifest} manifest
 * @param {number} at milliseconds
 * @param {string} [zone] of the layout
 * @param {number | null} [heard] when the server last spoke, ms; null: nobody asks for that
 * @returns {{items: string[], until: number | null}}
 */
export function programme(manifest, at, zone = MAIN, heard = null) {
  const windows = manifest.windows.filter((window) => (window.zone ?? MAIN) === zone);
  const mine = manifest.items.filter((each) => (each.zone ?? MAIN) === zone);
  const leaves = (/** @type {Item} */ each) => each.confirm === undefined || heard === null ? Infinity : heard + each.confirm * 1000;
  const order = mine.filter((each) => at < leaves(each)).map((each) => each.item);
  const active = windows.filter((window) => covers(window, at) && window.items.some((item) => order.includes(item)));
  const top = active.reduce((most, window) => Math.max(most, window.priority ?? 0), active.length ? -Infinity : 0);
  const named = new Set(active.filter((window) => (window.priority ?? 0) === top).flatMap((window) => window.items));
  const edges = windows.flatMap((window) => [window.from, window.to])
    .filter((edge) => edge !== null).map((edge) => Date.parse(/** @type {string} */ (edge))).concat(mine.map(leaves)).filter((edge) => edge > at && edge < Infinity);
  const items = order.filter((item) => named.has(item));
  return { items: items.length ? items : manifest.fallback.filter((item) => order.includes(item)), until: edges.length ? Math.min(...edges) : null };
}

/** What may be shown while the time is doubted: what has no end, and needs nobody's word. @param {any} manifest */
export function evergreen(manifest) {
  const lasts = (/** @type {{to: string | null}} */ each) => each.to === null;
  return { ...manifest, items: manifest.items.filter((/** @type {Item} */ each) => each.confirm === undefined),
    windows: manifest.windows.filter(lasts), tickers: (manifest.tickers ?? []).filter(lasts) };
}

/** @param {Window} window @param {number} at */
function covers(window, at) {
  return (window.from === null || Date.parse(window.from) <= at) && (window.to === null || at < Date.parse(window.to));
}

/**
 * The place in the cycle of what comes after the page that stands. Names may stand in a cycle several times, so the page is known by its
 * place. When it has left, the first of those that followed it in the old cycle comes; so a long list reaches its end although it changes
 * on the way.
 * @param {string[]} order the cycle now
 * @param {string[]} before the cycle in which the page was shown
 * @param {number} place of the page in it; -1 when nothing stands
 * @returns {number | null}
 */
export function following(order, before, place) {
  if (!order.length) return null;
  if (place < 0) return 0;
  const here = nearest(order, before[place], place);
  if (here >= 0) return (here + 1) % order.length;
  for (let step = 1; step < before.length; step += 1) {
    const then = (place + step) % before.length;
    const found = nearest(order, before[then], then);
    if (found >= 0) return found;
  }
  return 0;
}

/** Where a name stands in a cycle, nearest to a place; -1 when nowhere. @param {string[]} order @param {string} name @param {number} place */
export function nearest(order, name, place) {
  let found = -1;
  for (const [at, each] of order.entries()) {
    if (each === name && (found < 0 || Math.abs(at - place) < Math.abs(found - place))) found = at;
  }
  return found;
}

/**
 * The order in which these lines are shown, over and over; names come several times where an item has more weight. One round, each item as
 * often as its weight, spread evenly. Where an item has a limit an hour, the cycle lasts at least an hour, and no hour of its repetition
 * shows the item more often. Where all items have one, none has: something always plays.
 * @param {{item: string, dwell: number, weight?: number, hourly?: number | null}[]} lines
 * @returns {string[]}
 */
export function cycle(lines) {
  const order = round(groups(lines));
  const free = order.filter((group) => group.hourly === null);
  return (free.length && free.length < order.length ? thinned(order, free) : order).flatMap((group) => group.pages);
}

/**
 * For boards in step: which of the pages that last so many seconds stands at this moment, and until which. Instants in ms since 1970.
 * @param {number[]} durations seconds @param {number} at
 * @returns {{index: number, until: number}}
 */
export function slot(durations, at) {
  const lasts = durations.map((each) => Math.floor(each * 1000 + 0.5));
  const phase = at % lasts.reduce((sum, each) => sum + each, 0);
  let until = at - phase;
  for (const [index, each] of lasts.entries()) {
    until += each;
    if (at < until) return { index, until };
  }
  throw new Error("the phase lies within the sum");
}

/** @typedef {{key: string, pages: string[], seconds: number, weight: number, hourly: number | null}} Group the pages of one item of a playlist */

/** @param {{item: string, dwell: number, weight?: number, hourly?: number | null}[]} lines @returns {Group[]} */
function groups(lines) {
  /** @type {Map<string, Group>} */ const found = new Map();
  for (const line of lines) {
    const key = line.item.split(".", 1)[0];
    const group = found.get(key) ?? { key, pages: [], seconds: 0, weight: Math.max(1, line.weight ?? 1), hourly: line.hourly ?? null };
    group.pages.push(line.item);
    group.seconds += line.dwell;
    found.set(key, group);
  }
  return [...found.values()];
}

/** Each group as often as its weight, as evenly as whole turns allow (smooth weighted round robin). @param {Group[]} all @returns {Group[]} */
function round(all) {
  const shared = all.reduce((most, group) => divisor(most, group.weight), 0);
  const weights = all.map((group) => group.weight / shared);
  const sum = weights.reduce((most, each) => most + each, 0);
  const credit = weights.map(() => 0);
  return Array.from({ length: sum }, () => {
    for (const at of credit.keys()) credit[at] += weights[at];
    const turn = credit.indexOf(Math.max(...credit));
    credit[turn] -= sum;
    return all[turn];
  });
}

/** @param {number} a @param {number} b @returns {number} */
function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}

/**
 * At least an hour of rounds in which limited groups keep their distance, also where the end meets the beginning.
 * @param {Group[]} order @param {Group[]} free
 */
function thinned(order, free) {
  /** @type {Group[]} */ const made = [];
  /** @type {Map<string, {first: number, last: number, gap: number}>} */ const shown = new Map();
  let lasts = 0;
  while (lasts < HOUR) {
    for (const group of order) {
      if (group.hourly !== null) {
        const before = shown.get(group.key);
        if (before && lasts - before.last < before.gap) continue;
        shown.set(group.key, { first: before?.first ?? lasts, last: lasts, gap: HOUR / group.hourly });
      }
      made.push(group);
      lasts += group.seconds;
    }
  }
  const ring = Math.max(HOUR, ...Array.from(shown.values(), ({ first, last, gap }) => last - first + gap));
  for (let turn = 0; lasts < ring; turn += 1) {
    const group = free[turn % free.length];
    made.push(group);
    lasts += group.seconds;
  }
  return made;
}
