/**
 * The job tray: what runs in the background, how far it is, and how to stop it.
 *
 * GET /api/jobs answers {"jobs": [Job, …]} of the person signed in, newest first;
 * POST /api/jobs/<id>/cancel asks one to stop. Titles and messages come translated from the server.
 */
import { get, post } from "./api.js";
import { el, fillWith, icon, listen } from "./dom.js";
import { formatInstant, t } from "./i18n.js";
import { mountPopover } from "./popover.js";
import { toastProblem } from "./toast.js";

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} kind
 * @property {string} title
 * @property {string} state queued, running, done, failed or cancelled
 * @property {number | null} progress between 0 and 1
 * @property {string} [message]
 * @property {boolean} [cancel_requested] it will stop at its next step
 * @property {string} [requested_at]
 * @property {string | null} [result_url] the page that shows what came out
 * @property {boolean} [result_is_file] there is no page, but a file to fetch
 */

const LIVE = new Set(["queued", "running"]);

/** @param {Job} job */
export const isLive = (job) => LIVE.has(job.state);

/**
 * How long to wait before asking again: often while something runs, seldom otherwise, less after failures.
 * @param {{live: boolean, failures: number, hidden: boolean}} situation
 * @returns {number} milliseconds
 */
export function nextDelay_ms({ live, failures, hidden }) {
  const base = hidden ? 30_000 : live ? 1000 : 15_000;
  return Math.min(60_000, base * 2 ** Math.min(failures, 6));
}

/**
 * Follow one job until it ends.
 * @param {string} id
 * @param {(job: Job) => void} onChange called with every answer, the last one included
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Job>} the ended job
 */
export async function followJob(id, onChange, { signal } = {}) {
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    try {
      const job = await get(`/api/jobs/${encodeURIComponent(id)}`, { signal });
      failures = 0;
      onChange(job);
      if (!isLive(job)) {
        document.dispatchEvent(new CustomEvent("job-ended"));
        return job;
      }
    } catch (error) {
      failures += 1;
      // A short break of the network is not the end of a job; eight in a row (about two minutes) are told.
      if (failures >= 8 || signal?.aborted) throw error;
    }
    await pause(nextDelay_ms({ live: true, failures, hidden: document.hidden }), signal);
  }
}

/**
 * @param {HTMLElement} root holds [data-tray-button], its popover with [data-tray-list] and [data-tray-count]
 * @returns {{undo: () => void, refresh: () => Promise<void>}}
 */
export function mountTray(root) {
  const button = /** @type {HTMLElement} */ (root.querySelector("[data-tray-button]"));
  const list = /** @type {HTMLElement} */ (root.querySelector("[data-tray-list]"));
  const count = /** @type {HTMLElement} */ (root.querySelector("[data-tray-count]"));
  const ended = new AbortController();
  let failures = 0;
  let timer = 0;

  const refresh = async () => {
    clearTimeout(timer);
    let live = false;
    try {
      const { jobs } = await get("/api/jobs", { signal: ended.signal });
      failures = 0;
      live = jobs.some(isLive);
      showJobs(list, count, jobs, refresh);
    } catch {
      failures += 1;
      if (failures === 1) fillWith(list, el("p", { class: "muted small" }, t("The list of jobs cannot be loaded now.")));
    }
    if (!ended.signal.aborted) timer = setTimeout(refresh, nextDelay_ms({ live, failures, hidden: document.hidden }));
  };
  const popover = mountPopover(button, { onOpen: refresh });
  const stops = [
    listen(document, "job-requested", refresh),
    listen(document, "visibilitychange", () => !document.hidden && refresh()),
  ];
  refresh();
  const undo = () => {
    ended.abort();
    clearTimeout(timer);
    popover.undo();
    stops.forEach((stop) => stop());
  };
  return { refresh, undo };
}

/**
 * One job with its bar and its buttons; also for panels.
 * @param {Job} job
 * @param {{onCancelled?: () => void}} [options]
 * @returns {HTMLElement}
 */
export function jobCard(job, { onCancelled } = {}) {
  const percent = Math.round((job.progress ?? 0) * 100);
  const cancel = async () => {
    try {
      await post(`/api/jobs/${encodeURIComponent(job.id)}/cancel`);
      onCancelled?.();
    } catch (error) {
      toastProblem(error);
    }
  };
  return el("article", { class: "job", "data-job": job.id, "data-state": job.state },
    el("div", { class: "job__head" }, el("span", { class: "job__title" }, job.title), stateBadge(job)),
    isLive(job) && el("progress", { class: "progress", max: 100, value: percent, "aria-label": job.title }),
    job.message && el("p", { class: "job__message" }, isLive(job) ? `${percent}% · ${job.message}` : job.message),
    el("div", { class: "job__actions" },
      isLive(job) && el("button", { class: "btn", type: "button", disabled: Boolean(job.cancel_requested), onClick: cancel },
        icon("stop"), job.cancel_requested ? t("Stopping") : t("Stop")),
      job.state === "done" && job.result_url && resultLink(job.result_url, Boolean(job.result_is_file)),
      job.requested_at && el("span", { class: "muted small" }, formatInstant(job.requested_at))));
}

/**
 * @param {string} href
 * @param {boolean} isFile
 */
function resultLink(href, isFile) {
  return isFile ? el("a", { class: "btn", href, download: true }, icon("download"), t("Fetch the file"))
    : el("a", { class: "btn", href }, icon("open"), t("Show the result"));
}

/**
 * @param {Job} job
 * @returns {HTMLElement}
 */
function stateBadge(job) {
  const looks = /** @type {Record<string, [string, string]>} */ ({
    queued: [t("waiting"), ""],
    running: [t("running"), "badge--action"],
    done: [t("done"), "badge--done"],
    failed: [t("failed"), "badge--alarm"],
    cancelled: [t("stopped"), ""],
  });
  const [word, look] = looks[job.state] ?? [job.state, ""];
  return el("span", { class: `badge ${look}` }, word);
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} count
 * @param {Job[]} jobs
 * @param {() => void} refresh
 */
function showJobs(list, count, jobs, refresh) {
  const live = jobs.filter(isLive).length;
  count.hidden = live === 0;
  count.textContent = String(live);
  if (jobs.length === 0) {
    fillWith(list, el("p", { class: "muted small" }, t("Nothing is running. Plans and analyses you start appear here.")));
    return;
  }
  fillWith(list, jobs.slice(0, 12).map((job) => jobCard(job, { onCancelled: refresh })));
}

/**
 * @param {number} duration_ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(duration_ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, duration_ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
