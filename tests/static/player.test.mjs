// The player: a page stays for its dwell, goes at once when it was replaced, ended or recalled, and nothing ever leaves a black wall.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

globalThis.document ??= { createElement: () => fakeElement() };

function fakeElement() {
  return { append() {}, setAttribute() {}, querySelector: () => fakeElement(), dataset: {}, textContent: "", className: "" };
}

const { Player } = await import("../../static/board/player.js");

let at, wall, plays, errors, broken, said, built, ways, alarms;

const page = (item, revision = Number(item.split(".")[0]), dwell = 10) =>
  ({ item, slide: revision, revision, page: Number(item.split(".")[1]), of: 1, dwell, html: `html-${item}-${revision}`, media: [] });

function show(...items) {
  return { manifest: { theme: "t", items, windows: [{ items: items.map((each) => each.item), from: null, to: null, priority: 0 }], fallback: [] },
    recalled: new Set(), ref: { face: {} } };
}

function player(store) {
  const stage = { show: async (item, { cut }) => { if (broken.has(item.html)) throw new Error("bad page"); wall.push(item.item); ways.push(cut ? "cut" : "fade"); return true; },
    prepare: async (item) => { built.push(item.item); if (broken.has(item.html)) throw new Error("bad page"); return true; }, rest() {},
    showBuilt: () => wall.push("built-in"), dress: async () => {}, refresh: (share, item) => { said = item; }, stalled: () => false };
  return new Player({ stage, store, now: () => at, onPlay: (play) => plays.push(play), onError: (error) => errors.push(error), onShown() {}, at: (instant) => alarms.push(instant) });
}

async function seconds(playing, count) {
  for (let step = 0; step < count * 4; step += 1) { at += 250; await playing.look(); }
}

beforeEach(() => { at = Date.parse("2026-11-23T04:00:00Z"); wall = []; plays = []; errors = []; broken = new Set(); built = []; ways = []; alarms = []; });

test("pages follow each other, each for its dwell", async () => {
  const playing = player(show(page("1.1"), page("2.1", 2, 20)));
  await playing.look();
  await seconds(playing, 45);
  assert.deepEqual(wall, ["1.1", "2.1", "1.1", "2.1"]);
  assert.deepEqual(plays.map((play) => (Date.parse(play.to) - Date.parse(play.from)) / 1000), [10, 20, 10]);
});

test("a page that was itself replaced changes at once", async () => {
  const store = show(page("1.1"), page("2.1"));
  const playing = player(store);
  await playing.look();
  store.manifest = show(page("1.1", 8), page("2.1")).manifest;
  await seconds(playing, 1);
  assert.equal(playing.current.revision, 8);
});

test("a new neighbour does not cut the page that stands", async () => {
  const store = show(page("1.1"), page("2.1"));
  const playing = player(store);
  await playing.look();
  await seconds(playing, 5);
  store.manifest = show(page("1.1"), page("3.1"), page("2.1")).manifest;
  await seconds(playing, 4);
  assert.deepEqual(wall, ["1.1"]);
  await seconds(playing, 2);
  assert.deepEqual(wall, ["1.1", "3.1"]);
});

test("a recalled page goes at once", async () => {
  const store = show(page("1.1"), page("2.1"));
  const playing = player(store);
  await playing.look();
  store.recalled = new Set([1]);
  await playing.look(true);
  assert.deepEqual(wall, ["1.1", "2.1"]);
});

test("when the only page is recalled the clock stands there", async () => {
  const store = show(page("1.1"));
  const playing = player(store);
  await playing.look();
  store.recalled = new Set([1]);
  await playing.look(true);
  assert.deepEqual(wall, ["1.1", "built-in"]);
});

test("a page that ends leaves without any server", async () => {
  const store = show(page("1.1", 1, 3600), page("2.1"));
  store.manifest.windows = [{ items: ["1.1"], from: null, to: new Date(at + 5000).toISOString(), priority: 0 },
    { items: ["2.1"], from: null, to: null, priority: 0 }];
  const playing = player(store);
  await playing.look();
  await seconds(playing, 6);
  assert.deepEqual(wall, ["1.1", "2.1"]);
});

