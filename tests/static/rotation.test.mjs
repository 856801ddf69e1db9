// The board's half of tests/contracts/programme.json; the server's half is tests/signage/test_schedule.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { cycle, evergreen, following, programme, slot } from "../../static/board/rotation.js";

const told = JSON.parse(readFileSync(new URL("../contracts/programme.json", import.meta.url), "utf8"));

for (const { say, order, windows, fallback, moments, confirm = {}, heard } of told.programmes) {
  test(say, () => {
    const manifest = { items: order.map((item) => ({ item, ...item in confirm ? { confirm: confirm[item] } : {} })), windows, fallback };
    for (const { at, items, until } of moments) {
      const found = programme(manifest, Date.parse(at), "main", heard ? Date.parse(heard) : null);
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

for (const { say, order, before, place, next } of told.following) {
  test(say, () => assert.equal(following(order, before, place), next));
}

test("while the time is doubted only what has no end, and needs nobody's word, plays", () => {
  const from = "2026-11-23T04:00:00Z";
  const manifest = { items: ["1.1", "2.1", "3.1", "4.1"].map((item) => ({ item, ...item === "4.1" ? { confirm: 60 } : {} })), fallback: [],
    windows: [{ items: ["1.1", "4.1"], from: null, to: null }, { items: ["2.1"], from: null, to: "2090-01-01T00:00:00Z", priority: 2 }, { items: ["3.1"], from, to: null }],
    tickers: [{ text: "a", to: null }, { text: "b", to: "2090-01-01T00:00:00Z" }] };
  const told = evergreen(manifest);
  assert.deepEqual(programme(told, Date.parse(from) - 1, "main", 0).items, ["1.1"]);
  assert.deepEqual(programme(told, Date.parse(from), "main", 0).items, ["1.1", "3.1"]);
  assert.deepEqual(told.tickers.map(({ text }) => text), ["a"]);
});

test("a round that changes on the way reaches every item", () => {
  let [order, place, before] = [["1", "2", "3", "4"], -1, []];
  const seen = [];
  for (let step = 0; step < 4; step += 1) {
    const next = following(order, before, place);
    [place, before] = [next, order];
    seen.push(order[next]);
    order = order.filter((each) => each !== seen.at(-1)).concat(seen.at(-1)); // what was shown moves to the end, over and over
  }
  assert.equal(new Set(seen).size, 4);
});

test("a round with weights comes round as it stands", () => {
  const order = cycle([{ item: "1.1", dwell: 10, weight: 2 }, { item: "2.1", dwell: 10 }, { item: "3.1", dwell: 10 }]);
  let [place, seen] = [-1, []];
  for (let step = 0; step < 2 * order.length; step += 1) {
    place = following(order, order, place);
    seen.push(order[place]);
  }
  assert.deepEqual(seen, [...order, ...order]);
});
