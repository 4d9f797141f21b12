/** On phones: a short bar on the map while a tool is at work, so that the map stays free for the finger. */
import { el, fillWith, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { hectares } from "../pages/boundaries_words.js";
import { isOpen, lackingWords, saidWords } from "./tool_panel.js";
import { missing, toolOf } from "./tools.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */

/**
 * @param {HTMLElement} stage
 * @param {{studio: () => Studio, onForm: () => void, onPlace: (place: any) => void}} options onForm opens the sheet with the whole form
 */
export function mountMapBar(stage, { studio, onForm, onPlace }) {
  const words = el("button", { class: "map-bar__words", type: "button" });
  words.addEventListener("click", () => {
    const place = studio().state.refusal?.fields.place;
    if (place) onPlace(place);
    else onForm();
  });
  const button = (/** @type {string} */ mark, /** @type {string} */ name, /** @type {string} */ sign, /** @type {() => void} */ run, look = "") =>
    el("button", { class: `btn ${look}`, type: "button", "data-bar": mark, onClick: run }, icon(sign), name);
  const apply = button("apply", t("Apply"), "check", () => void studio().apply(), "btn--primary grow");
  const undo = button("undo", t("Undo"), "undo", () => studio().undo(), "grow");
  const drop = button("drop", t("One back"), "undo", () => studio().dropPoint());
  const away = button("away", t("Put away"), "close", () => studio().choose(null));
  const bar = el("div", { class: "map-bar", role: "group", "aria-label": t("Tool at work"), hidden: true }, words, el("div", { class: "map-bar__row" }, apply, undo, drop, away));
  L.DomEvent.disableClickPropagation(bar);
  stage.append(bar);

  return {
    /** @param {State | null} state */
    show: (state) => {
      bar.hidden = !state || !state.tool || !isOpen(state);
      if (!state || bar.hidden) return;
      const tool = toolOf(/** @type {string} */ (state.tool));
      const done = state.said?.what === "done";
      undo.hidden = !done || state.said?.kind === "undo";
      apply.hidden = tool.kind === "measure" || !undo.hidden;
      // Beside Undo the two would be taken for one another; after an edit there is no corner to take back.
      drop.hidden = !undo.hidden;
      apply.disabled = missing(tool, state.input) !== null || state.busy;
      drop.disabled = state.input.points.length === 0;
      words.classList.toggle("map-bar__words--refused", state.refusal !== null && !state.tentative);
      fillWith(words, el("strong", {}, tool.label()), " ", wordsOf(state, missing(tool, state.input)));
    },
  };
}

/** @param {State} state @param {string | null} lacking @returns {string} one line: refused, done, previewed, or what to do next */
function wordsOf(state, lacking) {
  const { refusal, preview, set } = state;
  if (refusal) return refusal.title;
  const said = saidWords(state);
  if (said) return said;
  if (!preview) return lacking === "shape" ? t("Press on the map to set a corner.") : lackingWords(lacking);
  const parts = preview.grids.filter((/** @type {any} */ grid) => Math.abs((set.grids.get(grid.key)?.area_m2 ?? 0) - grid.area_m2) >= 1);
  return parts.slice(0, 3).map((/** @type {any} */ grid) => tn("{area} ha, {count} household", "{area} ha, {count} households", grid.households, { area: hectares(grid.area_m2) })).join(" · ");
}
