/** Numbers of a hotspot in words a leader reads without a statistician. */
import { formatInstant, t } from "../i18n.js";

/**
 * @typedef {object} Place
 * @property {number} id
 * @property {number} rank
 * @property {string} name
 * @property {number} observed
 * @property {number} expected
 * @property {number} ratio
 * @property {number} ratio_low
 * @property {number} ratio_high
 * @property {number} p_value
 * @property {number} q_value
 * @property {number} area_m2
 * @property {string} expires_at
 * @property {boolean} expired
 * @property {[number, number, number, number]} bbox
 * @property {any} shape
 * @property {{code: string, name: string, n: number, share: number}[]} types
 * @property {number[]} hours
 * @property {[number, number] | number[]} peak_hours
 * @property {{id: number, name: string} | null} listed what is proposed or listed on its ground already
 */

/**
 * How likely such a place would appear by chance, as a round "less than 1 in N".
 * @param {number} q
 * @returns {string}
 */
export function chanceWords(q) {
  const inN = [10_000, 1_000, 100, 20].find((n) => q < 1 / n);
  return inN ? t("chance below 1 in {n}", { n: inN.toLocaleString("en") }) : t("chance about 1 in {n}", { n: Math.max(1, Math.round(1 / q)) });
}

/** @param {Place} place @returns {string} */
export function ratioWords(place) {
  return t("{ratio} times as many as usual", { ratio: place.ratio.toFixed(1) });
}

/**
 * How sure the ratio is, without a statistician's words; the figures behind it are in `intervalWords`.
 * @param {Place} place
 * @returns {string}
 */
export function rangeWords({ ratio, ratio_low, ratio_high }) {
  return t("about {ratio} times as many as usual, very likely between {low} and {high} times", {
    ratio: ratio.toFixed(1), low: ratio_low.toFixed(1), high: ratio_high.toFixed(1) });
}

/** @param {Place} place @returns {string} what was computed, and what the interval promises */
export function intervalWords({ ratio, ratio_low, ratio_high }) {
  return t("Counted divided by usual is {ratio}. 95 of 100 intervals found this way hold the true value; here {low} to {high} (exact Poisson interval, Garwood 1936).", {
    ratio: ratio.toFixed(2), low: ratio_low.toFixed(2), high: ratio_high.toFixed(2) });
}

/** What the places may be sorted by, the largest first; the rank is that of the run. */
export const SORTS = /** @type {Record<string, (a: Place, b: Place) => number>} */ ({
  rank: (a, b) => a.rank - b.rank,
  observed: (a, b) => b.observed - a.observed,
  ratio: (a, b) => b.ratio - a.ratio,
  area: (a, b) => b.area_m2 - a.area_m2,
});

/**
 * @param {Place[]} places
 * @param {string} sort a name of `SORTS`; any other means the rank
 * @returns {Place[]} a new list; equal places in the order of their rank
 */
export function sorted(places, sort) {
  const compare = Object.hasOwn(SORTS, sort) ? SORTS[sort] : SORTS.rank;
  return [...places].sort((a, b) => compare(a, b) || SORTS.rank(a, b));
}

/** @param {number} area_m2 @returns {string} */
export function areaWords(area_m2) {
  return area_m2 >= 1e6 ? `${(area_m2 / 1e6).toFixed(2)} km²` : t("{hectares} ha", { hectares: Math.round(area_m2 / 1e4 * 10) / 10 });
}

/** @param {string} instant @returns {string} a day, 2026-11-22 */
export function dayWords(instant) {
  return formatInstant(instant).slice(0, 10);
}
