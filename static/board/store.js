// @ts-check
/**
 * Store: the ref, the manifest and every object of it. Fetch all to the side, verify each by its name, then switch; never half an
 * edition. The edition before stays as the rung below. Recalls, urgent inserts and the stop are obeyed before any fetch, and remembered.
 */
import { sha256 } from "../vendor/noble-hashes/sha2.js";

const OBJECTS = "kiosk-objects";
const TOGETHER = 6;
const LARGE = 4_000_000; // bytes of an object that is not kept in memory
const SLICE = 262_144; // bytes hashed at once: a page that fades meanwhile must not wait

export class Cause extends Error {
  /** @param {string} cause @param {string} [detail] */
  constructor(cause, detail = "") {
    super(detail || cause);
    this.cause = cause;
  }
}

export class Store {
  /**
   * @param {{board: number, fetch: typeof fetch, caches: CacheStorage | undefined, storage: Storage,
   *   onRecall: (revisions: Set<number>) => void, onHeld: (manifest: any, ref: any) => void, onTold?: () => void}} given
   *   `onTold`: another insert, or the stop, or an insert's slides are there
   */
  constructor(given) {
    this.given = given;
    this.url = (/** @type {string} */ path) => `${path}?b=${given.board}`;
    /** @type {any} */ this.ref = null;
    /** @type {any} */ this.manifest = null;
    /** @type {any} */ this.previous = null;
    /** @type {Set<number>} */ this.recalled = new Set();
    /** @type {import("./scene.js").Override[]} */ this.overrides = [];
    /** @type {{since: string} | null} */ this.stopped = null;
    /** @type {Map<string, Blob>} */ this.blobs = new Map();
    /** @type {Set<string>} */ this.sound = new Set(); // large objects whose bytes this page has verified
    /** @type {Set<string>} */ this.there = new Set(); // objects of inserts that are here
    this.cause = "";
    this.answeredAt = 0;
    /** @type {Promise<boolean> | null} */ this.running = null;
    this.again = false;
    this.gathering = false;
  }

  /** What was held when the page last ran: shown at once, before any server is asked. @returns {Promise<boolean>} */
  async recover() {
    const kept = this.remembered();
    if (!kept) return false;
    this.recalled = new Set(kept.recalled ?? []);
    this.overrides = kept.overrides ?? [];
    this.stopped = kept.stopped ?? null;
    for (const ref of [kept.ref, kept.before]) {
      const manifest = ref ? await this.manifestOf(ref.edition, false) : null;
      if (manifest && await this.complete(manifest)) {
        if (!this.manifest) { this.manifest = manifest; this.ref = ref; } else this.previous = manifest;
      }
    }
    if (this.slides().length) this.there = await this.names();
    return this.manifest !== null;
  }

  /** Whether all that this insert shows is here. @param {import("./scene.js").Override} override */
  ready(override) {
    return needs(override).every((sha) => this.there.has(sha));
  }

  /** Ask for the ref and hold what it names; true when something new is held. Calls made meanwhile are joined into one more. */
  sync() {
    if (this.running) { this.again = true; return this.running; }
    this.running = this.once().finally(() => {
      this.running = null;
      if (this.again) { this.again = false; void this.sync(); }
    });
    return this.running;
  }

  async once() {
    try {
      const held = await this.follow();
      this.cause = "";
      return held;
    } catch (error) {
      this.cause = error instanceof Cause ? String(error.cause) : "storage";
      return false;
    }
  }

