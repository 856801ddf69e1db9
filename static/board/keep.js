// @ts-check
/**
 * Keep: the few small records that a board must not lose (the key it believes, what it holds, its last time), twice: in Local Storage and in
 * Cache Storage. Either may be emptied by a power cut or a full disk; the other heals it. Each record counts its writings: the newer one wins.
 */
const CACHE = "kiosk-kept";
const PATIENCE = 2000; // a damaged cache may never answer

export class Keep {
  /** @param {{storage: Storage, caches: CacheStorage | undefined}} given */
  constructor({ storage, caches }) {
    this.storage = storage;
    this.caches = caches;
    /** @type {Map<string, any>} */ this.held = new Map(); // what was written while the storage took nothing
  }

  /** @param {string} key @returns {any} */
  get(key) {
    return this.held.get(key) ?? this.read(key);
  }

  /** @param {string} key @param {any} value an object */
  set(key, value) {
    const told = { ...value, n: (this.get(key)?.n ?? 0) + 1 };
    this.write(key, told);
    return this.mirror(key, told);
  }

  /** Make both alike, before anything is read. @param {string[]} keys */
  async heal(keys) {
    const found = await Promise.race([Promise.all(keys.map((key) => this.mirrored(key))), later(PATIENCE)]);
    for (const [at, key] of keys.entries()) {
      const [here, there] = [this.get(key), found?.[at]];
      if (there && !((here?.n ?? -1) >= (there.n ?? 0))) this.write(key, there);
      else if (here && here.n !== there?.n) void this.mirror(key, here);
    }
  }

  /** @param {string} key */
  read(key) {
    try {
      const found = JSON.parse(this.storage.getItem(key) ?? "null");
      return found !== null && typeof found === "object" ? found : null;
    } catch {
      return null;
    }
  }

  /** @param {string} key @param {any} told */
  write(key, told) {
    try {
      this.storage.setItem(key, JSON.stringify(told));
      this.held.delete(key);
    } catch {
      this.held.set(key, told); // a full storage costs the start without a server, not the show
    }
  }

  /** @param {string} key @param {any} told */
  async mirror(key, told) {
    try {
      await (await this.caches?.open(CACHE))?.put(address(key), new Response(JSON.stringify(told)));
    } catch { /* one of the two is enough */ }
  }

  /** @param {string} key */
  async mirrored(key) {
    try {
      const found = await (await (await this.caches?.open(CACHE))?.match(address(key)))?.json();
      return found !== null && typeof found === "object" ? found : null;
    } catch {
      return null;
    }
  }
}

/** @param {string} key */
function address(key) {
  return `/kept/${key}`;
}

/** @param {number} ms @returns {Promise<null>} */
function later(ms) {
  return new Promise((resolve) => { setTimeout(() => resolve(null), ms); });
}
