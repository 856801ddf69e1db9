// The ticker: never faster than anybody reads, still where it fits, gone with its notice.
import assert from "node:assert/strict";
import test from "node:test";
import { offset, running } from "../../static/board/ticker.js";

const at = Date.parse("2026-11-23T04:00:00Z");
const line = (text, revision, from = null, to = null) => ({ text, revision, from, to });

test("a text that fits stands still", () => {
  for (let second = 0; second < 60; second += 1) assert.equal(offset(at + second * 1000, 800, 900, 8), 0);
});

test("a longer one never moves faster than two and a half characters a second", () => {
  const u = 8;
  let before = offset(at, 4000, 1700, u);
  for (let step = 1; step < 4000; step += 1) {
    const now = offset(at + step * 50, 4000, 1700, u);
    if (now > before) assert.ok((now - before) / 0.05 <= 2.5 * 8 * u + 0.01);
    before = now;
    before = now;
  }
});

test("its end is shown and rests there, and so does its beginning", () => {
  const seen = Array.from({ length: 2000 }, (_, step) => offset(at + step * 50, 4000, 1700, 8));
  assert.equal(Math.max(...seen), 2300);
  assert.equal(Math.min(...seen), 0);
  assert.ok(seen.filter((each) => each === 2300).length * 50 >= 4000);
});

test("without motion it goes on in steps that leave a part of the line", () => {
  const seen = new Set(Array.from({ length: 4000 }, (_, step) => offset(at + step * 50, 4000, 1000, 8, true)));
  assert.deepEqual([...seen].sort((a, b) => a - b), [0, 800, 1600, 2400]);
});

test("what has ended, has not begun or was recalled is not in the line", () => {
  const tickers = [line("停水", 1), line("过去", 2, null, "2026-11-23T03:59:59Z"), line("将来", 3, "2026-11-23T04:00:01Z"), line("撤回", 4),
    line("义诊", 5, "2026-11-23T04:00:00Z", "2026-11-23T05:00:00Z")];
  assert.equal(running({ tickers }, new Set([4]), at), "停水　　义诊");
  assert.equal(running(null, new Set(), at), "");
  assert.equal(running({}, new Set(), at), "");
});
