/** Why a stop is worth going to, and why one was left out, in words. */
import { formatInstant, t, tn } from "../i18n.js";

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
  if (stop.kind === "hotspot") told.push(tn("{count} incident, usual {usual}", "{count} incidents, usual {usual}", why.incidents, { usual: why.expected }));
  if (stop.kind === "grid" && why.incidents > 0) told.push(tn("{count} incident lately", "{count} incidents lately", why.incidents));
  told.push(camerasWords(why.cameras_near));
  told.push(why.days_since_visit === null || why.days_since_visit === undefined
    ? t("no visit known") : visitWords(Math.round(why.days_since_visit)));
  return told.join(" · ");
}

/**
 * What each part of a stop's value comes to; together they are the value.
 * @param {Stop} stop
 * @param {Record<string, number>} weights those of the plan
 * @returns {string} value 63 = risk 42 + thin prevention 15 + not visited 6
 */
export function valueWords(stop, weights) {
  const { risk, thin, stale } = valueParts(stop, weights);
  return t("value {value} = risk {risk} + thin prevention {thin} + not visited {stale}", { value: stop.prize.toFixed(1), risk, thin, stale });
}

/**
 * @param {Stop} stop
 * @param {Record<string, number>} weights
 * @returns {{risk: string, thin: string, stale: string}} one decimal each
 */
function valueParts({ why }, weights) {
  const share = 100 / (weights.risk + weights.thin + weights.stale);
  const part = (/** @type {string} */ name) => (share * weights[name] * why[name]).toFixed(1);
  return { risk: part("risk"), thin: part("thin"), stale: part("stale") };
}

const HOUR_MS = 3_600_000;

/**
 * How long a shift typed into the form is, and whether it ends on another day.
 * @param {string} from 2026-11-22T22:00, local
 * @param {string} to
 * @param {number} longest_h
 * @returns {{words: string, usable: boolean, nextDay: string | null}} `nextDay`: the end a day later, where that makes a shift
 */
export function shiftWords(from, to, longest_h) {
  // Read as UTC on both sides: a form's local times differ by what the clocks show, summer time aside.
  const [start, end] = [Date.parse(`${from}Z`), Date.parse(`${to}Z`)];
  if (Number.isNaN(start) || Number.isNaN(end)) return { words: t("Give beginning and end of the shift."), usable: false, nextDay: null };
  const hours = (end - start) / HOUR_MS;
  if (hours <= 0) {
    const later = hours + 24 > 0 && hours + 24 <= longest_h && hours < 0;
    return { words: t("The shift ends before it begins."), usable: false, nextDay: later ? new Date(end + 24 * HOUR_MS).toISOString().slice(0, 16) : null };
  }
  if (hours > longest_h) return { words: t("{hours}: at most {longest} can be planned at once.", { hours: hoursWords(hours), longest: longest_h }), usable: false, nextDay: null };
  return { words: from.slice(0, 10) === to.slice(0, 10) ? hoursWords(hours) : t("{hours}, past midnight", { hours: hoursWords(hours) }), usable: true, nextDay: null };
}

/** @param {number} hours @returns {string} 4 hours, 2.5 hours or 1 hour, by the figure that is written */
function hoursWords(hours) {
  return tn("{count} hour", "{count} hours", Math.round(hours * 10) / 10);
}

/**
 * @param {{shift_from: string, shift_to: string}} shift instants
 * @returns {string} 2026-11-22 19:00 – 23:00, with the day of the end where it is another one
 */
export function spanWords({ shift_from, shift_to }) {
  const [from, to] = [formatInstant(shift_from), formatInstant(shift_to)];
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(-5) : to.slice(5)}`;
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
  return tn("one camera near", "{count} cameras near", count);
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

/** @param {number} count @returns {string} */
export function stopsWords(count) {
  return tn("{count} stop", "{count} stops", count);
}

/** @param {number} duration_s @returns {string} */
export function durationWords(duration_s) {
  return t("{minutes} min", { minutes: Math.round(duration_s / 60) });
}
