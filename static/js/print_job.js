/** Printing on the server: ask for a document, follow the job beside the button, say where the file is. */
import { post } from "./api.js";
import { fillWith } from "./dom.js";
import { toast, toastProblem } from "./toast.js";
import { followJob, jobCard } from "./tray.js";

/**
 * @param {{button: HTMLButtonElement, job: HTMLElement, address: string, body?: object, ready: string}} wish
 *   `job` shows how far it is; `ready` is said when the file can be fetched
 */
export async function printDocument({ button, job, address, body = {}, ready }) {
  button.disabled = true;
  try {
    const asked = await post(address, body);
    document.dispatchEvent(new CustomEvent("job-requested"));
    fillWith(job, jobCard(asked));
    const ended = await followJob(asked.id, (now) => fillWith(job, jobCard(now)));
    if (ended.state === "done") toast(ready);
  } catch (error) {
    toastProblem(error);
  } finally {
    button.disabled = false;
  }
}
