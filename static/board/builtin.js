// @ts-check
/** Built-in slides: what a board shows without any server. Never black, never an error text. */
import { element } from "../shared/dom.js";
import { clock, longDay, lunar } from "../shared/time.js";

/** Nothing to show: a large clock, the date, where and when people find help. @param {any} face @param {Date} at @param {string} [theme] */
export function nothing(face, at, theme = "zhengwu") {
  const page = element("article", `builtin nothing theme-${theme}`);
  for (const [name, text] of Object.entries(resting(face, at))) {
    const place = element(name === "clock" ? "time" : "p", name, text);
    place.setAttribute("data-fill", name);
    page.append(place, ...name === "today" ? [element("hr")] : []);
  }
  return page;
}

/** What it says, now: filled anew while it stands, for the day passes and the board hears its own name later. @param {any} face @param {Date} at */
export function resting(face, at) {
  return { office: face?.office ?? "", clock: clock(at), today: `${longDay(at)}　${lunar(at)}`,
    help: [face?.place, face?.hours].filter((part) => part && part !== face.office).join("　"), call: face?.phone ? `服务电话　${face.phone}` : "" };
}

/** @param {{code: string, seconds: number, screen: {w: number, h: number}}} given */
export function pairing({ code, seconds, screen }) {
  const page = element("article", "builtin pairing");
  page.append(element("h1", "", "这块屏幕还没有登记"));
  const boxes = element("p", "code");
  boxes.setAttribute("aria-label", code);
  for (const [at, letter] of [...code].entries()) boxes.append(element("b", at === 3 ? "gap" : "", letter));
  const steps = element("ol");
  for (const step of ["在办公电脑上打开管理页面", "点“公示屏”，再点“登记新屏”", "输入上面的6位代码"]) steps.append(element("li", "", step));
  const left = seconds >= 60 ? `${Math.floor(seconds / 60)} 分 ${seconds % 60} 秒` : `${Math.max(0, seconds)} 秒`;
  page.append(boxes, steps, element("p", "small", `代码 ${left}后更换 · ${screen.w}×${screen.h}`));
  return page;
}

/**
 * The test picture: which board is this, is anything cut off, is a circle round, is the type large enough from where people stand?
 * @param {any} face @param {any} panel @param {{w: number, h: number}} screen
 */
export function identify(face, panel, screen) {
  const page = element("article", "builtin identify");
  for (const corner of ["左上", "右上", "左下", "右下"]) page.append(element("b", "corner", corner));
  page.append(element("i", "round"), element("p", "office", face?.office ?? ""), element("h1", "", face?.board ?? ""), element("p", "", face?.unit === face?.office ? "" : face?.unit ?? ""),
    element("p", "read", `站到${panel?.distance_mm ? `${panel.distance_mm / 1000}米` : "平常看的地方"}外，读得出这一行，字就够大`),
    element("p", "small", `四角的字都看得见，画面就没有被裁；圆是圆的，比例就对 · ${screen.w}×${screen.h}`));
  return page;
}

/** @param {string} text */
export function waiting(text) {
  const page = element("article", "builtin nothing");
  page.append(element("h1", "", text));
  return page;
}
