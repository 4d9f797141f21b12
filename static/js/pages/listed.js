/** One listed area: its ground on the map, and its steps, sent with the version the page was made from. */
import { ProblemError, get, request } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { t } from "../i18n.js";
import { highlight } from "../map/highlight.js";
import { fit, mapReady } from "../map/registry.js";
import { toastProblem } from "../toast.js";
import { followJob, isLive, jobCard } from "../tray.js";
import { boundsOf, filledIn, wholeNumber } from "./listed_words.js";

const root = /** @type {HTMLElement} */ (document.querySelector("[data-listed-area]"));
const address = `/api/listed/${root.dataset.listedArea}`;

/**
 * Send the step that was pressed; what was typed stays whatever comes back.
 * @param {SubmitEvent} event
 */
async function take(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  const button = /** @type {HTMLButtonElement} */ (event.submitter ?? form.querySelector("[data-act]"));
  const act = button.dataset.act ?? "";
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll("[data-act]"));
  buttons.forEach((one) => (one.disabled = true));
  refuse(form, null);
  try {
    const { body } = await request(`${address}/${act}`, {
      method: act === "plan" ? "PUT" : "POST", body: act === "plan" ? planOf(form) : stepOf(form), etag: `"${root.dataset.version}"`,
    });
    if (act === "evaluate") await follow(body.id, body);
    else if (act === "renew") location.assign(`/leader/listed/${body.id}`);
    else location.reload();
  } catch (error) {
    await tell(form, error);
  } finally {
    buttons.forEach((one) => (one.disabled = false));
  }
}

/** @param {HTMLFormElement} form */
function stepOf(form) {
  const typed = new FormData(form);
  return { reason: String(typed.get("reason") ?? ""), ends_on: typed.get("ends_on") || null };
}

/** @param {HTMLFormElement} form */
function planOf(form) {
  const typed = new FormData(form);
  const lines = [...form.querySelectorAll("[data-measure]")].map((line) => {
    const word = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (line.querySelector(`[data-${name}]`)).value;
    return { what: word("what"), who: word("who"), until: word("until"), done_on: word("done") };
  });
  return {
    owner_area: Number(typed.get("owner_area")), owner_post: String(typed.get("owner_post")), measures: filledIn(lines),
    dose_minutes_week: wholeNumber(String(typed.get("dose_minutes_week"))), budget_yuan: wholeNumber(String(typed.get("budget_yuan"))),
  };
}

/**
 * Say what was refused beside the form; after another person's change the next press is made from that.
 * @param {HTMLFormElement} form
 * @param {unknown} error
 */
async function tell(form, error) {
  if (!(error instanceof ProblemError)) return void toastProblem(error);
  refuse(form, error.text);
  if (error.code !== "version_conflict") return;
  try {
    root.dataset.version = String((await get(address)).version);
    refuse(form, error.title, " ", el("a", { href: location.pathname, target: "_blank" }, t("Look at it as it is now")), " ",
      t("What you typed is kept here; press again to send it all the same."));
  } catch (problem) {
    toastProblem(problem);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {...(Node | string | null)} words null alone takes the refusal away
 */
function refuse(form, ...words) {
  const place = /** @type {HTMLElement} */ (form.querySelector("[data-refusal]"));
  place.hidden = words[0] === null;
  fillWith(place, place.hidden ? null : icon("attend"), ...words);
  if (!place.hidden) place.scrollIntoView({ block: "nearest" });
}

/**
 * @param {string} id of a run that evaluates this area
 * @param {import("../tray.js").Job | null} [first]
 */
async function follow(id, first = null) {
  const place = /** @type {HTMLElement} */ (root.querySelector("[data-working]"));
  const show = (/** @type {import("../tray.js").Job} */ job) => fillWith(place, isLive(job) || job.state === "failed" ? jobCard(job) : null);
  if (first) show(first);
  document.dispatchEvent(new CustomEvent("job-requested"));
  const ended = await followJob(id, show);
  if (ended.state === "done") location.reload();
}

/** @param {HTMLElement} list @param {HTMLButtonElement} more */
function mountMeasures(list, more) {
  const blank = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-measure-template]"));
  const weigh = () => (more.hidden = list.children.length >= Number(list.dataset.most));
  listen(more, "click", () => {
    list.append(blank.content.cloneNode(true));
    /** @type {HTMLElement | null} */ (list.lastElementChild?.querySelector("input") ?? null)?.focus();
    weigh();
  });
  listen(list, "click", (event) => {
    const less = /** @type {Element} */ (event.target).closest("[data-less]");
    if (!less) return;
    less.closest("[data-measure]")?.remove();
    weigh();
    more.focus();
  });
  weigh();
}

async function showGround() {
  const [{ map }, { shape }] = await Promise.all([mapReady, get(address)]);
  highlight(map, shape);
  fit(map, boundsOf(shape), false);
}

for (const form of root.querySelectorAll("form[data-step]")) listen(form, "submit", (event) => void take(event));
const list = /** @type {HTMLElement | null} */ (root.querySelector("[data-measures]"));
const more = /** @type {HTMLButtonElement | null} */ (root.querySelector("[data-more]"));
if (list && more) mountMeasures(list, more);
listen(/** @type {HTMLElement} */ (root.querySelector("[data-print]")), "click", () => {
  // Paper cannot be pressed: what the figures mean is printed with them.
  for (const folded of root.querySelectorAll("[data-effect] details")) folded.setAttribute("open", "");
  print();
});
document.documentElement.dataset.listedReady = "true";
if (root.dataset.workingRun) void follow(root.dataset.workingRun).catch(toastProblem);
await showGround().catch(toastProblem);
