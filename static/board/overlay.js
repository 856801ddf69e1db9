// @ts-check
/** Overlay: what stands over all zones. It comes with a cut, for it must not be missed, and fades away. */
import { element } from "../shared/dom.js";

const FADE = 600;

/** @typedef {{place: HTMLElement, close: () => void, look: (urgent: boolean) => void}} Cover */

export class Overlay {
  /** @param {HTMLElement} wall @param {(place: HTMLElement, override: any) => {player: any, stage: any}} make for the slides of an override */
  constructor(wall, make) {
    this.wall = wall;
    this.make = make;
    /** @type {Cover | null} */ this.shown = null;
  }

  /** A page made of elements. @param {HTMLElement} page @returns {Cover} */
  page(page) {
    const place = element("section", "overlay");
    place.append(page);
    return { place, close: () => {}, look: () => {} };
  }

  /** The slides of an override, once the first of them stands; null when none can. @param {any} override @returns {Promise<Cover | null>} */
  async slides(override) {
    const place = element("section", "overlay coming");
    this.wall.append(place);
    const { player, stage } = this.make(place, override);
    const close = () => { player.pause(); stage.close(); };
    await player.look(true);
    if (player.current) return { place, close, look: (urgent) => void player.look(urgent) };
    close();
    place.remove();
    return null;
  }

  /** @param {Cover} next */
  take(next) {
    const before = this.shown;
    this.shown = next;
    next.place.classList.remove("coming");
    if (!next.place.isConnected) this.wall.append(next.place);
    before?.close();
    before?.place.remove();
  }

  /** Away, in a fade that shows what stands below. @param {boolean} [cut] */
  leave(cut = false) {
    const gone = this.shown;
    if (!gone) return;
    this.shown = null;
    const away = () => { gone.close(); gone.place.remove(); };
    if (cut || matchMedia("(prefers-reduced-motion: reduce)").matches) return away();
    gone.place.animate([{ opacity: 1 }, { opacity: 0 }], { duration: FADE, easing: "ease-in-out", fill: "forwards" });
    setTimeout(away, FADE + 50);
  }
}
