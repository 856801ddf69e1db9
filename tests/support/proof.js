// @ts-check
/** Proof: a page as this browser drew it, and what is wrong with it. `proof.draw` puts fragments there, `proof.told` looks. */

const EPS = 0.6; // px: rounding to 1/64 px and the half pixel of a border
const OVER = 1; // px that two inks may share
const TAIL = 0.5; // u that a letter's tail may reach below the last line's box
const SHORT = 8; // characters of a label that needs no line of its own
const READ = 6.95; // contrast of what is read to what is behind it: 7, as far as it can be reckoned from 8 bits
const MOVING = ".ticker .way"; // the one place where text may be wider than its window

const host = document.createElement("div");
host.style.position = "absolute";
host.style.inset = "0 auto auto 0";
const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
/** @type {Map<string, {up: number, down: number, rise: number, fall: number}>} */
const inks = new Map();

/** Every face, loaded before the first page. */
async function ready() {
  document.body.replaceChildren(host);
  await Promise.all([...document.fonts].map((each) => each.load()));
  return document.fonts.size;
}

/** @param {string} html @param {{w: number, h: number, u: number}} grid @param {Record<string, string>} fills @param {Record<string, string>} media */
function draw(html, grid, fills, media) {
  document.documentElement.style.setProperty("--u", `${grid.u}px`);
  Object.assign(host.style, { width: `${grid.w * grid.u}px`, height: `${grid.h * grid.u}px` });
  host.innerHTML = html;
  for (const each of host.querySelectorAll(".outside")) each.remove(); // clear until the board has had it from elsewhere: proved is what stands below
  for (const place of host.querySelectorAll("[data-fill]")) {
    const text = fills[/** @type {HTMLElement} */ (place).dataset.fill ?? ""];
    if (text !== undefined) place.textContent = text;
  }
  for (const each of /** @type {NodeListOf<HTMLImageElement | HTMLVideoElement>} */ (host.querySelectorAll("[data-object]"))) {
    if (each instanceof HTMLVideoElement) each.poster = media[each.dataset.poster ?? ""] ?? "";
    else each.src = media[each.dataset.object ?? ""] ?? "";
    if (each.dataset.crop) {
      const [x, y, w, h] = numbers(each.dataset.crop);
      /** @type {any} */ (each.style).objectViewBox = `inset(${y / 10}% ${(1000 - x - w) / 10}% ${(1000 - y - h) / 10}% ${x / 10}%)`;
    }
  }
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll("[data-box]"))) {
    const [x, y, w, h] = numbers(each.dataset.box ?? "0 0 0 0");
    Object.assign(each.style, { left: `${x / 10}%`, top: `${y / 10}%`, width: `${w / 10}%`, height: `${h / 10}%` });
  }
}

/** @param {string} text */
function numbers(text) {
  return text.split(" ").map(Number);
}

/** Draw each page and say what is wrong with it, what stands there and how wide. */
async function told(/** @type {any[]} */ pages, /** @type {any} */ grid, /** @type {any} */ fills, /** @type {any} */ media) {
  const found = [];
  for (const html of pages) {
    draw(html, grid, fills, media);
    await Promise.all([...host.querySelectorAll("img")].map((each) => each.decode().catch(() => undefined)));
    found.push(look(grid.u));
  }
  return found;
}

/** The lines of a page alone, however many, as `look` tells them. */
function lines(/** @type {string} */ html, /** @type {any} */ grid) {
  draw(html, grid, {}, {});
  return [...host.querySelectorAll(".line")].map((each) => wide(/** @type {Text} */ (each.firstChild), getComputedStyle(each)));
}

/** How wide a text is drawn, and in what: text, width, size, weight, face, spacing, rows. @param {Text} node @param {CSSStyleDeclaration} style @param {DOMRect[]} [rows] */
function wide(node, style, rows = boxed(node)) {
  return [node.data, rows.reduce((sum, each) => sum + each.width, 0), parseFloat(style.fontSize), Number(style.fontWeight),
    style.fontFamily.split(",")[0].replaceAll('"', ""), parseFloat(style.letterSpacing) || 0, rows.length];
}

/** @param {Text} node */
function boxed(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  return [...range.getClientRects()].filter((each) => each.width);
}

/** @param {number} u */
function look(u) {
  const page = /** @type {HTMLElement} */ (host.firstElementChild);
  const content = /** @type {HTMLElement} */ (page.querySelector("section.content"));
  /** @type {Set<string>} */ const faults = new Set();
  const texts = written(page);
  boxes(page, content, u, faults);
  words(page, content, texts, u, faults);
  overlaps(texts, faults);
  drawings(page, texts, faults);
  const number = page.querySelector(".number");
  return { faults: [...faults], lines: texts.filter((each) => each.line).map((each) => each.width),
    words: texts.filter((each) => content.contains(each.parent) && !each.parent.closest("[data-again]")).map((each) => each.node.data).join(" "),
    number: Number(number?.querySelector("b")?.textContent), of: Number(number?.querySelector("span")?.textContent?.replace("/", "")),
    segments: page.querySelectorAll(".bar i").length };
}

