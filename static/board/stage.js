// @ts-check
/**
 * Stage: two layers. The next page is built, decoded and drawn in the hidden one ahead of its time; at its time classes change and the
 * layers fade, slide or cut. What stands there is never taken away before the next is whole.
 */
import { crop, element, fill, fragment } from "../shared/dom.js";
import * as stream from "./kinds/stream.js";
import * as webpage from "./kinds/webpage.js";

const LASTS = 600;
const STALL = 8000;
const BARE = ["STYLE", "SCRIPT", "LINK"]; // a page of these alone is an empty wall
const OUTSIDE = [webpage, stream]; // what comes over a page of ours from somebody else's address
const EASE = /** @type {KeyframeAnimationOptions} */ ({ duration: LASTS, easing: "ease-in-out", fill: "both" });
/** @type {Record<string, {comes: Keyframe[], goes?: Keyframe[]}>} */
const WAYS = {
  fade: { comes: [{ opacity: 0.001 }, { opacity: 1 }] },
  slide: { comes: [{ transform: "translateX(100%)" }, { transform: "none" }], goes: [{ transform: "none" }, { transform: "translateX(-100%)" }] },
};

/** @typedef {{host: HTMLElement, root: ShadowRoot, urls: string[]}} Layer */
/** @typedef {{html: string, urls: string[], built: Promise<boolean>}} Next a page on its way into the hidden layer */

export class Stage {
  /**
   * @param {HTMLElement} place @param {{get: (sha: string) => Promise<Blob>, text: (sha: string) => Promise<string>}} store
   * @param {import("./wardrobe.js").Wardrobe} wardrobe @param {(item: any) => Record<string, string>} texts what a page of this item says besides itself
   */
  constructor(place, store, wardrobe, texts) {
    this.store = store;
    this.wardrobe = wardrobe;
    this.texts = texts;
    this.sheets = [wardrobe.own];
    /** @type {Layer[]} */ this.layers = [0, 1].map(() => {
      const host = element("div", "layer");
      place.append(host);
      return { host, root: host.attachShadow({ mode: "open" }), urls: [] };
    });
    this.front = 0;
    this.turn = 0;
    /** @type {any} */ this.item = null;
    /** @type {Next | null} */ this.next = null;
    this.faded = Promise.resolve();
    this.settle = () => {};
    this.still = false;
    this.videoAt = 0;
    this.videoMoved = 0;
  }

  /** Make a theme ready for the pages that are built from now on. @param {any} theme */
  async dress(theme) {
    this.sheets = await this.wardrobe.sheets(theme);
  }

  /**
   * Build a page in the hidden layer, once the fade before is over. Asked again for the same page it is the same work. False when another
   * took its place; fails when the page cannot be built (a damaged object).
   * @param {{html: string}} item @returns {Promise<boolean>}
   */
  prepare(item) {
    if (this.next?.html === item.html) return this.next.built;
    const next = /** @type {Next} */ ({ html: item.html, urls: [] });
    this.next = next;
    next.built = this.build(next, item).catch((error) => {
      if (this.next === next) this.next = null;
      throw error;
    });
    return next.built;
  }

  /**
   * Put a page on the wall; false when a later call overtook it, or it is not `wanted` any more once it is built.
   * @param {{html: string, transition?: string}} item @param {{cut?: boolean, wanted?: () => boolean}} [how]
   */
  async show(item, { cut = false, wanted = () => true } = {}) {
    if (cut) this.settle();
    const turn = this.turn += 1;
    if (!await this.prepare(item) || turn !== this.turn || !wanted()) return false;
    fill(this.hidden.root, this.texts(item));
    this.item = item;
    this.swap(cut ? "cut" : item.transition ?? "fade");
    return true;
  }

  /** A built-in slide, made of elements. @param {HTMLElement} built */
  showBuilt(built) {
    this.settle();
    this.turn += 1;
    this.item = null;
    this.fit([], built);
    this.swap("fade");
  }

  /** The page on the wall. */
  get root() {
    return this.layers[this.front].root;
  }

  get hidden() {
    return this.layers[1 - this.front];
  }

  /**
   * Fill the moment's texts anew and let the bar show how much of the dwell has passed.
   * @param {number} share 0..1 @param {any} [item] as the manifest names it now: the same page may say another day
   */
  refresh(share, item = this.item) {
    this.item = item;
    fill(this.root, this.texts(item));
    const bar = /** @type {HTMLElement | null} */ (this.root.querySelector("[data-now]"));
    bar?.style.setProperty("--done", `${Math.round(share * 1000) / 10}%`);
  }

  /** Let videos rest while something else has the wall. @param {boolean} still */
  rest(still) {
    this.still = still;
    this.videoMoved = performance.now();
    for (const video of this.root.querySelectorAll("video")) if (still) video.pause(); else run(video);
  }

