/** A forecast and its accuracy in words a leader reads without a statistician. */
import { t, tn } from "../i18n.js";

/**
 * @typedef {object} Figures by per cent of the ground: "1", "5", "10", "20"
 * @property {Record<string, number>} hit_rate
 * @property {Record<string, [number, number]>} hit_rate_interval
 * @property {Record<string, number>} pai
 * @property {Record<string, number>} pei_star
 * @property {Record<string, number>} hits
 */

/**
 * @typedef {object} Result what a run's record keeps
 * @property {string} outcome forecast or too_few
 * @property {string} as_of
 * @property {string} as_of_source
 * @property {{from: string, to: string}} window
 * @property {{from: string, to: string}} scored
 * @property {number} horizon_days
 * @property {number} late_days
 * @property {number} area_km2
 * @property {number} origins
 * @property {number} incidents
 * @property {Record<string, number>} best_possible
 * @property {Record<string, Figures & {simple: boolean}>} methods
 * @property {Figures} chosen
 * @property {string} method
 * @property {number} advantage_over_count
 */

/**
 * @param {number} share between 0 and 1
 * @returns {string} a number of per cent with one decimal
 */
export function percentWords(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * What a method does, in words; the names are those of docs/hotspots.md.
 * @param {string} name
 * @returns {string}
 */
export function methodWords(name) {
  const fixed = /** @type {Record<string, () => string>} */ ({
    count: () => t("Counting, all years"),
    prospective: () => t("Near and recent incidents weigh more (prospective map)"),
    self_exciting: () => t("Incidents set off others nearby (self-exciting process)"),
    boosting: () => t("Learnt from the past (boosted trees)"),
    stack: () => t("Mixture of all maps"),
  });
  if (Object.hasOwn(fixed, name)) return fixed[name]();
  const count = /^count_(\d+)d$/.exec(name);
  if (count) return t("Counting, last {span} days", { span: count[1] });
  const kernel = /^kde_(\d+)m(?:_(\d+)d)?$/.exec(name);
  if (kernel?.[2]) return t("Smoothed over {metres} m, last {span} days", { metres: kernel[1], span: kernel[2] });
  if (kernel) return t("Smoothed over {metres} m, all years", { metres: kernel[1] });
  const decay = /^decay_(\d+)d(?:_(\d+)m)?$/.exec(name);
  if (decay?.[2]) return t("Half forgotten after {span} days, smoothed over {metres} m", { span: decay[1], metres: decay[2] });
  return decay ? t("Half forgotten after {span} days", { span: decay[1] }) : name;
}

/**
 * How long a run will about take, rounded so that it claims no more than is known.
 * @param {number} seconds
 * @returns {string}
 */
export function takesWords(seconds) {
  if (seconds < 10) return t("Takes a few seconds.");
  if (seconds < 50) return t("Takes about half a minute: every map is first tried on the past.");
  const minutes = Math.max(1, Math.round(seconds / 60));
  return tn("Takes about a minute: every map is first tried on the past. You may leave the page meanwhile.",
    "Takes about {count} minutes: every map is first tried on the past. You may leave the page meanwhile.", minutes);
}

/**
 * Which of the three numbers of the sentence means what, for those who ask.
 * @param {Result} result
 * @param {string} percent of the ground
 * @returns {{mine: string, counting: string, best: string}}
 */
export function definitions(result, percent) {
  const { chosen, methods, incidents } = result;
  const interval = (/** @type {Figures} */ figures) => figures.hit_rate_interval[percent].map(percentWords).join(" – ");
  const whole = (/** @type {number} */ hits) => Math.round(hits).toLocaleString("en");
  return {
    mine: t("Hit rate of the maps that were used: {hits} of {n} incidents lay on the flagged {percent} % of {area} km². Very likely between {interval} (95 of 100 intervals found this way hold the true value; from the spread between forecasts, Cochran 1977). PAI {pai}: hit rate divided by share of the ground. PEI* {pei}: hits divided by those of the best possible map.", {
      hits: whole(chosen.hits[percent]), n: incidents.toLocaleString("en"), percent, area: result.area_km2.toLocaleString("en"),
      interval: interval(chosen), pai: chosen.pai[percent].toFixed(1), pei: chosen.pei_star[percent].toFixed(2) }),
    counting: t("Hit rate of plain counting: the ground where most has happened so far, without any model; {hits} of {n} incidents. Very likely between {interval}.", {
      hits: whole(methods.count.hits[percent]), n: incidents.toLocaleString("en"), interval: interval(methods.count) }),
    best: t("Hit rate of a map that knew the outcome beforehand and flagged as much ground. Nobody can do better; incidents that lie far apart keep every map below it."),
  };
}

/**
 * Whether the map earned its place, in one sentence.
 * @param {Result} result
 * @returns {string}
 */
export function verdictWords({ method, advantage_over_count }) {
  if (method === "count") return t("Plain counting is best here: no other map did better on the past, so the forecast is where most has happened so far.");
  const more = percentWords(advantage_over_count);
  return t("Used now: {method}. In the trials it hit {more} more incidents than plain counting.", { method: methodWords(method), more });
}
