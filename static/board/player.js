// @ts-check
/**
 * Player: which page stands in a zone, and when the next comes. One question, asked four times a second and exactly when the answer ends:
 * what is due at this moment? A page stays for its dwell, or in step for its slot of the clock; it goes at once when it was itself
 * replaced, ended or recalled. A page that cannot be built is skipped for a minute and tried again. The next one is built ahead.
 */
import { nothing } from "./builtin.js";
import { MAIN, cycle, evergreen, following, nearest, programme, slot } from "./rotation.js";

const SKIP = 60_000;
const AHEAD = 3000;
const TURNED_BACK = 1000;
const UPDATING = "updating"; // it stands for a slide without showing it: no play to prove

/** @typedef {import("./rotation.js").Item} Item */
/** @typedef {{manifest: any, told: any, heard: number | null, from: number, until: number | null, order: string[], lines: Map<string, Item>}} Round what plays, over and over, from one instant to another */
/** @typedef {{line: Item, place: number, order: string[], began: number, ends: number}} Due a page, its place in the cycle, and its time */

export class Player {
  /**
   * @param {{stage: any, store: any, now: () => number, zone?: string, at?: (instant: number) => void, onPlay: (play: any) => void,
   *   onError: (error: string) => void, onShown: () => void, doubts?: () => boolean, heard?: () => number | null}} given
   *   `at`: look again exactly then; `doubts`: whether the time is not to be trusted; `heard`: when the server last spoke
   */
  constructor({ stage, store, now, zone = MAIN, at = () => {}, onPlay, onError, onShown, doubts = () => false, heard = () => null }) {
    this.doubts = doubts; this.heard = heard;
    this.stage = stage; this.store = store; this.now = now; this.zone = zone; this.at = at;
    this.onPlay = onPlay; this.onError = onError; this.onShown = onShown;
    /** @type {Item | null} */ this.current = null;
    this.since = 0; // since when it has been seen
    this.began = 0; // when its time began: in step perhaps before this board was there
    this.ends = 0;
    /** @type {string[]} */ this.order = [];
    this.place = -1;
    /** @type {Map<string, number>} */ this.skipped = new Map();
    /** @type {Round | null} */ this.held = null;
    /** @type {{manifest: any, told: any} | null} */ this.lasting = null;
    this.busy = false;
    this.pressing = false;
    this.paused = false;
    this.returning = false;
    this.empty = false;
    /** @type {string | undefined} */ this.rests = undefined;
    /** @type {any} */ this.dressed = null;
    /** @type {any[]} */ this.said = [];
  }

  /** One look. `urgent`: a recall just came in, or what covered the wall goes. */
  async look(urgent = false) {
    if (this.paused) return;
    if (this.busy) { this.pressing ||= urgent; return; }
    this.busy = true;
    try {
      await this.step(urgent);
    } finally {
      this.busy = false;
      if (this.pressing) { this.pressing = false; void this.look(true); }
    }
  }

  /** Something else has the wall: no play, no change. */
  pause() {
    if (this.paused) return;
    this.log();
    this.paused = true;
    this.stage.rest(true);
  }

  /** The wall is given back: with what is due now, and the page that stood has its whole time again. */
  async resume() {
    if (!this.paused) return;
    this.paused = false;
    this.begin(this.now());
    this.stage.rest(false);
    this.returning = true; // what changed meanwhile is not to be seen changing
    await this.look(true);
    this.returning = false;
  }

  /** The time of the page that stands begins anew: it was covered, or the PC's clock was put back by a year. @param {number} now */
  begin(now) {
    this.since = now;
    if (!this.store.manifest?.step && this.current) { this.began = now; this.ends = now + lasts(this.current); }
  }

  /** Go on where another player of the same programme was. @param {Player} other */
  follow(other) {
    this.order = other.order;
    this.place = other.place < 0 ? -1 : (other.place + other.order.length - 1) % other.order.length;
  }

  /** @param {boolean} urgent */
  async step(urgent) {
    const now = this.now();
    if (now < this.since - TURNED_BACK) this.begin(now);
    if (this.stage.stalled(performance.now())) this.stalled(now);
    const due = this.due(now);
    if (!due) await this.rest();
    else if (!this.stands(due)) await this.put(due, this.bare || this.returning || (urgent && this.current !== null && !this.listed(now)));
    else this.stay(due, now);
    this.ahead(this.now());
  }