/** @typedef {{left: number, right: number, top: number, bottom: number}} Box */
/** @typedef {{node: Text, parent: HTMLElement, line: boolean, style: CSSStyleDeclaration, ink: Box, said: string, width: any[]}} Written */

/** Every text that is seen, with the box of its ink. @param {HTMLElement} page @returns {Written[]} */
function written(page) {
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = /** @type {Text | null} */ (walker.nextNode()); node; node = /** @type {Text | null} */ (walker.nextNode())) {
    if (!node.data.trim()) continue;
    const parent = /** @type {HTMLElement} */ (node.parentElement);
    const style = getComputedStyle(parent);
    const rows = boxed(node);
    if (!rows.length || style.visibility === "hidden") continue;
    const ink = inked(node.data.trim(), style, rows);
    found.push({ node, parent, line: !!parent.closest(".line"), style, ink, said: `“${node.data.trim().slice(0, 16)}”`, width: wide(node, style, rows) });
  }
  return found;
}

/** Left and right as far as the pen moves; top and bottom as far as the letters' ink reaches. @param {string} text @param {CSSStyleDeclaration} style @param {DOMRect[]} rows */
function inked(text, style, rows) {
  const font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const key = `${font}|${text}`;
  let ink = inks.get(key);
  if (!ink) {
    pen.font = font;
    const told = pen.measureText(text);
    ink = { up: told.actualBoundingBoxAscent, down: told.actualBoundingBoxDescent, rise: told.fontBoundingBoxAscent, fall: told.fontBoundingBoxDescent };
    if (inks.size > 20000) inks.clear();
    inks.set(key, ink);
  }
  const [first, last] = [rows[0], rows[rows.length - 1]];
  return { left: Math.min(...rows.map((each) => each.left)), right: Math.max(...rows.map((each) => each.right)),
    top: first.top + ink.rise - ink.up, bottom: last.top + ink.rise + ink.down };
}

