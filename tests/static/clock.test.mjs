// The clock a board goes by: whatever its PC's clock does, nothing that has ended is shown.
import assert from "node:assert/strict";
import test from "node:test";

import { BEYOND, Clock, GRACE } from "../../static/board/clock.js";

const NOON = Date.parse("2026-12-01T04:00:00Z");
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** A PC: true time, and by how much its clock is off. */
class Pc {
  constructor({ at = NOON, off = 0, rate = 1 } = {}) { Object.assign(this, { at, off, rate, run: 0, began: at }); }

  wall = () => this.at + this.off;

  steady = () => this.run;

  pass(ms) { this.at += ms; this.run += ms * this.rate; }

  /** The PC sleeps: its steady clock too. */
  sleep(ms) { this.at += ms; }

  start(kept = null) { this.run = 1000; return new Clock({ wall: this.wall, steady: this.steady, kept }); }

  /** Ask the server over a link that takes so long. */
  ask(clock, there = 5, back = 5) {
    const asked = this.steady();
    this.pass(there);
    const told = this.at;
    this.pass(back);
    clock.heard(told, asked, this.steady());
  }
}

test("a good clock is taken as it is", () => {
  const pc = new Pc();
  const clock = pc.start();
  pc.ask(clock);
  pc.pass(HOUR);
  assert.equal(clock.now(), pc.at);
  assert.equal(clock.skew, 0);
  assert.ok(clock.trusted);
});

for (const [say, off] of [["1970", -NOON], ["2099", Date.parse("2099-01-01") - NOON], ["a day fast", DAY], ["a day slow", -DAY]]) {
  test(`a clock of ${say} is put right by the server, and told`, () => {
    const pc = new Pc({ off });
    const clock = pc.start();
    pc.ask(clock);
    pc.pass(3 * HOUR);
    assert.ok(Math.abs(clock.now() - pc.at) < 2000);
    assert.ok(Math.abs(clock.skew - off) < 2000);
    assert.ok(clock.trusted);
  });

  test(`after a start without the server a clock of ${say} shows nothing that has ended`, () => {
    const pc = new Pc();
    const before = pc.start();
    pc.ask(before);
    const kept = before.kept();
    pc.pass(2 * MINUTE);
    pc.off = off;
    const clock = pc.start(kept);
    assert.equal(clock.trusted, off > 0 && off < BEYOND); // a fast clock takes down too early, never too late
    assert.ok(clock.now() >= kept.at);
    if (!clock.trusted) { pc.pass(HOUR); assert.ok(clock.now() >= kept.at + HOUR - 1000 && clock.now() <= pc.at); }
  });
}

test("a clock that was known to be wrong is not believed at the next start either", () => {
  const pc = new Pc({ off: -HOUR });
  const before = pc.start();
  pc.ask(before);
  pc.pass(DAY);
  const kept = before.kept(), clock = pc.start(kept);
  assert.equal(clock.trusted, false);
  assert.equal(clock.skew, kept.skew);
  assert.ok(clock.skew < -HOUR + MINUTE);
});

test("a board without power over a weekend, with a good clock, goes on by it", () => {
  const pc = new Pc();
  const before = pc.start();
  pc.ask(before);
  const kept = before.kept();
  pc.sleep(3 * DAY);
  const clock = pc.start(kept);
  assert.equal(clock.now(), pc.at);
  assert.ok(clock.trusted);
});

test("put back while it runs, the clock is not followed", () => {
  const pc = new Pc();
  const clock = pc.start();
  pc.ask(clock);
  pc.off = -DAY;
  assert.equal(clock.look(), true);
  pc.pass(HOUR);
  assert.ok(Math.abs(clock.now() - pc.at) < 2000);
  assert.ok(clock.trusted);
  assert.equal(clock.look(), false);
});

test("put forward while it runs, or asleep, it is doubted until the server has spoken", () => {
  const pc = new Pc();
  const clock = pc.start();
  pc.ask(clock);
  pc.sleep(HOUR);
  assert.equal(clock.look(), true);
  assert.ok(clock.trusted, "the server is asked first");
  pc.pass(GRACE);
  assert.equal(clock.trusted, false);
  pc.ask(clock);
  assert.ok(clock.trusted);
  assert.ok(Math.abs(clock.now() - pc.at) < 20);
});