  /** What is to stand at this moment. @param {number} moment @returns {Due | null} */
  due(moment) {
    const round = this.round(moment);
    return this.store.manifest?.step ? this.inStep(round, moment) : this.walking(round, moment);
  }

  /** The page of this slot of the clock; where it cannot be shown, the next that can, for the same slot. @param {Round} round @param {number} moment @returns {Due | null} */
  inStep({ order, lines }, moment) {
    if (!order.length) return null;
    const times = order.map((name) => lasts(lines.get(name)) / 1000);
    const { index, until } = slot(times, moment);
    const place = this.showable(order, lines, index, moment);
    return place < 0 ? null : { line: /** @type {Item} */ (lines.get(order[place])), place, order, began: until - Math.floor(times[index] * 1000 + 0.5), ends: until };
  }

  /** The page that stands, until its time is over; then the next. @param {Round} round @param {number} moment @returns {Due | null} */
  walking({ order, lines }, moment) {
    const here = this.current ? nearest(order, this.order[this.place], this.place) : -1;
    const line = here < 0 ? undefined : lines.get(order[here]);
    if (line && this.shows(line, moment) && (line.html !== this.current?.html || moment < this.ends)) {
      const began = line.html === this.current?.html ? this.began : moment;
      return { line, place: here, order, began, ends: began === this.began ? this.ends : began + lasts(line) };
    }
    const place = this.showable(order, lines, following(order, this.order, this.place) ?? 0, moment);
    const next = lines.get(order[place]);
    return next ? { line: next, place, order, began: moment, ends: moment + lasts(next) } : null;
  }

  /** The first place from here on whose page may be shown; -1 when none may. @param {string[]} order @param {Map<string, Item>} lines @param {number} from @param {number} moment */
  showable(order, lines, from, moment) {
    for (let step = 0; step < order.length; step += 1) {
      const place = (from + step) % order.length;
      if (this.shows(/** @type {Item} */ (lines.get(order[place])), moment)) return place;
    }
    return -1;
  }

  /** @param {Item} line @param {number} moment */
  shows(line, moment) {
    return !this.store.recalled.has(line.revision) && (this.skipped.get(line.html) ?? 0) <= moment;
  }

  /** Nothing was ever here: there is nothing to fade from. */
  get bare() {
    return this.current === null && !this.empty;
  }

  /** @param {Due} due */
  stands(due) {
    return this.current !== null && due.line.item === this.current.item && due.line.html === this.current.html;
  }

  /** Whether the page that stands may still stand. @param {number} moment */
  listed(moment) {
    const line = this.current && this.round(moment).lines.get(this.current.item);
    return Boolean(line && this.shows(line, moment));
  }

  /** The cycle of a moment. Reckoned anew when the programme changes, not at every look. @param {number} moment @returns {Round} */
  round(moment) {
    const { manifest } = this.store, held = this.held, told = this.told(manifest), heard = told?.items.some(asks) ? this.heard() : null;
    if (held && held.manifest === manifest && held.told === told && held.heard === heard && held.from <= moment && (held.until === null || moment < held.until)) return held;
    const { items, until } = told ? programme(told, moment, this.zone, heard) : { items: [], until: null };
    const named = new Set(items);
    const playing = (told?.items ?? []).filter((/** @type {Item} */ each) => (each.zone ?? MAIN) === this.zone && named.has(each.item));
    const lines = new Map(playing.map((/** @type {Item} */ each) => [each.item, each]));
    const round = { manifest, told, heard, from: moment, until, order: cycle(items.flatMap((name) => lines.get(name) ?? [])), lines };
    if (moment <= this.now()) this.held = round;
    return round;
  }

  /** The manifest as far as it may be shown. @param {any} manifest */
  told(manifest) {
    if (!manifest || !this.doubts()) return manifest;
    if (this.lasting?.manifest !== manifest) this.lasting = { manifest, told: evergreen(manifest) };
    return this.lasting.told;
  }

