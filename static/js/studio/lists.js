/** The grids, the log and the findings of a change set as lists; list and map are two views of one choice. */
import { get } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { formatInstant, t } from "../i18n.js";
import { areaText } from "../pages/boundaries_words.js";
import { toastProblem } from "../toast.js";
import { csvOf, sorted } from "./model.js";
import { editWord, findingWord } from "./words.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */
/** @typedef {import("../pages/boundaries_words.js").Finding} Finding */

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, nameLimit: number}} options
 */
export function mountGridList(root, { studio, nameLimit }) {
  /** @type {{by: "code" | "area_m2" | "households" | "changed", down: boolean}} */
  let order = { by: "code", down: false };
  let editing = 0;

  /** @param {State} state */
  function show(state) {
    // A name that is being typed is never drawn over.
    if (root.contains(document.activeElement) && document.activeElement?.matches("input")) return;
    const grids = sorted(state.set.grids.values(), order);
    const head = (/** @type {typeof order.by} */ by, /** @type {string} */ name, number = true) =>
      el("th", { class: number ? "number" : "", "aria-sort": order.by === by ? (order.down ? "descending" : "ascending") : "none" },
        el("button", { class: "btn btn--quiet", type: "button", onClick: () => ((order = { by, down: order.by === by && !order.down }), show(state)) }, name));
    fillWith(root,
      el("div", { class: "table-wrap" }, el("table", { class: "table studio-grids" },
        el("thead", {}, el("tr", {}, head("code", t("Grid"), false), head("area_m2", t("Area")), head("households", t("Households")))),
        el("tbody", {}, grids.map((grid) => (grid.key === editing ? renameRow(grid) : gridRow(grid, state)))))),
      el("div", { class: "row" }, el("button", { class: "btn", type: "button", onClick: () => saveAs(`${state.set.title}.csv`, csvOf(grids, [t("Code"), t("Name"), t("Area in m²"), t("Households")])) }, icon("download"), t("Save as a table"))));
  }
  /** @param {import("./model.js").Grid} grid @param {State} state */
  function gridRow(grid, state) {
    const open = state.set.can.edit && state.set.state === "draft";
    return el("tr", { "aria-selected": String(state.selected === grid.key), "data-grid": grid.key },
      el("th", { scope: "row" },
        el("button", { class: "studio-name", type: "button", onClick: () => studio().select(grid.key) }, el("span", {}, grid.name, grid.changed ? el("span", { class: "studio-mark", title: t("changed") }, "●") : null), el("small", { class: "muted" }, grid.code)),
        open ? el("button", { class: "btn btn--quiet btn--icon", type: "button", "data-rename": grid.key, "aria-label": t("Rename {name}", { name: grid.name }), title: t("Rename"), onClick: () => ((editing = grid.key), show(state), root.querySelector("input")?.focus()) }, icon("draw")) : null),
      el("td", { class: "number" }, areaText(grid.area_m2)), el("td", { class: "number" }, grid.households));
  }
  /** @param {import("./model.js").Grid} grid */
  function renameRow(grid) {
    const name = el("input", { class: "input", value: grid.name, maxlength: nameLimit, "aria-label": t("Name of the grid"), "data-new-name": "" });
    const code = el("input", { class: "input", value: grid.code, maxlength: 30, "aria-label": t("Code") });
    const stop = () => {
      editing = 0;
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
      show(studio().state);
    };
    const save = async () => {
      if (name.value.trim() === grid.name && code.value.trim() === grid.code) return stop();
      const done = await studio().rename(grid.key, name.value, code.value);
      if (done) return stop();
      const refusal = studio().state.refusal;
      if (refusal) toastProblem(refusal);
    };
    const form = el("form", { class: "stack-s", onSubmit: (/** @type {Event} */ event) => (event.preventDefault(), void save()) }, name, code,
      el("div", { class: "row" }, el("button", { class: "btn btn--primary grow" }, icon("save"), t("Save")), el("button", { class: "btn", type: "button", onClick: stop }, t("Cancel"))));
    form.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), stop()));
    return el("tr", {}, el("td", { colspan: 3 }, form));
  }
  return { show };
}

/** @param {string} name @param {string} words */
function saveAs(name, words) {
  const address = URL.createObjectURL(new Blob([words], { type: "text/csv;charset=utf-8" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** @param {HTMLElement} root @param {State} state */
export function showLog(root, { set }) {
  const lines = [...set.edits].reverse();
  if (lines.length === 0) return fillWith(root, el("p", { class: "muted" }, t("Nothing is edited yet. Choose a tool above.")));
  const names = (/** @type {number[]} */ keys) => keys.map((key) => set.grids.get(key)?.name).filter(Boolean).slice(0, 3).join("、");
  fillWith(root, el("ol", { class: "list" }, lines.map((line) => el("li", { class: "list__item" },
    el("div", { class: "list__link", "data-state": line.state },
      el("span", { class: "list__text" },
        el("span", { class: "list__title" }, line.state === "done" ? t("{who} {did}", { who: line.author, did: editWord(line.kind) }) : el("s", {}, t("{who} {did}", { who: line.author, did: editWord(line.kind) }))),
        el("span", { class: "list__detail" }, `${formatInstant(line.at)} · ${names(line.grids)}`)))))));
}

/**
 * @param {HTMLElement} root
 * @param {string} address of the change set
 * @param {{onFound: (findings: Finding[]) => void, onPress: (index: number) => void, names: (keys: number[]) => string, signal: AbortSignal}} options
 */
export async function showFindings(root, address, { onFound, onPress, names, signal }) {
  try {
    const { findings } = await get(`${address}/findings`, { signal });
    const shown = findings.map((/** @type {any} */ one) => findingOf(one, names(one.grids)));
    onFound(shown);
    if (shown.length === 0) return fillWith(root, el("div", { class: "notice notice--done", role: "status" }, icon("check"), el("div", {}, t("The grids cover the community without gap or overlap, and no rule is broken."))));
    fillWith(root, el("ol", { class: "list" }, shown.map((/** @type {Finding} */ one, /** @type {number} */ index) => el("li", { class: "list__item" },
      el("button", { class: "list__link", type: "button", "data-finding": index, onClick: () => onPress(index) },
        el("span", { class: "rank" }, index + 1), el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.title), el("span", { class: "list__detail" }, one.detail)))))));
  } catch (error) {
    if (!signal.aborted) toastProblem(error);
  }
}

/** @param {any} one @param {string} names @returns {Finding} */
function findingOf({ kind, severity, size, place, at }, names) {
  const measured = { building_cut: t("{count} buildings", { count: size }), disconnected: t("{count} parts", { count: size }), households_few: t("{count} households", { count: size }), households_many: t("{count} households", { count: size }) }[/** @type {string} */ (kind)] ?? areaText(size);
  const weight = severity === "refuse" ? t("must be mended") : t("to be looked at");
  return { look: severity === "refuse" ? "overlap" : "free", place, at, title: findingWord(kind), detail: [names, measured, weight].filter(Boolean).join(" · ") };
}
