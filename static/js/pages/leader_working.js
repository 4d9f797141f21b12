/** A run at work inside a panel: its bar and its stop, until it ends; a failure stays to be read. */
import { fillWith } from "../dom.js";
import { followJob, isLive, jobCard } from "../tray.js";

/** @typedef {import("../tray.js").Job} Job */

/**
 * @param {HTMLElement} box
 * @param {Job} job
 * @returns {Promise<Job>} the ended job
 */
export async function showWork(box, job) {
  const show = (/** @type {Job} */ now) => fillWith(box, isLive(now) || now.state === "failed" ? jobCard(now) : null);
  show(job);
  return followJob(job.id, show);
}
