// Nothing that the office did not seal is shown or obeyed: 200 mutations of what a board is told, each refused and reported.
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { Store } from "../../static/board/store.js";
import { FakeCaches, FakeServer, FakeStorage, Office, name } from "./fakes.mjs";

let server, caches, storage, told;

function board(given = {}) {
  return new Store({ board: 3, fetch: server.fetch, caches, storage, onHeld: () => told.push("held"), onTold: () => told.push("told"),
    onRecall: () => told.push("recall"), key: async () => server.office.key, ...given });
}

const texts = async (store) => Promise.all(store.manifest.items.map((item) => store.text(item.html)));

beforeEach(() => {
  server = new FakeServer();
  caches = new FakeCaches();
  storage = new FakeStorage();
  told = [];
});

/** A board that holds 甲 and 乙 by version 5; whatever comes next names 丙. */
async function holding() {
  server.hang(4, ["更早"]);
  const store = board();
  await store.sync();
  server.hang(5, ["甲", "乙"]);
  await store.sync();
  server.hang(6, ["丙"], { recalled: [1] });
  Object.assign(server.ref, { overrides: [{ id: 9, drill: false, headline: "假的", from: "2020-01-01T00:00:00Z", to: "2090-01-01T00:00:00Z" }], stopped: { since: "2026-12-01T00:00:00Z" } });
  told = [];
  return store;
}

/** Nothing moved, and staff are told why. */
async function refused(store, causes, say) {
  assert.equal(await store.sync(), false, say);
  assert.ok(causes.includes(store.cause), `${say}: ${store.cause}`);
  assert.deepEqual(await texts(store), ["甲", "乙"], say);
  assert.deepEqual([store.ref.version, [...store.recalled], store.overrides, store.stopped, told], [5, [], [], null, []], say);
  const again = board({ fetch: async () => { throw new TypeError("Failed to fetch"); } });
  assert.equal(await again.recover(), true, say);
  assert.deepEqual([again.ref.version, [...again.recalled], again.overrides, again.stopped], [5, [], [], null], say);
}

const flipped = (text, at) => { const bytes = Buffer.from(text, "base64"); bytes[at] ^= 1 << (at % 8); return bytes.toString("base64"); };
const stranger = new Office();
/** @type {[string, (ref: any) => any, string[]][]} */
const REFS = [
  ...Array.from({ length: 64 }, (_, at) => [`byte ${at} of the seal`, (ref) => ({ ...ref, seal: flipped(ref.seal, at) }), ["seal"]]),
  ...["version", "edition", "recalled", "overrides", "stopped", "board", "sealed_at"].map((field) => [`${field} taken away`, ({ [field]: _, ...ref }) => ref, ["seal", "answer"]]),
  ...[7, 2 ** 31, 1e9].map((version) => [`version ${version}`, (ref) => ({ ...ref, version }), ["seal"]]),
  ...[0, 31, 63].map((at) => [`character ${at} of the edition`, (ref) => ({ ...ref, edition: ref.edition.slice(0, at) + (ref.edition[at] === "0" ? "1" : "0") + ref.edition.slice(at + 1) }), ["seal"]]),
  ["another edition of its own", (ref) => ({ ...ref, edition: server.put("{}") }), ["seal"]],
  ["recalls taken back", (ref) => ({ ...ref, recalled: [] }), ["seal"]],
  ["an insert added", (ref) => ({ ...ref, overrides: [...ref.overrides, ref.overrides[0]] }), ["seal"]],
  ["another headline", (ref) => ({ ...ref, overrides: [{ ...ref.overrides[0], headline: "真的" }] }), ["seal"]],
  ["a field more", (ref) => ({ ...ref, more: 1 }), ["seal"]],
  ["no seal", ({ seal: _, ...ref }) => ref, ["seal"]],
  ...["", "AAAA", null, 3, {}, []].map((seal) => [`seal ${JSON.stringify(seal)}`, (ref) => ({ ...ref, seal }), ["seal"]]),
  ...["none", "", null, "ED25519", "sm2", "rsa"].map((alg) => [`alg ${alg}`, (ref) => ({ ...ref, alg }), ["alg"]]),
  ["sealed by a stranger", ({ seal: _, alg: __, ...ref }) => stranger.seal(ref), ["seal"]],
  ["a stranger who names himself the successor", ({ seal: _, alg: __, ...ref }) => stranger.seal({ ...ref, keys: [stranger.names(stranger)] }), ["seal"]],
  ["a successor that the office never named", ({ seal: _, alg: __, ...ref }) => stranger.seal({ ...ref, keys: [{ ...stranger.names(stranger), old: server.office.key }] }), ["seal"]],
  ["another board's", ({ seal: _, alg: __, ...ref }) => server.office.seal({ ...ref, board: 4 }), ["board"]],
  ["a relay's", ({ seal: _, alg: __, ...ref }) => server.office.seal({ ...ref, board: null }), ["board"]],
  ...[0, 1, 4, -1].map((version) => [`the old version ${version}`, ({ seal: _, alg: __, ...ref }) => server.office.seal({ ...ref, version }), ["older"]]),
  ...[null, 3, "x", [], {}, { version: "6" }].map((value) => [`no ref but ${JSON.stringify(value)}`, () => value, ["answer"]]),
];