/** No box leaves the page, nor that of a piece of content its content area; nothing is cut; heights and widths are those reckoned. */
function boxes(/** @type {HTMLElement} */ page, /** @type {HTMLElement} */ content, /** @type {number} */ u, /** @type {Set<string>} */ faults) {
  const whole = page.getBoundingClientRect();
  const free = inner(content);
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("*"))) {
    const box = each.getBoundingClientRect();
    if ((!box.width && !box.height) || each.closest(`${MOVING} *`)) continue;
    if (!within(box, whole)) faults.add(`${name(each)} leaves the page: ${where(box, whole, u)}`);
    else if (each !== content && content.contains(each) && !each.closest("svg") && !within(box, free)) faults.add(`${name(each)} leaves the content area: ${where(box, free, u)}`);
    const shape = each.closest("svg");
    if (shape && shape !== each && !within(box, shape.getBoundingClientRect(), u * 0.5)) faults.add(`${name(each)} is cut by its drawing: ${where(box, shape.getBoundingClientRect(), u)}`);
    reckoned(each, box, u, faults);
  }
  for (const each of [page, .../** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("*"))]) {
    const style = getComputedStyle(each);
    if (each.matches(MOVING) || each.closest("svg") || each instanceof HTMLVideoElement || each instanceof HTMLImageElement || (style.overflowX === "visible" && style.overflowY === "visible")) continue;
    if (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1) {
      faults.add(`${name(each)} cuts what is in it: ${each.scrollWidth}×${each.scrollHeight} in ${each.clientWidth}×${each.clientHeight} px`);
    }
  }
}

/** Classes h… and w… are lengths in u that the layout reckoned. @param {HTMLElement} each @param {DOMRect} box @param {number} u @param {Set<string>} faults */
function reckoned(each, box, u, faults) {
  for (const word of each.classList) {
    const length = /^([hw])(\d+)$/.exec(word);
    if (!length) continue;
    const want = Number(length[2]) * u;
    if (length[1] === "h" && Math.abs(box.height - want) > EPS) faults.add(`${name(each)} is ${(box.height / u).toFixed(2)}u high, reckoned ${length[2]}u`);
    if (length[1] === "w" && box.width < want - EPS) faults.add(`${name(each)} is ${(box.width / u).toFixed(2)}u wide, reckoned ${length[2]}u`);
  }
}

/** Every text is large enough, inside all that it stands in, and in a line that the layout broke. */
function words(/** @type {HTMLElement} */ page, /** @type {HTMLElement} */ content, /** @type {Written[]} */ texts, /** @type {number} */ u, /** @type {Set<string>} */ faults) {
  const free = inner(content);
  for (const each of texts) {
    const size = parseFloat(each.style.fontSize);
    if (size < 5.5 * u - 0.5) faults.add(`${each.said} in ${name(each.parent)} is ${(size / u).toFixed(2)}u`);
    const light = contrast(each);
    if (light < READ) faults.add(`${each.said} in ${name(each.parent)} has a contrast of ${light.toFixed(1)}`);
    if (each.parent.closest("svg")) faults.add(`${each.said} is written in a drawing`);
    if (content.contains(each.parent)) {
      if (!within(each.ink, { ...free, bottom: free.bottom + TAIL * u })) faults.add(`${each.said} in ${name(each.parent)} leaves the content area: ${where(each.ink, free, u)}`);
      if (!each.line && [...each.node.data.trim()].length > SHORT) faults.add(`${each.said} in ${name(each.parent)} is no line of the layout`);
      if (each.line && each.width[6] > 1) faults.add(`${each.said} in ${name(each.parent)} was broken by the browser`);
    } else if (!each.parent.closest(MOVING)) {
      const bar = /** @type {HTMLElement} */ (each.parent.closest(".head, .foot, .ticker") ?? page);
      const room = bar.getBoundingClientRect(), sides = inner(bar);
      if (!within(each.ink, { left: sides.left, right: sides.right, top: room.top, bottom: room.bottom })) faults.add(`${each.said} leaves ${name(bar)}: ${where(each.ink, sides, u)}`);
    }
    spilled(page, each, u, faults);
  }
}

/** Of a text to the nearest ground behind it. @param {Written} text */
function contrast(text) {
  for (let each = /** @type {HTMLElement | null} */ (text.parent); each; each = each.parentElement) {
    const ground = getComputedStyle(each).backgroundColor;
    if (ground === "rgba(0, 0, 0, 0)") continue;
    const [light, dark] = [luminance(text.style.color), luminance(ground)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }
  return 0;
}

/** @param {string} colour */
function luminance(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((each) => Number(each) / 255).map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A text stays within each box that it stands in, up to the first that was put somewhere by hand; above and below only where the box
 * has an edge that is seen: a letter's tail may reach into the next line's air. */
function spilled(/** @type {HTMLElement} */ page, /** @type {Written} */ text, /** @type {number} */ u, /** @type {Set<string>} */ faults) {
  if (text.parent.closest(MOVING)) return;
  for (let each = text.parent; each && each !== page; each = /** @type {HTMLElement} */ (each.parentElement)) {
    const style = getComputedStyle(each);
    if (style.display === "inline" || style.display === "contents") continue;
    const box = each.getBoundingClientRect();
    const ink = edged(style) ? text.ink : { ...text.ink, top: box.top, bottom: box.bottom };
    if (!within(ink, box, 1)) { faults.add(`${text.said} stands out of ${name(each)}: ${where(ink, box, u)}`); return; }
    if (style.position === "absolute") return;
  }
}

/** @param {CSSStyleDeclaration} style */
function edged(style) {
  return style.backgroundColor !== "rgba(0, 0, 0, 0)" || [style.borderTopWidth, style.borderBottomWidth].some((each) => parseFloat(each) > 0);
}

/** No two texts lie on each other. @param {Written[]} texts @param {Set<string>} faults */
function overlaps(texts, faults) {
  const moving = texts.filter((each) => !each.parent.closest(MOVING));
  for (let at = 0; at < moving.length; at += 1) {
    for (let other = at + 1; other < moving.length; other += 1) {
      if (shared(moving[at].ink, moving[other].ink)) faults.add(`${moving[at].said} and ${moving[other].said} lie on each other`);
    }
  }
}

/** No text lies across a drawing's or a picture's edge. @param {HTMLElement} page @param {Written[]} texts @param {Set<string>} faults */
function drawings(page, texts, faults) {
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("svg, img, video, i, .dot, .mark"))) {
    const box = each.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    for (const text of texts) {
      if (!each.contains(text.parent) && !text.parent.closest(MOVING) && shared(text.ink, box) && !within(text.ink, box, 1)) faults.add(`${text.said} lies across ${name(each)}`);
    }
  }
}

/** @param {Box} a @param {Box} b */
function shared(a, b) {
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > OVER && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > OVER;
}

/** @param {HTMLElement} element */
function inner(element) {
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  return { left: box.left + parseFloat(style.paddingLeft), right: box.right - parseFloat(style.paddingRight),
    top: box.top + parseFloat(style.paddingTop), bottom: box.bottom - parseFloat(style.paddingBottom) };
}

/** @param {Box} box @param {Box} room @param {number} [by] */
function within(box, room, by = EPS) {
  return box.left >= room.left - by && box.right <= room.right + by && box.top >= room.top - by && box.bottom <= room.bottom + by;
}

/** By how much, in u. @param {Box} box @param {Box} room @param {number} u */
function where(box, room, u) {
  /** @type {[string, number][]} */
  const over = [["left", room.left - box.left], ["right", box.right - room.right], ["top", room.top - box.top], ["bottom", box.bottom - room.bottom]];
  return over.filter(([, by]) => by > 0.01).map(([side, by]) => `${side} by ${(by / u).toFixed(2)}u`).join(", ");
}

/** @param {Element} element */
function name(element) {
  return element.tagName.toLowerCase() + [...element.classList].map((each) => `.${each}`).join("");
}

/** @type {any} */ (window).proof = { ready, draw, told, lines };
