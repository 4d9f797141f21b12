/** The grid atlas: ask for the sheets of a community or a grid as PDF, follow the job, fetch the file. */
import { el, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { printDocument } from "../print_job.js";

const SIZES = ["A4", "A3"];

/**
 * @param {{id: number, name: string, grids: {id: number, code: string, name: string}[]}} community
 * @returns {HTMLElement} what to print, on which paper, and the button
 */
export function atlasSection({ id, grids }) {
  const what = el("select", { class: "select", id: "atlas-what", "data-atlas-what": "" },
    el("option", { value: id }, tn("The only sheet", "All {count} sheets", grids.length + 1)),
    grids.map((grid) => el("option", { value: grid.id }, `${grid.name} · ${grid.code}`)));
  const size = el("select", { class: "select", id: "atlas-size", "data-atlas-size": "" }, SIZES.map((name) => el("option", { value: name }, name)));
  const job = el("div", { "data-atlas-job": "", "aria-live": "polite" });
  const button = el("button", { class: "btn btn--wide", type: "button", "data-atlas-print": "" }, icon("print"), t("Print as PDF"));
  button.addEventListener("click", () => void print({ button, job, area: Number(what.value), size: size.value }));
  return el("section", { class: "stack-s", "data-atlas": "" },
    el("h2", {}, t("Atlas")),
    el("div", { class: "row" },
      el("div", { class: "field grow" }, el("label", { class: "field__label", for: what.id }, t("What to print")), what),
      el("div", { class: "field" }, el("label", { class: "field__label", for: size.id }, t("Paper")), size)),
    button, job);
}

/**
 * A button of a page that prints one area on A4, such as a captain's own grid.
 * @param {HTMLButtonElement | null} button with the area's id in data-atlas-print
 * @param {HTMLElement | null} job where the job shows how far it is
 */
export function mountPrintButton(button, job) {
  if (!button || !job) return;
  button.addEventListener("click", () => void print({ button, job, area: Number(button.dataset.atlasPrint), size: "A4" }));
}

/** @param {{button: HTMLButtonElement, job: HTMLElement, area: number, size: string}} wish */
function print({ button, job, area, size }) {
  return printDocument({ button, job, address: `/api/areas/${area}/atlas`, body: { size }, ready: t("The atlas is ready: fetch the file here or in the job tray.") });
}
