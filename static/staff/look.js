// @ts-check
/** Look: one board page in a frame. Fills what the board would fill, fetches media by name, takes a preview from the page around it. */
import { crop, fill, fragment } from "../shared/dom.js";

const place = /** @type {HTMLElement} */ (document.querySelector("main"));
const texts = JSON.parse(place.dataset.fills ?? "{}");

dress(place);
addEventListener("message", (event) => {
  if (event.origin !== self.origin || typeof event.data?.html !== "string") return;
  place.replaceChildren(fragment(event.data.html));
  dress(place);
});
if (parent !== window) parent.postMessage({ ready: true }, self.origin);

/** @param {HTMLElement} root */
function dress(root) {
  fill(root, texts);
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-object]"))) {
    const address = place.dataset.media + (each.dataset.object ?? "");
    if (each instanceof HTMLVideoElement) {
      if (each.dataset.poster) each.poster = place.dataset.media + each.dataset.poster;
      each.preload = "none";
      each.controls = true;
    }
    /** @type {HTMLImageElement} */ (each).src = address;
  }
  crop(root);
}
