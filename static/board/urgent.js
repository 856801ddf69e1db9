// @ts-check
/**
 * Urgent: the pages a board draws without any server's help — an urgent insert, a drill, and the safe page while everything is stopped.
 * A drill shares neither ground nor shape nor wording with the real thing: it never says what residents would have to do.
 * Type steps down until everything fits, never below what can be read from where people stand, and nothing is ever cut.
 */
import { element } from "../shared/dom.js";
import { clock, day } from "../shared/time.js";

const SVG = "http://www.w3.org/2000/svg";
// Sizes of the words and of head and foot, in the order in which they are tried: what to do stays large before who says so. See board.css.
const SIZES = [...pairs([0, 1, 2, 3], [0, 1, 2]), ...[3, 4].flatMap((frame) => pairs([2, 3, 4, 5, 6, 7], [frame])), ["8", "4"]];
const TRIANGLE = ["M20 4.500L37 34.500H3z", "M20 14.500v10", "M20 29.500h.01"];
const TICK = ["M4.500 4.500h31v31h-31z", "M12 20l6 6.500L29 14"];

/**
 * @typedef {{id?: number, drill: boolean, headline: string, text: string, phone: string, sender: string, said?: string, from: string, to: string}} Override
 * `text`: at most two lines; `said`: when it was confirmed, else `from`.
 */

/** The page of an insert, sized in --u of wherever it is put. @param {Override} override @param {number} at milliseconds @param {boolean} portrait @returns {HTMLElement} */
export function urgent(override, at, portrait) {
  const page = element("article", `alert ${override.drill ? "drill" : "real"} ${portrait ? "portrait" : "landscape"}`);
  const sheet = element("div", "alert-sheet");
  sheet.append(...override.drill ? drill(override) : real(override, at));
  page.append(sheet);
  fitted(page);
  return page;
}

/** The page while everything is stopped: whose board it is and where to ask, no more. @param {any} face @param {string} [theme] @returns {HTMLElement} */
export function safe(face, theme = "zhengwu") {
  const page = element("article", `builtin safe theme-${theme}`);
  const ask = element("p");
  ask.append(element("span", "", "请到窗口询问"), ...face?.phone ? ["，", element("span", "", `或拨打 ${face.phone}`)] : [element("span", "", "。")]);
  page.append(element("p", "office", face?.office ?? ""), element("hr"), element("h1", "", "公示屏暂停播放"), ask);
  return page;
}

/** @param {Override} override @param {number} at */
function real({ headline, text, phone, sender, said, from, to }, at) {
  const begun = new Date(said ?? from), ends = new Date(to);
  const until = day(ends) === day(new Date(Math.max(at, begun.getTime()))) ? clock(ends) : `${date(ends)} ${clock(ends)}`;
  return [head(icon(TRIANGLE), [element("b", "", "紧急通知")], `${date(begun)} ${clock(begun)} 发布`),
    body(headline, lines(text)),
    foot("求助电话", phone, [sender ? `${sender}发布` : "", `至 ${until} 自动结束`])];
}

/** @param {Override} override */
function drill({ headline, phone, sender, said, from, to }) {
  const begun = new Date(said ?? from);
  const named = headline.includes("演练") ? headline : `${headline}演练`;
  return [head(icon(TICK), [element("b", "alert-tag", "演练"), element("b", "", "不是真的")], `${date(begun)} ${clock(begun)} 开始`),
    body(named, ["您不用做任何事，请照常办事。", `工作人员正在练习，${clock(new Date(to))} 结束。`]),
    foot("有疑问请打", phone, [sender, "演练"])];
}

/** @param {SVGElement} sign @param {HTMLElement[]} words @param {string} when */
function head(sign, words, when) {
  const made = element("header", "alert-head"), name = element("div", "alert-name");
  name.append(sign, ...words);
  made.append(name, element("span", "alert-when", when));
  return made;
}

/** @param {string} headline @param {string[]} said */
function body(headline, said) {
  const made = element("div", "alert-body");
  made.append(element("h1", "", headline), ...said.map((each) => element("p", "", each)));
  return made;
}

/** @param {string} label @param {string} phone @param {string[]} rest */
function foot(label, phone, rest) {
  const made = element("footer", "alert-foot"), call = element("span", "alert-call"), end = element("span", "alert-end");
  if (phone) call.append(element("span", "", label), digits(phone));
  end.append(...rest.filter(Boolean).map((each) => element("span", "", each)));
  made.append(...phone ? [call] : [], end);
  return made;
}

/** A phone number; digits that were masked stand closer than the sign by itself would. @param {string} phone */
function digits(phone) {
  const made = element("b");
  made.append(...phone.split(/(×+)/).filter(Boolean).map((each) => each.startsWith("×") ? element("span", "alert-x", each) : each));
  return made;
}

/** @param {string[]} paths */
function icon(paths) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 40 40");
  made.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    made.append(path);
  }
  return made;
}

/** One line a sentence, as it was typed or as it ends. @param {string} text */
function lines(text) {
  return text.split("\n").flatMap((line) => line.match(/[^。！？]+[。！？]*[”’）]*/g) ?? []).map((each) => each.trim()).filter(Boolean);
}

/** @param {Date} at */
function date(at) {
  return day(at).split(" ")[0];
}

/** @param {number[]} words @param {number[]} frames @returns {[string, string][]} */
function pairs(words, frames) {
  return words.flatMap((each) => frames.map((frame) => /** @type {[string, string]} */ ([String(each), String(frame)])));
}

/** Smaller step by step until nothing sticks out, whenever the page's place or its fonts change. @param {HTMLElement} page */
function fitted(page) {
  const fit = () => {
    if (!page.isConnected || !page.clientHeight) return;
    for (const [words, frame] of SIZES) {
      Object.assign(page.dataset, { words, frame, head: "" });
      if (Number(words) < 4) page.dataset.head = shorter(page);
      if (!sticksOut(page)) return;
    }
  };
  [page.dataset.words, page.dataset.frame] = SIZES[0];
  new ResizeObserver(fit).observe(page);
  void document.fonts?.ready.then(fit);
}

/** A headline a little smaller, if that saves a line: one character alone on a line reads badly. @param {HTMLElement} page */
function shorter(page) {
  const headline = /** @type {HTMLElement} */ (page.querySelector("h1"));
  const high = headline.getBoundingClientRect().height;
  page.dataset.head = "18";
  return headline.getBoundingClientRect().height < high * 0.75 ? "18" : "";
}

/** By the boxes of lines, for a font's own boxes are taller than its lines. @param {HTMLElement} page */
function sticksOut(page) {
  return Array.from(page.querySelectorAll(".alert-sheet, .alert-head, .alert-body, .alert-foot")).some((outer) => {
    const room = outer.getBoundingClientRect();
    return outer.scrollWidth > outer.clientWidth + 1 || Array.from(outer.children, (each) => each.getBoundingClientRect())
      .some((box) => box.height > 0 && (box.top < room.top - 1 || box.bottom > room.bottom + 1));
  });
}
