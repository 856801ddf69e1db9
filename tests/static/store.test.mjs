// The store: fetch all to the side, verify each by its name, then switch; what is held stays whatever the server says.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { Store, named } from "../../static/board/store.js";
import { FakeCaches, FakeServer, FakeStorage, name } from "./fakes.mjs";

let server, caches, storage, held, recalls;

function board(given = {}) {
  return new Store({ board: 3, fetch: server.fetch, caches, storage, onHeld: (manifest) => held.push(manifest),
    onRecall: (revisions) => recalls.push([...revisions]), key: async () => server.office.key, ...given });
}

const texts = async (store) => Promise.all(store.manifest.items.map((item) => store.text(item.html)));

beforeEach(() => {
  server = new FakeServer();
  caches = new FakeCaches();
  storage = new FakeStorage();
  held = [];
  recalls = [];
});

test("a board holds what its ref names", async () => {
  server.hang(1, ["甲", "乙"]);
  const store = board();
  assert.equal(await store.sync(), true);
  assert.deepEqual(await texts(store), ["甲", "乙"]);
  assert.equal(held.length, 1);
  assert.equal(store.cause, "");
});

test("an unchanged ref costs one question", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  server.fetched();
  assert.equal(await store.sync(), false);
  assert.deepEqual(server.asked, ["/board/ref"]);
});

test("of a new edition only what is lacking is fetched", async () => {
  server.hang(1, ["甲", "乙", "丙"]);
  const store = board();
  await store.sync();
  server.fetched();
  server.hang(2, ["甲", "乙", "丁"]);
  await store.sync();
  assert.equal(server.fetched(), 2); // the manifest and one page
  assert.deepEqual(await texts(store), ["甲", "乙", "丁"]);
});

test("the edition that is held stays until the next is whole", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  server.hang(2, ["乙", "丙"]);
  server.objects.delete(name(Buffer.from("丙")));
  assert.equal(await store.sync(), false);
  assert.equal(store.ref.version, 1);
  assert.deepEqual(await texts(store), ["甲"]);
  assert.equal(store.cause, "object 404");
  server.put("丙");
  assert.equal(await store.sync(), true);
  assert.deepEqual(await texts(store), ["乙", "丙"]);
});

for (const status of [401, 404, 410, 500, 502]) {
  test(`an answer ${status} takes nothing off the wall`, async () => {
    server.hang(1, ["甲"]);
    const store = board();
    await store.sync();
    server.status = status;
    assert.equal(await store.sync(), false);
    assert.deepEqual(await texts(store), ["甲"]);
    assert.equal(store.cause, String(status));
  });
}

test("a dead server takes nothing off the wall", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  server.down = true;
  assert.equal(await store.sync(), false);
  assert.deepEqual(await texts(store), ["甲"]);
  assert.equal(store.cause, "unreachable");
});

test("a page of some login portal is no ref", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  store.given.fetch = async () => new Response("<html>请先登录</html>");
  assert.equal(await store.sync(), false);
  assert.equal(store.cause, "answer");
  assert.deepEqual(await texts(store), ["甲"]);
});

test("an older ref, and another board's, are not followed", async () => {
  server.hang(5, ["甲"]);
  const store = board();
  await store.sync();
  server.hang(4, ["旧"]);
  await store.sync();
  assert.deepEqual([store.cause, await texts(store)], ["older", ["甲"]]);
  server.hang(6, ["别处"]);
  server.ref.board = 4;
  await store.sync();
  assert.deepEqual([store.cause, await texts(store)], ["board", ["甲"]]);
});

test("bytes that are not what their name says are not held", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  server.hang(2, ["乙"]);
  server.objects.set(name(Buffer.from("乙")), Buffer.from("篡改"));
  assert.equal(await store.sync(), false);
  assert.equal(store.cause, "damaged");
  assert.deepEqual(await texts(store), ["甲"]);
});

test("a board starts with what it held, with the server dead", async () => {
  server.hang(1, ["甲", "乙"]);
  await board().sync();
  server.down = true;
  const again = board();
  assert.equal(await again.recover(), true);
  assert.deepEqual(await texts(again), ["甲", "乙"]);
  assert.equal(again.ref.version, 1);
});

test("a new browser has nothing to start with", async () => {
  assert.equal(await board().recover(), false);
});

test("with a hole in the newest edition the one before is shown", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  server.hang(2, ["乙", "丙"]);
  await store.sync();
  caches.bytes.delete(`/objects/${name(Buffer.from("丙"))}`);
  server.down = true;
  const again = board();
  assert.equal(await again.recover(), true);
  assert.deepEqual(await texts(again), ["甲"]);
});

test("a damaged page is fetched again", async () => {
  server.hang(1, ["甲"]);
  await board().sync();
  caches.bytes.set(`/objects/${name(Buffer.from("甲"))}`, Buffer.from("坏"));
  const again = board();
  await again.recover();
  assert.deepEqual(await texts(again), ["甲"]);
});

test("a recall is obeyed before anything is fetched, and is remembered", async () => {
  server.hang(1, ["甲", "乙"]);
  const store = board();
  await store.sync();
  server.hang(2, ["乙"], { recalled: [1] });
  server.objects.clear();
  await store.sync();
  assert.deepEqual(recalls, [[1]]);
  assert.ok(store.recalled.has(1));
  server.down = true;
  const again = board();
  await again.recover();
  assert.ok(again.recalled.has(1));
});

