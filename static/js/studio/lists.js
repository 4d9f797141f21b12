/** The grids, the log and the findings of a change set as lists; list and map are two views of one choice. */
import { get } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { formatInstant, t, tn } from "../i18n.js";
import { shortName } from "../map/grid_editor.js";
import { hectares } from "../pages/boundaries_words.js";
import { toastProblem } from "../toast.js";
import { lineageList } from "./home.js";
import { csvOf, ringsOf, sorted } from "./model.js";
import { isOpen } from "./tool_panel.js";
import { datumName, encodingName } from "./file_words.js";
import { editWord, figureWords, findingWord } from "./words.js";

/** @typedef {import("./studio.js").State} State */
/** @typedef {import("./studio.js").Studio} Studio */
/** @typedef {import("../pages/boundaries_words.js").Finding} Finding */

/**
 * @param {HTMLElement} root
 * @param {{studio: () => Studio, nameLimit: number, zoomTo: (place: any) => void}} options
 */
export function mountGridList(root, { studio, nameLimit, zoomTo }) {
  /** @type {{by: "code" | "area_m2" | "households" | "changed", down: boolean}} */
  let order = { by: "code", down: false };
  let editing = 0;
  /** What the list was drawn from: it is drawn anew only when that changes, so that a press in it keeps the focus. */
  /** @type {any[]} */
  let drawn = [];
  const facts = el("div", { "aria-live": "polite" });
  const table = el("div", { class: "stack-s" });
  root.append(facts, table);

  /** @param {State} state */
  function show(state) {
    const from = [state.set.grids, state.set.state, state.selected, order, editing];
    if (from.every((value, i) => value === drawn[i])) return;
    // A name that is being typed is never drawn over.
    if (root.contains(document.activeElement) && document.activeElement?.matches("input")) return;
    const chosen = state.selected !== drawn[2];
    drawn = from;
    keepingFocus(root, () => {
      draw(state);
      showFacts(facts, state, { zoomTo, studio, rename: (key) => rename(key, state) });
    });
    if (chosen && state.selected !== null && !root.contains(document.activeElement)) root.querySelector(`[data-grid="${state.selected}"]`)?.scrollIntoView({ block: "nearest" });
  }
  /** @param {State} state */
  function draw(state) {
    const grids = sorted(state.set.grids.values(), order);
    const head = (/** @type {typeof order.by} */ by, /** @type {string} */ name, number = true) =>
      el("th", { class: number ? "number" : "", "aria-sort": order.by === by ? (order.down ? "descending" : "ascending") : "none" },
        el("button", { class: "studio-sort", type: "button", "data-focus": `sort-${by}`, onClick: () => ((order = { by, down: order.by === by && !order.down }), show(state)) }, name, order.by === by ? icon(order.down ? "down" : "up") : null));
    const homes = grids.reduce((sum, grid) => sum + grid.households, 0);
    const area_m2 = grids.reduce((sum, grid) => sum + grid.area_m2, 0);
    fillWith(table,
      grids.length === 0 ? el("div", { class: "empty" }, icon("grid"), el("p", { class: "empty__title" }, t("No grid yet")), el("p", {}, t("Choose “Draw” and set the corners of the first one on the map.")))
        : el("div", { class: "table-wrap" }, el("table", { class: "table studio-table studio-grids" },
          el("thead", {}, el("tr", {}, head("code", t("Grid"), false), head("area_m2", t("Area (ha)")), head("households", t("Households")))),
          el("tbody", {}, grids.map((grid) => (grid.key === editing ? renameRow(grid) : gridRow(grid, state)))),
          el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, tn("{count} grid", "{count} grids", grids.length)), el("td", { class: "number" }, hectares(area_m2)), el("td", { class: "number" }, homes))))),
      grids.length ? el("div", { class: "row" }, el("button", { class: "btn", type: "button", onClick: () => saveAs(`${state.set.title}.csv`, csvOf(grids, [t("Code"), t("Name"), t("Area in m²"), t("Households")])) }, icon("download"), t("Save as a table"))) : null);
  }
  /** @param {import("./model.js").Grid} grid @param {State} state */
  function gridRow(grid, state) {
    return el("tr", { "aria-selected": String(state.selected === grid.key), "data-grid": grid.key },
      el("th", { scope: "row" },
        el("button", { class: "studio-name", type: "button", "data-focus": `grid-${grid.key}`, "aria-pressed": String(state.selected === grid.key), onClick: () => studio().select(state.selected === grid.key ? null : grid.key) },
          el("span", {}, shortName(grid.name, state.set.community), grid.changed ? el("span", { class: "studio-mark" }, grid.grid_id === null ? t("new") : t("changed")) : null), el("small", { class: "muted" }, grid.code))),
      el("td", { class: "number" }, hectares(grid.area_m2)), el("td", { class: "number" }, grid.households));
  }
  /** @param {number} key @param {State} state */
  function rename(key, state) {
    editing = key;
    show(state);
    root.querySelector("input")?.focus();
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
    let seen = grid.version;
    const save = async () => {
      if (name.value.trim() === grid.name && code.value.trim() === grid.code) return stop();
      const done = await studio().rename(grid.key, name.value, code.value, seen);
      if (done) return stop();
      // What somebody else did to the grid meanwhile is told with the refusal: the next press means it.
      seen = studio().state.set.grids.get(grid.key)?.version ?? seen;
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

/**
 * Draw again and give the focus back to the control of the same meaning.
 * @param {HTMLElement} root @param {() => void} draw
 */
function keepingFocus(root, draw) {
  const held = root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.focus : undefined;
  draw();
  if (held) /** @type {HTMLElement | null} */ (root.querySelector(`[data-focus="${held}"]`))?.focus();
}

/**
 * What is known of the grid that is looked at, and where its ground comes from.
 * @param {HTMLElement} root @param {State} state @param {{zoomTo: (place: any) => void, studio: () => Studio, rename: (key: number) => void}} page
 */
function showFacts(root, state, { zoomTo, studio, rename }) {
  const grid = state.selected === null ? null : state.set.grids.get(state.selected);
  if (grid && root.dataset.version === `${grid.key}:${grid.version}:${state.set.state}`) return;
  root.dataset.version = grid ? `${grid.key}:${grid.version}:${state.set.state}` : "";
  if (!grid) return fillWith(root, null);
  const origin = el("div", {});
  const { grid_id } = grid;
  const ask = async () => {
    try {
      const { lines } = await get(`/api/boundaries/areas/${grid_id}/lineage`);
      fillWith(origin, lineageList(lines));
    } catch (error) {
      toastProblem(error);
    }
  };
  const corners = new Set(ringsOf([grid]).flatMap((ring) => ring.map((at) => at.join()))).size;
  const facts = [[t("Code"), grid.code], [t("Area"), t("{area} ha", { area: hectares(grid.area_m2) })], [t("Households"), String(grid.households)], [t("Corners"), String(corners)]];
  fillWith(root, el("section", { class: "card stack-s studio-facts", "data-facts": grid.key },
    el("div", { class: "studio-form__head" }, el("h2", {}, grid.name), el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Close"), onClick: () => studio().select(null) }, icon("close"))),
    el("dl", { class: "facts" }, facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("div", { class: "row" }, el("button", { class: "btn", type: "button", onClick: () => zoomTo(grid.geometry) }, icon("search"), t("Zoom to it")),
      isOpen(state) ? el("button", { class: "btn", type: "button", "data-rename": grid.key, onClick: () => rename(grid.key) }, icon("table"), t("Rename")) : null,
      grid_id === null ? el("span", { class: "muted small" }, t("New in this change set.")) : el("button", { class: "btn", type: "button", "data-lineage": "", onClick: () => void ask() }, icon("history"), t("Where it comes from"))),
    origin));
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
  if (lines.length === 0) return fillWith(root, el("p", { class: "muted" }, unedited(set)));
  const names = (/** @type {number[]} */ keys) => keys.map((key) => shortName(set.grids.get(key)?.name ?? "", set.community)).filter(Boolean).join(t(", "));
  fillWith(root, el("ol", { class: "list" }, lines.map((line) => el("li", { class: "list__item" },
    el("div", { class: "list__link", "data-state": line.state },
      el("span", { class: "list__text" },
        el("span", { class: "list__title" }, line.state === "done" ? didWords(line) : [el("s", {}, didWords(line)), " ", el("span", { class: "badge" }, t("taken back"))]),
        el("span", { class: "list__detail" }, `${formatInstant(line.at)} · ${names(line.grids)}`),
        line.origin ? el("span", { class: "list__detail", "data-origin": "", title: `SHA-256 ${line.origin.sha256}` }, originWords(line.origin)) : null))))));
}

/** @param {import("./studio.js").ChangeSet} set without a line in its log @returns {string} */
export function unedited({ changed, cornered, can }) {
  const restored = changed + cornered;
  if (restored) return tn("It began with the grids of an earlier day: {count} grid differs from today's. Nothing else is edited yet.", "It began with the grids of an earlier day: {count} grids differ from today's. Nothing else is edited yet.", restored);
  return can.edit ? t("Nothing is edited yet. Choose a tool above.") : t("Nothing was edited.");
}

/** @param {Record<string, any>} origin @returns {string} the file that an import came from, and how it was read */
function originWords({ file, source_crs, encoding, datum, converted }) {
  return [file, source_crs, encodingName(encoding ?? ""), converted ? t("{datum}, converted once", { datum: datumName(datum) }) : datumName(datum)].filter(Boolean).join(" · ");
}

/** @param {import("./model.js").Line} line @returns {string} */
function didWords(line) {
  return t("{who} {did}", { who: line.own ? t("You") : line.author, did: editWord(line.kind) });
}

/**
 * @param {HTMLElement} root
 * @param {string} address of the change set
 * @param {{onFound: (findings: Finding[]) => void, onPress: (index: number) => void, names: (keys: number[]) => string, repair: ((at: [number, number] | null) => void) | null, signal: AbortSignal}} options repair: of one
 *   place or (null) of all; none where the draft is closed
 */
export async function showFindings(root, address, { onFound, onPress, names, repair, signal }) {
  try {
    const { findings } = await get(`${address}/findings`, { signal });
    const shown = findings.map((/** @type {any} */ one) => findingOf(one, names(one.grids)));
    onFound(shown);
    if (shown.length === 0) return fillWith(root, el("div", { class: "notice notice--done", role: "status" }, icon("check"), el("div", {}, t("The grids cover the community without gap or overlap, and no rule is broken."))));
    const broken = shown.filter((/** @type {Finding} */ one) => one.look === "overlap");
    fillWith(root, repair && broken.length > 0 ? el("button", { class: "btn btn--primary btn--wide", type: "button", "data-repair": "all", onClick: () => repair(null) }, icon("check"), t("Repair all {count}", { count: broken.length })) : null, el("ol", { class: "list" }, shown.map((/** @type {Finding} */ one, /** @type {number} */ index) => el("li", { class: "list__item studio-finding" },
      el("button", { class: "list__link", type: "button", "data-finding": index, onClick: () => onPress(index) },
        el("span", { class: "rank" }, index + 1), el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.title), el("span", { class: "list__detail" }, one.detail))),
      repair && one.look === "overlap" ? el("button", { class: "btn", type: "button", "data-repair": index, "aria-label": t("Repair {number}: {what}", { number: index + 1, what: one.title }), onClick: () => repair(one.at) }, t("Repair")) : null))));
  } catch (error) {
    if (!signal.aborted) toastProblem(error);
  }
}

/** @param {any[]} buildings those that are cut @returns {string} their names or addresses, as far as they have any */
function buildingNames(buildings) {
  return [...new Set(buildings.map((one) => one.name).filter(Boolean))].join(t(", "));
}

/** @param {any} one @param {string} names @returns {Finding} */
function findingOf({ kind, severity, size, limit, place, at, buildings }, names) {
  const weight = severity === "refuse" ? t("must be mended") : t("to be looked at");
  return { look: severity === "refuse" ? "overlap" : "note", place, at, title: findingWord(kind), detail: [names, figureWords(kind, size, limit), buildingNames(buildings), weight].filter(Boolean).join(" · ") };
}
