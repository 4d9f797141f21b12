/**
 * The search box: address, plate, grid. A combobox with a list (ARIA 1.2), worked by keys or by touch.
 *
 * GET /api/search?q= answers {"results": [Result, …]}, best first.
 */
import { get } from "./api.js";
import { el, fillWith, icon, listen } from "./dom.js";
import { t } from "./i18n.js";

/**
 * @typedef {object} Result
 * @property {string} kind area, dwelling, place, road, camera …
 * @property {string} id
 * @property {string} label
 * @property {string} [detail]
 * @property {number} lon
 * @property {number} lat
 * @property {[number, number, number, number]} [bbox] west, south, east, north
 */

const ICONS = /** @type {Record<string, string>} */ ({
  area: "grid", grid: "grid", dwelling: "home", place: "place", road: "road", camera: "camera", incident: "incident",
});

/**
 * @param {number} index the chosen option, -1 for none
 * @param {string} key
 * @param {number} count
 * @returns {number} the option after the key; the list is a circle with "none" in it
 */
export function moveChoice(index, key, count) {
  if (count === 0) return -1;
  if (key === "ArrowDown") return index + 1 >= count ? -1 : index + 1;
  if (key === "ArrowUp") return index < 0 ? count - 1 : index - 1;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return index;
}

/**
 * @typedef {object} ResultList
 * @property {(results: Result[]) => void} show
 * @property {(words: string) => void} tell words in the place of results
 * @property {() => void} open
 * @property {() => void} close
 * @property {(event: KeyboardEvent) => void} press
 */

/**
 * @param {HTMLElement} root holds input[role=combobox] and ul[role=listbox]
 * @param {{onChoose?: (result: Result) => void, address?: string}} [options] without onChoose the choice is told
 *   by the event "place-found" on the document
 * @returns {() => void} undo
 */
export function mountSearch(root, { onChoose = tellFound, address = "/api/search" } = {}) {
  const input = /** @type {HTMLInputElement} */ (root.querySelector("input"));
  const box = /** @type {HTMLElement} */ (root.querySelector("[role=listbox]"));
  const list = resultList(input, box, onChoose);
  let timer = 0;
  let asked = new AbortController();

  const ask = async () => {
    const text = input.value.trim();
    asked.abort();
    asked = new AbortController();
    if (text.length < 1) return list.close();
    const { signal } = asked;
    try {
      const answer = await get(`${address}?q=${encodeURIComponent(text)}`, { signal });
      list.show(answer.results ?? []);
    } catch {
      if (signal.aborted) return undefined;
      list.tell(t("The search is not available now. Try again."));
    }
    return list.open();
  };
  const stops = [
    listen(input, "input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 180);
    }),
    listen(input, "focus", () => box.childElementCount > 0 && input.value.trim() !== "" && list.open()),
    listen(input, "keydown", list.press),
    listen(document, "pointerdown", (event) => !root.contains(event.target) && list.close()),
  ];
  list.close();
  return () => {
    clearTimeout(timer);
    asked.abort();
    stops.forEach((stop) => stop());
  };
}

/**
 * The list below the input, and which of its options is marked.
 * @param {HTMLInputElement} input
 * @param {HTMLElement} box
 * @param {(result: Result) => void} onChoose
 * @returns {ResultList}
 */
function resultList(input, box, onChoose) {
  /** @type {Result[]} */
  let results = [];
  let chosen = -1;

  /** @param {boolean} wanted */
  const setOpen = (wanted) => {
    box.hidden = !wanted;
    input.setAttribute("aria-expanded", String(wanted));
  };
  /** @param {number} next */
  const mark = (next) => {
    chosen = next;
    [...box.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    const option = box.children[chosen];
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    setOpen(false);
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
  };
  /** @param {Result} result */
  const take = (result) => {
    input.value = result.label;
    close();
    onChoose(result);
  };
  /** @param {Result[]} found @param {HTMLElement | HTMLElement[]} rows */
  const fill = (found, rows) => {
    results = found;
    chosen = -1;
    fillWith(box, rows);
  };
  /** @param {string} words */
  const tell = (words) => fill([], note(words));
  return {
    close,
    tell,
    open: () => setOpen(true),
    show: (found) => {
      if (found.length) fill(found, found.map((result, i) => optionFor(result, i, take)));
      else tell(t("Nothing found. Try a street, a door plate or a grid code."));
    },
    press: (event) => {
      if (event.isComposing) return; // Chinese input: the arrows and Enter belong to the input method
      if (event.key === "Escape") close();
      else if (event.key === "Enter" && results.length && !box.hidden) take(results[Math.max(0, chosen)]);
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(moveChoice(chosen, event.key, results.length));
      else return;
      event.preventDefault();
    },
  };
}

/**
 * @param {Result} result
 * @param {number} index
 * @param {(result: Result) => void} take
 * @returns {HTMLElement}
 */
function optionFor(result, index, take) {
  return el("li", { class: "search__option", role: "option", id: `search-option-${index}`, "aria-selected": "false", onClick: () => take(result) },
    icon(ICONS[result.kind] ?? "place"),
    el("span", { class: "list__text" },
      el("span", { class: "list__title truncate" }, result.label),
      result.detail && el("span", { class: "list__detail truncate" }, result.detail)));
}

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
function note(text) {
  return el("li", { class: "search__note", role: "presentation" }, text);
}

/** @param {Result} result */
function tellFound(result) {
  document.dispatchEvent(new CustomEvent("place-found", { detail: result }));
}
