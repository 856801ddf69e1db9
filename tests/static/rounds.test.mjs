/** Rounds: the fewest items, the longest first, and never all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { advice } from "../../static/staff/rounds.js";

const items = (...seconds) => seconds.map((each, at) => ({ name: String(at), seconds: each }));
const names = (told) => told.move.map((each) => each.name).join("");

test("a short round asks for nothing", () => {
  assert.deepEqual(advice(items(60, 90), 0, 300), { move: [], left: 150, enough: true });
});

test("the longest item is moved first, and no more than it takes", () => {
  const told = advice(items(60, 200, 120, 40), 0, 300);
  assert.equal(names(told), "1");
  assert.deepEqual([told.left, told.enough], [220, true]);
});

test("what else the board plays counts", () => {
  assert.equal(names(advice(items(60, 200, 120), 200, 300)), "12");
});

test("after three it is said that several lists are needed", () => {
  const told = advice(items(200, 200, 200, 200, 200, 200), 0, 300);
  assert.equal(names(told), "012");
  assert.deepEqual([told.left, told.enough], [600, false]);
});

test("an item alone on its board is not moved away", () => {
  assert.deepEqual(advice(items(600), 0, 300), { move: [], left: 600, enough: false });
  assert.equal(names(advice(items(600), 100, 300)), "0");
});
