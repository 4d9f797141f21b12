/** On phones: a short bar on the map while a tool is at work, so that the map stays free for the finger. */
import { el, fillWith, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { areaText, hectares } from "../pages/boundaries_words.js";
import { piecesOf, turnable } from "./model.js";
import { measured } from "./studio.js";
import { brokenRules, cornersOnly, isOpen, refuseButton, saidWords } from "./tool_panel.js";
import { alongWays, groundArea_m2, isDrawn, missing, nextWords, toolGroups, toolOf } from "./tools.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */
/** @typedef {import("./tools.js").Tool} Tool */

/**
 * @param {HTMLElement} stage
 * @param {{studio: () => Studio, onForm: (part?: "size") => void, onPlace: (place: any) => void}} options onForm opens the sheet with the form, or with
 *   its field for metres
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
  const redo = button("redo", t("Redo"), "redo", () => studio().redo(), "grow");
  const next = button("next", t("Next line"), "plus", () => studio().nextLine());
  const width = button("form", t("Type a width"), "strip", () => onForm("size"));
  const drop = button("drop", t("One back"), "undo", () => studio().dropPoint());
  const away = el("button", { class: "btn btn--quiet btn--icon", type: "button", "data-bar": "away", "aria-label": t("Put the tool away"), onClick: () => studio().choose(null) }, icon("close"));
  const ways = el("div", { class: "btn-group map-bar__ways" });
  const bar = el("div", { class: "map-bar", role: "group", "aria-label": t("Tool at work"), hidden: true },
    el("div", { class: "map-bar__head" }, words, away), ways, el("div", { class: "map-bar__row" }, apply, undo, redo, next, width, drop));
  L.DomEvent.disableClickPropagation(bar);
  stage.append(bar);
  // What else stands at the foot of the map stands above the bar, however many lines its words take.
  new ResizeObserver(() => stage.style.setProperty("--map-bar", `${bar.offsetHeight}px`)).observe(bar);

  return {
    /** @param {State | null} state */
    show: (state) => {
      bar.hidden = !state || !state.tool || !isOpen(state);
      if (!state || bar.hidden) return;
      const tool = toolOf(/** @type {string} */ (state.tool));
      const done = state.said?.what === "done";
      const turned = state.said?.kind === "undo";
      undo.hidden = !done || turned;
      redo.hidden = !done || !turned || !turnable(state.set).redo;
      // Beside Undo and Redo the others would be taken for them; after an edit there is no corner to take back.
      const drawing = undo.hidden && redo.hidden;
      apply.hidden = tool.kind === "measure" || !drawing;
      next.hidden = tool.shape !== "lines" || !drawing;
      width.hidden = !tool.sizeInstead || isDrawn(state.input) || !drawing;
      drop.hidden = tool.shape === "none" || !width.hidden || !drawing;
      apply.disabled = missing(tool, state.input) !== null || state.busy;
      refuseButton(apply, state);
      next.disabled = state.input.points.length < 2;
      drop.disabled = state.input.points.length === 0;
      showWays(ways, tool, state, studio);
      words.classList.toggle("map-bar__words--refused", state.refusal !== null && (state.barred || !state.tentative));
      fillWith(words, el("strong", {}, tool.label()), " ", wordsOf(state, tool));
    },
  };
}

/** @param {HTMLElement} root @param {Tool} tool @param {State} state @param {() => Studio} studio what a tool can be besides: its kin, or what it follows */
function showWays(root, tool, { input }, studio) {
  const kin = tool.group ? toolGroups().find((tools) => tools.includes(tool)) ?? [] : [];
  const choices = tool.kind === "follow" ? alongWays().map(([way, name]) => ({ way, name, chosen: way === input.along, run: () => studio().give({ along: way }) }))
    : kin.map((one) => ({ way: one.kind, name: one.label(), chosen: one === tool, run: () => one !== tool && studio().choose(one.kind) }));
  const shown = choices.map(({ way, chosen }) => `${way}${chosen}`).join();
  root.hidden = choices.length === 0;
  if (root.dataset.shown === shown) return;
  root.dataset.shown = shown;
  fillWith(root, choices.map(({ way, name, chosen, run }) => el("button", { class: "btn", type: "button", "data-way": way, "aria-pressed": String(chosen), onClick: run }, name)));
}

/** @param {State} state @param {Tool} tool @returns {string | (Node | string)[]} refused, done, what the tool is for, what is measured, previewed, or what to do next */
function wordsOf(state, tool) {
  const { refusal, preview, input } = state;
  if (refusal) return refusal.text;
  const said = saidWords(state);
  if (said) return said;
  if (!preview && !isDrawn(input) && input.size === null && input.grids.length === 0) return tool.hint();
  if (tool.kind === "measure") return measuredWords(input) || nextWords(tool, input);
  return preview ? previewWords(state) : nextWords(tool, input) || t("checking…");
}

/** @param {import("./tools.js").Input} input @returns {string} in one line what the form shows as a table */
function measuredWords({ points }) {
  const { legs, total_m } = measured(points);
  const last = legs.at(-1);
  if (!last) return "";
  const figures = [t("{distance} m in all", { distance: total_m.toFixed(1) }), t("last leg {bearing}°, {distance} m", { bearing: last.bearing_deg.toFixed(1), distance: last.distance_m.toFixed(1) })];
  return (points.length > 2 ? [...figures, t("{area} inside", { area: areaText(groundArea_m2(points)) })] : figures).join(" · ");
}

/** @param {State} state with a preview @returns {(Node | string)[]} each piece with its mark on the map, and the rules that are broken */
function previewWords({ preview, set }) {
  const pieces = piecesOf(preview, set);
  if (pieces.length === 0 && preview.ended.length === 0) return [cornersOnly(preview, set)];
  const warned = brokenRules(preview, pieces).slice(0, 2).map(({ words, marks, isRefused }) => el("span", { class: `map-bar__broken${isRefused ? " map-bar__words--refused" : ""}` }, icon("attend"), `${marks.join(t(", "))} ${words}`));
  return [...pieceWords(pieces), ...warned];
}

/** @param {any[]} pieces @returns {(Node | string)[]} */
function pieceWords(pieces) {
  return pieces.slice(0, 3).flatMap(({ mark, area_m2, households }) => [el("span", { class: "map-bar__piece" }, el("span", { class: "piece-mark" }, mark), ` ${tn("{area} ha, {count} household", "{area} ha, {count} households", households, { area: hectares(area_m2) })}`), " "]);
}
