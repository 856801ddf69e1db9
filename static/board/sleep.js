// @ts-check
/**
 * Sleep: the panel off by its hours. The page is black and draws nothing; its title and the root's data-power tell the launcher's hook, which
 * may switch the real panel.
 */
import { element } from "../shared/dom.js";

const ON = "公示屏 · 屏开", OFF = "公示屏 · 屏关";

export class Sleep {
  constructor() {
    this.black = element("div", "sleeping");
    this.asleep = true;
    /** @type {any} */ this.lock = null;
    this.wake();
  }

  fall() {
    if (this.asleep) return;
    this.asleep = true;
    document.body.append(this.black);
    this.tell("off", OFF);
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
  }

  wake() {
    if (!this.asleep) return;
    this.asleep = false;
    this.black.remove();
    this.tell("on", ON);
    void this.hold();
  }

  /** Keep the PC from switching the screen off; asked again whenever the page comes to the front. */
  async hold() {
    try {
      if (!document.hidden && !this.asleep) this.lock = await /** @type {any} */ (navigator).wakeLock?.request("screen");
    } catch { /* a PC that must not sleep is told so by its own settings */ }
  }

  /** @param {string} power @param {string} title */
  tell(power, title) {
    document.documentElement.dataset.power = power;
    document.title = title;
  }
}
