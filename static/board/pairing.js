// @ts-check
/** Pairing: ask for a code, show it, wait until staff have typed it, take the identity. */
import { pairing } from "./builtin.js";

/** The panel's own pixels, whatever scaling the PC uses. */
export function ownScreen() {
  return { w: Math.round(screen.width * devicePixelRatio), h: Math.round(screen.height * devicePixelRatio), dpr: devicePixelRatio };
}

/** Show codes until one is typed; the board's id and token. @param {HTMLElement} wall @returns {Promise<{board: number, token: string}>} */
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

/** Trade a token for the cookie that the page's own requests carry. @param {string} token @returns {Promise<number | null>} */
export async function identity(token) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch("/board/identity", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
      if (answer.ok) return (await answer.json()).board;
      if (answer.status === 401) return null;
    } catch { /* the server is not there yet: a screen that starts first must wait, not fail */ }
    await pause(Math.min(30_000, 1000 * 2 ** attempt));
  }
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
