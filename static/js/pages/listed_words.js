/** What the pages of listed areas send and say, apart from the page. */
import { areaWords } from "./leader_words.js";
import { ringArea_m2 } from "../map/drawing.js";
import { t, tn } from "../i18n.js";

/** @typedef {[number, number]} Position */
/** @typedef {{what: string, who: string, until: string, done_on: string}} Line */

/**
 * A measure that nobody has begun to fill in is none.
 * @param {Line[]} lines
 * @returns {Line[]}
 */
export function filledIn(lines) {
  return lines.filter((line) => Object.values(line).some((word) => word.trim() !== ""));
}

/**
 * @param {string} text of a field for a whole number
 * @returns {number | null} null for anything else: the server says which figure it wants
 */
export function wholeNumber(text) {
  return /^\d+$/.test(text.trim()) ? Number(text) : null;
}

/**
 * @param {any} geometry GeoJSON polygon or multipolygon
 * @returns {[number, number, number, number]} west, south, east, north
 */
export function boundsOf(geometry) {
  const places = /** @type {number[]} */ (geometry.coordinates.flat(Infinity));
  const [lon, lat] = [0, 1].map((axis) => places.filter((_, index) => index % 2 === axis));
  return [Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)];
}

/**
 * @param {Position[]} ring
 * @returns {string} how many corners there are, and from three on what they enclose
 */
export function drawnWords(ring) {
  if (ring.length === 0) return t("No corner yet.");
  const corners = tn("{count} corner", "{count} corners", ring.length);
  return ring.length < 3 ? corners : `${corners} · ${areaWords(ringArea_m2(ring))}`;
}
