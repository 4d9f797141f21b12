/** Proposals of grids: asked of a job, compared in a table, looked at on the map, taken over as one edit. */
import { get, post } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { toast, toastProblem } from "../toast.js";
import { followJob, jobCard } from "../tray.js";
import { versionsOf } from "./model.js";

/** @typedef {import("./studio.js").Studio} Studio */

/**
 * @typedef {object} Proposal
 * @property {number} id
 * @property {string} style
 * @property {string[]} best_at
 * @property {Record<string, number | null>} comparison
 * @property {{households: number, why: string, geometry: any}[]} grids
 */

/** @param {string} style @returns {string} */
export function styleWord(style) {
  const words = { balanced: t("Balanced"), compact: t("Compact"), streets: t("Along streets"), today: t("Close to today") };
  return words[/** @type {keyof typeof words} */ (style)] ?? style;
}

/** @param {number | null | undefined} share @returns {string} */
export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(share * 100)}%`;
}

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, isShown: (address: string) => boolean, show: (proposal: import("../map/grid_editor.js").Preview | null) => void}} page `isShown`: whether
 *   this change set is the open one; `show` draws a proposal on the map
 */
export function mountProposals(root, { studio, isShown, show }) {
  const size = el("input", { class: "input", type: "number", min: 2, max: 100_000, step: 1, value: 300, id: "proposal-size", "data-size": "" });
  const tolerance = el("input", { class: "input", type: "number", min: 1, max: 50, step: 1, value: 10, id: "proposal-tolerance" });
  const chosenOnly = el("input", { type: "checkbox", id: "proposal-only" });
  const only = el("label", { class: "check" }, chosenOnly, t("Only inside the grids chosen with “Merge”"));
  const how = el("p", { class: "field__hint", "data-only-hint": "" }, t("To divide some grids anew, take the tool “Merge” first and press them on the map."));
  const work = el("div", { "aria-live": "polite" });
  const table = el("div", { class: "stack-s" });
  const ask = el("button", { class: "btn btn--wide", type: "submit", "data-propose": "" }, icon("grid"), t("Propose grids"));
  const form = el("form", { class: "stack-s" },
    el("div", { class: "row" },
      el("div", { class: "field grow" }, el("label", { class: "field__label", for: size.id }, t("Households in a grid")), size),
      el("div", { class: "field grow" }, el("label", { class: "field__label", for: tolerance.id }, t("Tolerance in %")), tolerance)),
    only, how, ask);
  form.addEventListener("submit", (event) => (event.preventDefault(), void propose()));
  fillWith(root, el("p", { class: "muted small" }, t("From streets, waters, buildings and households: no building is cut, edges run along streets.")), form, work, table);

  async function propose() {
    const { address, state } = studio();
    ask.setAttribute("aria-busy", "true");
    ask.disabled = true;
    try {
      const only = chosenOnly.checked ? state.input.grids : [];
      const { run } = await post(`${address}/proposals`, { size: Number(size.value), tolerance: Number(tolerance.value) / 100, ...(only.length ? { only } : {}) });
      document.dispatchEvent(new CustomEvent("job-requested"));
      const job = await followJob(String(run), (found) => isShown(address) && fillWith(work, jobCard(found)));
      if (job.state === "done" && isShown(address)) await load();
    } catch (error) {
      toastProblem(error);
    } finally {
      ask.removeAttribute("aria-busy");
      ask.disabled = false;
    }
  }

  async function load() {
    const { address } = studio();
    const { proposals } = await get(`${address}/proposals`);
    // Another change set was opened meanwhile, or none is open: nothing of this one is shown there.
    if (!isShown(address)) return;
    fillWith(work);
    show(null);
    fillWith(table, proposals.length ? comparison(proposals) : null);
  }

  /** @param {Proposal[]} proposals */
  function comparison(proposals) {
    const rows = [
      [t("Grids"), (/** @type {Proposal} */ one) => String(one.comparison.grids)],
      [t("Within the tolerance"), (/** @type {Proposal} */ one) => percent(one.comparison.within_tolerance)],
      [t("Farthest off"), (/** @type {Proposal} */ one) => percent(one.comparison.worst_deviation)],
      [t("Compactness"), (/** @type {Proposal} */ one) => (one.comparison.compactness ?? 0).toFixed(2)],
      [t("Edges on streets"), (/** @type {Proposal} */ one) => percent(one.comparison.edge_on_street)],
      [t("Buildings cut"), (/** @type {Proposal} */ one) => String(one.comparison.buildings_cut)],
      [t("Households that move"), (/** @type {Proposal} */ one) => String(one.comparison.moved ?? "–")],
    ];
    const { indivisible = 0, attainable = 1 } = proposals[0].comparison;
    return el("div", { class: "table-wrap", "data-proposals": "" },
      indivisible ? el("p", { class: "field__hint", "data-indivisible": "" }, tn("No building is cut: {count} place holds more households than a grid. At most {share} of the grids can be within the tolerance.", "No building is cut: {count} places hold more households than a grid. At most {share} of the grids can be within the tolerance.", indivisible, { share: percent(attainable) })) : null,
      el("table", { class: "table studio-proposals" },
      el("thead", {}, el("tr", {}, el("th", {}), proposals.map((one) => el("th", { scope: "col" }, styleWord(one.style))))),
      el("tbody", {},
        rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, /** @type {string} */ (name)), proposals.map((one) => el("td", { class: "number" }, /** @type {(one: Proposal) => string} */ (value)(one))))),
        el("tr", {}, el("th", { scope: "row" }, t("Show on the map")), proposals.map((one) => el("td", { class: "number" },
          el("button", { class: "btn btn--icon", type: "button", "data-show": one.style, "aria-pressed": "false", "aria-label": t("Show {name} on the map", { name: styleWord(one.style) }), title: t("Show on the map"), onClick: () => toggle(one) }, icon("eye"))))),
        el("tr", {}, el("th", { scope: "row" }, t("Take over")), proposals.map((one) => el("td", { class: "number" },
          el("button", { class: "btn btn--icon", type: "button", "data-take": one.style, "aria-label": t("Take over {name}", { name: styleWord(one.style) }), title: t("Take over"), onClick: () => void takeOver(one) }, icon("check"))))))));
  }

  /** The same one again takes it off the map. @param {Proposal} proposal */
  function toggle({ style, grids }) {
    const buttons = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("[data-show]")]);
    const isNew = buttons.some((one) => one.dataset.show === style && one.getAttribute("aria-pressed") === "false");
    for (const one of buttons) one.setAttribute("aria-pressed", String(isNew && one.dataset.show === style));
    show(isNew ? { grids, alone: true } : null);
  }
  /** @param {Proposal} proposal */
  async function takeOver(proposal) {
    const { address, state } = studio();
    try {
      await post(`${address}/edits`, { kind: "proposal", proposal: proposal.id, versions: versionsOf(state.set) });
      if (!isShown(address)) return;
      await load();
      await studio().reload();
      toast(t("{name} is taken over. Undo takes it back.", { name: styleWord(proposal.style) }));
    } catch (error) {
      toastProblem(error);
    }
  }
  return {
    /** @param {import("./studio.js").State} state */
    show: ({ input }) => {
      chosenOnly.disabled = input.grids.length === 0;
      if (chosenOnly.disabled) chosenOnly.checked = false;
      how.hidden = !chosenOnly.disabled;
    },
    /** A change set was opened: the table of the one before is none of its own. */
    load: () => {
      for (const part of [work, table]) fillWith(part);
      const { address } = studio();
      return load().catch((error) => isShown(address) && toastProblem(error));
    },
  };
}