test("a recall is told once", async () => {
  server.hang(1, ["甲"], { recalled: [7] });
  const store = board();
  await store.sync();
  server.hang(2, ["乙"], { recalled: [7] });
  await store.sync();
  assert.deepEqual(recalls, [[7]]);
});

test("what no edition names is forgotten, what the one before names is kept", async () => {
  const store = board();
  for (const [version, text] of [[1, "甲"], [2, "乙"], [3, "丙"]]) {
    server.hang(version, [text]);
    await store.sync();
    await store.sweep();
  }
  assert.deepEqual(["甲", "乙", "丙"].map((text) => caches.bytes.has(`/objects/${name(Buffer.from(text))}`)), [false, true, true]);
});

test("another board of the same browser keeps its objects", async () => {
  server.hang(1, ["甲"]);
  await board().sync();
  server.board = 4;
  server.hang(1, ["乙"]);
  const other = board({ board: 4 });
  await other.sync();
  await other.sweep();
  assert.ok(caches.bytes.has(`/objects/${name(Buffer.from("甲"))}`));
});

test("without a cache (plain http) the board still plays", async () => {
  server.hang(1, ["甲"]);
  const store = board({ caches: undefined });
  assert.equal(await store.sync(), true);
  server.down = true;
  assert.deepEqual(await texts(store), ["甲"]);
});

test("a cache that throws does not stop the board", async () => {
  server.hang(1, ["甲"]);
  const store = board({ caches: { open: async () => { throw new Error("corrupt"); } } });
  assert.equal(await store.sync(), true);
  assert.deepEqual(await texts(store), ["甲"]);
});

test("a full storage costs the start without a server, not the show", async () => {
  storage.setItem = () => { throw new Error("QuotaExceededError"); };
  server.hang(1, ["甲"]);
  const store = board();
  assert.equal(await store.sync(), true);
  assert.deepEqual(await texts(store), ["甲"]);
});

test("a recall is obeyed although the storage is full", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  storage.setItem = () => { throw new Error("QuotaExceededError"); };
  server.hang(2, ["乙"], { recalled: [1] });
  await store.sync();
  assert.deepEqual(recalls, [[1]]);
  assert.deepEqual(await texts(store), ["乙"]);
});

test("nudges during a fetch are joined into one more question", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  const running = [store.sync(), store.sync(), store.sync()];
  await Promise.all(running);
  while (store.running) await store.running;
  assert.equal(server.asked.filter((path) => path === "/board/ref").length, 2);
});

test("bytes have the name of their hash", async () => {
  assert.equal(await named(new Blob(["甲"]), name(Buffer.from("甲"))), true);
  assert.equal(await named(new Blob(["乙"]), name(Buffer.from("甲"))), false);
});

const soon = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const alarm = (more = {}) => ({ id: 7, drill: false, headline: "暴雨红色预警", text: "请留在室内。", from: soon(-1), to: soon(30), ...more });

test("an urgent insert is obeyed although the new edition cannot be fetched, and survives a start without the server", async () => {
  server.hang(1, ["甲"]);
  const orders = [];
  const store = board({ onTold: () => orders.push(store.overrides.map((each) => each.id)) });
  await store.sync();
  server.hang(2, ["乙"]);
  server.objects.delete(name(Buffer.from("乙")));
  server.ref.overrides = [alarm()];
  assert.equal(await store.sync(), false);
  assert.deepEqual(orders, [[7]]);
  assert.ok(store.ready(store.overrides[0]));
  server.down = true;
  const again = board();
  await again.recover();
  assert.deepEqual(again.overrides.map((each) => each.id), [7]);
  server.down = false;
  delete server.ref.overrides;
  await store.sync();
  assert.deepEqual([orders.at(-1), store.overrides], [[], []]);
});

test("a board that holds nothing yet obeys an insert too", async () => {
  server.hang(1, ["甲"]);
  server.objects.clear();
  server.ref.overrides = [alarm()];
  const store = board();
  assert.equal(await store.sync(), false);
  assert.equal(store.overrides.length, 1);
  const again = board();
  assert.equal(await again.recover(), false);
  assert.equal(again.overrides.length, 1);
});

test("an insert's slides are fetched to the side, and asked for again where they fail", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  const html = name(Buffer.from("紧急"));
  server.ref.overrides = [alarm({ headline: "", items: [{ item: "o.1", html, media: [] }], objects: [{ sha: html }] })];
  server.ref.version = 2;
  await store.sync();
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  assert.equal(store.ready(store.overrides[0]), false);
  server.put("紧急");
  await store.sync();
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  assert.equal(store.ready(store.overrides[0]), true);
  assert.equal(await store.text(html), "紧急");
  await store.sweep();
  assert.ok(caches.bytes.has(`/objects/${html}`));
});

test("while all is stopped the ref is asked for whole, for the stop may end without a new version", async () => {
  server.hang(1, ["甲"]);
  const store = board();
  await store.sync();
  server.hang(2, ["甲"]);
  server.ref.stopped = { since: soon(0) };
  await store.sync();
  assert.ok(store.stopped);
  const again = board();
  await again.recover();
  assert.ok(again.stopped);
  delete server.ref.stopped;
  await store.sync();
  assert.equal(store.stopped, null);
  assert.equal(store.ref.version, 2);
});
