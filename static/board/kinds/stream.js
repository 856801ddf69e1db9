// @ts-check
/**
 * Stream: a live picture over our own words, always muted, for as long as it moves. The browser's own HLS where it has one, else hls.js.
 *
 * The video stands in a shadow root of its own: the stage's watch over videos of files does not see it.
 */
import { mounting } from "./mounting.js";
import { webAddress } from "./reach.js";

const HLS = "application/vnd.apple.mpegurl";
const WAIT = 12_000;
const STALL = 6000;
const AGAIN = 10_000;
const LOOK = 1000;

export const { mount, unmount } = mounting("[data-stream]", (place) => {
  const made = new Live(place);
  void made.begin();
  return made;
});

class Live {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.address = webAddress(place.dataset.stream ?? "");
    this.own = document.createElement("video").canPlayType(HLS) !== "";
    /** @type {HTMLVideoElement | null} */ this.video = null;
    /** @type {any} */ this.hls = null;
    /** @type {HTMLElement | null} */ this.view = null;
    this.turn = 0;
    this.timer = 0;
    this.watch = 0;
    this.offline = () => this.fail();
    addEventListener("offline", this.offline);
  }

  /** One try; the next in another way, if there are two. */
  async begin() {
    const turn = this.turn += 1;
    clearTimeout(this.timer);
    if (!this.address || !navigator.onLine) return this.later();
    const video = this.made();
    if (this.own) {
      video.src = this.address;
    } else {
      const hls = await feeding(video, this.address, () => { if (turn === this.turn) this.fail(); }).catch(() => null);
      if (turn !== this.turn) return void hls?.destroy();
      if (!hls) return this.fail();
      this.hls = hls;
    }
    video.play().catch(() => undefined);
    this.look(video);
  }

  /** Seen once it moves; away when it stands still. @param {HTMLVideoElement} video */
  look(video) {
    let at = video.currentTime, moved = performance.now(), seen = false;
    clearInterval(this.watch);
    this.watch = /** @type {any} */ (setInterval(() => {
      const now = performance.now();
      if (video.currentTime !== at && video.readyState >= 2) {
        at = video.currentTime;
        moved = now;
        if (!seen) { seen = true; this.place.classList.add("up"); }
      } else if (now - moved > (seen ? STALL : WAIT)) {
        this.fail();
      }
    }, LOOK));
  }

  made() {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, defaultMuted: true, playsInline: true, disableRemotePlayback: true });
    video.addEventListener("volumechange", () => { if (!video.muted) video.muted = true; });
    video.addEventListener("error", () => { if (this.video === video) this.fail(); });
    video.addEventListener("ended", () => { if (this.video === video) this.fail(); });
    Object.assign(video.style, { width: "100%", height: "100%", objectFit: "contain", background: "#000000", display: "block" });
    this.view = document.createElement("div");
    this.view.className = "view";
    this.view.attachShadow({ mode: "open" }).append(video);
    this.place.append(this.view);
    this.video = video;
    return video;
  }

  /** Our own words are seen; another try follows. */
  fail() {
    this.down();
    if (document.createElement("video").canPlayType(HLS) !== "") this.own = !this.own;
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = /** @type {any} */ (setTimeout(() => void this.begin(), AGAIN));
  }

  down() {
    this.turn += 1;
    this.place.classList.remove("up");
    clearInterval(this.watch);
    this.hls?.destroy();
    const { video } = this;
    this.hls = this.video = null;
    if (video) { video.removeAttribute("src"); video.load(); }
    this.view?.remove();
    this.view = null;
  }

  close() {
    removeEventListener("offline", this.offline);
    this.down();
    clearTimeout(this.timer);
  }
}

/** Let hls.js feed the video; `broken` when it gives up. @param {HTMLVideoElement} video @param {string} address @param {() => void} broken */
async function feeding(video, address, broken) {
  const { default: Hls } = await import("../../vendor/hls/hls.light.min.js");
  if (!Hls.isSupported()) return null;
  const hls = new Hls({ enableWorker: false, maxBufferLength: 20, backBufferLength: 10, capLevelToPlayerSize: true });
  hls.on(Hls.Events.ERROR, (/** @type {string} */ _, /** @type {{fatal: boolean}} */ error) => { if (error.fatal) broken(); });
  hls.loadSource(address);
  hls.attachMedia(video);
  return hls;
}
