// @ts-check
/**
 * Zones: the places of the layout, each with a player of its own. A new layout is made beside the old one and takes its place when its
 * pages stand: never half a layout.
 */
import { element } from "../shared/dom.js";
import { MAIN } from "./rotation.js";

/** @typedef {{place: HTMLElement, player: import("./player.js").Player, stage: import("./stage.js").Stage}} Zone */

export class Zones {
  /** @param {HTMLElement} wall @param {(place: HTMLElement, name: string) => Omit<Zone, "place">} make */
  constructor(wall, make) {
    this.wall = wall;
    this.make = make;
    this.key = "";
    this.turn = 0;
    this.paused = false;
    this.set = this.made(null);
    wall.append(this.set.root);
  }

  /** @returns {import("./player.js").Player} */
  get main() {
    return /** @type {Zone} */ (this.set.zones.get(MAIN)).player;
  }

  /** Follow the layout of this manifest; `place` sizes the wall for it, in the same moment. @param {any} manifest @param {() => void} place */
  async arrange(manifest, place) {
    const key = JSON.stringify([manifest.zones ?? null, manifest.page?.w, manifest.page?.h]);
    if (key === this.key) return place();
    const turn = this.turn += 1, first = this.key === "";
    this.key = key;
    const set = this.made(manifest.zones ?? null);
    if (first) place();
    set.root.classList.add("coming");
    this.wall.prepend(set.root);
    /** @type {Zone} */ (set.zones.get(MAIN)).player.follow(this.main);
    for (const { player } of this.set.zones.values()) player.pause();
    await Promise.all(Array.from(set.zones.values(), ({ player }) => player.look(true)));
    if (turn !== this.turn) return this.close(set);
    const old = this.set;
    this.set = set;
    place();
    if (this.paused) for (const { player } of set.zones.values()) player.pause();
    set.root.classList.remove("coming");
    this.close(old);
  }

  /** @param {boolean} [urgent] */
  async look(urgent = false) {
    await Promise.all(Array.from(this.set.zones.values(), ({ player }) => player.look(urgent)));
  }

  pause() {
    this.paused = true;
    for (const { player } of this.set.zones.values()) player.pause();
  }

  async resume() {
    this.paused = false;
    await Promise.all(Array.from(this.set.zones.values(), ({ player }) => player.resume()));
  }

  /** @param {Record<string, {x: number, y: number, w: number, h: number}> | null} rectangles in u; null: the main zone fills the page */
  made(rectangles) {
    const root = element("div", "zones");
    /** @type {Map<string, Zone>} */ const zones = new Map();
    for (const [name, box] of Object.entries({ [MAIN]: null, ...rectangles })) {
      const place = element("section", `zone ${name}`);
      for (const [side, length] of box ? Object.entries({ left: box.x, top: box.y, width: box.w, height: box.h }) : []) place.style.setProperty(side, `calc(var(--u) * ${length})`);
      root.append(place);
      zones.set(name, { place, ...this.make(place, name) });
    }
    return { root, zones };
  }

  /** @param {{root: HTMLElement, zones: Map<string, Zone>}} set */
  close({ root, zones }) {
    for (const { player, stage } of zones.values()) { player.pause(); stage.close(); }
    root.remove();
  }
}
