/** What the boundary page says about areas and findings: words only, no page, no network. */
import { locale, t } from "../i18n.js";

/**
 * @typedef {object} Finding a place on the map with a number and words
 * @property {"overlap" | "free" | "note"} look note: to be looked at, no rule is broken
 * @property {any} place GeoJSON geometry
 * @property {[number, number]} at lon, lat
 * @property {string} title
 * @property {string} detail
 */

/**
 * @param {number} area_m2
 * @returns {string} m² up to a hectare, then km²: 8 m², 9,870 m², 0.0123 km², 1.24 km²
 */
export function areaText(area_m2) {
  if (area_m2 < 10) return t("{area} m²", { area: area_m2.toFixed(1) });
  if (area_m2 < 10_000) return t("{area} m²", { area: grouped(area_m2, 0) });
  const km2 = area_m2 / 1e6;
  return t("{area} km²", { area: grouped(km2, km2 < 0.1 ? 4 : km2 < 10 ? 3 : 1) });
}

/**
 * @param {number} area_m2
 * @returns {string} hectares without their unit, for columns whose head names it: 0.0043, 0.35, 3.72, 12.4
 */
export function hectares(area_m2) {
  const area_ha = area_m2 / 10_000;
  // A grid of some square metres is not nothing.
  const digits = area_ha > 0 && area_ha < 0.01 ? 4 : area_ha < 10 ? 2 : 1;
  return new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(area_ha);
}

/** @param {number} value @param {number} digits */
function grouped(value, digits) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** @param {{place: any, at: [number, number], size_m2: number}} free @returns {Finding} */
export function freeFinding({ place, at, size_m2 }) {
  return { look: "free", place, at, title: t("Not divided: {area}", { area: areaText(size_m2) }), detail: t("Belongs to no grid yet.") };
}

/** @param {{place: any, at: [number, number], size_m2: number, with: string[]}} overlap @returns {Finding} */
export function overlapFinding({ place, at, size_m2, with: names }) {
  return {
    look: "overlap", place, at, title: t("{one} and {two} overlap", { one: names[0], two: names[1] }),
    detail: t("{area} belong to both.", { area: areaText(size_m2) }),
  };
}

/**
 * The share of the ground that is divided.
 * @param {{area_m2: number, free_m2: number}} community
 * @returns {number} 0 to 100; 100 only when nothing is left
 */
export function dividedPercent({ area_m2, free_m2 }) {
  const percent = (100 * (area_m2 - free_m2)) / Math.max(1, area_m2);
  return Math.max(0, Math.min(free_m2 > 0 ? 99 : 100, Math.round(percent)));
}
