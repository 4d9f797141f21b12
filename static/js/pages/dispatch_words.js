/** Why a stop is worth going to, and why one was left out, in words. */
import { formatInstant, t } from "../i18n.js";

/**
 * @typedef {object} Stop
 * @property {number} id
 * @property {number | null} sequence
 * @property {string} kind hotspot, place or grid
 * @property {string} name
 * @property {number} prize
 * @property {Record<string, any>} why
 * @property {number} dwell_s
 * @property {string | null} arrive_at
 * @property {string | null} leave_at
 * @property {string | null} dropped
 * @property {number} lon
 * @property {number} lat
 */

/** @param {string} kind @returns {string} */
export function kindWord(kind) {
  const words = /** @type {Record<string, string>} */ ({ hotspot: t("Hotspot"), place: t("Key place"), grid: t("Grid") });
  return words[kind] ?? kind;
}

/** @param {Stop} stop @returns {string} what makes the stop worth a visit, the heaviest part first */
export function whyWords(stop) {
  const { why } = stop;
  const told = [kindWord(stop.kind)];
  if (stop.kind === "hotspot") told.push(t("{found} incidents, usual {usual}", { found: why.incidents, usual: why.expected }));
  if (stop.kind === "grid" && why.incidents > 0) told.push(t("{count} incidents lately", { count: why.incidents }));
  told.push(camerasWords(why.cameras_near));
  told.push(why.days_since_visit === null || why.days_since_visit === undefined
    ? t("no visit known") : visitWords(Math.round(why.days_since_visit)));
  return told.join(" · ");
}

/** @param {Stop} stop @returns {string} */
export function dropWords(stop) {
  const words = /** @type {Record<string, string>} */ ({
    unreachable: t("No road leads there for any team on duty."),
    no_team_mode: t("No team on duty moves in a way that gets there."),
    window_too_short: t("The shift is too short to go there, stay and come back."),
    outranked: t("Other stops within the shift are worth more."),
  });
  return words[stop.dropped ?? ""] ?? String(stop.dropped);
}

/** @param {number} count @returns {string} */
function camerasWords(count) {
  if (count === 0) return t("no camera near");
  return count === 1 ? t("one camera near") : t("{count} cameras near", { count });
}

/** @param {number} days @returns {string} */
function visitWords(days) {
  if (days === 0) return t("visited today");
  return days === 1 ? t("last visit yesterday") : t("last visit {days} days ago", { days });
}

/** @param {string} text @returns {string} the same, not broken at its hyphens (word joiners) */
export function unbroken(text) {
  return text.replaceAll("-", "\u2060-\u2060");
}

/** @param {string | null} instant @returns {string} 21:40 */
export function clock(instant) {
  return instant ? formatInstant(instant).slice(-5) : "";
}

/** @param {number} distance_m @returns {string} */
export function distanceWords(distance_m) {
  return distance_m < 1000
    ? t("{metres} m", { metres: Math.round(distance_m) })
    : t("{kilometres} km", { kilometres: (distance_m / 1000).toFixed(1) });
}

/** @param {number} duration_s @returns {string} */
export function durationWords(duration_s) {
  return t("{minutes} min", { minutes: Math.round(duration_s / 60) });
}
