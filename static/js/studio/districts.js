/** How a change set divides the patrol districts: which ground of a grid lies in which district, before and after. */
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { shortName } from "../map/grid_editor.js";
import { hectares } from "../pages/boundaries_words.js";

/** @typedef {{key: number, code: string, name: string, state: string, before_m2: number, after_m2: number, districts_before: number, districts_after: number}} DividedGrid */
/** @typedef {{code: string, name: string, grids: DividedGrid[]}} DividedDistrict */

/**
 * @param {DividedDistrict[]} districts those over ground that changes hands; empty in impacts frozen before there were any
 * @param {string} community
 * @returns {HTMLElement[]} nothing without districts
 */
export function districtParts(districts, community) {
  if (districts.length === 0) return [];
  const head = el("thead", {}, el("tr", {}, el("th", {}, t("Grid")), el("th", { class: "number" }, t("In the district (ha)")), el("th", { class: "number" }, t("Districts of the grid"))));
  return [
    el("h3", {}, t("Patrol districts")),
    el("p", { class: "muted small" }, t("Their borders stay as they are. Where a grid lies in several districts, each patrols its part.")),
    el("div", { class: "table-wrap" }, el("table", { class: "table studio-table", "data-districts": "" }, head, districts.map((district) => bodyOf(district, community)))),
  ];
}

/** @param {DividedDistrict} district @param {string} community */
function bodyOf({ code, name, grids }, community) {
  const title = name === code ? name : `${name} · ${code}`;
  return el("tbody", { "data-district": code },
    el("tr", { class: "studio-table__head" }, el("th", { scope: "rowgroup", colspan: 3 }, title)),
    grids.map((grid) => el("tr", {}, el("th", { scope: "row" }, shortName(grid.name, community)),
      el("td", { class: "number" }, beforeAfter(hectares(grid.before_m2), hectares(grid.after_m2), grid.state)),
      el("td", { class: "number" }, manyWords(grid)))));
}

/** @param {DividedGrid} grid @returns {HTMLElement | string} marked where more than one district has ground of the grid */
function manyWords({ districts_before, districts_after, state }) {
  const words = beforeAfter(String(districts_before), String(districts_after), state);
  return districts_after > 1 ? el("strong", {}, words) : words;
}

/** @param {string} before @param {string} after @param {string} state @returns {string} a new grid had nothing before */
export function beforeAfter(before, after, state) {
  return state === "new" || before === after ? after : `${before} → ${after}`;
}
