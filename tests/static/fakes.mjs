// What a browser gives a board: a storage, a cache, and a server that holds refs and objects and can be cut off.
import { createHash, generateKeyPairSync, sign } from "node:crypto";

import { canonical } from "../../static/board/seal.js";

export const name = (data) => createHash("sha256").update(data).digest("hex");

/** An office's key: seals what is told, as the server does. */
export class Office {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    this.key = raw.toString("base64");
    this.secret = privateKey;
  }

  seal(told) {
    const bare = { ...told, alg: "ed25519" };
    return { ...bare, seal: sign(null, Buffer.from(canonical(bare)), this.secret).toString("base64") };
  }

  /** This key says that the other comes after it. */
  names(other) {
    return this.seal({ old: this.key, successor: other.key, since: "2027-01-01T00:00:00Z", said: "2026-12-01T00:00:00Z" });
  }
}

export class FakeStorage {
  #values = new Map();

  get length() { return this.#values.size; }

  key(at) { return [...this.#values.keys()][at] ?? null; }

  getItem(key) { return this.#values.get(key) ?? null; }

  setItem(key, value) { this.#values.set(key, String(value)); }

  removeItem(key) { this.#values.delete(key); }
}

/** Cache Storage with one cache, whose bytes a test may damage. */
export class FakeCaches {
  constructor() {
    this.bytes = new Map();
    this.kept = new Map();
  }

  async open(cache) {
    const bytes = cache === "kiosk-kept" ? this.kept : this.bytes;
    return {
      match: async (key) => (bytes.has(key) ? new Response(bytes.get(key)) : undefined),
      put: async (key, response) => { bytes.set(key, Buffer.from(await response.arrayBuffer())); },
      keys: async () => [...bytes.keys()].map((key) => ({ url: `http://board${key}` })),
      delete: async (request) => bytes.delete(new URL(request.url).pathname),
    };
  }
}

export class FakeServer {
  constructor(board = 3) {
    this.board = board;
    this.objects = new Map();
    this.asked = [];
    this.down = false;
    this.status = null;
    this.ref = null;
    this.office = new Office();
    this.sealing = (ref) => this.office.seal(ref);
    this.fetch = this.fetch.bind(this);
  }

  put(data) {
    const bytes = Buffer.from(data);
    this.objects.set(name(bytes), bytes);
    return name(bytes);
  }

  /** Hang these texts, each a page; the edition's name. */
  hang(version, texts, { recalled = [] } = {}) {
    const shas = texts.map((text) => this.put(text));
    const manifest = { format: 1, items: shas.map((html, at) => ({ item: `${at}.1`, html, revision: at + 1 })), windows: [], fallback: [],
      objects: shas.map((sha) => ({ sha, size: 1, type: "text/html" })) };
    const edition = this.put(JSON.stringify(manifest));
    this.ref = { board: this.board, version, edition, recalled };
    return edition;
  }

  async fetch(url, options = {}) {
    const path = url.split("?")[0];
    this.asked.push(path);
    if (this.down) throw new TypeError("Failed to fetch");
    if (this.status) return new Response("<h1>proxy</h1>", { status: this.status });
    if (path === "/board/ref") {
      if (!this.ref) return new Response("{}", { status: 404 });
      if (options.headers?.["If-None-Match"] === `"${this.ref.version}"`) return new Response(null, { status: 304 });
      return Response.json(this.sealing({ sealed_at: new Date().toISOString(), ...this.ref }));
    }
    const bytes = this.objects.get(path.slice(-64));
    return bytes ? new Response(bytes) : new Response("", { status: 404 });
  }

  /** How many objects were fetched since the last count. */
  fetched() {
    const count = this.asked.filter((path) => path.startsWith("/objects/")).length;
    this.asked = [];
    return count;
  }
}
