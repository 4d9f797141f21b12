/**
 * A date field shows the day as the browser's language writes it, which a page cannot change. Where that is not the
 * house's own form, 2026-11-22 21:40, the field says it once more below itself.
 */
import { el } from "./dom.js";

/**
 * @param {string} language BCP 47 tag of the browser, not of the page: its date fields follow it
 * @returns {boolean} whether it writes days otherwise than 2026-11-22, or hours otherwise than 21:40
 */
export function writesOtherwise(language) {
  const format = new Intl.DateTimeFormat(language, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return !/^2026-11-22\W+21:40$/.test(format.format(Date.UTC(2026, 10, 22, 21, 40)));
}

/**
 * @param {string} value of a date or datetime-local field: 2026-11-22 or 2026-11-22T21:40
 * @returns {string} as everywhere else in the house
 */
export function isoWords(value) {
  return value.replace("T", " ").slice(0, 16);
}

/**
 * What stands below a date field; it follows the field as long as both live.
 * @param {HTMLInputElement} input
 * @param {string} [language]
 * @returns {HTMLElement | null} null where the field itself shows the house's form
 */
export function isoEcho(input, language = navigator.language) {
  if (!writesOtherwise(language)) return null;
  // Not read aloud: assistive technology reads the field's own value in words.
  const echo = el("p", { class: "field__hint", "aria-hidden": "true", "data-iso": input.id });
  const follow = () => {
    echo.textContent = isoWords(input.value);
  };
  input.addEventListener("input", follow);
  follow();
  return echo;
}

/** Put its echo below every date field of the page. */
export function echoDates() {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[type=date], input[type=datetime-local]"))) {
    const echo = isoEcho(input);
    if (echo) input.after(echo);
  }
}
