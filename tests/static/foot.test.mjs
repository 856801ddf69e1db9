// The foot: the sign of an overdue topic comes by the board's own clock, at the very instant; what is not said is empty.
import assert from "node:assert/strict";
import test from "node:test";
import { foot, late } from "../../static/board/foot.js";

const AT = "2026-10-15T16:00:00Z"; // midnight in the office
const at = (/** @type {number} */ seconds) => new Date(Date.parse(AT) + seconds * 1000);

test("a second before midnight the page is as ever, at midnight the sign stands", () => {
  const item = { disclosed: "2026-07-15", due: "2026-10-15", late_from: AT };
  assert.equal(foot(item, at(-1)).mark, "");
  assert.equal(foot(item, at(0)).mark, "更新中");
  assert.deepEqual([foot(item, at(0)).disclosed, foot(item, at(0)).due], ["2026-07-15", "2026-10-15"]);
});

test("an item that names no instant is never late", () => {
  assert.equal(late({}, at(1e9)), false);
  assert.equal(late(null, at(0)), false);
});

test("the day of confirmation is said as people say it, and with the year where it is another one", () => {
  assert.equal(foot({ confirmed: "2026-04-09" }, at(0)).confirmed, "4月9日确认");
  assert.equal(foot({ confirmed: "2025-12-20" }, at(0)).confirmed, "2025-12-20确认");
  assert.equal(foot({ confirmed: "2026-04-09" }, at(0))["confirmed-on"], "2026-04-09");
});

test("the year is the office's, whatever zone the PC is in", () => {
  assert.equal(foot({ confirmed: "2027-01-01" }, new Date("2026-12-31T16:30:00Z")).confirmed, "1月1日确认");
});

test("what an item does not say is empty, so that nothing stays of the page before", () => {
  for (const item of [{}, null, undefined]) assert.deepEqual(new Set(Object.values(foot(item, at(0)))), new Set([""]));
});