let count = 0;
test("of mutated refs nothing is obeyed, nothing is shown, and each is told", async () => {
  for (const [say, change, causes] of REFS) {
    storage = new FakeStorage();
    caches = new FakeCaches();
    const store = await holding();
    server.sealing = (ref) => change(server.office.seal(ref));
    await refused(store, causes, say);
    server.sealing = (ref) => server.office.seal(ref);
    count += 1;
  }
});

test("of mutated manifests and media nothing is shown, and each is told", async () => {
  for (let at = 0; at < 80; at += 1) {
    server = new FakeServer();
    storage = new FakeStorage();
    caches = new FakeCaches();
    server.hang(5, ["甲", "乙"]);
    const store = board();
    await store.sync();
    const edition = server.hang(6, ["丙".repeat(40), "丁"]);
    const sha = at % 2 ? edition : name(Buffer.from("丙".repeat(40)));
    const bytes = Buffer.from(server.objects.get(sha));
    const way = Math.floor(at / 2) % 3;
    if (way === 0) bytes[(at * 7) % bytes.length] ^= 1 << (at % 8);
    server.objects.set(sha, way === 1 ? bytes.subarray(0, at % bytes.length) : way === 2 ? Buffer.concat([bytes, Buffer.from("x")]) : bytes);
    assert.equal(await store.sync(), false);
    assert.equal(store.cause, "damaged");
    assert.deepEqual(await texts(store), ["甲", "乙"]);
    assert.equal(store.ref.version, 5);
    count += 1;
  }
});

test("what was changed in the board's own storage is not believed", async () => {
  const changes = [
    (held) => { held.ref.edition = held.before.edition; }, (held) => { held.ref.recalled = [1]; held.told.recalled = [1]; },
    (held) => { delete held.ref.seal; }, (held) => { held.told.stopped = { since: "2026-01-01T00:00:00Z" }; },
    (held) => { held.told.overrides = [{ id: 1, headline: "假的", from: "2020-01-01T00:00:00Z", to: "2090-01-01T00:00:00Z" }]; },
    (held) => { held.ref = held.before = held.told = stranger.seal({ ...held.ref, seal: undefined }); },
    (held) => { held.ref.board = 4; }, (held) => { held.ref = null; }, (held) => { held.ref = "x"; }, (held) => { held.ref.alg = "none"; },
  ];
  for (const change of changes) {
    storage = new FakeStorage();
    caches = new FakeCaches();
    await holding();
    const held = JSON.parse(storage.getItem("kiosk-held-3"));
    change(held);
    storage.setItem("kiosk-held-3", JSON.stringify(held));
    const again = board({ fetch: async () => { throw new TypeError("Failed to fetch"); } });
    await again.recover();
    if (again.manifest) assert.ok(["甲,乙", "更早"].includes((await texts(again)).join()));
    assert.deepEqual([[...again.recalled], again.overrides, again.stopped], [[], [], null]);
    count += 1;
  }
  const bytes = caches.bytes;
  for (const [key, data] of [...bytes]) {
    bytes.set(key, Buffer.from("篡改"));
    const again = board({ fetch: async () => { throw new TypeError("Failed to fetch"); } });
    await again.recover();
    for (const item of again.manifest?.items ?? []) assert.notEqual(await again.text(item.html).catch(() => "skipped"), "篡改");
    bytes.set(key, data);
    count += 1;
  }
  assert.ok(count >= 200, String(count));
});

