// @ts-check
/**
 * Seen: what the launcher (deploy/board/watch.py) reads of the page, by the browser's own debugging line: whether frames are drawn, whether
 * pages change, who the board is. Nothing of it can be reached from outside the browser.
 */

/** @typedef {{board: number, wall: any, store: any, done: (id: string) => void}} Play `done`: this picture was sent */

export function seen() {
  /** @type {Play | null} */ let play = null;
  let drawn = performance.now(), shot = "", asked = 0, due = false;
  const asleep = () => Boolean(play?.wall.sleep.asleep);
  const frame = () => {
    drawn = performance.now();
    setTimeout(asleep() ? frame : () => requestAnimationFrame(frame), 1000); // a panel that is off draws nothing, and is not frozen
  };
  requestAnimationFrame(frame);
  Object.assign(globalThis, { kiosk: {
    look: () => {
      asked = performance.now();
      return { state: play ? "playing" : "pairing", board: play?.board ?? null, drawn: performance.now() - drawn, late: play ? late(play.wall) : 0,
        item: play?.wall.item ?? null, over: play?.wall.over ?? null, asleep: asleep(), cause: play?.store.cause ?? "", shot,
        worker: Boolean(navigator.serviceWorker?.controller) };
    },
    refresh: () => { due = true; if (asleep()) location.reload(); },
    shot: (/** @type {string} */ id) => { if (id === shot) { shot = ""; play?.done(id); } },
  } });
  return {
    /** @param {Play} told */ plays(told) { play = told; },
    /** Whether the launcher wants the page fresh at its next boundary. */ get due() { return due; },
    /** Whether a launcher looked within the last half minute. */ get watched() { return asked > 0 && performance.now() - asked < 30_000; },
    /** A picture of the wall is wanted; `done` is told once the launcher has sent it. @param {string} id */ picture(id) { shot = id; },
  };
}

/** Milliseconds since the page on the wall should have gone. @param {any} wall */
function late(wall) {
  const { main } = wall.zones;
  return main.paused || !main.current ? 0 : Math.max(0, wall.now() - main.ends);
}
