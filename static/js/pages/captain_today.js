/** Today's list: how many were seen in time, who is due, nearest first. */
import { el, fillWith, icon, svg } from "../dom.js";
import { locale, t, tn } from "../i18n.js";
import { distanceText, doorLabel, lastVisitText, stateWord } from "./captain_words.js";

/** @typedef {import("./captain_words.js").Item} Item */
/** @typedef {{total: number, fresh: number, due: number, overdue: number}} Tally */

export const FILTERS = /** @type {const} */ (["all_due", "overdue", "due", "fresh", "all"]);
/** @typedef {typeof FILTERS[number]} Filter */
export const SORTS = /** @type {const} */ (["nearest", "longest", "address"]);
/** @typedef {typeof SORTS[number]} Sort */

/**
 * @param {Sort} sort
 * @param {string} origin "here" or "area": where distances are counted from
 * @returns {string} what the list begins with, and where distances count from
 */
export function orderWord(sort, origin) {
  const order = { nearest: t("Nearest first"), longest: t("Longest not visited first"), address: t("By address") }[sort];
  return `${order} · ${originWord(origin)}`;
}

/** @param {string} origin @returns {string} from where distances count */
export function originWord(origin) {
  return origin === "here" ? t("from where you are") : t("from the middle of your area");
}

/**
 * @param {Tally} tally
 * @param {Filter} filter
 * @returns {number}
 */
export function countFor(tally, filter) {
  const counts = {
    all_due: tally.due + tally.overdue, overdue: tally.overdue, due: tally.due, fresh: tally.fresh, all: tally.total,
  };
  return counts[filter];
}

/** @param {Filter} filter @returns {string} */
export function filterWord(filter) {
  const words = {
    all_due: t("To visit"), overdue: t("Overdue"), due: t("Due"), fresh: t("Seen in time"), all: t("All"),
  };
  return words[filter];
}

/**
 * The ring: the share seen in time, then due, then overdue; the words beside it say the same.
 * @param {Tally} tally
 * @returns {SVGElement}
 */
export function countRing({ total, fresh, due, overdue }) {
  const said = tn("{fresh} of {count} household seen in time, {due} due, {overdue} overdue", "{fresh} of {count} households seen in time, {due} due, {overdue} overdue", total, { fresh, due, overdue });
  const share = (/** @type {number} */ n) => (total ? (100 * n) / total : 0);
  const arcs = [
    { part: share(fresh), from: 0, colour: "var(--data-4)" },
    { part: share(due), from: share(fresh), colour: "var(--attend-fill)" },
    { part: share(overdue), from: share(fresh) + share(due), colour: "var(--alarm-fill)" },
  ];
  return svg("svg", { class: "ring", viewBox: "0 0 112 112", role: "img", "aria-label": said },
    svg("circle", { class: "ring__track", cx: 56, cy: 56, r: 48 }),
    ...arcs.filter(({ part }) => part > 0).map(ringArc),
    svg("text", { class: "ring__value", x: 56, y: 60 }, total ? `${Math.floor(share(fresh))}%` : "–"),
    svg("text", { class: "ring__name", x: 56, y: 78 }, t("in time")));
}

/** @param {{part: number, from: number, colour: string}} arc */
function ringArc({ part, from, colour }) {
  const arc = svg("circle", {
    class: "ring__part", cx: 56, cy: 56, r: 48, pathLength: 100, transform: "rotate(-90 56 56)",
    "stroke-dasharray": `${part} ${100 - part}`, "stroke-dashoffset": -from, "stroke-linecap": "butt",
  });
  arc.style.stroke = colour;
  arc.style.strokeLinecap = "butt";
  return arc;
}

/**
 * @param {{ring: Element, counts: Element}} parts
 * @param {Tally} tally
 */
export function showTally({ ring, counts }, tally) {
  const number = new Intl.NumberFormat(locale());
  fillWith(ring, countRing(tally));
  fillWith(counts, /** @type {const} */ (["fresh", "due", "overdue"]).map((state) => el("span", { class: "row", title: stateWord(state) },
    el("span", { class: `dot dot--${state}` }), el("strong", {}, number.format(tally[state])), el("span", { class: "muted small" }, shortWord(state)))));
}

/** @param {"fresh" | "due" | "overdue"} state */
function shortWord(state) {
  return { fresh: t("in time"), due: t("due"), overdue: t("overdue") }[state];
}

/**
 * @param {Element} root
 * @param {{tally: Tally, chosen: Filter, onChoose: (filter: Filter) => void}} options
 */
export function showFilters(root, { tally, chosen, onChoose }) {
  fillWith(root, FILTERS.map((filter) => el("button", {
    class: "tab", type: "button", role: "tab", id: `filter-${filter}`, "aria-selected": String(filter === chosen),
    "aria-controls": "due-list", tabindex: filter === chosen ? 0 : -1, onClick: () => onChoose(filter),
    onKeydown: (/** @type {KeyboardEvent} */ event) => stepTab(event, root),
  }, filterWord(filter), filter === chosen && el("span", { class: "badge" }, countFor(tally, filter)))));
}

/** @param {KeyboardEvent} event @param {Element} root */
function stepTab(event, root) {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const tabs = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[role=tab]")]);
  const next = tabs[(tabs.indexOf(/** @type {HTMLElement} */ (event.currentTarget)) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
  event.preventDefault();
}

/**
 * One row of the list; also for the units behind one entrance.
 * @param {Item} item
 * @param {{label?: string, onChoose: (item: Item) => void}} options
 * @returns {HTMLElement}
 */
export function itemRow(item, { label = doorLabel(item), onChoose }) {
  const who = [item.distance_m !== undefined && distanceText(item.distance_m), item.head || t("No household registered"), item.people && tn("{count} person", "{count} people", item.people)];
  return el("li", { class: "list__item" },
    el("button", { class: "list__link", type: "button", "data-dwelling": item.id, onClick: () => onChoose(item) },
      el("span", { class: `dot dot--${item.state}` }),
      el("span", { class: "list__text" },
        el("span", { class: "list__title" }, label),
        el("span", { class: "list__detail" }, who.filter(Boolean).join(" · ")),
        el("span", { class: "list__detail" }, `${stateWord(item.state)} · ${lastVisitText(item)}`))));
}

/**
 * @param {Tally} tally
 * @param {Filter} filter
 * @returns {HTMLElement} what to do when the list has no row
 */
export function emptyList(tally, filter) {
  if (tally.total === 0) {
    return emptyState("home", t("No dwellings here yet"),
      t("Ask the administrator to import the households of your grid, or to give you a grid."));
  }
  if (filter === "all_due" || filter === "overdue" || filter === "due") {
    return emptyState("check", t("Nobody is waiting"), t("All households of this list were seen in time. Choose All to look ahead."));
  }
  return emptyState("today", t("Nobody in this list yet"), t("Households come here after their visit. Begin with To visit."));
}

/**
 * @param {string} sign
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement} [action]
 * @returns {HTMLElement}
 */
export function emptyState(sign, title, text, action) {
  return el("div", { class: "empty" }, icon(sign), el("p", { class: "empty__title" }, title), el("p", {}, text), action);
}