test("without any word of the server a jump is doubted either way", () => {
  for (const off of [DAY, -DAY]) {
    const pc = new Pc();
    const clock = pc.start({ at: NOON - HOUR });
    assert.ok(clock.trusted);
    pc.off = off;
    clock.look();
    pc.pass(GRACE);
    assert.equal(clock.trusted, false);
    assert.ok(Math.abs(clock.now() - pc.at) < 1000);
  }
});

test("a clock put right by some minutes is followed while nobody knows better", () => {
  const pc = new Pc({ off: -4 * MINUTE });
  const clock = pc.start({ at: NOON - HOUR });
  pc.off = 0;
  assert.equal(clock.look(), true);
  assert.equal(clock.now(), pc.at);
});

test("a ref that was sealed later than the clock says moves it, and is not trusted for it", () => {
  const pc = new Pc({ off: -DAY });
  const clock = pc.start();
  assert.ok(clock.trusted, "a new board knows nothing yet");
  assert.equal(clock.sealed(pc.at - 10 * MINUTE), true);
  assert.equal(clock.trusted, false);
  assert.ok(clock.now() >= pc.at - 10 * MINUTE);
  pc.ask(clock);
  assert.ok(clock.trusted);
});

test("a server whose own clock was put right is followed back", () => {
  const pc = new Pc();
  const clock = pc.start();
  clock.heard(pc.at + 365 * DAY, 1000, 1010);
  assert.ok(clock.now() > pc.at + 364 * DAY);
  pc.ask(clock);
  assert.ok(Math.abs(clock.now() - pc.at) < 20);
  assert.ok(clock.kept().at < pc.at + 1000);
});

test("what was kept and makes no sense is not taken", () => {
  for (const kept of [{}, { at: "x", skew: "y" }, { at: NaN, skew: Infinity }, { at: null }]) {
    const pc = new Pc();
    assert.equal(new Clock({ wall: pc.wall, steady: pc.steady, kept }).now(), pc.at);
  }
});

test("many answers over a slow line come as near as the quickest of them", () => {
  const pc = new Pc({ off: 7 * HOUR });
  const clock = pc.start();
  for (const [there, back] of [[400, 20], [30, 500], [10, 12], [900, 5]]) { pc.ask(clock, there, back); pc.pass(MINUTE); }
  assert.ok(Math.abs(clock.now() - pc.at) < 60);
});

/** A dice that throws the same again. */
function dice(seed) {
  let state = seed;
  return () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
}

test("in 500 lives of a board, whatever happens: while it is trusted, nothing is shown a minute after its end", () => {
  let doubted = 0, trusted = 0;
  for (let seed = 1; seed <= 500; seed += 1) {
    const throws = dice(seed), pick = (values) => values[Math.floor(throws() * values.length)];
    const pc = new Pc({ rate: 1 + (throws() - 0.5) * 1e-4 });
    let clock = pc.start();
    pc.ask(clock);
    for (let step = 0; step < 60; step += 1) {
      const act = pick(["pass", "pass", "pass", "ask", "wild", "right", "start", "sleep"]);
      if (act === "pass") pc.pass(throws() * 6 * HOUR);
      if (act === "ask") pc.ask(clock, throws() * 300, throws() * 300);
      if (act === "wild") pc.off = pick([-pc.at, DAY, -DAY, HOUR, -HOUR, 50 * 365 * DAY]);
      if (act === "right") pc.off = 0;
      if (act === "sleep") pc.sleep(throws() * 10 * HOUR);
      if (act === "start") { // the page saves its time every minute; without power for at most as long as its clock stays put
        const kept = clock.kept();
        const known = clock.skew;
        pc.pass(throws() * MINUTE);
        if (Math.abs((known ?? 0) - pc.off) > HOUR) pc.off = pick([0, pc.off]);
        clock = pc.start(kept);
      }
      clock.look();
      pc.pass(GRACE + 1);
      clock.look();
      if (!clock.trusted) { doubted += 1; continue; }
      trusted += 1;
      assert.ok(clock.now() >= pc.at - 2 * MINUTE, `seed ${seed} step ${step} ${act}: ${(clock.now() - pc.at) / 1000} s`);
    }
  }
  assert.ok(trusted > 5000 && doubted > 1000, `${trusted} ${doubted}`);
});
