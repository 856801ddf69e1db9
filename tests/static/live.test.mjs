// The socket is only a hint: it comes back by itself, not all boards at once, and bad words do no harm.
import assert from "node:assert/strict";
import test from "node:test";

import { LEAST, MOST, delay, live } from "../../static/board/live.js";

class FakeSocket {
  static all = [];

  constructor(url) { this.url = url; FakeSocket.all.push(this); }

  close() { this.onclose?.(); }
}

function line() {
  FakeSocket.all = [];
  const later = [], heard = [], opened = [];
  const state = live({ url: "ws://board/live", hear: (told) => heard.push(told), opened: () => opened.push(1), Socket: FakeSocket,
    later: (task, ms) => later.push({ task, ms }), random: () => 1 });
  return { state, later, heard, opened, sockets: FakeSocket.all };
}

test("the pause doubles up to a bound and is never the same for all", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map((attempt) => delay(attempt, 1)), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(delay(0, 0), LEAST / 2);
  assert.ok(delay(20, 0.5) < MOST);
});

test("each connection asks for the ref", () => {
  const { sockets, later, opened } = line();
  sockets[0].onopen();
  sockets[0].onclose();
  later[0].task();
  sockets[1].onopen();
  assert.equal(opened.length, 2);
});

test("a server that stays away is asked less and less, one that came back is trusted again", () => {
  const { sockets, later } = line();
  for (let attempt = 0; attempt < 3; attempt += 1) { sockets[attempt].onclose(); later[attempt].task(); }
  assert.deepEqual(later.map(({ ms }) => ms), [1000, 2000, 4000]);
  sockets[3].onopen();
  sockets[3].onclose();
  assert.equal(later[3].ms, 1000);
});

test("a server that goes in good order says when to come back", () => {
  const { state, sockets, later } = line();
  sockets[0].onopen();
  state.reconnect(7.5);
  assert.equal(later[0].ms, 7500);
});

test("what is no message is not heard", () => {
  const { sockets, heard } = line();
  for (const data of ["", "{", "null", "7", '"x"', '{"version":3}']) sockets[0].onmessage({ data });
  assert.deepEqual(heard, [{ version: 3 }]);
});
