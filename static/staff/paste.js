// @ts-check
/** Paste: what comes from Word, WPS, Excel or a web page goes into the field as the plain lines that content/plain.py reads.
 *
 * A textarea with data-paste="notice" takes headings ("# …"), points ("1. …", "- …"), tables (cells parted by tabs) and paragraphs;
 * one with data-paste="table" takes tables alone. What is left out is said: a "kiosk:said" event with {text} bubbles up from the field.
 * data-said may hold the sentences in another language. `lines` is pure: it asks of its nodes nodeType, nodeName, nodeValue,
 * childNodes and getAttribute, no more.
 */

import { parsed } from "../shared/dom.js";

const SAID = {
  rows: "有 {n} 行是隐藏的，没有粘贴。", columns: "有 {n} 列是隐藏的，没有粘贴。", hidden: "有 {n} 处隐藏的文字，没有粘贴。",
  images: "有 {n} 张图片没有粘贴，请另外上传。", beside: "表格以外的文字没有粘贴：{words}。",
  across: "“{words}”横跨整张表，没有粘进表格，请写到标题、单位或注里。", tables: "有 {n} 张表格，接成了一张，请看看表头。",
};
const SILENT = new Set(["STYLE", "SCRIPT", "TITLE", "META", "LINK", "XML", "TEMPLATE", "NOSCRIPT", "SELECT", "TEXTAREA", "BUTTON", "OBJECT"]);
const BLOCKS = new Set(["P", "DIV", "SECTION", "ARTICLE", "ASIDE", "MAIN", "HEADER", "FOOTER", "NAV", "BLOCKQUOTE", "PRE", "CENTER", "ADDRESS",
  "FIGURE", "FIGCAPTION", "DL", "DT", "DD", "FORM", "FIELDSET", "HR", "BODY", "CAPTION", "TR", "TD", "TH", "TBODY"]);
const PICTURES = new Set(["IMG", "V:IMAGEDATA", "SVG", "VIDEO", "CANVAS"]);
const WIDE = "\\u2e80-\\u9fff\\uf900-\\ufaff\\uff00-\\uffef\\u3000-\\u303f\\u2018-\\u201d\\u2014\\u2026";
const BROKEN = new RegExp(`([${WIDE}])[ \\t]*[\\r\\n]\\s*(?=[${WIDE}])`, "g"); // Word ends its source lines amid Chinese words
const HEADING_MOST = 40;
const QUICK = 60_000; // beyond so many characters a browser takes too long to type them for us

/** @typedef {{nodeType: number, nodeName: string, nodeValue: string | null, childNodes: ArrayLike<any>, getAttribute?: (name: string) => string | null}} Node */
/** @typedef {{text: string, span: number}} Cell a value and how many columns it fills */
/** @typedef {{said: Record<string, number>, lines: string[], inline: string, level: number, into: string, beside: string[], across: string[], tables: number}} Desk */

globalThis.document?.addEventListener("paste", pasted);

/** @param {ClipboardEvent} event */
function pasted(event) {
  const field = event.target;
  if (!(field instanceof HTMLTextAreaElement) || !field.dataset.paste || field.readOnly || field.disabled) return;
  const html = event.clipboardData?.getData("text/html");
  if (!html) return; // plain text goes in as it is
  const { text, said } = lines(parsed(html), field.dataset.paste, { ...SAID, ...JSON.parse(field.dataset.said ?? "{}") });
  if (text) {
    event.preventDefault();
    insert(field, placed(field, text));
  }
  field.dispatchEvent(new CustomEvent("kiosk:said", { bubbles: true, detail: { text: said } }));
}

/** The plain lines of a document, and what is to be said of it. @param {Node} root @param {string} [into] @param {typeof SAID} [words] */
export function lines(root, into = "notice", words = SAID) {
  /** @type {Desk} */
  const desk = { said: {}, lines: [], inline: "", level: 0, into, beside: [], across: [], tables: 0 };
  walk(root, desk);
  flush(desk);
  if (into === "table" && !desk.tables) return { text: "", said: "" }; // no table: the browser pastes the words
  return { text: desk.lines.join("\n"), said: told(desk, words) };
}

