// @ts-check
/**
 * Store: the ref, the manifest and every object of it. Nothing of a ref is obeyed before its seal is checked by the pinned key: not the
 * edition, no recall, no insert, no stop; what was kept is checked once more at the start. Fetch all to the side, verify each by its name,
 * then switch; never half an edition. The edition before stays as the rung below. Recalls, urgent inserts and the stop are obeyed before any
 * fetch, and remembered.
 */
import { sha256 } from "../vendor/noble-hashes/sha2.js";
import { Keep } from "./keep.js";
import { sane } from "./sane.js";
import { trusted } from "./seal.js";

const OBJECTS = "kiosk-objects";
const TOGETHER = 6;
const LARGE = 4_000_000; // bytes of an object that is not kept in memory
const FRESH = 3_600_000; // a seal that is older is asked for anew: 304 would hide it
const RENEW = 600_000;
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
   *   onRecall: (revisions: Set<number>) => void, onHeld: (manifest: any, ref: any) => void, onTold?: () => void, keep?: Keep,
   *   now?: () => number, onSealed?: (at: number) => void, onFault?: (fault: string) => void, key?: () => Promise<string | null>,
   *   renew?: () => Promise<boolean>}} given
   *   `onTold`: another insert, or the stop, or an insert's slides are there; `onSealed`: the instant of a seal that was checked; `onFault`: what
   *   was skipped; `key`: the office's, asked for once by a board that has pinned none yet; `renew`: get the lost cookie anew
   */
  constructor(given) {
    this.given = given;
    this.keep = given.keep ?? new Keep(given);
    this.now = given.now ?? Date.now;
    this.url = (/** @type {string} */ path) => `${path}?b=${given.board}`;
    /** @type {any} */ this.ref = null;
    /** @type {any} */ this.before = null;
    /** @type {any} */ this.told = null; // the newest ref that was believed; what it names may still be on its way
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
    this.renewedAt = -Infinity;
    /** @type {Promise<boolean> | null} */ this.running = null;
    this.again = false;
    this.gathering = false;
  }

  /** What was held when the page last ran: shown at once, before any server is asked. @returns {Promise<boolean>} */
  async recover() {
    const kept = this.remembered();
    if (!kept) return false;
    for (const ref of [kept.ref, kept.before]) {
      const manifest = this.believed(ref) ? await this.manifestOf(ref.edition, false).catch(() => null) : null;
      if (manifest && await this.complete(manifest)) {
        if (!this.manifest) { this.manifest = manifest; this.ref = ref; } else { this.previous = manifest; this.before = ref; }
      }
    }
    const told = [kept.told, kept.ref].find((ref) => this.believed(ref));
    if (told) this.take(told);
    if (this.slides().length) this.there = await this.names();
    return this.manifest !== null;
  }

  /** The pinned keys, oldest first. @returns {string[]} */
  get keys() {
    return this.keep.get(this.pinning)?.keys ?? [];
  }

  get pinning() {
    return `kiosk-key-${this.given.board}`;
  }

  /** Whether a ref of the board's own storage bears the office's seal. @param {any} ref */
  believed(ref) {
    return ref ? trusted(ref, this.keys, { board: this.given.board }).keys !== null : false;
  }

  /** Its keys, or why it is refused. @param {any} ref */
  check(ref) {
    const { keys, cause } = trusted(ref, this.keys, { board: this.given.board, version: Math.max(this.ref?.version ?? 0, this.told?.version ?? 0) });
    if (!keys) throw new Cause(cause);
    if (this.stopped && !ref.stopped && ref.version === this.told?.version && Date.parse(ref.sealed_at) < Date.parse(this.stopped.since)) throw new Cause("older");
    if (keys.join() !== this.keys.join()) this.keep.set(this.pinning, { ...this.keep.get(this.pinning), keys });
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
    // Asked for whole while stopped, for the stop ends without a new version where the database cannot be written; and once an hour for the seal.
    if (!this.keys.length) await this.pin();
    if (!this.keys.length) throw new Cause("key");
    const headers = /** @type {Record<string, string>} */ (this.ref && !this.stopped && this.fresh ? { "If-None-Match": `"${this.ref.version}"` } : {});
    const answer = await this.ask(this.url("/board/ref"), { headers, cache: "no-store" });
    this.answeredAt = this.now();
    if (answer.status === 304) return false;
    if (answer.status === 401 && this.now() - this.renewedAt > RENEW) {
      this.renewedAt = this.now();
      if (await this.given.renew?.()) this.again = true;
    }
    if (answer.status !== 200) throw new Cause(String(answer.status));
    const ref = await answer.json().catch(() => { throw new Cause("answer"); });
    this.check(ref);
    this.obey(ref);
    if (ref.version === this.ref?.version && ref.edition === this.ref.edition) { this.ref = ref; this.remember(); return false; }
    const manifest = ref.edition === this.ref?.edition ? this.manifest : await this.whole(ref.edition);
    if (manifest !== this.manifest) { this.previous = this.manifest; this.before = this.ref; }
    this.manifest = manifest;
    this.ref = ref;
    this.remember();
    this.given.onHeld(manifest, ref);
    void this.sweep();
    return true;
  }

  /** Whether the newest seal is young enough. */
  get fresh() {
    return Math.abs(this.now() - Date.parse(this.told?.sealed_at)) < FRESH;
  }

  /** A board that has pinned no key yet (it was paired by an earlier release) does it once. */
  async pin() {
    const key = await this.given.key?.();
    if (key) await this.keep.set(this.pinning, { keys: [key] });
  }

  /** What is not to wait for the new edition. @param {any} ref */
  obey(ref) {
    const known = this.recalled, before = JSON.stringify([this.overrides, this.stopped]);
    this.take(ref);
    const fresh = [...this.recalled].filter((revision) => !known.has(revision));
    this.remember();
    if (fresh.length) this.given.onRecall(new Set(fresh));
    if (JSON.stringify([this.overrides, this.stopped]) === before) return;
    this.given.onTold?.();
    void this.gather();
  }

  /** What a ref says besides its edition. @param {any} ref */
  take(ref) {
    this.told = ref;
    this.recalled = new Set(/** @type {number[]} */ (ref.recalled ?? []));
    this.overrides = ref.overrides ?? [];
    this.stopped = ref.stopped ?? null;
    this.given.onSealed?.(Date.parse(ref.sealed_at));
  }

  /** Inserts that show slides, and are not over. */
  slides() {
    return this.overrides.filter((each) => needs(each).length && Date.parse(each.to) > this.now());
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
  async whole(edition) {
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
    const blob = kept && await named(kept, edition) ? kept : fetching ? await this.fetch(edition) : null;
    if (!blob) return null;
    const { manifest, faults } = sane(await blob.text());
    for (const fault of faults) this.given.onFault?.(fault);
    if (!manifest) throw new Cause("manifest");
    return manifest;
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
    for (const name of [this.ref?.edition, this.before?.edition]) keep.add(name);
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
    return this.keep.get(this.key());
  }

  remember() {
    void this.keep.set(this.key(), { ref: this.ref, before: this.before, told: this.told });
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
