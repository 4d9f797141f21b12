/** How thickly the incidents of the tested period lie: a surface on the map, with its figures beside the switch. */
import { get } from "../api.js";
import { el, fillWith, svg } from "../dom.js";
import { t } from "../i18n.js";
import { paletteOf } from "../map/palette.js";
import { surfaceOf } from "../map/surface_pane.js";
import { theme } from "../theme.js";
import { toastProblem } from "../toast.js";

/** @typedef {{least: number, below: number | null, shape: any}} Class */

/**
 * @param {L.Map} map
 * @param {HTMLInputElement} check
 * @param {HTMLElement} legend
 * @param {() => string | null} runShown id of the run on the page
 */
export function mountHeat(map, check, legend, runShown) {
  /** @type {L.Layer | null} */
  let drawn = null;
  const clear = () => {
    drawn?.remove();
    drawn = null;
    fillWith(legend);
  };
  check.addEventListener("change", async () => {
    clear();
    const run = runShown();
    if (!check.checked || !run) return;
    try {
      const { classes } = await get(`/api/leader/heat?run=${run}`);
      if (check.checked) drawn = show(map, legend, classes);
    } catch (error) {
      check.checked = false;
      toastProblem(error);
    }
  });
  return { clear: () => ((check.checked = false), clear()) };
}

/**
 * @param {L.Map} map
 * @param {HTMLElement} legend
 * @param {Class[]} classes
 * @returns {L.Layer | null}
 */
function show(map, legend, classes) {
  if (classes.length === 0) {
    fillWith(legend, el("p", { class: "muted small" }, t("Nowhere do five or more incidents lie close together.")));
    return null;
  }
  const colours = paletteOf(theme()).cell.slice(-4);
  const surface = surfaceOf(map);
  const look = (/** @type {number} */ place) => ({ ...surface, stroke: false, fillColor: colours[place], fillOpacity: 0.75 });
  fillWith(legend, el("p", { class: "small" }, t("Incidents per km² and month, smoothed over 200 m")),
    el("ul", { class: "plain" }, classes.map((one, place) => el("li", { class: "legend__row small" },
      svg("svg", { class: "legend__sample", viewBox: "0 0 28 18", "aria-hidden": "true" }, svg("rect", { x: 3, y: 2, width: 22, height: 14, rx: 2, fill: colours[place] })),
      one.below === null ? t("{least} and more", { least: one.least }) : t("{least} to {below}", { least: one.least, below: one.below })))),
    el("p", { class: "muted small" }, t("It counts what happened and tests nothing: outlines show what stands out, this surface does not.")));
  return L.layerGroup(classes.map((one, place) => L.geoJSON(one.shape, /** @type {any} */ ({ ...look(place), style: () => look(place) })))).addTo(map);
}
