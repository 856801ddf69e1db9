// What has the wall: an urgent insert beats everything and wakes the panel, hours beat the stop, the stop beats the programme.
import assert from "node:assert/strict";
import test from "node:test";

import { lit, scene, standing } from "../../static/board/scene.js";

const NOON = Date.parse("2026-11-23T04:00:00Z");
const after = (minutes) => new Date(NOON + minutes * 60_000).toISOString();
const insert = (id, from, to, drill = false) => ({ id, drill, headline: `第${id}号`, from: after(from), to: after(to) });
const span = (from, to) => ({ from: after(from), to: after(to) });

test("without anything told the programme plays, for ever", () => {
  assert.deepEqual(scene({}, NOON), { kind: "play", override: null, until: null });
});

test("an insert stands from its first instant to just before its last", () => {
  const told = { overrides: [insert(1, 0, 30)] };
  assert.equal(scene(told, NOON - 1).kind, "play");
  assert.equal(scene(told, NOON - 1).until, NOON);
  assert.equal(scene(told, NOON).kind, "override");
  assert.equal(scene(told, NOON + 30 * 60_000 - 1).kind, "override");
  assert.deepEqual(scene(told, NOON + 30 * 60_000), { kind: "play", override: null, until: null });
});

test("of two the newest stands; a real one before any drill", () => {
  assert.equal(standing([insert(1, 0, 30), insert(2, 0, 30)], NOON).id, 2);
  assert.equal(standing([insert(1, 0, 30), insert(2, 0, 30, true)], NOON).id, 1);
  assert.equal(standing([insert(1, 0, 30, true), insert(2, 0, 10, true)], NOON).id, 2);
  assert.equal(standing([insert(1, 0, 30), insert(2, 0, 10)], NOON + 15 * 60_000).id, 1);
});

test("an insert wakes the panel and stands although all is stopped", () => {
  assert.equal(scene({ overrides: [insert(1, 0, 30)], stopped: { since: after(-5) }, power: [span(-60, -10), span(60, 90)] }, NOON).kind, "override");
});

test("outside its hours the panel is off, also while all is stopped", () => {
  const power = [span(-60, 0), span(60, 90)];
  assert.equal(scene({ power }, NOON - 1).kind, "play");
  assert.deepEqual(scene({ power }, NOON), { kind: "asleep", override: null, until: NOON + 60 * 60_000 });
  assert.equal(scene({ power, stopped: { since: after(-5) } }, NOON).kind, "asleep");
  assert.equal(scene({ power }, NOON + 60 * 60_000).kind, "play");
});

test("whoever looks for the board wakes it for a while", () => {
  const power = [span(-60, -30), span(60, 90)];
  assert.deepEqual(scene({ power, awake: NOON + 20_000 }, NOON), { kind: "play", override: null, until: NOON + 20_000 });
  assert.equal(scene({ power, awake: NOON + 20_000 }, NOON + 20_000).kind, "asleep");
});

test("after the last hours that are known the panel is on: never dark by accident", () => {
  const power = [span(-60, -30), span(60, 90)];
  assert.equal(lit(power, NOON + 89 * 60_000), true);
  assert.equal(lit(power, NOON + 90 * 60_000), true);
  assert.equal(lit(power, NOON + 90_000 * 60_000), true);
  assert.equal(lit([], NOON), true);
});

test("a clock that is years behind does not keep the panel dark, a long holiday does", () => {
  const power = [span(10 * 24 * 60, 10 * 24 * 60 + 60)];
  assert.equal(lit(power, NOON), false);
  assert.equal(lit(power, Date.parse("1970-01-01T00:10:00Z")), true);
});

test("all stopped: the safe page", () => {
  assert.equal(scene({ stopped: { since: after(-5) } }, NOON).kind, "safe");
});

test("until is the next instant at which anything may change", () => {
  let at = NOON - 100 * 60_000;
  const told = { overrides: [insert(1, -20, -5), insert(2, -10, 5, true)], power: [span(-90, -15), span(-2, 3), span(10, 20)] };
  for (let step = 0; step < 50 && at !== null; step += 1) {
    const { until, ...now } = scene(told, at);
    for (const inside of [at + 1, Math.floor((at + (until ?? at + 1e9)) / 2), (until ?? at + 1e9) - 1]) {
      const { until: _, ...then } = scene(told, inside);
      assert.deepEqual(then, now);
    }
    at = until;
  }
  assert.equal(at, null);
});
