// @ts-check
/** Pairing: ask for a code, show it, wait until staff have typed it, take the identity. */
import { pairing } from "./builtin.js";

/** The panel's own pixels, whatever scaling the PC uses. */
export function ownScreen() {
  return { w: Math.round(screen.width * devicePixelRatio), h: Math.round(screen.height * devicePixelRatio), dpr: devicePixelRatio };
}

/** Show codes until one is typed; the board's id, token and the office's key. @param {HTMLElement} wall @returns {Promise<{board: number, token: string, key: string}>} */
export async function pair(wall) {
  for (;;) {
    const asked = await ask();
    if (!asked) { await pause(3000); continue; }
    const until = Date.now() + asked.seconds * 1000;
    while (Date.now() < until) {
      wall.replaceChildren(pairing({ code: asked.code, seconds: Math.round((until - Date.now()) / 1000), screen: ownScreen() }));
      const found = await poll(asked.secret);
      if (found === "gone") break;
      if (found) return found;
      await pause(1000);
    }
  }
}

/** Trade a token for the cookie that the page's own requests carry. @param {string} token @returns {Promise<{board: number, key: string} | null>} */
export async function identity(token) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch("/board/identity", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
      if (answer.ok) return await answer.json();
      if (answer.status === 401) return null;
    } catch { /* the server is not there yet: a screen that starts first must wait, not fail */ }
    await pause(Math.min(30_000, 1000 * 2 ** attempt));
  }
}

/** What is kept of the key of a board: the keys it believes, and the token with which it came. @param {number} board */
export function pinning(board) {
  return `kiosk-key-${board}`;
}

/** Believe this key from now on, if the token is a new one: only staff who pair anew change whom a board believes.
 * @param {import("./keep.js").Keep} keep @param {number} board @param {string} token @param {string} key */
export async function pin(keep, board, token, key) {
  await keep.heal([pinning(board)]);
  const known = keep.get(pinning(board));
  if (key && !(known?.token === token && known.keys?.length)) await keep.set(pinning(board), { keys: [key], token });
}

/** The office's key, for a board that has pinned none yet; null while nobody answers. @param {number} board @returns {Promise<string | null>} */
export async function officeKey(board) {
  try {
    const answer = await fetch(`/board/identity?b=${board}`, { method: "POST", credentials: "same-origin", signal: AbortSignal.timeout(15_000) });
    return answer.ok ? (await answer.json()).key || null : null;
  } catch {
    return null;
  }
}

/** The cookie anew, where the browser lost it: whether it was given. @param {import("./keep.js").Keep} keep @param {number} board */
export async function renewed(keep, board) {
  const token = keep.get(pinning(board))?.token;
  if (!token) return false;
  const answer = await fetch("/board/identity", { method: "POST", headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(15_000) }).catch(() => null);
  return answer?.ok ?? false;
}

async function ask() {
  try {
    const answer = await fetch("/board/pairings", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ screen: ownScreen() }) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** @param {string} secret */
async function poll(secret) {
  try {
    const answer = await fetch("/board/pairing", { headers: { Authorization: `Bearer ${secret}` }, cache: "no-store" });
    if (answer.status === 200) return await answer.json();
    return answer.status === 404 || answer.status === 410 ? "gone" : null;
  } catch {
    return null;
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
