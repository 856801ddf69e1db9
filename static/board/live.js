// @ts-check
/** Live: the socket. Only a hint: what it says is "ask", and its loss costs nothing but the slow poll's minute. */

export const LEAST = 1000;
export const MOST = 30_000;

/** Milliseconds before the n-th attempt: doubling, with jitter, so that a thousand boards do not come at once. @param {number} attempt @param {number} chance 0..1 */
export function delay(attempt, chance) {
  return Math.min(MOST, LEAST * 2 ** Math.min(attempt, 5)) * (0.5 + chance / 2);
}

/**
 * Keep a socket open; `hear` gets each message, `opened` each (re)connect.
 * @param {{url: string, hear: (message: any) => void, opened: () => void, Socket?: typeof WebSocket, later?: (task: () => void, ms: number) => any, random?: () => number}} given
 */
export function live({ url, hear, opened, Socket = WebSocket, later = (task, ms) => setTimeout(task, ms), random = Math.random }) {
  const state = { attempt: 0, open: false, wait: 0, reconnect: (/** @type {number} */ seconds) => { state.wait = seconds * 1000; socket?.close(); } };
  /** @type {WebSocket | null} */ let socket = null;

  function connect() {
    socket = new Socket(url);
    socket.onopen = () => { state.attempt = 0; state.open = true; opened(); };
    socket.onmessage = ({ data }) => { const told = read(data); if (told) hear(told); };
    socket.onclose = () => {
      state.open = false;
      const pause = state.wait || delay(state.attempt, random());
      state.attempt += 1;
      state.wait = 0;
      later(connect, pause);
    };
  }
  connect();
  return state;
}

/** @param {unknown} data */
function read(data) {
  try {
    const told = JSON.parse(String(data));
    return told && typeof told === "object" ? told : null;
  } catch {
    return null;
  }
}