/** @param {Node} node @param {Desk} desk */
function walk(node, desk) {
  if (node.nodeType === 3) desk.inline += written(node);
  if (node.nodeType !== 1) return node.nodeType === 9 || node.nodeType === 11 ? each(node, desk) : undefined;
  const name = node.nodeName.toUpperCase();
  if (SILENT.has(name)) return undefined;
  if (hidden(node)) return count(desk, "hidden", says(node) ? 1 : 0);
  if (PICTURES.has(name)) return count(desk, "images", 1);
  if (name === "BR") return flush(desk);
  if (name === "TABLE") return table(node, desk);
  if (name === "UL" || name === "OL") return list(node, desk, name === "OL");
  if (name === "LI") return item(node, desk, "- ");
  if (/^H[1-6]$/.test(name) || outlined(node)) return heading(node, desk);
  if (listed(node)) return point(node, desk);
  if (!BLOCKS.has(name)) return each(node, desk);
  flush(desk);
  each(node, desk);
  return flush(desk);
}

/** @param {Node} node @param {Desk} desk */
function each(node, desk) {
  for (const child of Array.from(node.childNodes)) walk(child, desk);
}

/** What was gathered is a line. @param {Desk} desk @param {string} [mark] */
function flush(desk, mark = "") {
  const text = clean(desk.inline).replace(/\|/g, "｜");
  desk.inline = "";
  if (text) (desk.into === "table" ? desk.beside : desk.lines).push(mark + text);
}

/** @param {Node} node @param {Desk} desk */
function heading(node, desk) {
  flush(desk);
  const start = desk.lines.length;
  each(node, desk);
  flush(desk);
  const words = desk.lines.slice(start);
  if (words.length && words.join("").length <= HEADING_MOST && !words.some((line) => line.includes("\t"))) {
    desk.lines.splice(start, words.length, `# ${words.join("")}`);
  }
}

/** @param {Node} node @param {Desk} desk @param {boolean} numbered */
function list(node, desk, numbered) {
  flush(desk);
  desk.level += 1;
  let number = 0;
  for (const child of Array.from(node.childNodes)) {
    if (child.nodeName.toUpperCase() === "LI") item(child, desk, numbered && desk.level === 1 ? `${(number += says(child) ? 1 : 0)}. ` : "- ");
    else walk(child, desk);
  }
  desk.level -= 1;
  flush(desk);
}

