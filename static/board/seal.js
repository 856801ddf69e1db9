// @ts-check
/**
 * Seal: whether a ref comes from the office, and which keys to believe from now on. Ed25519 over canonical JSON, the seal itself left out.
 * The twin of kiosk/base/signing.py; tests/contracts/seals.json and keys.json hold both to the same answers.
 */
import { hashes, verify } from "../vendor/noble-ed25519/index.js";
import { sha512 } from "../vendor/noble-hashes/sha2.js";

hashes.sha512 = sha512;
export const ALG = "ed25519";
const LONGEST = 64;

/**
 * The keys to pin from now on, oldest first, or why the ref is refused: answer (no ref at all), alg, seal, board (another board's), older.
 * @param {any} ref @param {string[]} pinned base64 @param {{board?: number, version?: number}} [wanted] whose it must be, and the least version
 * @returns {{keys: string[], cause: ""} | {keys: null, cause: string}}
 */
export function trusted(ref, pinned, { board, version = 0 } = {}) {
  if (ref === null || typeof ref !== "object" || !Number.isInteger(ref.version)) return refused("answer");
  if (ref.alg !== ALG) return refused("alg");
  const keys = followed(pinned, ref.keys);
  const sealing = keys.findLastIndex((key) => genuine(ref, key));
  if (sealing < 0) return refused("seal");
  if (board !== undefined && ref.board !== board) return refused("board");
  if (ref.version < version) return refused("older");
  return { keys: keys.slice(sealing), cause: "" };
}

/** The pinned keys, and those that statements sealed by one of them lead to. @param {string[]} pinned @param {any} chain */
export function followed(pinned, chain) {
  const keys = [...pinned];
  for (const told of Array.isArray(chain) ? chain.slice(0, LONGEST) : []) {
    if (typeof told?.successor === "string" && keys.includes(told.old) && !keys.includes(told.successor) && genuine(told, told.old)) keys.push(told.successor);
  }
  return keys;
}

/** Whether the seal fits what is told and the public key. @param {any} told @param {string} key base64 of 32 bytes */
export function genuine(told, key) {
  const { seal, ...bare } = told ?? {};
  if (bare.alg !== ALG || typeof seal !== "string") return false;
  try {
    return verify(bytes(seal), new TextEncoder().encode(canonical(bare)), bytes(key));
  } catch {
    return false; // no base64, or no point of the curve
  }
}

/** Sorted keys, no spaces: the same value gives the same text as on the server. @param {any} value @returns {string} */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** @param {string} cause @returns {{keys: null, cause: string}} */
function refused(cause) {
  return { keys: null, cause };
}

/** @param {string} text */
function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
