/**
 * The place switcher: county › town › community › grid, as one list that can be filtered.
 *
 * GET /api/areas/tree answers {"areas": [Area, …]} inside the reader's scope, parents before children.
 */
import { get } from "./api.js";
import { el, fillWith, icon, listen } from "./dom.js";
import { t } from "./i18n.js";
import { mountPopover } from "./popover.js";
import { currentState, keepState, onStateBack } from "./url_state.js";

/**
 * @typedef {object} Area
 * @property {number} id
 * @property {number | null} parent_id
 * @property {string} code
 * @property {string} name
 * @property {[number, number, number, number] | null} bbox west, south, east, north; null without a boundary
 */

/**
 * The names from the top down to an area.
 * @param {Area[]} areas
 * @param {Area} area
 * @returns {Area[]}
 */
export function pathTo(areas, area) {
  const byId = new Map(areas.map((one) => [one.id, one]));
  const path = [area];
  while (path[0].parent_id !== null && byId.has(path[0].parent_id) && path.length < 12) {
    path.unshift(/** @type {Area} */ (byId.get(path[0].parent_id)));
  }
  return path;
}

/**
 * @param {Area[]} areas
 * @param {string} text
 * @returns {Area[]} the areas whose name or code carries the text, at most 60: more cannot be read
 */
export function matching(areas, text) {
  const wanted = text.trim().toLowerCase();
  const found = wanted
    ? areas.filter((area) => area.name.toLowerCase().includes(wanted) || area.code.includes(wanted))
    : areas;
  return found.slice(0, 60);
}

/**
 * @param {HTMLElement} root holds [data-place-button], [data-place-path] and the popover with a filter and a list
 * @returns {{undo: () => void, choose: (area: Area) => void}}
 */
export function mountPlaceSwitch(root) {
  const button = /** @type {HTMLElement} */ (root.querySelector("[data-place-button]"));
  const words = /** @type {HTMLElement} */ (root.querySelector("[data-place-path]"));
  const filter = /** @type {HTMLInputElement} */ (root.querySelector("input"));
  const list = /** @type {HTMLElement} */ (root.querySelector("[data-place-list]"));
  /** @type {Promise<Area[]> | null} */
  let loading = null;
  const load = () => (loading ??= get("/api/areas/tree").then((answer) => answer.areas).catch((error) => {
    loading = null;
    throw error;
  }));

  /** @param {Area} area @param {Area[]} areas */
  const showPath = (area, areas) => {
    const names = pathTo(areas, area).slice(-2).map((one) => one.name);
    // Phones have room for the last name only (frame.css).
    fillWith(words, el("span", { class: "place-switch__above" }, names.slice(0, -1).map((name) => `${name} › `)), el("span", { class: "place-switch__name" }, names.at(-1)));
  };
  /** @param {Area} area */
  const choose = async (area) => {
    popover.close();
    keepState({ place: area.code }, { step: true });
    showPath(area, await load());
    document.dispatchEvent(new CustomEvent("place-chosen", { detail: area }));
  };
  const showList = async () => {
    try {
      const areas = await load();
      const rows = matching(areas, filter.value).map((area) => areaRow(area, pathTo(areas, area).length, choose));
      fillWith(list, rows.length ? rows : el("p", { class: "muted small" }, t("No place of this name.")));
    } catch {
      fillWith(list, el("p", { class: "muted small" }, t("The places cannot be loaded now. Try again.")));
    }
  };
  const follow = async () => {
    const { place } = currentState();
    if (!place) return;
    /** @type {Area[]} */
    const areas = await load().catch(() => []);
    const area = areas.find((one) => one.code === place);
    if (area) showPath(area, areas);
  };
  const popover = mountPopover(button, { onOpen: () => (showList(), filter.focus()) });
  const stops = [listen(filter, "input", showList), onStateBack(follow)];
  follow();
  return { choose, undo: () => (popover.undo(), stops.forEach((stop) => stop())) };
}

/**
 * @param {Area} area
 * @param {number} depth
 * @param {(area: Area) => void} choose
 * @returns {HTMLElement}
 */
function areaRow(area, depth, choose) {
  const row = el("button", { class: "menu__item", type: "button", onClick: () => choose(area) },
    icon("place"), el("span", { class: "grow truncate" }, area.name));
  row.style.paddingInlineStart = `${Math.min(depth, 5) * 12}px`;
  return row;
}
