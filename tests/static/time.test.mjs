// Time as the wall says it: the office's, whatever zone the PC is set to.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";

import { clock, day, longDay, lunar } from "../../static/shared/time.js";

test("the clock is the office's, with two digits", () => {
  assert.equal(clock(new Date("2026-11-23T00:05:00Z")), "08:05");
  assert.equal(clock(new Date("2026-11-23T16:00:00Z")), "00:00");
});

test("the day changes at the office's midnight", () => {
  assert.equal(day(new Date("2026-11-22T15:59:59Z")), "11月22日 星期日");
  assert.equal(day(new Date("2026-11-22T16:00:00Z")), "11月23日 星期一");
});

test("an upright board says 周 for 星期", () => {
  assert.equal(day(new Date("2026-11-23T04:00:00Z"), true), "11月23日 周一");
});

test("the long form has the year", () => {
  assert.equal(longDay(new Date("2027-01-01T04:00:00Z")), "2027年1月1日　星期五");
});

for (const [iso, said] of [["2026-02-17", "农历正月初一"], ["2026-11-23", "农历十月十五"], ["2025-07-25", "农历闰六月初一"], ["2027-02-05", "农历腊月廿九"]]) {
  test(`${iso} is ${said}`, () => assert.equal(lunar(new Date(`${iso}T04:00:00Z`)), said));
}

test("a PC in another zone says the same", () => {
  const script = `import("${new URL("../../static/shared/time.js", import.meta.url)}").then(({ clock, day, lunar }) => {
    const at = new Date("2026-11-22T17:30:00Z"); console.log(clock(at), day(at), lunar(at)); });`;
  const answers = ["America/Los_Angeles", "UTC", "Asia/Shanghai"].map((TZ) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", script], { env: { ...process.env, TZ }, encoding: "utf8" }).stdout.trim());
  assert.deepEqual(new Set(answers), new Set(["01:30 11月23日 星期一 农历十月十五"]));
});
