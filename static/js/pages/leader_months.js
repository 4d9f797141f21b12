/** The year on the map, month by month: a slider, and a button that plays it. */
import { ProblemError, get } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { paletteOf } from "../map/palette.js";
import { surfaceOf } from "../map/surface_pane.js";
import { theme } from "../theme.js";
import { barChart } from "./bar_chart.js";

/** @typedef {{months: string[], totals: number[], zoom: number, squares: [number, number, number[]][]}} Year */

/** A month is seen long enough to be compared with the one before. */
const STEP_MS = 900;
/** Lower ends of the classes of a square's incidents in a month; fewer than five are never sent. */
export const CLASSES = [5, 10, 20, 40];

/**
 * @param {number} count
 * @returns {number} class 0 to 3, -1 below five
 */
export function classOf(count) {
  return CLASSES.filter((least) => count >= least).length - 1;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} zoom
 * @returns {[[number, number], [number, number]]} south-west and north-east corner (lat, lon) of a tile
 */
export function cornersOf(x, y, zoom) {
  const count = 2 ** zoom;
  const lat = (/** @type {number} */ row) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / count))) * 180) / Math.PI;
  const lon = (/** @type {number} */ column) => (column / count) * 360 - 180;
  return [[lat(y + 1), lon(x)], [lat(y), lon(x + 1)]];
}

/**
 * @param {L.Map} map
 * @param {HTMLDetailsElement} box it loads when it is opened and leaves the map when it is closed
 * @param {() => string | null} runShown id of the run on the page
 * @returns {{undo: () => void}}
 */
export function mountMonths(map, box, runShown) {
  const body = /** @type {HTMLElement} */ (box.querySelector("[data-months-body]"));
  let leave = () => {};
  const toggle = async () => {
    leave();
    leave = () => {};
    const run = runShown();
    if (!box.open || !run) return;
    try {
      leave = play(map, body, await get(`/api/leader/months?run=${run}`));
    } catch (error) {
      fillWith(body, el("p", { class: "field__error", role: "alert" }, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong.")));
    }
  };
  box.addEventListener("toggle", toggle);
  return { undo: () => (box.removeEventListener("toggle", toggle), leave()) };
}

/**
 * @param {L.Map} map
 * @param {HTMLElement} body
 * @param {Year} year
 * @returns {() => void} takes everything off the map
 */
function play(map, body, year) {
  const layer = L.layerGroup().addTo(map);
  const surface = surfaceOf(map);
  const last = year.months.length - 1;
  const slider = el("input", { type: "range", min: 0, max: last, value: last, step: 1, "aria-label": t("Month"), class: "grow", onInput: () => (stop(), show()) });
  const label = el("output", { class: "number", "aria-live": "polite" });
  const chart = el("div");
  const button = el("button", { class: "btn", type: "button", "data-play": true, onClick: () => (timer ? stop() : start()) });
  let timer = 0;

  const at = () => Number(slider.value);
  const show = () => {
    const month = at();
    const words = tn("{month}: {count} incident", "{month}: {count} incidents", year.totals[month], { month: year.months[month] });
    label.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    drawMonth(layer, year, month, surface);
    fillWith(chart, barChart({ title: t("By month, the one on the map dark"), inWords: (n) => tn("{count} incident", "{count} incidents", n),
      bars: year.totals.map((value, index) => ({ name: year.months[index], value, strong: index === month, mark: index === 0 || index === last ? year.months[index] : undefined })) }));
  };
  const step = () => {
    slider.value = String(at() === last ? 0 : at() + 1);
    show();
    if (at() === last) stop();
  };
  const start = () => {
    if (at() === last) slider.value = "-1";
    // Whoever wants less motion gets the next month with each press.
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return step();
    timer = setInterval(step, STEP_MS);
    step();
    name();
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    name();
  };
  const name = () => fillWith(button, timer ? t("Pause") : matchMedia("(prefers-reduced-motion: reduce)").matches ? t("Next month") : t("Play"));
  name();
  fillWith(body, el("div", { class: "row" }, button, slider), label, chart, legend());
  show();
  return () => {
    stop();
    layer.remove();
    fillWith(body);
  };
}

/**
 * @param {L.LayerGroup} layer
 * @param {Year} year
 * @param {number} month
 * @param {L.PathOptions} surface
 */
function drawMonth(layer, year, month, surface) {
  const colours = monthColours();
  layer.clearLayers();
  for (const [x, y, counts] of year.squares) {
    const rank = classOf(counts[month]);
    if (rank < 0) continue;
    layer.addLayer(L.rectangle(cornersOf(x, y, year.zoom), { ...surface, stroke: false, fillColor: colours[rank], fillOpacity: 0.75 }));
  }
}

/** @returns {string[]} one hue, darker for more; the four darker ones of the five of counts */
function monthColours() {
  return paletteOf(theme()).cell.slice(1);
}

function legend() {
  const colours = monthColours();
  return el("p", { class: "muted small" }, t("Squares with at least {least} incidents in the month: from {classes}. Fewer are not shown.", { least: CLASSES[0], classes: CLASSES.join(" · ") }), " ",
    ...colours.map((colour) => {
      const swatch = el("span", { class: "swatch" });
      swatch.style.background = colour;
      return swatch;
    }));
}
