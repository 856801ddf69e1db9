// What a board must not lose is kept twice; either heals the other.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { Keep } from "../../static/board/keep.js";
import { FakeCaches, FakeStorage } from "./fakes.mjs";

let storage, caches;
const KEY = "kiosk-key-3";
const kept = () => new Keep({ storage, caches });

beforeEach(() => {
  storage = new FakeStorage();
  caches = new FakeCaches();
});

test("what was kept is read at once and after a start", async () => {
  const keep = kept();
  await keep.set(KEY, { keys: ["a"] });
  assert.deepEqual(keep.get(KEY).keys, ["a"]);
  assert.deepEqual(kept().get(KEY).keys, ["a"]);
});

for (const [say, damage] of [["deleted", () => storage.removeItem(KEY)], ["zeroed", () => storage.setItem(KEY, "\0\0\0")], ["truncated", () => storage.setItem(KEY, "{\"keys\":[")]]) {
  test(`a ${say} Local Storage is healed by the cache`, async () => {
    await kept().set(KEY, { keys: ["a"] });
    damage();
    const keep = kept();
    await keep.heal([KEY]);
    assert.deepEqual(keep.get(KEY).keys, ["a"]);
    assert.deepEqual(JSON.parse(storage.getItem(KEY)).keys, ["a"]);
  });
}

test("a cache that was emptied is healed by Local Storage", async () => {
  await kept().set(KEY, { keys: ["a"] });
  caches.kept.clear();
  await kept().heal([KEY]);
  await new Promise((resolve) => { setTimeout(resolve, 10); });
  storage.removeItem(KEY);
  const keep = kept();
  await keep.heal([KEY]);
  assert.deepEqual(keep.get(KEY).keys, ["a"]);
});

test("of two the one that was written later wins", async () => {
  const keep = kept();
  await keep.set(KEY, { keys: ["a"] });
  const old = storage.getItem(KEY);
  await keep.set(KEY, { keys: ["b"] });
  storage.setItem(KEY, old); // Local Storage lost its last writing
  const again = kept();
  await again.heal([KEY]);
  assert.deepEqual(again.get(KEY).keys, ["b"]);
});

test("a storage that takes nothing, and a cache that throws or is not there, cost nothing but the next start", async () => {
  storage.setItem = () => { throw new Error("QuotaExceededError"); };
  for (const none of [undefined, { open: async () => { throw new Error("corrupt"); } }]) {
    const keep = new Keep({ storage, caches: none });
    await keep.heal([KEY]);
    await keep.set(KEY, { keys: ["a"] });
    assert.deepEqual(keep.get(KEY).keys, ["a"]);
  }
});
