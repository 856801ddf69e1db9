// @ts-check
/** Look: one board page in a frame. Fills what the board would fill, fetches media by name, takes a preview from the page around it. */
import { crop, fill, fragment } from "../shared/dom.js";

const body = document.body;
const texts = JSON.parse(body.dataset.fills ?? "{}");

dress(body);
addEventListener("message", (event) => {
  if (event.origin !== self.origin || typeof event.data?.html !== "string") return;
  body.replaceChildren(fragment(event.data.html));
  dress(body);
});
if (parent !== window) parent.postMessage({ ready: true }, self.origin);

/** @param {HTMLElement} root */
function dress(root) {
  fill(root, texts);
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-object]"))) {
    const address = body.dataset.media + (each.dataset.object ?? "");
    if (each instanceof HTMLVideoElement) {
      if (each.dataset.poster) each.poster = body.dataset.media + each.dataset.poster;
      each.preload = "none";
      each.controls = true;
    }
    /** @type {HTMLImageElement} */ (each).src = address;
  }
  crop(root);
}
