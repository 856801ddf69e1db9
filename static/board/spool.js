// @ts-check
/**
 * Spool: the proof of play until the server has taken it. Nothing is thrown away in silence: a long time off line makes one line of all plays
 * of a page in an hour, then in a day, never over a pause longer than its round; only when even that is too much the oldest go, and how many
 * and of what time is told. Also when this page did not run at all.
 *
 * Two keys of the storage, so that a play costs a short write: what is new, and what has waited longer.
 */

/** @typedef {[number, number, number, number, number, number, number]} Line slide, revision, page, from, to (ms), how long it stood (ms), how often */
/** @typedef {{lines: Line[], sending?: {batch: string, count: number, off: number, lost: Lost | null}, off?: [number, number][], lost?: Lost | null}} Kept */
/** @typedef {{count: number, from: number, to: number}} Lost */

export const BATCH = 250;
export const NEW = 300; // lines that are written with every play
export const MOST = 8000; // lines that wait: about 400 KB
export const PAUSE = 15 * 60_000; // the same page again within so long: it hung meanwhile
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const DARK = 90_000; // no sign of life for so long: the page did not run
const OFF_MOST = 40;

export class Spool {
  /** @param {{board: number, storage: Storage, now?: () => number, name?: () => string}} given `name`: of a batch */
  constructor({ board, storage, now = Date.now, name = unique }) {
    this.storage = storage; this.now = now; this.name = name;
    this.fresh = `kiosk-plays-${board}`; this.old = `kiosk-plays-${board}-old`; this.life = `kiosk-alive-${board}`;
  }

  /** @param {{slide: number, revision: number, page: number, from: string, to: string}} play */
  add({ slide, revision, page, from, to }) {
    const [start, end] = [Date.parse(from), Date.parse(to)];
    if (!(end >= start)) return;
    const kept = this.read(this.fresh);
    kept.lines.push([slide, revision, page, start, end, end - start, 1]);
    if (kept.lines.length > NEW || !this.write(this.fresh, kept)) this.age(kept.lines);
  }

  /** The page runs: called every half minute. What lies between two calls that are too far apart it did not see. */
  alive() {
    const now = this.now(), last = Number(this.storage.getItem(this.life) ?? 0);
    if (last > 0 && now - last > DARK) {
      const kept = this.read(this.old);
      this.write(this.old, { ...kept, off: [...kept.off ?? [], /** @type {[number, number]} */ ([last, now])].slice(-OFF_MOST) });
    }
    set(this.storage, this.life, String(now));
  }

  /** What is to be sent now, the same under the same name until it was taken; null when nothing waits. The older first. */
  batch() {
    const key = empty(this.read(this.old)) ? this.fresh : this.old, kept = this.read(key);
    if (empty(kept)) return null;
    const sending = kept.sending ?? { batch: this.name(), count: Math.min(BATCH, kept.lines.length), off: kept.off?.length ?? 0, lost: kept.lost ?? null };
    this.write(key, { ...kept, sending });
    return { batch: sending.batch,
      plays: kept.lines.slice(0, sending.count).map(([slide, revision, page, from, to, ms, times]) => ({ slide, revision, page, ms, times, ...span(from, to) })),
      ...sending.off ? { off: kept.off?.slice(0, sending.off).map(([from, to]) => span(from, to)) } : {},
      ...sending.lost ? { lost: { count: sending.lost.count, ...span(sending.lost.from, sending.lost.to) } } : {} };
  }

  /** The server has the batch of this name. `refused`: it will never take its lines, so they are told as lost. @param {string} batch */
  taken(batch, refused = false) {
    for (const key of [this.old, this.fresh]) {
      const { sending, ...kept } = this.read(key);
      if (sending?.batch !== batch) continue;
      const more = (kept.lost?.count ?? 0) - (sending.lost?.count ?? 0);
      const left = more > 0 && kept.lost ? { ...kept.lost, count: more } : null;
      this.write(key, { lines: kept.lines.slice(sending.count), off: kept.off?.slice(sending.off),
        lost: refused ? lost(left, kept.lines.slice(0, sending.count)) : left });
    }
  }

  /** Lines that have waited: what was added last is with them from now on. @param {Line[]} lines */
  age(lines) {
    const kept = this.read(this.old), held = kept.sending?.count ?? 0; // a batch on its way must stay what it is
    let waiting = squeeze([...kept.lines.slice(held), ...lines], HOUR);
    if (held + waiting.length > MOST) waiting = squeeze(waiting, DAY);
    let gone = /** @type {Line[]} */ ([]);
    const most = Math.max(0, MOST - held);
    if (waiting.length > most) { gone = waiting.slice(0, waiting.length - most); waiting = waiting.slice(waiting.length - most); }
    let told = { ...kept, lines: [...kept.lines.slice(0, held), ...waiting], lost: gone.length ? lost(kept.lost, gone) : kept.lost };
    for (let tries = 0; tries < 6 && !this.write(this.old, told); tries += 1) { // the storage is full of other things
      const day = squeeze(told.lines.slice(held), DAY);
      const half = day.slice(Math.ceil(day.length / 2));
      told = { ...told, lines: [...told.lines.slice(0, held), ...half], lost: lost(told.lost, day.slice(0, Math.ceil(day.length / 2))) };
    }
    this.storage.removeItem(this.fresh);
  }

  /** @param {string} key @returns {Kept} */
  read(key) {
    try {
      const kept = JSON.parse(this.storage.getItem(key) ?? "");
      return Array.isArray(kept?.lines) ? kept : { lines: [] };
    } catch {
      return { lines: [] };
    }
  }

  /** @param {string} key @param {Kept} kept */
  write(key, kept) {
    return set(this.storage, key, JSON.stringify(kept));
  }
}

/** One line of those of a page within `width` ms of the clock, where none lies further than its round from the one before. @param {Line[]} lines @param {number} width @returns {Line[]} */
export function squeeze(lines, width) {
  /** @type {Map<string, Line>} */ const open = new Map();
  /** @type {Line[]} */ const found = [];
  for (const line of [...lines].sort((one, other) => one[3] - other[3])) {
    const key = `${line[0]}.${line[1]}.${line[2]}.${Math.floor(line[3] / width)}`, before = open.get(key);
    if (before && line[3] - before[4] <= PAUSE) {
      before[4] = Math.max(before[4], line[4]);
      before[5] += line[5];
      before[6] += line[6];
    } else {
      /** @type {Line} */ const made = [...line];
      open.set(key, made);
      found.push(made);
    }
  }
  return found;
}

/** @param {Kept} kept */
function empty(kept) {
  return !kept.lines.length && !kept.off?.length && !kept.lost;
}

/** @param {number} from @param {number} to */
function span(from, to) {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** @param {Kept["lost"]} before @param {Line[]} lines */
function lost(before, lines) {
  if (!lines.length) return before ?? null;
  const [from, to] = [Math.min(...lines.map((line) => line[3])), Math.max(...lines.map((line) => line[4]))];
  const count = lines.reduce((sum, line) => sum + line[6], 0);
  return before ? { count: before.count + count, from: Math.min(before.from, from), to: Math.max(before.to, to) } : { count, from, to };
}

/** @param {Storage} storage @param {string} key @param {string} text */
function set(storage, key, text) {
  try {
    storage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

function unique() {
  return crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
}
