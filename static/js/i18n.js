/**
 * The interface language. Message ids are the English source strings, as in the Python templates.
 *
 * The page names its catalogue in `<html data-catalogue="…/static/i18n/zh.json">`; English pages name none.
 * The catalogue is one flat object {English source: translation}, kept in static/i18n and complete by test
 * (tests/js/i18n.test.js). Importers wait for it, so `t` may be called at any time.
 */

/** @typedef {Record<string, string | number>} Fields */

/** @type {Record<string, string>} */
let catalogue = {};

/**
 * Put the named fields into the `{name}` places of a message.
 * @param {string} message
 * @param {Fields} fields
 * @returns {string} the message; a place without a field stays visible, so that it is noticed
 */
export function fill(message, fields) {
  return message.replace(/\{(\w+)\}/g, (place, name) => (name in fields ? String(fields[name]) : place));
}

/**
 * Translate an English source string.
 * @param {string} source
 * @param {Fields} [fields]
 * @returns {string}
 */
export function t(source, fields = {}) {
  return fill(catalogue[source] ?? source, fields);
}

/**
 * Translate a string whose English depends on a count. The catalogue holds `many`, because Chinese has one form.
 * @param {string} one for a count of exactly 1
 * @param {string} many
 * @param {number} count also the field `count`, unless `fields` says how it is written
 * @param {Fields} [fields]
 * @returns {string}
 */
export function tn(one, many, count, fields = {}) {
  return fill(catalogue[many] ?? (count === 1 ? one : many), { count, ...fields });
}

/**
 * Use these translations from now on.
 * @param {Record<string, string>} messages
 */
export function useCatalogue(messages) {
  catalogue = messages;
}

/** @returns {string | undefined} the IANA name of the deployment's time zone */
function pageTimeZone() {
  return typeof document === "undefined" ? undefined : document.documentElement.dataset.timeZone;
}

/** @returns {string} the BCP 47 tag of the page's language */
export function locale() {
  return typeof document === "undefined" ? "en" : document.documentElement.lang || "zh-CN";
}

const dateTime = /** @type {Intl.DateTimeFormatOptions} */ ({
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/**
 * Write an instant as 2026-11-22 21:40 in the deployment's time zone: a plan made in Shanghai reads the same on a
 * laptop that was set up abroad. The page names the zone in `<html data-time-zone>`.
 * @param {string | number | Date} instant
 * @param {string} [timeZone] IANA name; the page's when left out, else the reader's own
 * @returns {string}
 */
export function formatInstant(instant, timeZone = pageTimeZone()) {
  const format = new Intl.DateTimeFormat("en-GB", { ...dateTime, timeZone });
  const part = Object.fromEntries(format.formatToParts(new Date(instant)).map((p) => [p.type, p.value]));
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}`;
}

/**
 * @param {string} address
 * @returns {Promise<Record<string, string>>} nothing when the catalogue cannot be had: English is readable,
 *   a page that does not start is not
 */
async function fetchCatalogue(address) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    return answer.ok ? await answer.json() : {};
  } catch (error) {
    console.warn("catalogue not loaded", error);
    return {};
  }
}

if (typeof document !== "undefined") {
  const address = document.documentElement.dataset.catalogue;
  if (address) useCatalogue(await fetchCatalogue(address));
}
