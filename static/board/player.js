// @ts-check
/**
 * Player: which page stands on the wall, and when the next comes. Looks four times a second at one answer: programme(manifest, now).
 * A page stays for its dwell; it goes at once when it was itself replaced, ended or recalled. A page that cannot be built is
 * skipped for a minute and tried again.
 */
import { nothing } from "./builtin.js";
import { following, programme } from "./rotation.js";

const SKIP = 60_000;
const UPDATING = "updating"; // it stands for a slide without showing it: no play to prove

export class Player {
  /** @param {{stage: any, store: any, now: () => number, onPlay: (play: any) => void, onError: (error: string) => void, onShown: () => void}} given */
  constructor({ stage, store, now, onPlay, onError, onShown }) {
    Object.assign(this, { stage, store, now, onPlay, onError, onShown });
    this.stage = stage; this.store = store; this.now = now; this.onPlay = onPlay; this.onError = onError; this.onShown = onShown;
    /** @type {any} */ this.current = null;
    this.since = 0;
    /** @type {string[]} */ this.order = [];
    /** @type {Map<string, number>} */ this.skipped = new Map();
    this.busy = false;
    this.empty = false;
    /** @type {string | undefined} */ this.rests = undefined;
    /** @type {any} */ this.dressed = null;
  }

  /** What may stand on the wall now, in order. */
  playing() {
    const { manifest, recalled } = this.store;
    if (!manifest) return [];
    const items = new Map(manifest.items.map((/** @type {any} */ each) => [each.item, each]));
    return programme(manifest, this.now()).items.map((item) => items.get(item))
      .filter((item) => item && !recalled.has(item.revision) && (this.skipped.get(item.html) ?? 0) < this.now());
  }

  /** One look. `urgent`: a recall just came in. */
  async look(urgent = false) {
    if (this.busy) { this.pressing ||= urgent; return; }
    this.busy = true;
    try {
      await this.step(urgent);
    } finally {
      this.busy = false;
      if (this.pressing) { this.pressing = false; void this.look(true); }
    }
  }

  /** @param {boolean} urgent */
  async step(urgent) {
    const items = this.playing();
    const same = this.current && items.find((each) => each.item === this.current.item);
    const gone = this.current !== null && !same;
    const replaced = Boolean(same && same.html !== this.current.html);
    const over = this.now() - this.since >= (this.current?.dwell ?? 0) * 1000 || this.stage.stalled(performance.now());
    if (!items.length) return this.rest(urgent);
    if (this.current && !gone && !replaced && !over) return this.stage.refresh((this.now() - this.since) / 1000 / this.current.dwell, same);
    const names = items.map((each) => each.item);
    const next = replaced ? same : items.find((each) => each.item === following(names, this.current?.item ?? null, this.order));
    if (!gone && !replaced && this.current && next.html === this.current.html && next.item === this.current.item) return this.stay(names);
    await this.put(next, names, gone && urgent);
  }

  /** The only page of the round begins anew. @param {string[]} names */
  stay(names) {
    this.log();
    this.since = this.now();
    this.order = names;
  }

  /** @param {any} item @param {string[]} names @param {boolean} cut */
  async put(item, names, cut) {
    try {
      await this.dress();
      if (!await this.stage.show(item, { cut })) return;
    } catch (error) {
      this.skipped.set(item.html, this.now() + SKIP);
      this.onError(`page ${item.item}: ${/** @type {Error} */ (error).message}`);
      if (this.current && (cut || this.store.recalled.has(this.current.revision))) this.rest(true);
      return;
    }
    this.log();
    Object.assign(this, { current: item, since: this.now(), order: names, empty: false });
    this.onShown();
  }

  async dress() {
    if (!this.store.manifest || this.dressed === this.store.manifest.theme) return;
    await this.stage.dress(this.store.manifest.theme);
    this.dressed = this.store.manifest.theme;
  }

  /** Nothing may be shown: the built-in clock, at once when something had to go. @param {boolean} urgent */
  async rest(urgent) {
    const theme = this.store.ref?.panel?.theme;
    if (this.empty && this.rests === theme) return urgent || this.stage.refresh(0);
    await this.dress().catch(() => undefined);
    if (!this.empty || this.rests !== theme) {
      this.log();
      this.stage.showBuilt(nothing(this.store.ref?.face, new Date(this.now()), theme));
      Object.assign(this, { current: null, empty: true, rests: theme });
      this.onShown();
    }
  }

  log() {
    if (!this.current || this.current.kind === UPDATING) return;
    this.onPlay({ slide: this.current.slide, revision: this.current.revision, page: this.current.page,
      from: new Date(this.since).toISOString(), to: new Date(this.now()).toISOString() });
  }
}
