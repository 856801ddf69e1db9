// @ts-check
/**
 * Wall: who has it, as the scene says: the zones with their players, what stands over them, or nobody, because the panel is off. Whoever loses
 * it pauses first; who gets it back stands there before the other goes.
 */
import { Alarm } from "./alarm.js";
import { Overlay } from "./overlay.js";
import { Player } from "./player.js";
import { MAIN } from "./rotation.js";
import { scene } from "./scene.js";
import { Sleep } from "./sleep.js";
import { Stage } from "./stage.js";
import { safe, urgent } from "./urgent.js";
import { Wardrobe } from "./wardrobe.js";
import { Zones } from "./zones.js";

const AGAIN = 60_000;

export class Wall {
  /**
   * @param {{root: HTMLElement, store: any, now: () => number, texts: (item: any) => Record<string, string>, onPlay: (play: any) => void,
   *   onError: (error: string) => void, onShown: () => void, doubts?: () => boolean, heard?: () => number | null}} given
   */
  constructor({ root, store, now, texts, onPlay, onError, onShown, doubts = () => false, heard = () => null }) {
    this.doubts = doubts; this.heard = heard;
    this.store = store; this.now = now; this.texts = texts; this.onPlay = onPlay; this.onError = onError; this.onShown = onShown;
    this.wardrobe = new Wardrobe(store);
    this.zones = new Zones(root, (place, zone) => this.pair(place, store, zone));
    this.overlay = new Overlay(root, (place, override) => this.pair(place, slides(store, override), MAIN));
    this.sleep = new Sleep();
    this.alarm = new Alarm(() => void this.look(), now);
    this.key = JSON.stringify(["play"]);
    this.turn = 0;
    this.awake = 0;
    /** @type {string | null} */ this.over = null;
    /** @type {Map<string, number>} */ this.broken = new Map();
  }

  /** What staff are told stands here. */
  get item() {
    return this.over ?? (this.zones.paused ? null : this.zones.main.current?.item ?? null);
  }

  /** The panel stays on for so long, whatever its hours. @param {number} ms */
  rouse(ms) {
    this.awake = this.now() + ms;
    return this.look();
  }

  /** One look; at most a comparison of instants where nothing changes. @param {boolean} [urgent] */
  async look(urgent = false) {
    const { store } = this, at = this.now();
    const doubted = this.doubts(); // then nothing that ends: no insert of a time that may be long past, no dark panel
    const able = doubted ? [] : store.overrides.filter((/** @type {any} */ each) => store.ready(each) && (this.broken.get(name(each)) ?? 0) <= at);
    const told = scene({ overrides: able, stopped: store.stopped, power: doubted ? [] : store.manifest?.power, awake: this.awake }, at);
    const key = JSON.stringify([told.kind, told.override, ...told.kind === "safe" ? [this.face, this.theme] : []]);
    this.alarm.at(told.until);
    if (key !== this.key) { this.key = key; return this.change(told); }
    this.overlay.shown?.look(urgent);
    return this.zones.look(urgent);
  }

  get face() {
    return this.store.ref?.face ?? {};
  }

  get theme() {
    return this.store.ref?.panel?.theme;
  }

  /** @param {import("./scene.js").Scene} told */
  async change({ kind, override }) {
    const turn = this.turn += 1;
    if (kind === "play") await this.zones.resume();
    const cover = override ? await this.cover(override) : kind === "safe" ? this.overlay.page(safe(this.face, this.theme)) : null;
    if (turn !== this.turn) return cover?.close();
    if (override && !cover) { // its slides cannot be built: the wall goes on with what comes next
      this.broken.set(name(override), this.now() + AGAIN);
      this.key = "";
      return this.look();
    }
    this.over = override ? name(override) : null;
    if (kind !== "play") this.zones.pause();
    if (cover) this.overlay.take(cover); else this.overlay.leave(kind === "asleep" || this.sleep.asleep);
    if (kind === "asleep") this.sleep.fall(); else this.sleep.wake();
    this.onShown();
  }

  /** @param {any} override */
  async cover(override) {
    const shown = override.items?.length ? await this.overlay.slides(override) : null;
    if (shown || !(override.headline || override.text)) return shown;
    return this.overlay.page(urgent(override, this.now(), this.store.manifest?.page.orientation === "portrait"));
  }

  /** A stage and who plays on it. @param {HTMLElement} place @param {any} store @param {string} zone */
  pair(place, store, zone) {
    const stage = new Stage(place, store, this.wardrobe, this.texts);
    const alarm = new Alarm(() => void player.look(), this.now);
    const player = new Player({ stage, store, now: this.now, zone, at: alarm.at, doubts: this.doubts, heard: this.heard, onPlay: this.onPlay, onError: this.onError,
      onShown: () => { if (zone === MAIN && store === this.store) this.onShown(); } });
    return { stage, player };
  }
}

/** @param {{id: number | string}} override */
function name(override) {
  return `override.${override.id}`;
}

/** What a player of an insert's slides plays: these, over and over. @param {any} store @param {any} override */
function slides(store, override) {
  const items = override.items.map((/** @type {any} */ each) => ({ ...each, zone: MAIN }));
  const manifest = { items, windows: [{ items: items.map((/** @type {any} */ each) => each.item), from: null, to: null }], fallback: [], theme: store.manifest?.theme };
  return { manifest, get recalled() { return store.recalled; }, get ref() { return store.ref; },
    get: (/** @type {string} */ sha) => store.get(sha), text: (/** @type {string} */ sha) => store.text(sha) };
}
