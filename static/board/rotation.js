// @ts-check
/**
 * Rotation: what plays at a moment, and what comes next. Pure; the twin of kiosk/signage/schedule.py.
 * tests/contracts/programme.json holds both to the same answers.
 * @typedef {{item: string, revision: number, html: string, dwell: number, page: number, of: number, slide: number, media: string[], disclosed?: string, confirmed?: string, due?: string, late_from?: string, kind?: string, title?: string}} Item
 * @typedef {{items: string[], from: string | null, to: string | null, priority?: number}} Window
 * @typedef {{items: Item[], windows: Window[], fallback: string[]}} Manifest
 */

/**
 * @param {Manifest} manifest
 * @param {number} at milliseconds
 * @returns {{items: string[], until: number | null}}
 */
export function programme(manifest, at) {
  const active = manifest.windows.filter((window) => covers(window, at));
  const top = active.reduce((most, window) => Math.max(most, window.priority ?? 0), active.length ? -Infinity : 0);
  const named = new Set(active.filter((window) => (window.priority ?? 0) === top).flatMap((window) => window.items));
  const edges = manifest.windows.flatMap((window) => [window.from, window.to])
    .filter((edge) => edge !== null).map((edge) => Date.parse(/** @type {string} */ (edge))).filter((edge) => edge > at);
  const items = manifest.items.map((each) => each.item).filter((item) => named.has(item));
  return { items: items.length ? items : [...manifest.fallback], until: edges.length ? Math.min(...edges) : null };
}

/** @param {Window} window @param {number} at */
function covers(window, at) {
  return (window.from === null || Date.parse(window.from) <= at) && (window.to === null || at < Date.parse(window.to));
}

/**
 * The item after `current`. When `current` has left, the first of those that followed it in the old order; so a long list reaches
 * its end although it changes on the way.
 * @param {string[]} items what plays now
 * @param {string | null} current what is on the wall
 * @param {string[]} before the order in which `current` was shown
 * @returns {string | null}
 */
export function following(items, current, before) {
  if (!items.length) return null;
  if (current === null) return items[0];
  const at = items.indexOf(current);
  if (at >= 0) return items[(at + 1) % items.length];
  const start = before.indexOf(current);
  for (let step = 1; start >= 0 && step < before.length; step += 1) {
    const candidate = before[(start + step) % before.length];
    if (items.includes(candidate)) return candidate;
  }
  return items[0];
}
