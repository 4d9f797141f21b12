/** What people say about a change set: comments at places, answers, settled or open. */
import { ProblemError, post } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { formatInstant, t } from "../i18n.js";
import { formatCoordinates, parseCoordinates } from "../map/drawing.js";
import { toast, toastProblem } from "../toast.js";
import { storeFor } from "./store.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */
/** @typedef {[number, number]} Position lon, lat */

/**
 * @typedef {object} Comment
 * @property {number} id
 * @property {string} kind remark, submitted, returned, taken_back (by the author) or approved
 * @property {string} author
 * @property {string} body
 * @property {string} at
 * @property {Position | null} spot
 * @property {number | null} answers id of the comment it answers
 * @property {string | null} settled_at
 * @property {string} settled_by
 */

/** A step of the review without words of its own is stored with a dash. */
const NO_WORDS = "—";

/**
 * @param {Comment[]} comments oldest first
 * @returns {{first: Comment, answers: Comment[]}[]} in the order in which they were begun
 */
export function threadsOf(comments) {
  return comments.filter(({ answers }) => answers === null).map((first) => ({ first, answers: comments.filter(({ answers }) => answers === first.id) }));
}

/**
 * The letter of a comment that speaks of a place: pins on the map bear it too; findings bear numbers.
 * @param {Comment[]} comments @param {Comment} one
 * @returns {string} A, B … Z, A1 …
 */
export function remarkSign(comments, one) {
  const at = comments.filter((other) => other.spot).indexOf(one);
  return String.fromCharCode(65 + (at % 26)) + (at < 26 ? "" : String(Math.floor(at / 26)));
}

/**
 * @param {Comment[]} comments
 * @returns {{spot: Position, sign: string, words: string, id: number}[]} places of comments that are still open
 */
export function openSpots(comments) {
  return comments.flatMap((one) => (one.spot && !one.settled_at ? [{ spot: one.spot, sign: remarkSign(comments, one), words: `${one.author}: ${one.body}`, id: one.id }] : []));
}

/** @param {Comment[]} comments @returns {number} remarks that wait for somebody */
export function openCount(comments) {
  return comments.filter(({ kind, answers, settled_at }) => kind === "remark" && answers === null && !settled_at).length;
}

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, storageKey: string, showSpot: (spot: Position) => void, onSpot: (spot: Position | null) => void,
 *   pick: (take: ((spot: Position) => void) | null) => void}} page `onSpot` draws the place of the comment being written, `pick`
 *   hands the next press on the map over (null: no longer wanted)
 */
export function mountTalk(root, page) {
  const list = el("div");
  const composer = mountComposer(page);
  fillWith(root, list, composer.element);
  /** @type {Comment[] | null} */
  let drawn = null;
  /** @param {Comment} one @param {"settle" | "reopen"} step */
  const turn = async (one, step) => {
    try {
      page.studio().hear(await post(`${page.studio().address}/comments/${one.id}/${step}`));
    } catch (error) {
      toastProblem(error);
    }
  };
  return {
    /** @param {State} state */
    show({ set }) {
      composer.show(set);
      if (drawn === set.comments) return;
      drawn = set.comments;
      const over = isOver(set.state);
      const thread = (/** @type {{first: Comment, answers: Comment[]}} */ one) => threadItem(set.comments, one, { turn, over, showSpot: page.showSpot, answer: composer.answer });
      const threads = threadsOf(set.comments);
      const [open, settled] = [threads.filter(({ first }) => !first.settled_at), threads.filter(({ first }) => first.settled_at)];
      fillWith(list,
        threads.length === 0 ? el("p", { class: "muted" }, over ? t("Nobody said anything.") : t("Nobody has said anything yet. A comment can stand at a place of the map.")) : null,
        open.length ? el("ol", { class: "list" }, open.map(thread)) : null,
        settled.length ? el("details", { class: "talk__settled" }, el("summary", {}, t("{count} settled", { count: settled.length })), el("ol", { class: "list" }, settled.map(thread))) : null);
    },
    /** @param {number} id bring a comment into view */
    reveal: (id) => {
      const found = /** @type {HTMLElement | null} */ (list.querySelector(`[data-comment-id="${id}"]`));
      found?.scrollIntoView({ block: "center" });
      found?.focus();
    },
  };
}

/** @param {string} state @returns {boolean} nothing can be said any more */
function isOver(state) {
  return ["published", "discarded"].includes(state);
}

/**
 * @param {Comment[]} comments @param {{first: Comment, answers: Comment[]}} thread
 * @param {{turn: (one: Comment, step: "settle" | "reopen") => void, over: boolean, showSpot: (spot: Position) => void, answer: (one: Comment) => void}} acts
 */
function threadItem(comments, { first, answers }, { turn, over, showSpot, answer }) {
  const { spot } = first;
  const button = (/** @type {string} */ mark, /** @type {string} */ name, /** @type {string} */ sign, /** @type {() => void} */ run) => el("button", { class: "btn btn--quiet", type: "button", "data-act": mark, onClick: run }, icon(sign), name);
  const settling = first.settled_at ? button("reopen", t("Open again"), "undo", () => turn(first, "reopen")) : button("settle", t("Mark as settled"), "check", () => turn(first, "settle"));
  return el("li", { class: "list__item talk", tabindex: -1, "data-comment-id": first.id },
    el("div", { class: "talk__first" }, spot ? el("span", { class: "remark-sign" }, remarkSign(comments, first)) : null, said(first)),
    answers.map((one) => el("div", { class: "talk__answer" }, said(one))),
    first.settled_at ? el("p", { class: "muted small" }, t("Settled by {who}, {when}", { who: first.settled_by, when: formatInstant(first.settled_at) })) : null,
    el("div", { class: "talk__acts" },
      spot ? button("place", t("Show the place"), "place", () => showSpot(spot)) : null,
      over || first.kind !== "remark" ? null : [first.settled_at ? null : button("answer", t("Answer"), "chat", () => answer(first)), settling].flat()));
}

