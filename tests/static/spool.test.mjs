// The spool: plays wait until the server has them, a long time off line becomes fewer lines, and nothing is lost in silence.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { FakeStorage } from "./fakes.mjs";
import { DAY, HOUR, MOST, Spool, squeeze } from "../../static/board/spool.js";

const NOON = Date.parse("2026-11-23T04:00:00Z");
let storage, at, names;

const spool = () => new Spool({ board: 1, storage, now: () => at, name: () => `b${names += 1}` });
const iso = (ms) => new Date(ms).toISOString();
const play = (from, page = 1, seconds = 12) => ({ slide: 7, revision: 9, page, from: iso(from), to: iso(from + seconds * 1000) });

beforeEach(() => { storage = new FakeStorage(); at = NOON; names = 0; });

test("a play is sent under one name until it is taken, and then no more", () => {
  const waiting = spool();
  waiting.add(play(NOON));
  const first = waiting.batch();
  assert.equal(first.plays.length, 1);
  assert.deepEqual(first.plays[0], { slide: 7, revision: 9, page: 1, from: iso(NOON), to: iso(NOON + 12_000), ms: 12_000, times: 1 });
  waiting.add(play(NOON + 12_000, 2));
  assert.deepEqual(spool().batch(), first, "the same after a restart, though more has come");
  waiting.taken(first.batch);
  assert.deepEqual(waiting.batch().plays.map((each) => each.page), [2]);
  waiting.taken("b2");
  assert.equal(waiting.batch(), null);
});

test("a month off line stays in bounds, and every second of it is told", () => {
  const waiting = spool();
  for (let ms = 0; ms < 30 * DAY; ms += 120_000) for (const page of [1, 2]) waiting.add(play(NOON + ms + page * 12_000, page));
  let told = 0, times = 0, batches = 0;
  for (let batch = waiting.batch(); batch; batch = waiting.batch()) {
    assert.equal(batch.lost, undefined);
    for (const each of batch.plays) { told += each.ms; times += each.times; }
    waiting.taken(batch.batch);
    batches += 1;
  }
  assert.equal(times, 2 * 30 * 720);
  assert.equal(told, times * 12_000);
  assert.ok(batches < 12, `${batches} batches`);
});

test("a pause longer than a round is no part of a merged line", () => {
  const lines = [0, 5, 10, 40].map((minutes) => [7, 9, 1, NOON + minutes * 60_000, NOON + minutes * 60_000 + 12_000, 12_000, 1]);
  assert.deepEqual(squeeze(lines, HOUR).map((each) => each[6]), [3, 1]);
  assert.deepEqual(squeeze(lines, DAY).map((each) => each[6]), [3, 1]);
});

test("what does not fit any more is counted, with the time it is of", () => {
  const waiting = spool();
  const step = HOUR; // never to be joined: every line is an hour from the next
  for (let n = 0; n < MOST + 700; n += 1) waiting.add(play(NOON + n * step));
  let lost = 0, kept = 0, from = "";
  for (let batch = waiting.batch(); batch; batch = waiting.batch()) {
    if (batch.lost) { lost += batch.lost.count; from ||= batch.lost.from; }
    kept += batch.plays.length;
    waiting.taken(batch.batch);
  }
  assert.equal(kept + lost, MOST + 700);
  assert.ok(lost > 0);
  assert.equal(from, iso(NOON));
});

test("a storage full of other things loses the oldest, and says how many", () => {
  const waiting = spool();
  for (let n = 0; n < 200; n += 1) waiting.add(play(NOON + n * HOUR));
  const room = storage.setItem.bind(storage);
  storage.setItem = (key, text) => { if (text.length > 4000) throw new Error("quota"); room(key, text); };
  waiting.add(play(NOON + 200 * HOUR));
  let lost = 0, kept = 0;
  for (let batch = waiting.batch(); batch; batch = waiting.batch()) { lost += batch.lost?.count ?? 0; kept += batch.plays.length; waiting.taken(batch.batch); }
  assert.equal(kept + lost, 201);
  assert.ok(kept > 0 && lost > 0);
});

test("lines that the server will never take are told as lost", () => {
  const waiting = spool();
  waiting.add(play(NOON));
  waiting.taken(waiting.batch().batch, true);
  assert.deepEqual(waiting.batch().lost, { count: 1, from: iso(NOON), to: iso(NOON + 12_000) });
});

test("a page that did not run says so when it runs again", () => {
  spool().alive();
  at += 30_000;
  spool().alive();
  assert.equal(spool().batch(), null);
  at += 3 * HOUR;
  spool().alive();
  assert.deepEqual(spool().batch().off, [{ from: iso(NOON + 30_000), to: iso(at) }]);
  spool().taken("b1");
  assert.equal(spool().batch(), null);
});

test("what comes while a batch is on its way is not forgotten with it", () => {
  const waiting = spool();
  waiting.alive();
  at += HOUR;
  waiting.alive();
  const first = waiting.batch();
  at += HOUR;
  waiting.alive();
  waiting.taken(first.batch);
  assert.equal(waiting.batch().off.length, 1);
});

test("a clock put back tells no darkness", () => {
  spool().alive();
  at -= DAY;
  spool().alive();
  assert.equal(spool().batch(), null);
});