test("a page that cannot be built is skipped, told, and tried again after a minute", async () => {
  broken.add("html-2.1-2");
  const playing = player(show(page("1.1"), page("2.1"), page("3.1")));
  await playing.look();
  await seconds(playing, 25);
  assert.deepEqual(wall.slice(0, 3), ["1.1", "3.1", "1.1"]);
  assert.match(errors[0], /2\.1/);
  broken.clear();
  await seconds(playing, 70);
  assert.ok(wall.includes("2.1"));
});

test("when every page is broken the wall is not empty", async () => {
  const playing = player(show(page("1.1"), page("2.1")));
  for (const item of playing.store.manifest.items) broken.add(item.html);
  await playing.look();
  await seconds(playing, 2);
  assert.deepEqual(wall, ["built-in"]);
});

test("the only page of the round is logged anew each time round and not drawn again", async () => {
  const playing = player(show(page("1.1")));
  await playing.look();
  await seconds(playing, 31);
  assert.deepEqual(wall, ["1.1"]);
  assert.equal(plays.length, 3);
});

test("the clock puts on the board's theme as soon as the board hears of it", async () => {
  const store = { manifest: null, recalled: new Set(), ref: null };
  const playing = player(store);
  await playing.look();
  Object.assign(store, show(), { ref: { face: {}, panel: { theme: "gaoduibi" } } });
  await seconds(playing, 10);
  assert.deepEqual(wall, ["built-in", "built-in"]);
});

test("nothing to show is the clock, once", async () => {
  const playing = player(show());
  await playing.look();
  await seconds(playing, 10);
  assert.deepEqual(wall, ["built-in"]);
});

test("a page that stands says what the newest manifest says of it, without being drawn again", async () => {
  const store = show(page("1.1", 1, 3600));
  const playing = player(store);
  await playing.look();
  store.manifest = show({ ...page("1.1", 1, 3600), late_from: "2026-11-22T16:00:00Z" }).manifest;
  await seconds(playing, 1);
  assert.deepEqual(wall, ["1.1"]);
  assert.equal(said.late_from, "2026-11-22T16:00:00Z");
});

test("at the instant the page of whom to ask takes the slide's place, and proves no play of it", async () => {
  const ask = { ...page("1.ask1", 1), kind: "updating", html: "ask" };
  const store = show(page("1.1", 1, 3600), ask);
  const edge = new Date(at + 5000).toISOString();
  store.manifest.windows = [{ items: ["1.1"], from: null, to: edge, priority: 0 }, { items: ["1.ask1"], from: edge, to: null, priority: 0 }];
  const playing = player(store);
  await playing.look();
  await seconds(playing, 30);
  assert.deepEqual(wall, ["1.1", "1.ask1"]);
  assert.deepEqual(plays.map((play) => play.page), [1]);
});

test("where nothing is to stand for the only slide, the clock comes at the instant", async () => {
  const store = show(page("1.1", 1, 3600));
  store.manifest.windows[0].to = new Date(at + 5000).toISOString();
  const playing = player(store);
  await playing.look();
  await seconds(playing, 6);
  assert.deepEqual(wall, ["1.1", "built-in"]);
});

test("an item of twice the weight comes twice a round, and a new edition keeps the place in it", async () => {
  const store = show({ ...page("1.1"), weight: 2 }, page("2.1"), page("3.1"));
  const playing = player(store);
  await playing.look();
  await seconds(playing, 41);
  assert.deepEqual(wall, ["1.1", "2.1", "3.1", "1.1"]); // 1 2 3 1: between the last and the first it stands on
  wall.length = 0;
  await seconds(playing, 4);
  store.manifest = show({ ...page("1.1"), weight: 2 }, page("2.1", 9), page("3.1")).manifest;
  await seconds(playing, 36);
  assert.deepEqual(wall, ["2.1", "3.1", "1.1"]);
});

test("the next page is built before its time, and the player is there at the exact end", async () => {
  const playing = player(show(page("1.1"), page("2.1")));
  await playing.look();
  assert.deepEqual(alarms.at(-1), at + 10_000);
  await seconds(playing, 6);
  assert.deepEqual(built, []);
  await seconds(playing, 3);
  assert.deepEqual([...new Set(built)], ["2.1"]);
  assert.deepEqual(wall, ["1.1"]);
});

