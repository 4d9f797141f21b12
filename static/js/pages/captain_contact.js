/** Name and phone of a household: masked, shown for a purpose and for a minute, then masked again. */
import { ProblemError } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { t } from "../i18n.js";
import { purposeWord } from "./captain_words.js";

/** @typedef {import("./captain_words.js").Card} Card */
/** @typedef {(purpose: string) => Promise<{name: string, phone: string, shown_s: number}>} Reveal */

/**
 * @param {Card} card
 * @param {Reveal} reveal asks the server, which writes down who asked and what for
 * @param {(asking: boolean) => void} onAsk the purposes are shown, or no longer: they need the room of the bar below
 * @returns {HTMLElement[]} rows of a definition list
 */
export function contactRows(card, reveal, onAsk) {
  const value = el("dd", { class: "stack-s", "data-contact": true });
  const masked = () => fillWith(value, el("p", {}, el("strong", {}, card.head || "–"), " ", el("span", {}, card.phone)), showButton());
  const showButton = () => el("button", { class: "btn", type: "button", "data-show": true, onClick: ask }, icon("eye"), t("Show name and phone"));
  const ask = () => {
    onAsk(true);
    fillWith(value, el("fieldset", { class: "stack-s" },
      el("legend", { class: "field__label" }, t("What for? Your answer is logged.")),
      card.purposes.map((purpose) => el("button", { class: "btn btn--wide", type: "button", "data-purpose": purpose, onClick: () => show(purpose) }, purposeWord(purpose))),
      el("button", { class: "btn btn--quiet", type: "button", onClick: cancel }, t("Cancel"))));
    value.scrollIntoView({ block: "nearest" });
    value.querySelector("button")?.focus({ preventScroll: true });
  };
  const cancel = () => {
    onAsk(false);
    masked();
    value.querySelector("button")?.focus();
  };
  /** @param {string} purpose */
  const show = async (purpose) => {
    for (const button of value.querySelectorAll("button")) button.disabled = true;
    try {
      clear(value, await reveal(purpose), masked);
      onAsk(false);
      value.scrollIntoView({ block: "center" });
    } catch (error) {
      onAsk(false);
      masked();
      const words = error instanceof ProblemError ? error.text : t("Something went wrong.");
      value.append(el("p", { class: "field__error", role: "alert" }, icon("attend"), words));
    }
  };
  masked();
  return [el("dt", {}, t("Household")), value];
}

/**
 * Show in clear, count down, mask again; also when the page is put away.
 * @param {HTMLElement} value
 * @param {{name: string, phone: string, shown_s: number}} contact
 * @param {() => void} masked
 */
function clear(value, { name, phone, shown_s }, masked) {
  const left = el("p", { class: "field__hint" });
  const ends_ms = Date.now() + shown_s * 1000;
  const hide = el("button", { class: "btn", type: "button", onClick: () => stop() }, t("Hide"));
  fillWith(value, el("p", { role: "status", "data-clear": true }, el("strong", {}, name)),
    phone && el("a", { class: "btn btn--primary btn--wide", href: `tel:${phone.replace(/[^\d+]/g, "")}` }, icon("phone"), phone), hide, left);
  hide.focus();
  const tick = () => {
    const seconds = Math.ceil((ends_ms - Date.now()) / 1000);
    // A card that was left has gone from the page: nothing to mask, the clock stops.
    if (!value.isConnected) return clearInterval(timer);
    if (seconds <= 0) return stop();
    left.textContent = t("Hidden again in {seconds} s", { seconds });
  };
  const stop = () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", putAway);
    if (value.isConnected) masked();
  };
  const putAway = () => document.hidden && stop();
  const timer = setInterval(tick, 500);
  document.addEventListener("visibilitychange", putAway);
  tick();
}
