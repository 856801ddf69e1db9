// @ts-check
/** Time as the wall says it: date, weekday, lunar day, clock. */

const WEEK = "日一二三四五六";
const DAYS = ["初一", "初二", "初三", "初四", "初五", "初六", "初七", "初八", "初九", "初十", "十一", "十二", "十三", "十四", "十五",
  "十六", "十七", "十八", "十九", "二十", "廿一", "廿二", "廿三", "廿四", "廿五", "廿六", "廿七", "廿八", "廿九", "三十"];

/** The office's wall clock, whatever zone the PC is set to. */
const ZONE = "Asia/Shanghai";
// Made once: a board asks several times a second, all year.
const WALL = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, year: "numeric", month: "numeric", day: "numeric", hour: "2-digit",
  minute: "2-digit", hourCycle: "h23" });
const LUNAR = new Intl.DateTimeFormat("zh-CN-u-ca-chinese", { timeZone: ZONE, month: "long", day: "numeric" });

/** @param {Date} at */
function parts(at) {
  const found = WALL.formatToParts(at);
  return Object.fromEntries(found.map((part) => [part.type, part.value]));
}

/** @param {Date} at */
export function clock(at) {
  const { hour, minute } = parts(at);
  return `${hour}:${minute}`;
}

/** @param {Date} at @param {boolean} short 周一 instead of 星期一 */
export function day(at, short = false) {
  const { year, month, day: date } = parts(at);
  const week = WEEK[new Date(Date.UTC(Number(year), Number(month) - 1, Number(date))).getUTCDay()];
  return `${month}月${date}日 ${short ? "周" : "星期"}${week}`;
}

/** @param {Date} at */
export function longDay(at) {
  return `${parts(at).year}年${day(at).replace(" ", "　")}`;
}

/** 农历十月十五, from the browser's own Chinese calendar. @param {Date} at */
export function lunar(at) {
  const found = LUNAR.formatToParts(at);
  const month = found.find((part) => part.type === "month")?.value ?? "";
  const date = Number(found.find((part) => part.type === "day")?.value ?? 0);
  return month && DAYS[date - 1] ? `农历${month}${DAYS[date - 1]}` : "";
}
