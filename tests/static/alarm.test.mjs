// The alarm: at its instant, not before; the last one set counts.
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { Alarm } from "../../static/board/alarm.js";

const real = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
let now, timers, rung;

const pass = (until) => {
  for (;;) {
    const next = [...timers].filter(([, each]) => each.at <= until).sort(([, one], [, other]) => one.at - other.at)[0];
    if (!next) break;
    timers.delete(next[0]);
    now = Math.max(now, next[1].at);
    next[1].task();
  }
  now = until;
};
const alarm = (clock = () => now) => new Alarm(() => rung.push(now), clock);

beforeEach(() => {
  [now, timers, rung] = [0, new Map(), []];
  globalThis.setTimeout = (task, ms) => { const name = Symbol("timer"); timers.set(name, { at: now + Math.max(1, Math.min(ms, 2 ** 31 - 1)), task }); return name; };
  globalThis.clearTimeout = (name) => timers.delete(name);
});

afterEach(() => { globalThis.setTimeout = real.set; globalThis.clearTimeout = real.clear; });

test("it comes at the instant, and once", () => {
  const set = alarm();
  set.at(5000);
  set.at(5000);
  pass(60_000);
  assert.deepEqual(rung, [5000]);
});

test("the last one set counts", () => {
  const set = alarm();
  for (const instant of [5000, 2000, 7000]) set.at(instant);
  pass(10_000);
  assert.deepEqual(rung, [7000]);
  set.at(20_000);
  set.at(null);
  pass(30_000);
  assert.deepEqual(rung, [7000]);
});

test("where timers run faster than the clock it is not early", () => {
  alarm(() => Math.floor(now * 0.999)).at(1000);
  pass(2000);
  assert.ok(rung.length === 1 && Math.floor(rung[0] * 0.999) === 1000, rung);
});

test("an instant further away than timers reach", () => {
  alarm().at(40 * 86_400_000);
  pass(41 * 86_400_000);
  assert.deepEqual(rung, [40 * 86_400_000]);
});
