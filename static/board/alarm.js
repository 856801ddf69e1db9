// @ts-check
/** Alarm: a task at an exact instant of the wall clock; the last one set counts. */

const LONGEST = 3_600_000; // a clock may be put right meanwhile

export class Alarm {
  /** @param {() => void} task @param {() => number} [now] */
  constructor(task, now = Date.now) {
    this.task = task;
    this.now = now;
    /** @type {number | null} */ this.instant = null;
    /** @type {any} */ this.timer = 0;
    this.at = this.at.bind(this);
  }

  /** @param {number | null} instant milliseconds; null: never */
  at(instant) {
    if (instant === this.instant) return;
    clearTimeout(this.timer);
    this.instant = instant;
    if (instant !== null) this.wait(instant);
  }

  /** @param {number} instant */
  wait(instant) {
    this.timer = setTimeout(() => {
      if (this.now() < instant) return this.wait(instant); // timers run by another clock, and may come early
      this.instant = null;
      this.task();
    }, Math.min(LONGEST, Math.max(0, instant - this.now())));
  }
}
