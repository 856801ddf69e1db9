// The board's half of tests/contracts/programme.json; the server's half is tests/signage/test_schedule.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { cycle, following, programme, slot } from "../../static/board/rotation.js";

const told = JSON.parse(readFileSync(new URL("../contracts/programme.json", import.meta.url), "utf8"));

for (const { say, order, windows, fallback, moments } of told.programmes) {
  test(say, () => {
    const manifest = { items: order.map((item) => ({ item })), windows, fallback };
    for (const { at, items, until } of moments) {
      const found = programme(manifest, Date.parse(at));
      assert.deepEqual(found.items, items, at);
      assert.equal(found.until, until === null ? null : Date.parse(until), at);
    }
  });
}

for (const { say, lines, cycle: order } of told.cycles) {
  test(say, () => assert.deepEqual(cycle(lines), order));
}

for (const { say, dwells, at, index, until } of told.slots) {
  test(say, () => assert.deepEqual(slot(dwells, at), { index, until }));
}

for (const { say, items, current, before, next } of told.following) {
  test(say, () => assert.equal(following(items, current, before), next));
}

test("a round that changes on the way reaches every item", () => {
  let [items, current, order] = [["1", "2", "3", "4"], null, []];
  const seen = [];
  for (let step = 0; step < 4; step += 1) {
    const next = following(items, current, order);
    [current, order] = [next, items];
    seen.push(next);
    items = items.filter((each) => each !== next).concat(next); // what was shown moves to the end, over and over
  }
  assert.equal(new Set(seen).size, 4);
});
