/** The list of what was placed by hand: filters answer at once, one press takes a placement back. */
import { post } from "../api.js";
import { listen } from "../dom.js";
import { t } from "../i18n.js";
import { toast, toastProblem } from "../toast.js";

const root = /** @type {HTMLElement} */ (document.querySelector("[data-placed]"));

for (const field of root.querySelectorAll("[data-filter] select")) listen(field, "change", () => /** @type {HTMLSelectElement} */ (field).form?.requestSubmit());

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("[data-undo-placement]"))) {
  listen(button, "click", async () => {
    const row = /** @type {HTMLElement} */ (button.closest("[data-placement]"));
    button.disabled = true;
    try {
      const answer = await post(`/api/placements/${row.dataset.placement}/undo`);
      toast(t("{label} belongs to {grid} again.", { label: answer.label, grid: answer.owner.name }));
      row.remove();
    } catch (error) {
      button.disabled = false;
      toastProblem(error);
    }
  });
}
document.documentElement.dataset.placedReady = "true";
