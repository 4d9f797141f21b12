/** What the captain's page says about dwellings and visits: words only, no page, no network. */
import { t } from "../i18n.js";

/**
 * @typedef {object} Item a dwelling of the list
 * @property {number} id
 * @property {string} address
 * @property {string} short the address without the names of county and town
 * @property {string} plate
 * @property {string} [building_no]
 * @property {string} unit_no
 * @property {string} room_no
 * @property {string} tenure
 * @property {string} head masked name, "" without a household
 * @property {number | null} people
 * @property {"fresh" | "due" | "overdue" | "vacant"} state
 * @property {string | null} last_visit_on
 * @property {number | null} days_since
 * @property {number} [distance_m]
 */

/**
 * @typedef {object} PastVisit
 * @property {number} id
 * @property {string} visited_at
 * @property {string} outcome
 * @property {string} note
 * @property {string} by
 * @property {number} undo_s seconds left to take it back
 */

/**
 * @typedef {Item & {
 *   grid: string, grid_code: string, household_id: number | null, phone: string, due_on: string | null,
 *   interval_days: number, lon: number, lat: number, rooms: number | null, neighbours: number, placed: {grid: string, by: string, at: string, reason: string} | null,
 *   purposes: string[], visits: PastVisit[],
 * }} Card
 */

/** @param {string} outcome @returns {string} */
export function outcomeWord(outcome) {
  const words = /** @type {Record<string, string>} */ ({
    met: t("Visited"), not_met: t("Not met"), phoned: t("Phoned"), letter: t("Letter left"),
  });
  return words[outcome] ?? outcome;
}

/** @param {string} state @returns {string} */
export function stateWord(state) {
  const words = /** @type {Record<string, string>} */ ({
    fresh: t("Visited in time"), due: t("Visit due"), overdue: t("Visit overdue"), vacant: t("Vacant"),
  });
  return words[state] ?? state;
}

/** @param {string} tenure @returns {string} */
export function tenureWord(tenure) {
  const words = /** @type {Record<string, string>} */ ({
    owner: t("Lived in by the owner"), rented: t("Rented out"), vacant: t("Vacant"), unknown: t("Tenure not known"),
  });
  return words[tenure] ?? tenure;
}

/** @param {string} purpose @returns {string} */
export function purposeWord(purpose) {
  const words = /** @type {Record<string, string>} */ ({
    visit: t("Arrange a visit"), urgent: t("Urgent help"), service: t("A service they asked for"),
    correction: t("Correct the entry"),
  });
  return words[purpose] ?? purpose;
}

/**
 * Where behind the door plate: building, unit and room, each named; "" for a house of its own.
 * @param {{building_no?: string, unit_no: string, room_no: string}} item
 * @returns {string}
 */
export function roomLabel({ building_no = "", unit_no, room_no }) {
  return [
    building_no && numbered(building_no, () => t("Building {number}", { number: building_no })),
    unit_no && numbered(unit_no, () => t("Unit {number}", { number: unit_no })),
    room_no && numbered(room_no, () => t("Room {number}", { number: room_no })),
  ].filter(Boolean).join(" ");
}

/**
 * The one line that finds the door: the address, with the room where the address does not hold it.
 * @param {Item} item
 * @returns {string}
 */
export function doorLabel(item) {
  const last = item.room_no || item.unit_no || (item.building_no ?? "");
  return item.short.includes(last) ? item.short : `${item.short} ${roomLabel(item)}`;
}

/**
 * @param {number} distance_m
 * @returns {string} 8 m, 120 m, 1.4 km
 */
export function distanceText(distance_m) {
  if (distance_m < 100) return t("{metres} m", { metres: Math.round(distance_m) });
  if (distance_m < 1000) return t("{metres} m", { metres: Math.round(distance_m / 10) * 10 });
  return t("{kilometres} km", { kilometres: (distance_m / 1000).toFixed(distance_m < 10_000 ? 1 : 0) });
}

/**
 * When the last visit was: the day first, what it means beside it.
 * @param {{last_visit_on: string | null, days_since: number | null}} item
 * @returns {string}
 */
export function lastVisitText({ last_visit_on, days_since }) {
  if (last_visit_on === null || days_since === null) return t("Never visited");
  if (days_since === 0) return t("{day} (today)", { day: last_visit_on });
  if (days_since === 1) return t("{day} (yesterday)", { day: last_visit_on });
  return t("{day} ({days} days ago)", { day: last_visit_on, days: days_since });
}

/** A value that is not a bare number, as "2 幢" or "A", is shown as it was written. */
/** @param {string} value @param {() => string} named */
function numbered(value, named) {
  return /^[\dA-Za-z-]+$/.test(value) ? named() : value;
}