/** The first line of an item carries its mark; further ones stand as paragraphs. @param {Node} node @param {Desk} desk @param {string} mark */
function item(node, desk, mark) {
  flush(desk);
  if (hidden(node)) { count(desk, "hidden", says(node) ? 1 : 0); return; }
  const held = desk.lines;
  desk.lines = [];
  each(node, desk);
  flush(desk);
  const mine = desk.lines;
  desk.lines = [...held, ...mine.map((line, at) => (at === 0 && !/^(- |\d+\. |# )|\t/.test(line) ? mark + line : line))];
}

/** A list paragraph of Word or WPS: its mark stands in a span of its own. @param {Node} node @param {Desk} desk */
function point(node, desk) {
  flush(desk);
  const marks = /** @type {string[]} */ ([]);
  each(without(node, marks), desk);
  const mark = clean(marks.join(""));
  const words = clean(desk.inline);
  if (!words) { desk.inline = ""; return; }
  if (/^[（(]?[一二三四五六七八九十百]+[)）、.．]?$/.test(mark)) desk.inline = mark + words; // 一、 and （一） are part of an official text
  const title = /^[一二三四五六七八九十百]+[、.．]?$/.test(mark) && words.length <= HEADING_MOST && !/[。；！？]$/.test(words);
  if (title) flush(desk, "# ");
  else if (desk.inline !== mark + words) flush(desk, ordered(mark) && levelOf(node) === 1 ? `${numberOf(mark, desk)}. ` : "- ");
  else flush(desk);
}

/** The same node, less its list marks, which are gathered. @param {Node} node @param {string[]} marks @returns {Node} */
function without(node, marks) {
  const kept = Array.from(node.childNodes).filter((child) => {
    const ignored = child.nodeType === 1 && /mso-list\s*:\s*ignore/i.test(styleOf(child));
    if (ignored) marks.push(plain(child));
    return !ignored;
  });
  return { nodeType: 11, nodeName: "", nodeValue: null, childNodes: kept.map((child) => (child.nodeType === 1 && !standing(child) ? shadow(child, marks) : child)) };
}

/** An inline element whose inside may hold the mark. @param {Node} child @param {string[]} marks @returns {Node} */
function shadow(child, marks) {
  return { ...without(child, marks), nodeType: 1, nodeName: child.nodeName, getAttribute: (name) => child.getAttribute?.(name) ?? null };
}

/** @param {Node} child */
function standing(child) {
  const name = child.nodeName.toUpperCase();
  return name === "BR" || name === "TABLE" || SILENT.has(name) || PICTURES.has(name) || hidden(child);
}

/** @param {string} mark */
function ordered(mark) {
  return /\d|[０-９]|[①-⑳]|[⑴-⒇]/.test(mark) || /^[（(]?[a-zA-Z]{1,4}[.)）．、]$/.test(mark);
}

/** @param {string} mark @param {Desk} desk */
function numberOf(mark, desk) {
  const own = mark.match(/\d+/)?.[0];
  const before = desk.lines.at(-1)?.match(/^(\d+)\. /)?.[1];
  return own ?? Number(before ?? 0) + 1;
}

/** @param {Node} node */
function levelOf(node) {
  return Number(styleOf(node).match(/mso-list\s*:[^;]*\blevel(\d)/i)?.[1] ?? 1);
}

/** @param {Node} node */
function listed(node) {
  return node.nodeName.toUpperCase() === "P" && /mso-list\s*:\s*(?!none|ignore)\S/i.test(styleOf(node)) && marked(node);
}

/** Whether a list mark stands within. @param {Node} node @returns {boolean} */
function marked(node) {
  return Array.from(node.childNodes).some((child) => child.nodeType === 1 && (/mso-list\s*:\s*ignore/i.test(styleOf(child)) || marked(child)));
}

/** @param {Node} node */
function outlined(node) {
  return node.nodeName.toUpperCase() === "P" && (/\bmso(title|subtitle|heading\d)\b/i.test(node.getAttribute?.("class") ?? "")
    || /mso-outline-level\s*:\s*[1-9]/i.test(styleOf(node)));
}

/** @param {Node} node @param {Desk} desk */
function table(node, desk) {
  flush(desk);
  const { rows, width } = grid(node, desk);
  if (width < 2 && desk.into !== "table") {
    desk.lines.push(...rows.map((row) => row[0]?.text.replace(/\|/g, "｜")).filter(Boolean));
    return;
  }
  const wide = rows.map((row) => width > 2 && row.filter((cell) => cell.text).length === 1 && (row.find((cell) => cell.text)?.span ?? 1) >= width);
  const first = wide.indexOf(false);
  const last = wide.lastIndexOf(false);
  rows.forEach((row, at) => {
    if (first >= 0 && (at < first || at > last)) across(row, desk, at < first);
    else desk.lines.push(tabbed(row));
  });
  if (rows.length) desk.tables += 1;
}

/** A row that one cell fills: no row of the table, but its title or a note. @param {Cell[]} row @param {Desk} desk @param {boolean} above */
function across(row, desk, above) {
  const words = row.map((cell) => cell.text).join("").replace(/\|/g, "｜");
  if (desk.into === "table") desk.across.push(words);
  else desk.lines.push(above && words.length <= HEADING_MOST && !/[。：:]/.test(words) ? `# ${words}` : words);
}

/** A row that stays a row when it is read again, even where only one cell says something. @param {Cell[]} row */
function tabbed(row) {
  return row.length > 1 ? row.map((cell) => quoted(cell.text)).join("\t") : `|${row[0].text}|`;
}

/** As content/plain.py reads it. @param {string} text */
function quoted(text) {
  return text.startsWith('"') ? `"${text.replace(/"/g, '""')}"` : text;
}

/** A table's cells in line: a merged value once, in its first cell; what is hidden and what says nothing is left out.
 * @param {Node} node @param {Desk} desk @returns {{rows: Cell[][], width: number}} */
function grid(node, desk) {
  const gone = hiddenColumns(node);
  const rows = /** @type {Cell[][]} */ ([]);
  const below = /** @type {number[]} */ ([]); // for how many more rows a cell from above stands in each column
  for (const row of rowsOf(node, desk)) {
    if (hidden(row)) { count(desk, "rows", says(row) ? 1 : 0); step(below); continue; }
    rows.push(filled(row, below, desk));
  }
  const told = rows.filter((row) => row.some((cell) => cell.text));
  const width = Math.max(0, ...told.map((row) => row.reduce((most, cell, at) => (cell.text ? at + 1 : most), 0)));
  const left = [...gone].filter((at) => told.some((row) => row[at]?.text));
  count(desk, "columns", left.length);
  const kept = told.map((row) => Array.from({ length: width }, (_, at) => row[at] ?? blank()).filter((_, at) => !gone.has(at)));
  const seen = kept.filter((row) => row.some((cell) => cell.text));
  return { rows: seen, width: seen[0]?.length ?? 0 };
}

/** @param {Node} row @param {number[]} below @param {Desk} desk */
function filled(row, below, desk) {
  const cells = /** @type {Cell[]} */ ([]);
  const still = below.slice();
  step(below);
  for (const child of Array.from(row.childNodes).filter((each) => /^T[DH]$/i.test(each.nodeName))) {
    while (still[cells.length] > 0) cells.push(blank());
    const across = spanned(child, "colspan");
    const down = spanned(child, "rowspan");
    for (let at = 0; at < across; at += 1) {
      if (down > 1) below[cells.length] = down - 1;
      cells.push(at ? blank() : { text: hidden(child) ? "" : cellText(child, desk), span: across });
    }
  }
  while (still[cells.length] > 0) cells.push(blank());
  return cells;
}

/** Rows of this table and of no table within. @param {Node} node @param {Desk} desk @returns {Node[]} */
function rowsOf(node, desk) {
  return Array.from(node.childNodes).flatMap((child) => {
    const name = child.nodeName.toUpperCase();
    if (name === "TR") return [child];
    if (name === "CAPTION") walk(child, desk);
    return /^T(HEAD|BODY|FOOT)$/.test(name) ? rowsOf(child, desk) : [];
  });
}

/** @param {Node} node @returns {Set<number>} */
function hiddenColumns(node) {
  const gone = /** @type {Set<number>} */ (new Set());
  let at = 0;
  const read = (/** @type {Node} */ parent) => Array.from(parent.childNodes).forEach((child) => {
    const name = child.nodeName.toUpperCase();
    if (name === "COLGROUP") read(child);
    if (name !== "COL") return;
    for (let count = spanned(child, "span"); count > 0; count -= 1) { if (hidden(child)) gone.add(at); at += 1; }
  });
  read(node);
  return gone;
}

/** @param {Node} cell @param {Desk} desk */
function cellText(cell, desk) {
  const text = clean(plain(cell, desk));
  const raw = cell.getAttribute?.("x:num") ?? "";
  return /^#+$/.test(text) && raw ? raw : text; // Excel writes ##### where the column was too narrow
}

/** @param {Node} cell @param {string} name */
function spanned(cell, name) {
  const told = Number.parseInt(cell.getAttribute?.(name) ?? "1", 10);
  return Math.min(Math.max(Number.isNaN(told) ? 1 : told, 1), 1000);
}

/** @returns {Cell} */
function blank() {
  return { text: "", span: 1 };
}

/** One row further down. @param {number[]} below */
function step(below) {
  below.forEach((rows, at) => { below[at] = Math.max(0, rows - 1); });
}

/** All words within, a blank where a line ends; hidden ones left out, and counted for a desk. @param {Node} node @param {Desk} [desk] @returns {string} */
function plain(node, desk) {
  if (node.nodeType === 3) return written(node);
  if (node.nodeType !== 1 && node.nodeType !== 11) return "";
  const name = node.nodeName.toUpperCase();
  if (desk && PICTURES.has(name)) count(desk, "images", 1);
  if (SILENT.has(name) || PICTURES.has(name)) return "";
  const inner = () => Array.from(node.childNodes).map((child) => (child.nodeType === 1 && hidden(child) ? skipped(child, desk) : plain(child, desk))).join("");
  return name === "BR" || BLOCKS.has(name) || name === "LI" ? ` ${inner()} ` : inner();
}

/** @param {Node} node */
function says(node) {
  return clean(plain(node)) !== "";
}

/** @param {Node} node @param {Desk} [desk] */
function skipped(node, desk) {
  if (desk && says(node)) count(desk, "hidden", 1);
  return "";
}

/** A text node's words; where the source's line ends between two Chinese characters there is no blank. @param {Node} node */
function written(node) {
  return (node.nodeValue ?? "").replace(BROKEN, "$1");
}

/** One line without what no reader sees. @param {string} text */
function clean(text) {
  return text.replace(/[\s\u00a0\u2007\u202f]+/g, " ").replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]/g, "").trim();
}

/** @param {Node} node */
function hidden(node) {
  return /(^|[;\s])display\s*:\s*none|mso-hide\s*:\s*(all|screen)|visibility\s*:\s*(hidden|collapse)/i.test(styleOf(node))
    || (node.getAttribute?.("hidden") ?? null) !== null;
}

/** @param {Node} node */
function styleOf(node) {
  return node.getAttribute?.("style") ?? "";
}

/** @param {Desk} desk @param {string} what @param {number} many */
function count(desk, what, many) {
  desk.said[what] = (desk.said[what] ?? 0) + many;
}

/** @param {Desk} desk @param {typeof SAID} words */
function told(desk, words) {
  const counted = /** @type {(keyof typeof SAID)[]} */ (["rows", "columns", "hidden", "images"]).filter((name) => desk.said[name])
    .map((name) => words[name].replace("{n}", String(desk.said[name])));
  const short = (/** @type {string[]} */ texts) => { const text = texts.join(" "); return text.length > 40 ? `${text.slice(0, 40)}…` : text; };
  if (desk.across.length) counted.push(words.across.replace("{words}", short(desk.across)));
  if (desk.beside.length) counted.push(words.beside.replace("{words}", short(desk.beside).replace(/[。.]$/, "")));
  if (desk.into === "table" && desk.tables > 1) counted.push(words.tables.replace("{n}", String(desk.tables)));
  return counted.join("");
}

/** The text with the line ends that keep it apart from what stands around it. @param {HTMLTextAreaElement} field @param {string} text */
function placed(field, text) {
  if (!/\n|\t|^(# |- |\d+\. )/.test(text)) return text;
  const before = field.value.slice(0, field.selectionStart);
  const after = field.value.slice(field.selectionEnd);
  return `${before && !before.endsWith("\n") ? "\n" : ""}${text}${after && !after.startsWith("\n") ? "\n" : ""}`;
}

/** In such a way that Ctrl+Z takes it back. @param {HTMLTextAreaElement} field @param {string} text */
function insert(field, text) {
  field.focus();
  if (text.length <= QUICK && document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
}
