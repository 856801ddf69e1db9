// @ts-check
/** Foot: what an item says in the foot of its page, by the board's own clock: no server is needed for a sign to come at midnight. Pure. */
import { longDay } from "../shared/time.js";

export const MARK = "更新中";

/**
 * What the board fills in for an item at this moment. An item of an earlier release has none of these fields.
 * @param {{disclosed?: string, confirmed?: string, due?: string, late_from?: string} | null | undefined} item @param {Date} at
 * @returns {Record<string, string>}
 */
export function foot(item, at) {
  const confirmed = item?.confirmed ?? "";
  return { disclosed: item?.disclosed ?? "", due: item?.due ?? "", mark: late(item, at) ? MARK : "", "confirmed-on": confirmed,
    confirmed: confirmed && `${day(confirmed, at)}确认` };
}

/** Whether its topic is overdue. @param {{late_from?: string} | null | undefined} item @param {Date} at */
export function late(item, at) {
  return item?.late_from !== undefined && at.getTime() >= Date.parse(item.late_from);
}

/** 4月9日 within this year; else with the year, in figures. @param {string} iso @param {Date} at */
function day(iso, at) {
  const [year, month, date] = iso.split("-");
  return longDay(at).startsWith(year) ? `${Number(month)}月${Number(date)}日` : iso;
}
