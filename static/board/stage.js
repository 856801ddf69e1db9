// @ts-check
/** Stage: two layers. The next page is built and its pictures decoded in the hidden one, then cross-faded; a cut where it must be gone. */
import { crop, element, fill, fragment } from "../shared/dom.js";

const FADE = 600;
const STALL = 8000;

export class Stage {
  /** @param {HTMLElement} wall @param {{get: (sha: string) => Promise<Blob>, text: (sha: string) => Promise<string>}} store @param {(item: any) => Record<string, string>} texts what a page of this item says besides itself */
  constructor(wall, store, texts) {
    this.wall = wall;
    this.store = store;
    this.texts = texts;
    this.layers = [0, 1].map(() => {
      const host = element("div", "layer");
      wall.append(host);
      return { host, root: host.attachShadow({ mode: "open" }), urls: /** @type {string[]} */ ([]) };
    });
    this.front = 0;
    /** @type {Map<string, CSSStyleSheet>} */ this.sheets = new Map();
    /** @type {Set<string>} */ this.fonts = new Set();
    this.turn = 0;
    /** @type {any} */ this.item = null;
    this.own = own();
    for (const layer of this.layers) layer.root.adoptedStyleSheets = [this.own];
  }

  /** Make a theme's styles and fonts ready. @param {any} theme */
  async dress(theme) {
    const sheets = await Promise.all(theme.styles.map((/** @type {string} */ sha) => this.sheet(sha)));
    for (const layer of this.layers) layer.root.adoptedStyleSheets = [this.own, ...sheets];
    await Promise.all(theme.fonts.map((/** @type {any} */ font) => this.font(font)));
  }

  /** @param {string} sha */
  async sheet(sha) {
    const known = this.sheets.get(sha);
    if (known) return known;
    const made = new CSSStyleSheet();
    made.replaceSync(await this.store.text(sha));
    this.sheets.set(sha, made);
    return made;
  }

  /** @param {{family: string, weight: string, sha: string}} font */
  async font(font) {
    const name = `${font.family} ${font.sha}`; // one file may serve under two names
    if (this.fonts.has(name)) return;
    this.fonts.add(name);
    try {
      const face = new FontFace(font.family, await (await this.store.get(font.sha)).arrayBuffer(), { weight: font.weight });
      document.fonts.add(await face.load());
    } catch {
      this.fonts.delete(name);
    }
  }

  /**
   * Put a page on the wall; false when it could not be built (a damaged object) or a later call overtook it.
   * @param {{html: string}} item @param {{cut?: boolean}} [how]
   */
  async show(item, { cut = false } = {}) {
    const turn = this.turn += 1;
    const layer = this.layers[1 - this.front];
    const page = fragment(await this.store.text(item.html));
    const urls = await this.load(page);
    if (turn !== this.turn) { urls.forEach(URL.revokeObjectURL); return false; }
    fill(page, this.texts(item));
    crop(page);
    this.empty(layer);
    layer.urls = urls;
    layer.root.replaceChildren(page);
    await ready(layer.root);
    if (turn !== this.turn) return false;
    this.item = item;
    this.swap(cut);
    return true;
  }

  /** A built-in slide, made of elements. @param {HTMLElement} built */
  showBuilt(built) {
    this.turn += 1;
    this.item = null;
    const layer = this.layers[1 - this.front];
    this.empty(layer);
    layer.root.replaceChildren(built);
    this.swap(false);
  }

  /** The page on the wall. */
  get root() {
    return this.layers[this.front].root;
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

  /** Whether the page's video stands still although it should move. @param {number} now */
  stalled(now) {
    const video = this.root.querySelector("video");
    if (!video || video.ended) return false;
    if (video.currentTime !== this.videoAt) { this.videoAt = video.currentTime; this.videoMoved = now; }
    return now - (this.videoMoved ?? now) > STALL;
  }

  /** @param {boolean} cut */
  swap(cut) {
    const still = cut || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const [back, front] = [this.layers[this.front], this.layers[1 - this.front]];
    this.front = 1 - this.front;
    this.videoMoved = performance.now();
    for (const video of back.root.querySelectorAll("video")) video.pause();
    for (const video of front.root.querySelectorAll("video")) { video.muted = true; void video.play().catch(() => undefined); }
    front.host.classList.toggle("cut", still);
    back.host.classList.toggle("cut", still);
    front.host.classList.add("front");
    back.host.classList.remove("front");
    front.host.getBoundingClientRect(); // the start of the fade must be seen before its end is set
    front.host.classList.add("shown");
    const done = () => { if (this.layers[this.front] === front) { back.host.classList.remove("shown"); this.empty(back); } };
    if (still) done(); else setTimeout(done, FADE + 50);
  }

  /** @param {DocumentFragment} page @returns {Promise<string[]>} */
  async load(page) {
    /** @type {string[]} */ const urls = [];
    const url = async (/** @type {string} */ sha) => { const made = URL.createObjectURL(await this.store.get(sha)); urls.push(made); return made; };
    for (const each of page.querySelectorAll("[data-object]")) {
      const media = /** @type {HTMLImageElement | HTMLVideoElement} */ (each);
      media.src = await url(media.dataset.object ?? "");
      if (media instanceof HTMLVideoElement && media.dataset.poster) media.poster = await url(media.dataset.poster);
    }
    return urls;
  }

  /** @param {{root: ShadowRoot, urls: string[]}} layer */
  empty(layer) {
    for (const video of layer.root.querySelectorAll("video")) { video.removeAttribute("src"); video.load(); }
    layer.root.replaceChildren();
    layer.urls.forEach((url) => URL.revokeObjectURL(url));
    layer.urls = [];
  }
}

/** The document's own rules once more: they do not reach into a layer by themselves, and built-in slides are dressed by them. */
function own() {
  const made = new CSSStyleSheet();
  made.replaceSync(Array.from(document.styleSheets, (sheet) => Array.from(sheet.cssRules, (rule) => rule.cssText).join("\n")).join("\n"));
  return made;
}

/** Pictures decoded, the first frame of a video there; a picture that cannot be decoded fails the page. @param {ParentNode} root */
async function ready(root) {
  await Promise.all(Array.from(root.querySelectorAll("img"), (image) => image.decode()));
  await Promise.all(Array.from(root.querySelectorAll("video"), (video) => video.readyState >= 2 ? undefined : new Promise((resolve) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    video.addEventListener("error", resolve, { once: true });
    setTimeout(resolve, 3000);
  })));
}