test("what comes when a window begins is built before it begins", async () => {
  const store = show(page("1.1", 1, 3600), page("2.1"));
  const edge = at + 60_000;
  store.manifest.windows = [{ items: ["1.1"], from: null, to: null, priority: 0 }, { items: ["2.1"], from: new Date(edge).toISOString(), to: null, priority: 2 }];
  const playing = player(store);
  await playing.look();
  assert.equal(alarms.at(-1), edge);
  await seconds(playing, 58);
  assert.deepEqual([...new Set(built)], ["2.1"]);
  at = edge;
  await playing.look();
  assert.deepEqual(wall, ["1.1", "2.1"]);
});

test("a page that cannot be built is passed over before its time comes", async () => {
  broken.add("html-2.1-2");
  const playing = player(show(page("1.1"), page("2.1"), page("3.1")));
  await playing.look();
  await seconds(playing, 9);
  assert.equal(errors.length, 1);
  assert.deepEqual([...new Set(built)], ["2.1", "3.1"]);
});

test("in step every board shows the page of the clock's slot, whenever it was started", async () => {
  const store = show(page("1.1"), page("2.1", 2, 20), page("3.1"));
  store.manifest.step = true;
  const one = player(store);
  await one.look();
  await seconds(one, 13);
  const other = player(store);
  await other.look();
  for (let step = 0; step < 300; step += 1) {
    at += 250;
    await one.look();
    await other.look();
    assert.equal(one.current.item, other.current.item);
    assert.equal(one.ends, other.ends);
    assert.equal(alarms.at(-1), one.ends);
  }
});

test("in step a page that may not be shown gives its slot to the next, and nobody drifts", async () => {
  const items = [page("1.1"), page("2.1"), page("3.1")];
  const store = show(...items), whole = show(...items);
  store.manifest.step = whole.manifest.step = true;
  store.recalled = new Set([2]);
  const [one, other] = [player(store), player(whole)];
  for (let step = 0; step < 400; step += 1) {
    at += 250;
    await one.look();
    await other.look();
    assert.equal(one.current.item, other.current.item === "2.1" ? "3.1" : other.current.item);
  }
  assert.ok(plays.length > 10);
});

test("in step the bar begins with the slot, the proof of play when the page was really there", async () => {
  const store = show(page("1.1", 1, 40), page("2.1", 2, 40));
  store.manifest.step = true;
  at = 80_000 * 20_000_000 + 25_000;
  const playing = player(store);
  await playing.look();
  assert.deepEqual([playing.began, playing.since], [at - 25_000, at]);
  await seconds(playing, 16);
  assert.equal(Date.parse(plays[0].to) - Date.parse(plays[0].from), 15_000);
});

test("while something else has the wall nothing plays and nothing is proved; then the page has its time again", async () => {
  const playing = player(show(page("1.1"), page("2.1")));
  await playing.look();
  await seconds(playing, 5);
  playing.pause();
  assert.deepEqual(plays.map((play) => (Date.parse(play.to) - Date.parse(play.from)) / 1000), [5]);
  await seconds(playing, 600);
  assert.deepEqual([wall, plays.length], [["1.1"], 1]);
  await playing.resume();
  await seconds(playing, 9);
  assert.deepEqual(wall, ["1.1"]);
  await seconds(playing, 2);
  assert.deepEqual(wall, ["1.1", "2.1"]);
});

test("what was recalled meanwhile is not seen when the wall is given back", async () => {
  const store = show(page("1.1"), page("2.1"));
  const playing = player(store);
  await playing.look();
  playing.pause();
  store.recalled = new Set([1]);
  await playing.resume();
  assert.deepEqual([wall, ways], [["1.1", "2.1"], ["cut", "cut"]]);
});

test("each zone plays its own", async () => {
  const store = show(page("1.1"), { ...page("2.1"), zone: "side" }, { ...page("3.1"), zone: "side" });
  store.manifest.windows = [{ items: ["1.1"], from: null, to: null }, { items: ["2.1", "3.1"], from: null, to: null, zone: "side" }];
  const [main, side] = [player(store), player(store)];
  side.zone = "side";
  for (let step = 0; step < 100; step += 1) { at += 250; await main.look(); await side.look(); }
  assert.deepEqual(wall, ["1.1", "2.1", "3.1", "2.1"]);
});

test("a clock that is put back by a year does not hold the page for a year", async () => {
  const playing = player(show(page("1.1"), page("2.1")));
  await playing.look();
  at -= 365 * 86_400_000;
  await seconds(playing, 11);
  assert.deepEqual(wall, ["1.1", "2.1"]);
});
