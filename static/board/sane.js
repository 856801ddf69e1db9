// @ts-check
/**
 * Sane: a manifest whose numbers a board can live with. It is the server's own, named by its hash; but a fault there must cost a page, not the
 * wall. What cannot be shown is left out and told. Pure.
 */
const LEAST = 0.1, MOST = 3600, USUAL = 12; // seconds of a page
const SHA = /^[0-9a-f]{64}$/;

/** @param {string} text @returns {{manifest: any, faults: string[]}} null: nothing of it can be used */
export function sane(text) {
  const told = read(text);
  const lists = [told?.items, told?.windows, told?.fallback, told?.objects];
  if (!lists.every(Array.isArray)) return { manifest: null, faults: ["manifest: not readable"] };
  /** @type {string[]} */ const faults = [];
  const good = (/** @type {boolean} */ fine, /** @type {string} */ fault) => { if (!fine) faults.push(fault); return fine; };
  const items = told.items.filter((/** @type {any} */ each) => good(typeof each?.item === "string" && SHA.test(each.html), `manifest: item ${each?.item}`))
    .map((/** @type {any} */ each) => line(each, faults));
  const windows = told.windows.filter((/** @type {any} */ each) => good(Array.isArray(each?.items) && instant(each.from) && instant(each.to), "manifest: window"));
  const objects = told.objects.filter((/** @type {any} */ each) => good(SHA.test(each?.sha), "manifest: object"));
  return { manifest: { ...told, items, windows, objects }, faults };
}

/** @param {any} told @param {string[]} faults */
function line(told, faults) {
  const right = { dwell: within(told.dwell, LEAST, MOST) || told.dwell === undefined, weight: told.weight === undefined || within(told.weight, 1, 1000),
    hourly: told.hourly === undefined || told.hourly === null || within(told.hourly, 0.001, MOST) };
  if (Object.values(right).every(Boolean)) return told;
  faults.push(`manifest: figures of ${told.item}`);
  const dwell = right.dwell ? told.dwell : Number.isFinite(told.dwell) && told.dwell > MOST ? MOST : USUAL;
  return { ...told, dwell, weight: right.weight ? told.weight : 1, hourly: right.hourly ? told.hourly : null };
}

/** @param {any} value @param {number} least @param {number} most */
function within(value, least, most) {
  return Number.isFinite(value) && value >= least && value <= most;
}

/** @param {any} value */
function instant(value) {
  return value === null || (typeof value === "string" && Number.isFinite(Date.parse(value)));
}

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