  async follow() {
    void this.gather();
    // While stopped the ref is asked for whole: the stop ends without a new version where the database cannot be written.
    const headers = /** @type {Record<string, string>} */ (this.ref && !this.stopped ? { "If-None-Match": `"${this.ref.version}"` } : {});
    const answer = await this.ask(this.url("/board/ref"), { headers, cache: "no-store" });
    this.answeredAt = Date.now();
    if (answer.status === 304) return false;
    if (answer.status !== 200) throw new Cause(String(answer.status));
    const ref = await answer.json().catch(() => { throw new Cause("answer"); });
    if (!Number.isInteger(ref.version) || ref.board !== this.given.board || (this.ref && ref.version < this.ref.version)) throw new Cause("ref");
    this.obey(ref);
    if (ref.version === this.ref?.version && ref.edition === this.ref.edition) { this.ref = ref; return false; }
    const manifest = ref.edition === this.ref?.edition ? this.manifest : await this.take(ref.edition);
    if (manifest !== this.manifest) this.previous = this.manifest;
    const before = this.ref;
    this.manifest = manifest;
    this.ref = ref;
    this.remember(ref, before && before.edition !== ref.edition ? before : this.remembered()?.before);
    this.given.onHeld(manifest, ref);
    void this.sweep();
    return true;
  }

  /** What is not to wait for the new edition. @param {any} ref */
  obey(ref) {
    const recalled = /** @type {number[]} */ (ref.recalled ?? []), before = JSON.stringify([this.overrides, this.stopped]);
    const fresh = recalled.filter((revision) => !this.recalled.has(revision));
    this.recalled = new Set(recalled);
    this.overrides = ref.overrides ?? [];
    this.stopped = ref.stopped ?? null;
    this.keep({ ref: null, before: null, ...this.remembered(), ...this.orders() });
    if (fresh.length) this.given.onRecall(new Set(fresh));
    if (JSON.stringify([this.overrides, this.stopped]) === before) return;
    this.given.onTold?.();
    void this.gather();
  }

  orders() {
    return { recalled: [...this.recalled], overrides: this.overrides, stopped: this.stopped };
  }

  /** Inserts that show slides, and are not over. */
  slides() {
    return this.overrides.filter((each) => needs(each).length && Date.parse(each.to) > Date.now());
  }

  /** Fetch to the side what inserts show; until it is here the wall goes on. What fails is asked for again with the next ref. */
  async gather() {
    if (this.gathering || this.slides().every((each) => this.ready(each))) return;
    this.gathering = true;
    try {
      this.there = await this.names();
      for (const sha of this.slides().flatMap(needs)) if (!this.there.has(sha)) { await this.fetch(sha); this.there.add(sha); }
      this.given.onTold?.();
    } catch { /* the wall goes on without it */ } finally {
      this.gathering = false;
    }
  }

  /** Fetch an edition whole. @param {string} edition */
  async take(edition) {
    const manifest = await this.manifestOf(edition, true);
    const wanted = manifest.objects.map((/** @type {{sha: string}} */ each) => each.sha);
    const there = await this.names();
    const missing = wanted.filter((/** @type {string} */ sha) => !there.has(sha));
    const lanes = Array.from({ length: Math.min(TOGETHER, missing.length) }, async () => {
      for (let sha = missing.pop(); sha; sha = missing.pop()) await this.fetch(sha);
    });
    await Promise.all(lanes);
    return manifest;
  }

  /** Verified bytes, from memory, from the cache, or fetched again when they are damaged. @param {string} sha @returns {Promise<Blob>} */
  async get(sha) {
    const known = this.blobs.get(sha);
    if (known) return known;
    const kept = await this.cached(sha);
    const blob = kept && (this.sound.has(sha) || await named(kept, sha)) ? kept : await this.fetch(sha);
    if (blob.size < LARGE) this.blobs.set(sha, blob); else this.sound.add(sha);
    return blob;
  }

  /** @param {string} sha */
  async text(sha) {
    return (await this.get(sha)).text();
  }

  /** @param {string} sha @returns {Promise<Blob>} */
  async fetch(sha) {
    const answer = await this.ask(`/objects/${sha}`, { cache: "no-store" });
    if (answer.status !== 200) throw new Cause(`object ${answer.status}`);
    const blob = await answer.blob().catch(() => { throw new Cause("cut"); });
    if (!await named(blob, sha)) throw new Cause("damaged");
    const cache = await this.cache();
    if (cache) await cache.put(`/objects/${sha}`, new Response(blob)).catch(() => undefined);
    if (!cache || blob.size < LARGE) this.blobs.set(sha, blob);
    return blob;
  }

