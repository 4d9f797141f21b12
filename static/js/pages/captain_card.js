/** The household card: where, who, when last, and what was done at the door. */
import { el, fillWith, icon } from "../dom.js";
import { formatInstant, t, tn } from "../i18n.js";
import { doorLabel, lastVisitText, outcomeWord, stateWord, tenureWord } from "./captain_words.js";
import { contactRows } from "./captain_contact.js";

/** @typedef {import("./captain_words.js").Card} Card */
/** @typedef {import("./captain_words.js").PastVisit} PastVisit */
/** @typedef {import("./captain_outbox.js").Entry} Entry */

/**
 * @typedef {object} Actions
 * @property {() => void} back
 * @property {() => void} entrance shows the other units behind the same door
 * @property {(outcome: string) => void} record
 * @property {(visit: PastVisit) => void} undo
 * @property {(text: string) => void} note
 * @property {(purpose: string) => Promise<{name: string, phone: string, shown_s: number}>} reveal
 * @property {() => void} send tries to send what waits
 */

const NOTE_LIMIT = 2000;

/**
 * @param {{body: Element, foot: Element}} parts
 * @param {Card} card
 * @param {{note: string, waiting: Entry[], actions: Actions}} options
 */
export function showCard({ body, foot }, card, { note, waiting, actions }) {
  const typing = cursorIn(body);
  fillWith(body, head(card, actions), waiting.length > 0 && waitingNotice(waiting, actions), facts(card, actions, (asking) => foot.toggleAttribute("hidden", asking)),
    noteField(note, actions), otherWays(actions), history(card.visits, actions));
  fillWith(foot, recordButton("met", "check", "btn--primary grow", actions), recordButton("not_met", "close", "grow", actions));
  foot.removeAttribute("hidden");
  if (typing === null) return;
  const field = /** @type {HTMLTextAreaElement} */ (body.querySelector("#visit-note"));
  field.focus({ preventScroll: true });
  field.setSelectionRange(typing, typing);
}

/** @param {Element} body @returns {number | null} where the person is typing: an answer that arrives does not interrupt */
function cursorIn(body) {
  const field = /** @type {HTMLTextAreaElement | null} */ (body.querySelector("#visit-note:focus"));
  return field && field.selectionStart;
}

/** @param {Element} root @param {Element} body @returns {void} puts the reader at the card's heading */
export function focusHeading(root, body) {
  if (root.contains(document.activeElement) || document.activeElement === document.body) {
    /** @type {HTMLElement | null} */ (body.querySelector("h1"))?.focus({ preventScroll: true });
  }
  body.closest(".panel__scroll")?.scrollTo({ top: 0 });
}

/** @param {() => void} back @returns {HTMLElement} */
export function backButton(back) {
  return el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Back to the list"), onClick: back }, icon("left"));
}

/** @param {Card} card @param {Actions} actions */
function head(card, actions) {
  return el("header", { class: "panel__head" }, backButton(actions.back),
    el("div", { class: "panel__titles" },
      el("h1", { class: "panel__title", tabindex: -1 }, doorLabel(card)),
      el("p", { class: "muted" }, [card.plate && t("Plate {plate}", { plate: card.plate }), card.grid].filter(Boolean).join(" · "))));
}

/** @param {Card} card @param {Actions} actions @param {(asking: boolean) => void} onAsk */
function facts(card, actions, onAsk) {
  return el("dl", { class: "facts" },
    fact(t("State"), el("span", { class: "row" }, el("span", { class: `dot dot--${card.state}` }), el("strong", {}, stateWord(card.state)))),
    fact(t("Last visit"), lastVisitText(card)),
    card.household_id ? contactRows(card, actions.reveal, onAsk) : fact(t("Household"), t("No household registered")),
    card.people !== null && fact(t("People"), String(card.people)),
    card.state !== "vacant" && fact(t("Next visit"), card.due_on ? t("by {day}", { day: card.due_on }) : t("as soon as possible")),
    fact(t("Dwelling"), tenureWord(card.tenure)),
    card.placed && fact(t("Placed by hand"), el("span", {}, t("in {grid} by {who}, {time}: {reason}", { grid: card.placed.grid, who: card.placed.by, time: formatInstant(card.placed.at), reason: card.placed.reason }))),
    card.neighbours > 1 && fact(t("Same entrance"),
      el("button", { class: "btn", type: "button", onClick: actions.entrance }, icon("people"), tn("{count} dwelling", "{count} dwellings", card.neighbours))));
}

/** @param {string} name @param {Node | string} value @returns {HTMLElement[]} */
export function fact(name, value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}

/** @param {string} note @param {Actions} actions */
function noteField(note, actions) {
  const text = el("textarea", {
    class: "textarea", id: "visit-note", rows: 2, maxlength: NOTE_LIMIT, placeholder: t("What you saw, what they asked for"),
    onInput: (/** @type {InputEvent} */ event) => actions.note(/** @type {HTMLTextAreaElement} */ (event.target).value),
  });
  text.value = note;
  return el("div", { class: "field" }, el("label", { class: "field__label", for: "visit-note" }, t("Note for this visit")), text,
    el("p", { class: "field__hint" }, t("Kept on this device until the visit is stored.")));
}

/** @param {Actions} actions */
function otherWays(actions) {
  return el("div", { class: "btn-group", role: "group", "aria-label": t("Without meeting them") },
    recordButton("phoned", "phone", "", actions), recordButton("letter", "table", "", actions));
}

/** @param {string} outcome @param {string} sign @param {string} look @param {Actions} actions */
function recordButton(outcome, sign, look, actions) {
  return el("button", { class: `btn ${look}`, type: "button", "data-outcome": outcome, onClick: () => actions.record(outcome) },
    icon(sign), outcomeWord(outcome));
}

/** @param {Entry[]} waiting @param {Actions} actions */
function waitingNotice(waiting, actions) {
  return el("div", { class: "notice notice--attend", role: "status" }, icon("attend"),
    el("div", { class: "stack-s" },
      waiting.map((entry) => el("p", {}, t("{outcome}, {time}: kept on this device, not sent yet.", {
        outcome: outcomeWord(entry.outcome), time: formatInstant(entry.at_ms),
      }))),
      el("button", { class: "btn", type: "button", onClick: actions.send }, t("Send now"))));
}

/** @param {PastVisit[]} visits @param {Actions} actions */
function history(visits, actions) {
  const rows = visits.map((visit) => el("li", { class: "list__item" }, el("div", { class: "list__link" },
    el("span", { class: "list__text" },
      el("span", { class: "list__title" }, outcomeWord(visit.outcome)),
      visit.note && el("span", { class: "list__detail" }, visit.note),
      el("span", { class: "list__detail" }, `${formatInstant(visit.visited_at)} · ${visit.by}`)),
    visit.undo_s > 0 && el("button", { class: "btn", type: "button", "data-undo": visit.id, onClick: () => actions.undo(visit) },
      icon("undo"), t("Undo")))));
  return el("section", { class: "stack-s" }, el("h2", {}, t("Visits so far")),
    rows.length ? el("ul", { class: "list" }, rows) : el("p", { class: "muted" }, t("No visit is recorded here yet.")));
}
