// @ts-check
/** Rounds: what to move so that a visitor does not wait too long. The same rule as the server's (web/rounds.py). */

export const MOVED_MOST = 3;

/**
 * The fewest items whose move to lists on other boards makes the round last no more than `most` seconds: the longest first, at most
 * three, and never all of what the board plays. `others`: seconds of the board's other lists.
 * @template {{seconds: number}} T @param {T[]} items @param {number} others @param {number} most
 * @returns {{move: T[], left: number, enough: boolean}}
 */
export function advice(items, others, most) {
  const playing = items.filter((each) => each.seconds > 0).sort((a, b) => b.seconds - a.seconds);
  const total = playing.reduce((sum, each) => sum + each.seconds, 0);
  const may = others ? MOVED_MOST : Math.min(MOVED_MOST, playing.length - 1);
  /** @type {T[]} */ const move = [];
  let left = others + Math.round(total);
  while (left > most && move.length < may && move.length < playing.length) {
    move.push(playing[move.length]);
    left = others + Math.round(playing.slice(move.length).reduce((sum, each) => sum + each.seconds, 0));
  }
  return { move, left, enough: left <= most };
}
