/** The question before a publication, which is in force for everybody: what changes from which day, and was it compared. */
import { el, fillWith, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { rowsWords } from "./words.js";

/**
 * Ask in `box`, and empty it when it is answered.
 * @param {HTMLElement} box
 * @param {{impact: any, day: string, isLater: boolean, community: string, comments: number, hasCompared: boolean, onPublish: () => void, onCompare: () => void, onClose: () => void}} question
 */
export function askToPublish(box, { impact, day, isLater, community, comments, hasCompared, onPublish, onCompare, onClose }) {
  const answer = (/** @type {() => void} */ run) => () => (fillWith(box), run());
  const button = (/** @type {string} */ name, /** @type {string} */ sign, /** @type {() => void} */ run, /** @type {string} */ look, /** @type {string} */ mark) => el("button", { class: `btn ${look}`, type: "button", "data-step": mark, onClick: answer(run) }, icon(sign), name);
  const dwellings = impact.moves.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + (one.kind === "dwelling" ? one.count : 0), 0);
  const what = { day, grids: tn("{count} grid", "{count} grids", impact.grids.length), dwellings: rowsWords("dwelling", dwellings) };
  const title = isLater ? t("Publish the new boundaries of {community} on {day}?", { community, day }) : t("Publish the new boundaries of {community}?", { community });
  const asked = el("section", { class: "notice notice--attend review__ask", tabindex: -1, "aria-label": title, onKeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (event.stopPropagation(), answer(onClose)()) },
    el("div", { class: "stack-s grow" }, el("strong", {}, title),
      el("p", {}, isLater ? t("From {day} on, {grids} are different and {dwellings} belong to another grid. Until that day it can be returned; afterwards only a later change set can set the boundaries as they were.", what)
        : t("From {day} on, {grids} are different and {dwellings} belong to another grid. Publishing is not taken back; a later change set can set the boundaries as they were.", what)),
      comments ? el("p", {}, tn("{count} comment is still open.", "{count} comments are still open.", comments)) : null,
      hasCompared ? null : el("p", {}, t("You have not yet compared this with what is published.")),
      el("div", { class: "row" }, button(isLater ? t("Approve") : t("Publish"), "check", onPublish, "btn--primary grow", "publish"),
        hasCompared ? null : button(t("Compare first"), "beside", onCompare, "", "compare-first"), button(t("Not yet"), "close", onClose, "btn--quiet", "not-yet"))));
  fillWith(box, asked);
  // Not the button: a held Enter would publish.
  asked.focus({ preventScroll: true });
  asked.scrollIntoView({ block: "center" });
}
