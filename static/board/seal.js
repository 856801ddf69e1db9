// @ts-check
/** Seal: whether a ref comes from the office. Ed25519 over its canonical JSON, the seal itself left out; the twin of kiosk/base/signing.py. */
import { hashes, verify } from "../vendor/noble-ed25519/index.js";
import { sha512 } from "../vendor/noble-hashes/sha2.js";

hashes.sha512 = sha512;
export const ALG = "ed25519";

/** Whether the seal fits the ref and the pinned public key. @param {any} ref @param {string} key base64 of 32 bytes */
export function genuine(ref, key) {
  const { seal, ...bare } = ref ?? {};
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

/** @param {string} text */
function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