  /** @param {string} url @param {RequestInit} options */
  async ask(url, options) {
    try {
      return await this.given.fetch(url, { credentials: "same-origin", ...options, signal: AbortSignal.timeout(url.startsWith("/objects") ? 120_000 : 15_000) });
    } catch (error) {
      throw new Cause(/** @type {Error} */ (error).name === "TimeoutError" ? "timeout" : "unreachable");
    }
  }

  /** @param {string} edition @param {boolean} fetching */
  async manifestOf(edition, fetching) {
    const kept = await this.cached(edition);
    if (kept && await named(kept, edition)) return JSON.parse(await kept.text());
    return fetching ? JSON.parse(await (await this.fetch(edition)).text()) : null;
  }

  /** @param {any} manifest */
  async complete(manifest) {
    const there = await this.names();
    return manifest.objects.every((/** @type {{sha: string}} */ each) => there.has(each.sha));
  }

  /** Every object that is here, in one question: a look for each by itself takes longer than the fetch of what is new. @returns {Promise<Set<string>>} */
  async names() {
    const there = new Set(this.blobs.keys());
    try {
      for (const request of await (await this.cache())?.keys() ?? []) there.add(request.url.slice(-64));
    } catch { /* a broken cache holds nothing */ }
    return there;
  }

  /** @param {string} sha @returns {Promise<Blob | null>} */
  async cached(sha) {
    try {
      const found = await (await this.cache())?.match(`/objects/${sha}`);
      return found ? await found.blob() : null;
    } catch {
      return null;
    }
  }

  async cache() {
    try {
      return await this.given.caches?.open(OBJECTS) ?? null;
    } catch {
      return null;
    }
  }

  /** Forget what neither this edition nor the one before names; other boards of this browser keep theirs. */
  async sweep() {
    const keep = new Set();
    for (const manifest of [this.manifest, this.previous]) for (const each of manifest?.objects ?? []) keep.add(each.sha);
    for (const sha of this.overrides.flatMap(needs)) keep.add(sha);
    for (const sha of this.sound) if (!keep.has(sha)) this.sound.delete(sha);
    for (const sha of this.blobs.keys()) if (!keep.has(sha)) this.blobs.delete(sha);
    const { storage } = this.given;
    const alone = Array.from({ length: storage.length }, (_, at) => storage.key(at)).filter((key) => key?.startsWith("kiosk-held-")).length <= 1;
    const cache = await this.cache();
    if (!cache || !alone) return;
    for (const name of [this.ref?.edition, this.remembered()?.before?.edition]) keep.add(name);
    for (const request of await cache.keys()) {
      const sha = request.url.slice(-64);
      if (!keep.has(sha)) await cache.delete(request);
    }
  }

  key() {
    return `kiosk-held-${this.given.board}`;
  }

  /** @returns {any} */
  remembered() {
    try {
      return JSON.parse(this.given.storage.getItem(this.key()) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {any} ref @param {any} before */
  remember(ref, before) {
    this.keep({ ref, before: before ?? null, ...this.orders() });
  }

  /** @param {any} held */
  keep(held) {
    try {
      this.given.storage.setItem(this.key(), JSON.stringify(held));
    } catch { /* a full storage costs the start without a server, not the show */ }
  }
}

/** Whether the bytes have this name. @param {Blob} blob @param {string} sha */
export async function named(blob, sha) {
  const digest = sha256.create();
  const reader = blob.stream().getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    for (let from = 0; from < value.length; from += SLICE) {
      if (from) await breath();
      digest.update(value.subarray(from, from + SLICE));
    }
  }
  return Array.from(digest.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("") === sha;
}

/** Let the page draw. Not by a timer: those are throttled where nobody looks. */
function breath() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); resolve(undefined); };
    port2.postMessage(0);
  });
}

/** @param {import("./scene.js").Override} override @returns {string[]} */
function needs(override) {
  return [...(override.items ?? []).flatMap((each) => [each.html, ...each.media ?? []]), ...(override.objects ?? []).map((each) => each.sha)];
}
