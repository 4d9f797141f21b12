/** How a change set divides the patrol districts: for each grid, its ground in which district, before and after. */
import { el } from "../dom.js";
import { t, tn } from "../i18n.js";
import { shortName } from "../map/grid_editor.js";
import { hectares } from "../pages/boundaries_words.js";
import { gridStateWord, isNowhere } from "./words.js";

/** @typedef {{key: number, code: string, name: string, state: string, before_m2: number, after_m2: number, districts_before: number, districts_after: number}} DividedGrid */
/** @typedef {{code: string, name: string, grids: DividedGrid[]}} DividedDistrict */
/** @typedef {{district: string, before_m2: number, after_m2: number}} Share */
/** @typedef {DividedGrid & {shares: Share[], moved_m2: number}} SharedGrid */

/**
 * @param {DividedDistrict[]} districts those over ground that changes hands; empty in impacts frozen before there were any
 * @param {string} community
 * @returns {HTMLElement[]} nothing without districts
 */
export function districtParts(districts, community) {
  if (districts.length === 0) return [];
  const grids = gridsOf(districts);
  const [changed, same] = [grids.filter(isTold), grids.filter((grid) => !isTold(grid))];
  const list = (/** @type {SharedGrid[]} */ some) => el("ul", { class: "list", "data-districts": "" }, some.map((grid) => lineOf(grid, community)));
  return [
    el("h3", {}, t("Patrol districts")),
    el("p", { class: "muted small" }, t("Their borders stay as they are. Where a grid lies in several districts, each patrols its part.")),
    ...(changed.length ? [list(changed)] : []),
    ...(same.length ? [el("details", { class: "talk__settled" }, el("summary", {}, tn("{count} grid keeps its hectares in every district", "{count} grids keep their hectares in every district", same.length)), list(same))] : []),
  ];
}

/**
 * @param {DividedDistrict[]} districts
 * @returns {SharedGrid[]} the same by grid: first those that lie in more or fewer districts than before, then by the ground that moves
 */
export function gridsOf(districts) {
  /** @type {Map<number, SharedGrid>} */
  const found = new Map();
  for (const { code, name, grids } of districts) {
    for (const grid of grids) {
      const known = found.get(grid.key) ?? { ...grid, shares: [], moved_m2: 0 };
      const share = { district: name || code, before_m2: grid.before_m2, after_m2: grid.after_m2 };
      found.set(grid.key, { ...known, shares: [...known.shares, share], moved_m2: known.moved_m2 + Math.abs(grid.after_m2 - grid.before_m2) });
    }
  }
  const turned = (/** @type {SharedGrid} */ grid) => Number(grid.districts_before !== grid.districts_after);
  return [...found.values()].sort((a, b) => turned(b) - turned(a) || b.moved_m2 - a.moved_m2);
}

/** @param {SharedGrid} grid @returns {boolean} something of it differs in the figures that are shown */
function isTold({ shares, state }) {
  return state !== "changed" || shares.some(({ before_m2, after_m2 }) => hectares(before_m2) !== hectares(after_m2));
}

/** @param {SharedGrid} grid @param {string} community */
function lineOf({ name, code, shares, districts_before, districts_after, state }, community) {
  const now = tn("in {count} district", "in {count} districts", districts_after);
  const differs = state === "changed" && districts_before !== districts_after;
  const many = differs ? t("{now} (before: {count})", { now, count: districts_before }) : now;
  const others = districts_after - shares.filter(({ after_m2 }) => after_m2 > 0).length;
  const sorted = [...shares].sort((a, b) => b.after_m2 - a.after_m2);
  return el("li", { class: "list__item", "data-divided": code }, el("div", { class: "list__link" }, el("span", { class: "list__text" },
    el("span", { class: "list__title" }, shortName(name, community), " ", gridStateBadge(state), " ", districts_after > 1 || differs ? el("span", { class: `badge ${districts_after > 1 ? "badge--attend" : ""}` }, many) : null),
    sorted.map((share) => el("span", { class: "list__detail", "data-share": share.district }, "→ ", shareWords(share, state))),
    others > 0 ? el("span", { class: "list__detail" }, tn("unchanged in {count} other district", "unchanged in {count} other districts", others)) : null)));
}

/** @param {string} state of a grid @returns {HTMLElement | null} nothing where it only changes */
export function gridStateBadge(state) {
  const word = gridStateWord(state);
  return word ? el("span", { class: "badge" }, word) : null;
}

/** @param {Share} share @param {string} state of the grid @returns {string} */
function shareWords({ district, before_m2, after_m2 }, state) {
  const [before, now] = [hectares(before_m2), hectares(after_m2)];
  if (after_m2 === 0) return t("{district}: nothing any more (before: {before} ha)", { district, before });
  if (before_m2 === 0 && !isNowhere(state)) return t("{district}: {now} ha (new)", { district, now });
  if (isNowhere(state) || before === now) return t("{district}: {now} ha", { district, now });
  return t("{district}: {now} ha (before: {before})", { district, now, before });
}
