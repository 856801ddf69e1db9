// @ts-check
/**
 * Reach: whether an address outside can be had just now. The browser tells no page what a frame shows, so nothing is shown before the address
 * itself answered; what its server says of being framed our server has looked up, and the board remembers it for days without the server.
 */
const PATIENCE = 5000;
const REMEMBERED = 7 * 86_400_000;
const KEY = "kiosk-outside ";

/** Whether the address answers at all; its answer stays unseen. @param {string} address @param {AbortSignal} signal */
export async function answers(address, signal) {
  if (!navigator.onLine) return false;
  const [mine, end] = within(signal);
  try {
    await fetch(address, { mode: "no-cors", cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", signal: mine });
    return true;
  } catch {
    return false;
  } finally {
    end(); // it answered: the rest is not needed
  }
}

/** Whether it lets itself be framed, as far as is known: without any word of it no. @param {string} address @param {AbortSignal} signal */
export async function framable(address, signal) {
  const board = new URLSearchParams(location.search).get("b") ?? "";
  const [mine, end] = within(signal);
  try {
    const answer = await fetch(`/board/outside?${new URLSearchParams({ b: board, address })}`, { cache: "no-store", signal: mine });
    const { sight } = answer.ok ? await answer.json() : { sight: "unknown" };
    if (sight !== "unknown") localStorage.setItem(KEY + address, JSON.stringify({ sight, at: Date.now() }));
  } catch { /* the server is away: what it said last stands */ }
  end();
  try {
    const { sight, at } = JSON.parse(localStorage.getItem(KEY + address) ?? "{}");
    return sight === "good" && Date.now() - at < REMEMBERED;
  } catch {
    return false;
  }
}

/** Only what the server wrote as an address of the web. @param {string} text */
export function webAddress(text) {
  try {
    return /^https?:$/.test(new URL(text).protocol) ? text : "";
  } catch {
    return "";
  }
}

/** A signal that also ends by itself, and its end. @param {AbortSignal} signal @returns {[AbortSignal, () => void]} */
function within(signal) {
  const ends = new AbortController();
  const end = () => { clearTimeout(timer); signal.removeEventListener("abort", end); ends.abort(); };
  const timer = setTimeout(end, PATIENCE);
  signal.addEventListener("abort", end);
  return [ends.signal, end];
}
