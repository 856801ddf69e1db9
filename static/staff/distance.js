// @ts-check
/** Distance: how the picture looks from so many metres away, and whether people over 60 can read it from there.
 *
 * Readable: the smallest type spans at least 24 minutes of arc (the least of content/geometry.py); the server says up to which distance that
 * is so. Seen from there: an eye of acuity 0.5 resolves 2′. Bars of 2′ are just lost when 5 % of their contrast is left, and a Gaussian does
 * that with σ = 0.78 · 2′; on the picture these 1.56′ are so many px as they are mm on the panel.
 */

const card = document.getElementById("distance");
const slider = /** @type {HTMLInputElement | null} */ (document.getElementById("metres"));
const said = document.getElementById("metres-said");
const told = document.getElementById("metres-told");
const words = JSON.parse(card?.dataset.words ?? "{}");
const SIGMA = Math.tan((1.56 / 60) * (Math.PI / 180));
/** @type {{at: number, far: number, height: number, width: number}} */
let sight = JSON.parse(card?.dataset.sight ?? "null");
let moved = false;

document.documentElement.classList.add("with-script");
slider?.addEventListener("input", () => { moved = true; show(); });
addEventListener("kiosk:board", (event) => { sight = /** @type {CustomEvent} */ (event).detail ?? sight; start(); });
addEventListener("kiosk:frame", () => requestAnimationFrame(show));
addEventListener("resize", show);
if (slider) start();

/** At the board's own distance. */
function start() {
  if (!slider || !sight) return;
  moved = false;
  slider.value = String(Math.min(5, Math.max(1, Math.round(sight.at * 2) / 2)));
  show();
}

function show() {
  if (!slider || !sight || !said || !told) return;
  const metres = Number(slider.value);
  const clear = metres <= sight.far;
  const least = Math.min(1, Math.max(0, (sight.far - 1) / 4));
  slider.style.setProperty("--clear", `${least * 100}%`);
  slider.setAttribute("aria-valuetext", (clear ? words.clear : words.far).replace("{m}", String(metres)));
  said.className = `status ${clear ? "ok" : "due"}`;
  said.replaceChildren(document.querySelector(`#shapes [data-shape=${clear ? "ok" : "due"}] svg`)?.cloneNode(true) ?? "",
    Object.assign(document.createElement("span"), { textContent: (clear ? words.clear : words.far).replace("{m}", String(metres)) }));
  told.textContent = (sight.far >= 5 ? words.all : words.told).replace("{mm}", String(sight.height)).replace("{far}", String(sight.far));
  for (const frame of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".look.true iframe, .look.true img"))) {
    const blur = SIGMA * metres * 1000 * (frame.clientWidth / sight.width);
    frame.style.filter = moved ? `blur(${blur.toFixed(2)}px)` : "";
  }
}
