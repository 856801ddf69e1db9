// The board's half of tests/contracts/seals.json and keys.json; the server's half is tests/base/test_signing.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { genuine, trusted } from "../../static/board/seal.js";

const told = JSON.parse(readFileSync(new URL("../contracts/seals.json", import.meta.url), "utf8"));

for (const { say, ref, genuine: wanted } of told.cases) {
  test(say, () => assert.equal(genuine(ref, told.key), wanted));
}

test("a key that is none makes nothing genuine", () => {
  for (const key of ["", "###", "AAAA"]) assert.equal(genuine(told.cases[0].ref, key), false);
});

test("what is no ref is not genuine", () => {
  for (const ref of [null, undefined, 3, "x", [], {}]) assert.equal(genuine(ref, told.key), false);
});

test("no seal with a flipped byte passes", () => {
  const { ref } = told.cases[0];
  for (let at = 0; at < 64; at += 1) {
    const seal = Buffer.from(ref.seal, "base64");
    seal[at] ^= 1 << (at % 8);
    assert.equal(genuine({ ...ref, seal: seal.toString("base64") }, told.key), false);
  }
});

for (const { say, ref, pinned, board, version, keys = null, cause = "" } of JSON.parse(readFileSync(new URL("../contracts/keys.json", import.meta.url), "utf8")).cases) {
  test(say, () => assert.deepEqual(trusted(ref, pinned, { board, version }), { keys, cause }));
}
