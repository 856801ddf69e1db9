// @ts-check
/** DOM: the one way in which HTML text becomes elements, and places of a fragment are filled. */

const identity = (/** @type {string} */ text) => text;
const types = /** @type {any} */ (globalThis).trustedTypes;
const policy = types ? types.createPolicy("kiosk-fragment", { createHTML: identity, createScriptURL: identity })
  : { createHTML: identity, createScriptURL: identity };

/** The server cleaned this fragment and its hash was checked. @param {string} html @returns {DocumentFragment} */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
}

/** Another page of ours, to take parts from; a parsed document runs no script. @param {string} html @returns {Document} */
export function parsed(html) {
  return new DOMParser().parseFromString(policy.createHTML(html), "text/html");
}

/** @param {string} url */
export function scriptUrl(url) {
  return policy.createScriptURL(url);
}

/** @param {string} name @param {string} [className] @param {string} [text] */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Fill the places that the board or the moment decides. @param {ParentNode} root @param {Record<string, string>} texts */
export function fill(root, texts) {
  for (const place of root.querySelectorAll("[data-fill]")) {
    const text = texts[/** @type {HTMLElement} */ (place).dataset.fill ?? ""];
    if (text !== undefined && place.textContent !== text) place.textContent = text;
  }
}

/** Show the part of a picture that data-crop names, and put frames where data-box says (‰ of the page). @param {ParentNode} root */
export function crop(root) {
  for (const each of root.querySelectorAll("[data-crop]")) {
    const [x, y, w, h] = numbers(each, "crop");
    /** @type {any} */ (each).style.objectViewBox = `inset(${y / 10}% ${(1000 - x - w) / 10}% ${(1000 - y - h) / 10}% ${x / 10}%)`;
  }
  for (const each of root.querySelectorAll("[data-box]")) {
    const [x, y, w, h] = numbers(each, "box");
    Object.assign(/** @type {HTMLElement} */ (each).style, { left: `${x / 10}%`, top: `${y / 10}%`, width: `${w / 10}%`, height: `${h / 10}%` });
  }
}

/** @param {Element} each @param {string} name */
function numbers(each, name) {
  return (/** @type {HTMLElement} */ (each).dataset[name] ?? "0 0 1000 1000").split(" ").map(Number);
}
