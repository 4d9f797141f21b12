/** Short words at the edge of the screen. They never cover what they speak of and can be sent away. */
import { el, icon } from "./dom.js";
import { ProblemError } from "./api.js";
import { t } from "./i18n.js";

/**
 * Say something.
 * @param {string} text
 * @param {{kind?: "plain" | "alarm", action?: {label: string, run: () => void}, durationMs?: number}} [options]
 *   an alarm stays until it is closed
 * @returns {() => void} takes it away
 */
export function toast(text, { kind = "plain", action, durationMs = 6000 } = {}) {
  const role = kind === "alarm" ? "alert" : "status";
  const close = () => box.remove();
  const act = action && el("button", { class: "btn", type: "button", onClick: () => (close(), action.run()) }, action.label);
  const box = el("div", { class: `toast toast--${kind}`, role },
    el("span", { class: "toast__text" }, text), act,
    el("button", { class: "btn btn--icon", type: "button", "aria-label": t("Close"), onClick: close }, icon("close")));
  stack().append(box);
  if (kind !== "alarm") setTimeout(close, durationMs);
  return close;
}

/**
 * Say what went wrong and how to go on.
 * @param {unknown} error
 * @returns {() => void}
 */
export function toastProblem(error) {
  if (error instanceof ProblemError) return toast(error.text, { kind: "alarm", action: wayOn(error) });
  console.error(error);
  return toast(t("Something went wrong on this page. Reload it and try again."), { kind: "alarm" });
}

/**
 * @param {ProblemError} error
 * @returns {{label: string, run: () => void} | undefined} a press that leads on, where there is one
 */
function wayOn(error) {
  const tray = /** @type {HTMLElement | null} */ (document.querySelector("[data-tray-button]"));
  if (error.code !== "too_many_runs" || !tray) return undefined;
  return { label: t("Open the job tray"), run: () => tray.getAttribute("aria-expanded") !== "true" && tray.click() };
}

/** @returns {Element} */
function stack() {
  const found = document.querySelector(".toasts");
  if (found) return found;
  const made = el("div", { class: "toasts", "aria-live": "polite" });
  document.body.append(made);
  return made;
}
