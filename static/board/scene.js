// @ts-check
/**
 * Scene: what has the wall at a moment, and until when that stays true. An urgent insert beats everything and wakes the panel; a panel that is
 * off beats the stop; the stop beats the programme. Pure: only instants are compared, no server is needed.
 * @typedef {{id: number | string, drill: boolean, from: string, to: string, items?: any[], objects?: any[], headline?: string, text?: string, phone?: string, sender?: string}} Override
 * @typedef {{from: string, to: string}} Span
 * @typedef {{kind: "play" | "asleep" | "safe" | "override", override: Override | null, until: number | null}} Scene
 */

const ASTRAY = 14 * 86_400_000;

/**
 * @param {{overrides?: Override[], stopped?: any, power?: Span[], awake?: number}} told `awake`: until then the panel stays on whatever its hours
 * @param {number} at milliseconds
 * @returns {Scene}
 */
export function scene({ overrides = [], stopped = null, power = [], awake = 0 }, at) {
  const override = standing(overrides, at);
  const edges = [...overrides, ...power].flatMap((each) => [Date.parse(each.from), Date.parse(each.to)]).concat(awake).filter((edge) => edge > at);
  const kind = override ? "override" : !lit(power, at) && at >= awake ? "asleep" : stopped ? "safe" : "play";
  return { kind, override, until: edges.length ? Math.min(...edges) : null };
}

/** The newest real one of this moment, else the newest drill. @param {Override[]} overrides newest last @param {number} at */
export function standing(overrides, at) {
  const active = overrides.filter((each) => Date.parse(each.from) <= at && at < Date.parse(each.to));
  return active.filter((each) => !each.drill).at(-1) ?? active.at(-1) ?? null;
}

/**
 * Whether the panel is on. Never dark by accident: after the last hours that are known it is on, and so it is for a clock that is far too early.
 * @param {Span[]} power @param {number} at
 */
export function lit(power, at) {
  if (!power.length) return true;
  const spans = power.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
  const first = Math.min(...spans.map((span) => span.from)), last = Math.max(...spans.map((span) => span.to));
  return at >= last || at < first - ASTRAY || spans.some((span) => span.from <= at && at < span.to);
}