test("a change of the office's key is followed, also by a board that was away, and a forgotten key is worth nothing", async () => {
  const store = await holding(), next = new Office(), old = server.office, chain = [old.names(next)];
  server.sealing = (ref) => next.seal({ ...ref, keys: chain });
  assert.equal(await store.sync(), true);
  assert.deepEqual(store.keys, [next.key]);
  server.hang(7, ["丁"]);
  server.sealing = (ref) => old.seal({ ...ref, keys: chain });
  await store.sync();
  assert.equal(store.cause, "seal");
  server.sealing = (ref) => next.seal(ref);
  await store.sync();
  assert.equal(store.cause, "");
  const again = board();
  assert.equal(await again.recover(), true);
  assert.equal(again.ref.version, 7);
});

test("a board without a key obeys nothing until it has one, and takes it once", async () => {
  server.hang(1, ["甲"]);
  let key = null;
  const store = board({ key: async () => key });
  await store.sync();
  assert.deepEqual([store.cause, store.manifest], ["key", null]);
  key = server.office.key;
  await store.sync();
  key = stranger.key;
  server.hang(2, ["乙"]);
  server.sealing = (ref) => stranger.seal(ref);
  await store.sync();
  assert.deepEqual([store.cause, store.ref.version], ["seal", 1]);
});

test("a replay from before the stop does not end it, and an hour old seal is asked for anew", async () => {
  server.hang(1, ["甲"]);
  let now = Date.parse("2026-12-01T04:00:00Z");
  const seal = (more) => (ref) => server.office.seal({ ...ref, ...more });
  server.sealing = seal({ sealed_at: "2026-12-01T04:00:00Z" });
  const store = board({ now: () => now });
  await store.sync();
  server.sealing = seal({ sealed_at: "2026-12-01T04:10:00Z", stopped: { since: "2026-12-01T04:09:00Z" } });
  now += 3_601_000;
  await store.sync();
  assert.ok(store.stopped);
  server.sealing = seal({ sealed_at: "2026-12-01T04:00:00Z" });
  await store.sync();
  assert.deepEqual([store.cause, Boolean(store.stopped)], ["older", true]);
  server.sealing = seal({ sealed_at: "2026-12-01T04:20:00Z" });
  await store.sync();
  assert.equal(store.stopped, null);
  const heard = [];
  store.given.onSealed = (at) => heard.push(at);
  now = Date.parse("2026-12-01T05:00:00Z");
  await store.sync();
  assert.deepEqual(heard, []); // 304
  now = Date.parse("2026-12-01T05:21:00Z");
  server.sealing = seal({ sealed_at: "2026-12-01T05:21:00Z" });
  await store.sync();
  assert.deepEqual(heard, [Date.parse("2026-12-01T05:21:00Z")]);
});

test("a manifest with bad figures costs nothing but the figures, and is told", async () => {
  const html = server.put("甲"), bad = [{ item: "1.1", html, revision: 1, dwell: -4 }, { item: "2.1", html, revision: 2, dwell: 1e12, weight: 0 }, { item: "3.1", html: "x", revision: 3 }, null,
    { item: "4.1", html, revision: 4, dwell: "12", hourly: -1 }];
  const edition = server.put(JSON.stringify({ format: 1, items: bad, windows: [{ items: ["1.1", "2.1", "4.1"], from: null, to: null }, { from: "x" }], fallback: [], objects: [{ sha: html }, {}] }));
  server.ref = { board: 3, version: 1, edition, recalled: [] };
  const faults = [];
  const store = board({ onFault: (fault) => faults.push(fault) });
  assert.equal(await store.sync(), true);
  assert.deepEqual(store.manifest.items.map(({ item, dwell }) => [item, dwell]), [["1.1", 12], ["2.1", 3600], ["4.1", 12]]);
  assert.equal(faults.length, 7);
  server.ref = { ...server.ref, version: 2, edition: server.put("[1]") };
  await store.sync();
  assert.deepEqual([store.cause, store.ref.version], ["manifest", 1]);
});

test("a board that lost its cookie gets it anew with its token", async () => {
  server.hang(1, ["甲"]);
  const store = board({ renew: async () => { server.status = null; return true; } });
  server.status = 401;
  await store.sync();
  while (store.running) await store.running;
  assert.deepEqual([store.cause, store.ref?.version], ["", 1]);
});