  /** Whether the page's video stands still although it should move. @param {number} now */
  stalled(now) {
    const video = this.root.querySelector("video");
    if (!video || video.ended || this.still) return false;
    if (video.currentTime !== this.videoAt) { this.videoAt = video.currentTime; this.videoMoved = now; }
    return now - this.videoMoved > STALL;
  }

  /** Nothing of it may stay in memory. */
  close() {
    this.settle();
    this.turn += 1;
    this.next = null;
    for (const layer of this.layers) { this.empty(layer); layer.host.remove(); }
  }

  /** @param {Next} next @param {{html: string}} item */
  async build(next, item) {
    try {
      const page = fragment(await this.store.text(item.html));
      if (!Array.from(page.children).some((child) => !BARE.includes(child.tagName))) throw new Error("empty");
      await this.load(page, next.urls);
      await this.faded;
      if (this.next !== next) { revoke(next.urls); return false; }
      fill(page, this.texts(item));
      crop(page);
      this.fit(next.urls, page, next);
      await ready(this.hidden.root);
    } catch (error) {
      if (this.hidden.urls !== next.urls) revoke(next.urls); // else they go with the layer
      if (this.next !== next) return false; // its pictures went before they were decoded
      throw error;
    }
    if (this.next !== next) return false;
    this.hidden.host.classList.add("ready");
    return true;
  }

  /** Fill the hidden layer. @param {string[]} urls @param {Node} page @param {Next | null} [next] */
  fit(urls, page, next = null) {
    this.next = next;
    this.empty(this.hidden);
    this.hidden.urls = urls;
    this.hidden.root.adoptedStyleSheets = this.sheets;
    this.hidden.root.replaceChildren(page);
    for (const kind of OUTSIDE) kind.mount(this.hidden.root);
  }

  /** @param {string} how fade, slide; anything else is a cut */
  swap(how) {
    const way = matchMedia("(prefers-reduced-motion: reduce)").matches ? undefined : WAYS[how];
    const [back, front] = [this.layers[this.front], this.hidden];
    this.front = 1 - this.front;
    this.next = null;
    this.videoMoved = performance.now();
    for (const video of back.root.querySelectorAll("video")) video.pause();
    for (const video of front.root.querySelectorAll("video")) { video.muted = true; if (!this.still) run(video); }
    front.host.classList.remove("ready");
    front.host.classList.add("front", "shown");
    back.host.classList.remove("front");
    const moving = way ? [front.host.animate(way.comes, EASE), ...way.goes ? [back.host.animate(way.goes, EASE)] : []] : [];
    this.faded = new Promise((resolve) => {
      let timer = 0;
      this.settle = () => {
        clearTimeout(timer);
        this.settle = () => {};
        back.host.classList.remove("shown");
        this.empty(back);
        for (const each of moving) each.cancel();
        resolve(undefined);
      };
      if (way) timer = /** @type {any} */ (setTimeout(() => this.settle(), LASTS + 50)); else this.settle();
    });
  }

  /** Give the page's media their bytes. @param {DocumentFragment} page @param {string[]} urls gathers what must be given back */
  async load(page, urls) {
    const url = async (/** @type {string} */ sha) => { const made = URL.createObjectURL(await this.store.get(sha)); urls.push(made); return made; };
    for (const each of page.querySelectorAll("[data-object]")) {
      const media = /** @type {HTMLImageElement | HTMLVideoElement} */ (each);
      media.src = await url(media.dataset.object ?? "");
      if (media instanceof HTMLVideoElement && media.dataset.poster) media.poster = await url(media.dataset.poster);
    }
  }

  /** @param {Layer} layer */
  empty(layer) {
    layer.host.classList.remove("ready");
    for (const kind of OUTSIDE) kind.unmount(layer.root);
    for (const video of layer.root.querySelectorAll("video")) { video.removeAttribute("src"); video.load(); }
    layer.root.replaceChildren();
    revoke(layer.urls);
    layer.urls = [];
  }
}

/** @param {HTMLVideoElement} video */
function run(video) {
  video.play().catch(() => undefined);
}

/** @param {string[]} urls */
function revoke(urls) {
  for (const url of urls.splice(0)) URL.revokeObjectURL(url);
}

/** Pictures decoded, the first frame of a video there; a picture that cannot be decoded fails the page. @param {ParentNode} root */
async function ready(root) {
  await Promise.all(Array.from(root.querySelectorAll("img"), (image) => image.decode()));
  await Promise.all(Array.from(root.querySelectorAll("video"), (video) => video.readyState >= 2 ? undefined : new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    video.addEventListener("error", () => reject(new Error(`video: ${video.error?.message ?? ""}`)), { once: true });
    setTimeout(resolve, 3000);
    video.preload = "auto";
    video.load(); // what a template holds is not loaded by itself
  })));
}
