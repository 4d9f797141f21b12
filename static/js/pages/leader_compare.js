/** Two runs laid over each other: places that stayed, are new or are gone, on the map and in a list. */
import { get } from "../api.js";
import { el, fillWith, icon, part } from "../dom.js";
import { t, tn } from "../i18n.js";
import { paletteOf } from "../map/palette.js";
import { fit } from "../map/registry.js";
import { theme } from "../theme.js";
import { toastProblem } from "../toast.js";
import { dayWords } from "./leader_words.js";

/** @typedef {{id: number, rank: number, name: string, observed: number, bbox: [number, number, number, number], shape: any, fate: string}} Fated */

/** @type {L.Layer | null} */
let drawn = null;

/**
 * @param {L.Map} map
 * @param {{run: string, other: string, onClose: () => void}} wanted ids of the run shown and the one it is held against
 */
export async function showComparison(map, { run, other, onClose }) {
  try {
    const answer = await get(`/api/leader/compare?run=${run}&other=${other}`);
    draw(map, answer.places);
    fillWith(part("[data-compare]"), heading(answer, onClose), ...["new", "stayed", "gone"].map((fate) => group(map, fate, answer.places)));
    part("[data-compare]").hidden = false;
  } catch (error) {
    toastProblem(error);
    hideComparison();
  }
}

export function hideComparison() {
  drawn?.remove();
  drawn = null;
  part("[data-compare]").hidden = true;
}

/**
 * @param {L.Map} map
 * @param {Fated[]} places
 */
function draw(map, places) {
  drawn?.remove();
  const looks = lines();
  drawn = L.geoJSON(/** @type {any} */ ({ type: "FeatureCollection", features: places.map((place) => ({ type: "Feature", geometry: place.shape, properties: { fate: place.fate } })) }), {
    interactive: false,
    style: (/** @type {any} */ feature) => ({ ...looks[feature.properties.fate], fillOpacity: 0.06 }),
  }).addTo(map);
}

/** @returns {Record<string, {color: string, weight: number, dashArray?: string}>} told apart by line as well as by colour */
function lines() {
  const palette = paletteOf(theme());
  return {
    new: { color: palette.chosen, weight: 5 },
    stayed: { color: palette.hotspot, weight: 3 },
    gone: { color: palette.gridLabel, weight: 3, dashArray: "4 7" },
  };
}

/**
 * @param {{run: any, other: any, sentence: string}} answer
 * @param {() => void} onClose
 */
function heading({ run, other, sentence }, onClose) {
  return el("div", { class: "stack-s" },
    el("div", { class: "row row--apart" }, el("h2", { tabindex: -1 }, t("Compared")),
      el("button", { class: "btn btn--quiet", type: "button", "data-end-compare": true, onClick: onClose }, icon("close"), t("End comparison"))),
    el("p", { class: "lead" }, sentence),
    el("p", { class: "muted small" }, t("Days to {day} held against days to {other}", { day: dayWords(run.window.to), other: dayWords(other.window.to) })));
}

/**
 * @param {L.Map} map
 * @param {string} fate
 * @param {Fated[]} places
 */
function group(map, fate, places) {
  const words = /** @type {Record<string, string>} */ ({ new: t("New: thick line"), stayed: t("Stayed: thin line"), gone: t("Gone: dotted line") });
  const mine = places.filter((place) => place.fate === fate);
  return mine.length > 0 && el("section", { class: "stack-s", "data-fate": fate }, el("h3", {}, words[fate]),
    el("ul", { class: "list" }, mine.map((place) => el("li", { class: "list__item" },
      el("button", { class: "list__link", type: "button", onClick: () => fit(map, place.bbox) },
        el("span", { class: "list__text" }, el("span", { class: "list__title" }, place.name)),
        el("span", { class: "list__end" }, tn("{count} incident", "{count} incidents", place.observed)))))));
}
