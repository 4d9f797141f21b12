/** The rules for grids: what is typed is tried on today's grids at once; saving asks, with a reason, before it holds. */
import { ProblemError, get, request } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { t } from "../i18n.js";
import { toast } from "../toast.js";

const ASK_AFTER_MS = 500;

const root = /** @type {HTMLElement} */ (document.querySelector("[data-rules]"));
const form = /** @type {HTMLFormElement} */ (root.querySelector("[data-form]"));
const refusal = /** @type {HTMLElement} */ (root.querySelector("[data-refusal]"));
const told = /** @type {HTMLElement} */ (root.querySelector("[data-told]"));
const counts = /** @type {HTMLElement} */ (root.querySelector("[data-counts]"));
const save = /** @type {HTMLButtonElement | null} */ (root.querySelector("[data-save]"));
const question = /** @type {HTMLElement | null} */ (root.querySelector("[data-question]"));
let timer = 0;
let asked = new AbortController();

/** @returns {[string, string][]} every rule as the form has it, those that may not be changed too */
function fields() {
  const found = /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([...form.querySelectorAll("input[name], select[name]")]);
  return found.filter((field) => field.name !== "community").map((field) => [field.name, field.value.trim()]);
}

/** @returns {URLSearchParams} */
function inAddress() {
  return new URLSearchParams([...fields(), ["county", root.dataset.county ?? ""]]);
}

/** @returns {Record<string, any>} the rules as they are stored */
function rules() {
  /** @type {Record<string, any>} */
  const sent = { severity: {}, codes: {} };
  for (const [name, value] of fields()) {
    const [group, rest] = name.split(".");
    if (rest) sent[group][rest] = value;
    else sent[name] = value;
  }
  return sent;
}

/** @param {unknown} error null takes the refusal away; what was typed stays in any case */
function refuse(error) {
  const rule = error instanceof ProblemError ? error.fields.rule : null;
  for (const field of form.querySelectorAll("input[name], select[name]")) {
    const wrong = rule && /** @type {HTMLInputElement} */ (field).name.replace("severity.", "") === rule;
    field.toggleAttribute("aria-invalid", Boolean(wrong));
    if (wrong) field.setAttribute("aria-invalid", "true");
  }
  refusal.hidden = error === null;
  if (error !== null) fillWith(refusal, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong."));
}

async function tryThem() {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  try {
    const answer = await get(`/api/grid-rules/broken?${inAddress()}`, { signal });
    refuse(null);
    fillWith(told, el("strong", {}, t("{broken} of {grids} grids of today break a rule.", { broken: answer.broken, grids: answer.grids })));
    fillWith(counts, answer.kinds.map((/** @type {any} */ one) => {
      const address = inAddress();
      address.set("kind", one.kind);
      return el("li", {}, el("a", { href: `/boundaries/rules?${address}#broken` }, one.name, " ", el("strong", {}, one.count)),
        el("span", { class: `badge ${one.refuses ? "badge--alarm" : ""}` }, one.gravity));
    }));
  } catch (error) {
    if (!signal.aborted) refuse(error);
  }
}

/** @param {string} selector @returns {HTMLElement} a part of the question before rules hold */
function asking(selector) {
  return /** @type {HTMLElement} */ (question?.querySelector(selector));
}

/** @param {string} words empty takes them away */
function refuseReason(words) {
  const line = asking("[data-question-refusal]");
  line.hidden = words === "";
  fillWith(line, words === "" ? "" : icon("attend"), words);
}

/** Show what would change and what of today breaks it; nothing holds yet. */
async function ask() {
  if (!save || !question) return;
  save.disabled = true;
  try {
    const told = await get(`/api/grid-rules/consequence?${inAddress()}`);
    refuse(null);
    refuseReason("");
    fillWith(asking("[data-changes]"), told.changes.map((/** @type {string} */ line) => el("li", {}, line)));
    fillWith(asking("[data-consequence]"), el("strong", {}, t("By the new rules {broken} of {grids} grids of today break a rule, in {communities} communities; by those in force {now}.", told)));
    question.hidden = false;
    question.scrollIntoView({ block: "nearest" });
    question.focus({ preventScroll: true });
  } catch (error) {
    refuse(error);
    refusal.scrollIntoView({ block: "center" });
  } finally {
    save.disabled = false;
  }
}

async function putInForce() {
  const confirm = /** @type {HTMLButtonElement} */ (asking("[data-confirm]"));
  const reason = /** @type {HTMLInputElement} */ (asking("[data-reason]"));
  confirm.disabled = true;
  try {
    const { body } = await request(`/api/grid-rules?county=${encodeURIComponent(root.dataset.county ?? "")}`, { method: "PUT", body: { rules: rules(), seen: Number(root.dataset.number), reason: reason.value } });
    toast(t("Rules no. {number} are in force.", { number: body.number }));
    location.assign(`/boundaries/rules?county=${encodeURIComponent(root.dataset.county ?? "")}`);
  } catch (error) {
    refuseReason(error instanceof ProblemError ? error.text : t("Something went wrong."));
    if (error instanceof ProblemError && error.code === "reason_missing") reason.focus();
  } finally {
    confirm.disabled = false;
  }
}

listen(form, "input", (event) => {
  if (/** @type {Element} */ (event.target).matches("[name=community]")) return;
  if (question) question.hidden = true;
  clearTimeout(timer);
  timer = window.setTimeout(() => void tryThem(), ASK_AFTER_MS);
});
listen(form, "change", (event) => {
  if (/** @type {Element} */ (event.target).matches("[name=community]")) form.requestSubmit();
});
if (save) listen(save, "click", () => void ask());
if (question) {
  listen(asking("[data-confirm]"), "click", () => void putInForce());
  listen(asking("[data-keep-editing]"), "click", () => {
    question.hidden = true;
    save?.focus();
  });
}
document.documentElement.dataset.rulesReady = "true";
