// @ts-check
/**
 * Timekeeper: asks the server for its sealed time at the start, once an hour, and whenever the clock has a doubt; and saves what the clock
 * knows, for a start without the server. Each question carries a word of its own, so that no earlier answer can stand for it.
 */
import { genuine } from "./seal.js";

const HOUR = 3_600_000;
const SAVE = 60_000;
const AGAIN = 15_000; // after a question that nobody answered
const SAMPLES = 3; // the quickest of them says it best

export class Timekeeper {
  /**
   * @param {{board: number, clock: import("./clock.js").Clock, keep: import("./keep.js").Keep, keys: () => string[], onChange: () => void,
   *   fetch?: typeof fetch}} given `onChange`: what may be shown now is perhaps something else
   */
  constructor({ board, clock, keep, keys, onChange, fetch: send = fetch.bind(globalThis) }) {
    this.board = board; this.clock = clock; this.keep = keep; this.keys = keys; this.onChange = onChange; this.send = send;
    this.next = -Infinity; // steady instants
    this.saved = -Infinity;
    this.asking = false;
    this.was = clock.trusted;
  }

  /** Four times a second: costs a comparison of clocks. */
  look() {
    const { clock } = this, steady = clock.steady();
    if (clock.look()) this.next = Math.min(this.next, this.asking ? steady + AGAIN : steady);
    if (steady >= this.next && !this.asking && this.keys().length) void this.ask();
    if (steady - this.saved >= SAVE) this.save();
    if (clock.trusted !== this.was) { this.was = clock.trusted; this.save(); this.onChange(); }
  }

  /** A ref was sealed at this time. @param {number} at */
  sealed(at) {
    if (this.clock.sealed(at)) this.next = Math.min(this.next, this.clock.steady());
  }

  async ask() {
    this.asking = true;
    let heard = 0;
    for (let count = 0; count < SAMPLES; count += 1) {
      if (!await this.once()) break;
      heard += 1;
    }
    this.next = this.clock.steady() + (heard ? HOUR : AGAIN);
    this.asking = false;
    if (heard) this.save();
  }

  async once() {
    const { clock } = this, nonce = word(), asked = clock.steady();
    try {
      const answer = await this.send(`/board/time?b=${this.board}&nonce=${nonce}`, { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(10_000) });
      const answered = clock.steady();
      if (!answer.ok) return false;
      const told = await answer.json();
      if (told.nonce !== nonce || !Number.isFinite(told.ms) || !this.keys().some((key) => genuine(told, key))) return false;
      clock.heard(told.ms, asked, answered);
      this.onChange();
      return true;
    } catch {
      return false; // the board goes on by its own clocks
    }
  }

  save() {
    this.saved = this.clock.steady();
    void this.keep.set(`kiosk-clock-${this.board}`, this.clock.kept());
  }
}

function word() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