  /** Be there when the time of the page that stands ends, with what comes then built. @param {number} now */
  ahead(now) {
    const ends = Math.min(this.current ? this.ends : Infinity, this.round(now).until ?? Infinity);
    if (ends === Infinity || ends <= now) return;
    this.at(ends);
    if (ends - now > AHEAD) return;
    const next = this.due(ends);
    if (next && !this.stands(next)) void this.ready(next.line);
  }

  /** @param {Item} line */
  async ready(line) {
    try {
      await this.dress();
      await this.stage.prepare(line);
    } catch (error) {
      this.skip(line, /** @type {Error} */ (error));
    }
  }

  /**
   * The page that stands goes on; perhaps its time begins once more. Its bar and texts once a second, and when the manifest says another thing
   * of it.
   * @param {Due} due @param {number} now
   */
  stay(due, now) {
    if (due.began !== this.began || due.line.revision !== this.current?.revision) { this.log(); this.since = now; }
    this.take(due);
    const second = Math.floor((now - due.began) / 1000);
    if (this.said[0] === second && this.said[1] === due.line) return;
    this.said = [second, due.line];
    this.stage.refresh(Math.min(1, second * 1000 / (due.ends - due.began)), due.line);
  }

  /** @param {Due} due */
  take({ line, place, order, began, ends }) {
    Object.assign(this, { current: line, place, order, began, ends });
  }

  /** @param {Due} due @param {boolean} cut */
  async put(due, cut) {
    try {
      await this.dress();
      if (!await this.stage.show(due.line, { cut, wanted: () => !this.late(due) })) return;
    } catch (error) {
      this.skip(due.line, /** @type {Error} */ (error));
      if (this.current && (cut || this.store.recalled.has(this.current.revision))) await this.rest();
      return;
    }
    this.log();
    const now = this.now(), late = this.store.manifest?.step ? 0 : now - due.began; // what it took to build is not taken from its time
    this.since = now;
    this.take({ ...due, began: due.began + late, ends: due.ends + late });
    Object.assign(this, { empty: false, said: [] });
    this.onShown();
  }

  /** Whether another slot began while the page was built: then the others show another one. @param {Due} due */
  late(due) {
    const now = this.store.manifest?.step ? this.due(this.now()) : null;
    return now !== null && now.line.html !== due.line.html;
  }

  /** A page that cannot be shown. @param {Item} line @param {Error} error */
  skip(line, error) {
    if ((this.skipped.get(line.html) ?? 0) > this.now()) return;
    this.skipped.set(line.html, this.now() + SKIP);
    this.onError(`page ${line.item}: ${error.message}`);
  }

  /** A video that does not move is pushed on, and its page over; in step it has its slot. @param {number} now */
  stalled(now) {
    this.stage.rest(false);
    if (!this.store.manifest?.step) this.ends = Math.min(this.ends, now);
  }

  async dress() {
    if (!this.store.manifest || this.dressed === this.store.manifest.theme) return;
    const { theme } = this.store.manifest;
    await this.stage.dress(theme);
    this.dressed = theme;
  }

  /** Nothing may be shown: the built-in clock. */
  async rest() {
    const theme = this.store.ref?.panel?.theme;
    if (this.empty && this.rests === theme) return this.stage.refresh(0);
    await this.dress().catch(() => undefined);
    this.log();
    this.stage.showBuilt(nothing(this.store.ref?.face, new Date(this.now()), theme));
    Object.assign(this, { current: null, order: [], place: -1, empty: true, rests: theme });
    this.onShown();
  }

  log() {
    if (this.paused || !this.current || this.current.kind === UPDATING) return;
    this.onPlay({ slide: this.current.slide, revision: this.current.revision, page: this.current.page,
      from: new Date(this.since).toISOString(), to: new Date(this.now()).toISOString() });
  }
}

/** @param {Item} line */
function asks(line) {
  return line.confirm !== undefined;
}

/** Milliseconds of a page. @param {Item | undefined} line */
function lasts(line) {
  const dwell = line?.dwell;
  return Math.min(3600, Math.max(0.1, Number.isFinite(dwell) ? Number(dwell) : 12)) * 1000;
}