/** @param {Comment} one */
function said(one) {
  const kinds = /** @type {Record<string, string>} */ ({ submitted: t("submitted"), returned: t("returned"), taken_back: t("took it back to edit"), approved: t("approved"), remark: "" });
  return el("div", { class: "list__text" },
    el("span", { class: "list__detail" }, el("strong", {}, one.author), kinds[one.kind] ? ` · ${kinds[one.kind]}` : "", ` · ${formatInstant(one.at)}`),
    one.body === NO_WORDS ? null : el("span", { class: "talk__body" }, one.body));
}

/** @param {{studio: () => Studio, storageKey: string, onSpot: (spot: Position | null) => void, pick: (take: ((spot: Position) => void) | null) => void}} page */
function mountComposer(page) {
  const words = el("textarea", { class: "textarea", rows: 2, maxlength: 2000, id: "studio-comment", "data-comment": "" });
  const spot = el("input", { class: "input", id: "studio-spot", autocomplete: "off", inputmode: "decimal", placeholder: t("longitude, latitude"), "data-spot": "" });
  const pick = el("button", { class: "btn", type: "button", "aria-pressed": "false", "data-pick": "" }, icon("place"), t("On the map"));
  const wrong = el("p", { class: "field__error", role: "alert", hidden: true });
  const heading = el("label", { class: "field__label", for: words.id });
  const cancel = el("button", { class: "btn btn--quiet", type: "button", hidden: true }, t("No answer, a comment of its own"));
  const place = el("div", { class: "field" }, el("label", { class: "field__label", for: spot.id }, t("Place it speaks of (may stay empty)")), el("div", { class: "talk__place" }, spot, pick), wrong);
  const element = el("form", { class: "stack-s talk__form", novalidate: true }, el("div", { class: "field" }, heading, words), cancel, place,
    el("button", { class: "btn btn--wide", type: "submit", "data-step": "comment" }, icon("chat"), t("Comment")));
  /** @type {Comment | null} */
  let answered = null;
  let shownFor = 0;
  const store = () => storeFor(`gridpatrol.${page.storageKey}.${shownFor}.words`);
  const keep = () => (words.value || spot.value ? store().write({ words: words.value, spot: spot.value }) : store().forget());

  /** @param {Comment | null} one */
  const answer = (one) => {
    answered = one;
    heading.textContent = one ? t("Answer to {who}", { who: one.author }) : t("Your comment");
    cancel.hidden = one === null;
    place.hidden = one !== null;
    if (one) words.focus();
  };
  /** @returns {Position | null | undefined} undefined when it cannot be read */
  const typed = () => {
    const { ring, problems } = parseCoordinates(spot.value);
    const usable = problems.length === 0 && ring.length < 2;
    wrong.textContent = usable ? "" : t("Give longitude and latitude, the longitude first.");
    wrong.hidden = usable;
    return usable ? (ring[0] ?? null) : undefined;
  };
  const stopPicking = () => {
    pick.setAttribute("aria-pressed", "false");
    page.pick(null);
  };
  const startPicking = () => {
    pick.setAttribute("aria-pressed", "true");
    page.pick((position) => {
      spot.value = formatCoordinates([position]);
      stopPicking();
      page.onSpot(position);
      keep();
      words.focus({ preventScroll: true });
    });
  };
  const send = async () => {
    const at = answered ? null : typed();
    if (at === undefined) return spot.focus();
    try {
      const { address } = page.studio();
      await post(`${address}/comments`, { body: words.value, ...(at ? { at } : {}), ...(answered ? { answers: answered.id } : {}) });
      words.value = spot.value = "";
      keep();
      toast(answered ? t("Your answer is stored.") : t("Your comment is stored."));
      answer(null);
      page.onSpot(null);
      await page.studio().reload();
    } catch (error) {
      if (error instanceof ProblemError && error.code === "comment_missing") words.focus();
      toastProblem(error);
    }
  };
  listen(element, "submit", (event) => (event.preventDefault(), void send()));
  listen(element, "keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && (event.preventDefault(), event.stopPropagation(), void send()));
  listen(words, "input", keep);
  listen(spot, "input", () => (keep(), page.onSpot(typed() ?? null)));
  listen(pick, "click", () => (pick.getAttribute("aria-pressed") === "true" ? stopPicking() : startPicking()));
  listen(cancel, "click", () => answer(null));
  answer(null);
  return {
    element,
    answer,
    /** @param {import("./studio.js").ChangeSet} set */
    show: (set) => {
      element.hidden = isOver(set.state);
      if (shownFor === set.id) return;
      shownFor = set.id;
      const kept = store().read();
      words.value = kept?.words ?? "";
      spot.value = kept?.spot ?? "";
      answer(null);
      stopPicking();
      page.onSpot(spot.value ? (typed() ?? null) : null);
    },
  };
}
