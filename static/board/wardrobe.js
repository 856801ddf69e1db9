// @ts-check
/** Wardrobe: styles and fonts of the themes, each made once for all stages of the wall. */

export class Wardrobe {
  /** @param {{get: (sha: string) => Promise<Blob>, text: (sha: string) => Promise<string>}} store */
  constructor(store) {
    this.store = store;
    this.own = own();
    /** @type {Map<string, CSSStyleSheet>} */ this.made = new Map();
    /** @type {Set<string>} */ this.fonts = new Set();
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
}

/** The document's own rules once more: they do not reach into a layer by themselves, and built-in slides are dressed by them. */
function own() {
  const made = new CSSStyleSheet();
  made.replaceSync(Array.from(document.styleSheets, (sheet) => Array.from(sheet.cssRules, (rule) => rule.cssText).join("\n")).join("\n"));
  return made;
}
