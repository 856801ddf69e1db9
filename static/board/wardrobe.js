// @ts-check
/** Wardrobe: styles and fonts of the themes, each made once for all stages of the wall. */

export class Wardrobe {
  /** @param {{get: (sha: string) => Promise<Blob>, text: (sha: string) => Promise<string>}} store */
  constructor(store) {
    this.store = store;
    this.own = own();
    /** @type {Map<string, CSSStyleSheet>} */ this.made = new Map();
    /** @type {Map<string, Promise<void>>} */ this.fonts = new Map();
  }

  /** The sheets of a layer that wears this theme; its fonts are there too. @param {any} theme @returns {Promise<CSSStyleSheet[]>} */
  async sheets(theme) {
    const sheets = await Promise.all(theme.styles.map((/** @type {string} */ sha) => this.sheet(sha)));
    await Promise.all(theme.fonts.map((/** @type {any} */ font) => this.font(font)));
    return [this.own, ...sheets];
  }

  /** @param {string} sha */
  async sheet(sha) {
    const known = this.made.get(sha);
    if (known) return known;
    const made = new CSSStyleSheet();
    made.replaceSync(await this.store.text(sha));
    this.made.set(sha, made);
    return made;
  }

  /** Whoever asks waits until it is there; without it the page is shown in another. @param {{family: string, weight: string, sha: string}} font */
  font(font) {
    const name = `${font.family} ${font.sha}`; // one file may serve under two names
    const known = this.fonts.get(name);
    if (known) return known;
    const loading = this.load(font).catch(() => { this.fonts.delete(name); });
    this.fonts.set(name, loading);
    return loading;
  }

  /** @param {{family: string, weight: string, sha: string}} font */
  async load({ family, weight, sha }) {
    const face = new FontFace(family, await (await this.store.get(sha)).arrayBuffer(), { weight });
    document.fonts.add(await face.load());
  }
}

/** The document's own rules once more: they do not reach into a layer by themselves, and built-in slides are dressed by them. */
function own() {
  const made = new CSSStyleSheet();
  made.replaceSync(Array.from(document.styleSheets, (sheet) => Array.from(sheet.cssRules, (rule) => rule.cssText).join("\n")).join("\n"));
  return made;
}
