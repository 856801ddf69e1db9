// @ts-check
/**
 * Clock: the time a board goes by. A PC's clock may be wild (1970, a day off, put anew while the page runs), so it is believed only within
 * what is known better: the server's sealed word, carried on by the browser's steady clock. Where both agree the PC's clock is taken as it is,
 * so that boards in step with good clocks agree to the millisecond.
 *
 * Never before the latest time that was sealed or saved. After a start without a server the PC's clock is believed when it is not before that
 * floor, nor too far beyond, and was right when the server last said so; else time goes on from the floor, and is doubted: then only pages
 * without an end may be shown. Pure: both clocks are passed in. All figures in ms.
 */

export const JUMP = 600_000; // the PC's clock against the steady one: more is no drift
export const BEYOND = 35 * 86_400_000; // how long a board may have been without power and without its server: the horizon of the windows
export const GRACE = 3000; // after a jump the server is asked first
export const ASIDE = 5000; // the server is asked
const DRIFT = 1e-4; // of a cheap PC's steady clock
const SLOW = 10_000; // an answer that took longer tells little

/** @typedef {{at?: number, skew?: number | null, heard?: number, good?: boolean}} Kept the last time that was known, how wrong the PC's clock was, when the server last spoke */
/** @typedef {{lo: number, hi: number, since: number, sure: boolean, good: boolean, wall: number}} Anchor true time minus steady time; `wall`: the PC's clock minus steady then */

export class Clock {
  /** @param {{wall?: () => number, steady?: () => number, kept?: Kept | null}} [given] */
  constructor({ wall = Date.now, steady = () => performance.now(), kept = null } = {}) {
    this.wall = wall;
    this.steady = steady;
    this.floor = number(kept?.at) ?? 0;
    this.known = number(kept?.skew);
    this.sound = kept?.good !== false && Math.abs(this.known ?? 0) < JUMP; // what was doubted when the power went is doubted still
    this.heardAt = number(kept?.heard) ?? 0; // true time of the server's last sealed word
    /** @type {number | null} */ this.doubted = null;
    this.now = this.now.bind(this);
    /** @type {Anchor} */ this.anchor = this.guess();
  }

  /** The time to go by. */
  now() {
    const { lo, hi, since } = this.anchor, steady = this.steady(), wide = (steady - since) * DRIFT, wall = this.wall();
    if (wall >= lo + steady - wide && wall <= hi + steady + wide) return wall;
    const middle = (lo + hi) / 2, ahead = wall - steady - this.anchor.wall; // the PC may have slept for a moment: rather too late than too early
    return steady + middle + (ahead > ASIDE && ahead <= JUMP ? ahead : 0);
  }

  /** Whether pages with an end may be shown by it. */
  get trusted() {
    return this.anchor.good && (this.doubted === null || this.steady() - this.doubted < GRACE);
  }

  /** How far the PC's clock is ahead; null while nobody has said. */
  get skew() {
    return this.anchor.sure ? Math.round(this.wall() - this.now()) : this.known;
  }

  /** The server's sealed word, asked for and answered at these steady instants. @param {number} at @param {number} asked @param {number} answered */
  heard(at, asked, answered) {
    if (answered - asked > SLOW && this.anchor.sure && this.doubted === null) return;
    const before = this.anchor, wide = (answered - before.since) * DRIFT;
    const told = { lo: at - answered, hi: at - asked };
    const both = { lo: Math.max(told.lo, before.lo - wide), hi: Math.min(told.hi, before.hi + wide) };
    const { lo, hi } = before.sure && this.doubted === null && both.lo <= both.hi ? both : told;
    this.anchor = { lo, hi, since: answered, sure: true, good: true, wall: this.wall() - answered };
    this.doubted = null;
    this.heardAt = at;
    this.floor = at; // whoever seals knows best, also when it was wrong before
  }

  /** A ref that was sealed at this time: it is later than that now. @param {number} at @returns {boolean} whether the server should be asked */
  sealed(at) {
    if (!Number.isFinite(at)) return false;
    this.heardAt = Math.max(this.heardAt, at);
    this.floor = Math.max(this.floor, at);
    if (this.anchor.sure) return at > this.now() + JUMP;
    if (!this.anchor.good || this.now() < at) this.anchor = this.guess();
    return true;
  }

  /** One look at both clocks. @returns {boolean} whether the PC's clock jumped, and the server should be asked */
  look() {
    const { anchor } = this, off = this.wall() - this.steady(), jump = off - anchor.wall;
    if (Math.abs(jump) <= ASIDE) return false;
    const aside = this.now() - this.steady() - (anchor.lo + anchor.hi) / 2;
    anchor.wall = off;
    if (Math.abs(jump) <= JUMP) { // now() has gone along with it, and goes on from there
      if (anchor.sure || !anchor.good) this.anchor = { ...anchor, lo: anchor.lo + Math.max(0, aside), hi: anchor.hi + Math.max(0, aside) };
      return true;
    }
    // Put back, while the server's word is known: the steady clock is right. Put forward, the PC may have slept, and the steady clock with it.
    if (!anchor.sure || jump > 0) this.doubted ??= this.steady();
    if (!anchor.sure) this.anchor = { ...anchor, lo: (anchor.lo + anchor.hi) / 2, hi: (anchor.lo + anchor.hi) / 2 };
    return true;
  }

  /** What is to be remembered. @returns {Kept} */
  kept() {
    return { at: Math.max(this.floor, this.now()), skew: this.skew, heard: this.heardAt, good: this.anchor.good && this.doubted === null };
  }

  /** Without any word of the server since the page began. @returns {Anchor} */
  guess() {
    const wall = this.wall(), since = this.steady();
    if (this.sound && this.fits(wall)) return { lo: wall - since - JUMP, hi: wall - since + JUMP, since, sure: false, good: true, wall: wall - since };
    const righted = wall - (this.known ?? 0), at = this.fits(righted) ? righted : this.floor;
    return { lo: at - since, hi: at - since, since, sure: false, good: false, wall: wall - since };
  }

  /** @param {number} at */
  fits(at) {
    return at >= this.floor && (this.floor === 0 || at <= this.floor + BEYOND);
  }
}

/** @param {unknown} value */
function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
