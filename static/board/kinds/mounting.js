// @ts-check
/** Mounting: what comes from outside begins with the fragment that has a place for it, and ends with that fragment. */

/**
 * For the stage: `mount(root)` once a fragment stands in a layer, `unmount(root)` before the layer is emptied; both do nothing where the
 * fragment has no such place.
 * @param {string} selector of the place @param {(place: HTMLElement) => {close: () => void}} make begins
 */
export function mounting(selector, make) {
  /** @type {WeakMap<Element, {close: () => void}>} */ const standing = new WeakMap();
  return {
    /** @param {ParentNode} root */
    mount(root) {
      for (const place of root.querySelectorAll(selector)) if (!standing.has(place)) standing.set(place, make(/** @type {HTMLElement} */ (place)));
    },
    /** @param {ParentNode} root */
    unmount(root) {
      for (const place of root.querySelectorAll(selector)) { standing.get(place)?.close(); standing.delete(place); }
    },
  };
}
