// @ts-check
/**
 * Webpage: somebody else's page over our own words, in a sandboxed frame that nobody can touch, for as long as it can be had.
 *
 * A page that is not there yet, not there any more, or leads elsewhere is not seen: the words below are.
 */
import { element } from "../../shared/dom.js";
import { mounting } from "./mounting.js";
import { answers, framable, webAddress } from "./reach.js";

const AGAIN = 15_000;
const PAINT = 400;

export const { mount, unmount } = mounting("[data-frame]", (place) => {
  const made = new Frame(place);
  void made.turn();
  return made;
});

class Frame {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.address = webAddress(place.dataset.frame ?? "");
    this.wait = 1000 * Number(place.dataset.wait || 8);
    this.wide = Number(place.dataset.wide || 1280);
    this.ends = new AbortController();
    this.timer = 0;
    /** @type {HTMLIFrameElement | null} */ this.frame = null;
    this.sized = new ResizeObserver(() => this.fit());
    this.sized.observe(place);
    const { signal } = this.ends;
    addEventListener("offline", () => this.down(), { signal });
    addEventListener("online", () => void this.turn(), { signal });
    // It wanted to go to an address that is not allowed: what stands there now is the browser's own page.
    document.addEventListener("securitypolicyviolation", (event) => { if (/^(frame|child)-src$/.test(event.effectiveDirective)) this.down(); }, { signal });
  }

  /** Look whether it can be had; again and again, for as long as the fragment stands. */
  async turn() {
    clearTimeout(this.timer);
    const { signal } = this.ends;
    const good = this.address !== "" && await framable(this.address, signal) && await answers(this.address, signal);
    if (signal.aborted) return;
    if (!good) this.down(); else if (!this.frame) this.load();
    clearTimeout(this.timer);
    this.timer = /** @type {any} */ (setTimeout(() => void this.turn(), AGAIN));
  }

  /** Not seen before it has loaded and been painted; not there within its time: away again. */
  load() {
    const frame = this.made();
    this.frame = frame;
    const late = setTimeout(() => { if (this.frame === frame) this.down(); }, this.wait);
    let loads = 0;
    frame.addEventListener("load", async () => {
      clearTimeout(late);
      loads += 1;
      if (loads > 1 && !await answers(this.address, this.ends.signal)) { if (this.frame === frame) this.down(); return; }
      setTimeout(() => { if (this.frame === frame) this.place.classList.add("up"); }, PAINT);
    });
    const view = element("div", "view");
    view.append(frame);
    this.place.append(view);
    this.fit();
  }

  made() {
    const frame = /** @type {HTMLIFrameElement} */ (document.createElement("iframe"));
    frame.setAttribute("sandbox", "allow-scripts"); // never allow-same-origin: it has no cookies and no store, and is nobody
    frame.allow = "autoplay 'none'; camera 'none'; microphone 'none'; geolocation 'none'; fullscreen 'none'; payment 'none'; usb 'none'";
    frame.referrerPolicy = "no-referrer";
    if ("credentialless" in frame) frame.credentialless = true;
    frame.loading = "eager";
    frame.tabIndex = -1;
    frame.setAttribute("scrolling", "no");
    frame.src = this.address;
    return frame;
  }

  /** Laid out in its own px, so many that its usual type is as high as the server reckoned, and drawn as large as the place. */
  fit() {
    const view = this.frame?.parentElement;
    if (!this.frame || !view?.clientWidth) return;
    const scale = view.clientWidth / this.wide;
    Object.assign(this.frame.style, { width: `${this.wide}px`, height: `${Math.ceil(view.clientHeight / scale)}px`, transform: `scale(${scale})` });
  }

  /** Our own words are seen. */
  down() {
    this.place.classList.remove("up");
    this.frame?.parentElement?.remove();
    this.frame = null;
  }

  close() {
    this.ends.abort();
    clearTimeout(this.timer);
    this.sized.disconnect();
    this.down();
  }
}
