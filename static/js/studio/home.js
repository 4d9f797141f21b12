/** The room's first panel: communities and change sets; and one community on any day with its history. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { formatInstant, t, tn } from "../i18n.js";
import { isoEcho } from "../iso_echo.js";
import { areaText, dividedPercent, freeFinding, overlapFinding } from "../pages/boundaries_words.js";
import { toastProblem } from "../toast.js";
import { atlasSection } from "./atlas.js";
import { changedWords } from "./file_words.js";
import { currentState } from "../url_state.js";
import { lineageWord, returnedWords, stateLook, stateWord } from "./words.js";

/** @typedef {[number, number, number, number]} Box */

/**
 * @typedef {object} Page what the room offers to its panels
 * @property {boolean} mayDraw
 * @property {boolean} mayPrint
 * @property {(kind: "area" | "change_set", id: number) => void} open
 * @property {(bbox: Box) => void} showBox
 * @property {(findings: import("../pages/boundaries_words.js").Finding[]) => void} showFindings
 * @property {(grids: any[] | null, frame: any, place: string) => void} showGrids outlines a community; grids of a day, or null: today's, which the map shows anyway
 */

/** @param {HTMLElement} root @param {Page} page */
export function mountHome(root, page) {
  const sets = /** @type {HTMLElement} */ (root.querySelector("[data-sets]"));
  const list = /** @type {HTMLElement} */ (root.querySelector("[data-communities]"));
  const filter = /** @type {HTMLInputElement} */ (root.querySelector("[data-filter]"));
  /** @type {any[]} */
  let communities = [];
  const showCommunities = () => {
    const words = filter.value.trim().toLowerCase();
    const found = communities.filter((one) => !words || `${one.name}${one.town}${one.code}`.toLowerCase().includes(words));
    fillWith(list, found.length ? el("ul", { class: "list" }, found.map((one) => communityRow(one, page)))
      : el("p", { class: "muted" }, communities.length ? t("No community matches.") : t("There is no community with a boundary here yet. Import areas first.")));
  };
  filter.addEventListener("input", showCommunities);
  async function load() {
    try {
      const answer = await get("/api/boundaries/overview");
      communities = [...answer.communities].sort((a, b) => Number(a.divided) - Number(b.divided) || a.code.localeCompare(b.code));
      fillWith(sets, answer.change_sets.length ? el("ul", { class: "list" }, answer.change_sets.map((/** @type {any} */ one) => setRow(one, page)))
        : el("p", { class: "muted" }, page.mayDraw ? t("No change set is open. Choose a community below and start one.") : t("Nothing waits for review.")));
      showCommunities();
    } catch (error) {
      const words = error instanceof ProblemError ? error.text : t("Something went wrong.");
      fillWith(list, el("p", { class: "field__error", role: "alert" }, icon("attend"), words), el("button", { class: "btn", type: "button", onClick: () => void load() }, t("Try again")));
    }
  }
  return { load };
}

/** @param {any} one @param {Page} page */
function communityRow(one, page) {
  const percent = dividedPercent(one);
  const detail = one.divided ? tn("{count} grid", "{count} grids", one.grid_count) : one.grid_count === 0 ? t("No grid yet, {area} free", { area: areaText(one.free_m2) }) : tn("{count} grid, {area} free", "{count} grids, {area} free", one.grid_count, { area: areaText(one.free_m2) });
  return el("li", { class: "list__item" }, el("button", { class: "list__link", type: "button", "data-open": one.id, onClick: () => (page.open("area", one.id), page.showBox(one.bbox)) },
    el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.name), el("span", { class: "list__detail" }, detail, one.open_sets ? ` · ${tn("{count} change set open", "{count} change sets open", one.open_sets)}` : "")),
    one.divided ? null : el("span", { class: "badge badge--attend" }, t("{percent}% divided", { percent })), icon("right")));
}

/** @param {any} one @param {Page} page */
export function setRow(one, page) {
  const when = one.state === "published" ? t("in force since {day}", { day: one.effective_on }) : formatInstant(one.updated_at);
  return el("li", { class: "list__item" }, el("button", { class: "list__link", type: "button", "data-set": one.id, onClick: () => page.open("change_set", one.id) },
    el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.title === one.community ? one.title : `${one.title} · ${one.community}`),
      el("span", { class: "list__detail" }, `${one.author} · ${changedWords(one)} · `, el("span", { class: "nowrap" }, when)),
      el("span", { class: `badge ${stateLook(one)}` }, stateWord(one)),
      one.returned ? el("span", { class: "studio-returned", "data-returned": "" }, returnedWords(one.returned)) : null), icon("right")));
}

/**
 * @param {HTMLElement} root
 * @param {{id: number, on: string | null, today: string, page: Page, back: () => void, signal: AbortSignal}} wish
 */
export async function showCommunity(root, { id, on, today, page, back, signal }) {
  if (!root.querySelector(`[data-shown="${id}"]`)) fillWith(root, head(t("Loading"), "", back), el("div", { "aria-busy": "true" }, [1, 2, 3].map(() => el("span", { class: "skeleton skeleton--tall" }))));
  try {
    const answer = await get(`/api/boundaries/communities/${id}${on ? `?on=${on}` : ""}`, { signal });
    const findings = [...answer.overlaps.map(overlapFinding), ...answer.free.map(freeFinding)];
    page.showFindings(on ? [] : findings);
    page.showGrids(on ? answer.grids : null, answer.frame, answer.name);
    if (!currentState().at) page.showBox(answer.bbox);
    fillWith(root, communityParts(answer, { id, on, today, page, back, findings }));
  } catch (error) {
    if (signal.aborted) return;
    fillWith(root, head(t("This community cannot be shown"), "", back), on ? todayButton() : null, el("p", { class: "field__error", role: "alert" }, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong.")));
  }
}

/** @param {string | null} day null: today */
function goToDay(day) {
  document.dispatchEvent(new CustomEvent("community-day", { detail: { day } }));
}

function todayButton() {
  return el("button", { class: "btn btn--primary", type: "button", "data-back-to-today": "", onClick: () => goToDay(null) }, icon("undo"), t("Back to today"));
}

/** @param {any} answer @param {any} context */
function communityParts(answer, { id, on, today, page, back, findings }) {
  const day = el("input", { class: "input", type: "date", id: "community-day", max: today, value: on ?? today, "data-day": "" });
  day.addEventListener("change", () => goToDay(day.value && day.value < today ? day.value : null));
  const free_m2 = answer.free.reduce((/** @type {number} */ sum, /** @type {any} */ piece) => sum + piece.size_m2, 0);
  const start = async (/** @type {any} */ more) => {
    try {
      const made = await post("/api/change-sets", { community_id: id, ...more });
      page.open("change_set", made.id);
    } catch (error) {
      toastProblem(error);
    }
  };
  return [
    head(answer.name, answer.code, back, id),
    on ? el("div", { class: "notice", role: "status", "data-past": on }, icon("history"), el("div", { class: "stack-s grow" }, el("span", {}, t("The map shows the grids of {day}.", { day: on })), todayButton())) : null,
    page.mayDraw && !on ? el("button", { class: "btn btn--primary btn--wide", type: "button", "data-new-set": "", onClick: () => void start({}) }, icon("draw"), t("Start a change set")) : null,
    el("dl", { class: "facts" }, [[t("Ground in all"), areaText(answer.area_m2)], [t("Not divided"), free_m2 < 0.05 ? t("nothing") : areaText(free_m2)], [t("Grids"), String(answer.grids.length)]].flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
    findings.length && !on ? [el("h2", {}, t("Left to do")), el("ol", { class: "list" }, findings.map((/** @type {any} */ one, /** @type {number} */ index) => el("li", { class: "list__item" }, el("div", { class: "list__link" }, el("span", { class: "rank" }, index + 1), el("span", { class: "list__text" }, el("span", { class: "list__title" }, one.title), el("span", { class: "list__detail" }, one.detail))))))]
      : on ? null : el("div", { class: "notice notice--done", role: "status" }, icon("check"), el("div", {}, t("The grids cover the community without gap or overlap."))),
    page.mayPrint && !on ? atlasSection(answer) : null,
    el("h2", {}, t("Change sets")),
    setLists(answer.change_sets, page),
    el("h2", {}, t("Boundaries of a day")),
    el("div", { class: "field" }, el("label", { class: "field__label", for: day.id }, t("As of")), day, isoEcho(day)),
    on && page.mayDraw ? el("button", { class: "btn btn--wide", type: "button", "data-restore": "", onClick: () => void start({ as_of: on, title: t("Back to {day}", { day: on }) }) }, icon("history"), t("Restore these in a change set")) : null,
    el("ul", { class: "list" }, answer.grids.map((/** @type {any} */ grid) => gridItem(grid, page))),
    el("a", { class: "btn btn--wide", href: `/boundaries/placed?area=${id}`, "data-placed-list": "" }, icon("locate"), t("List of what is placed by hand")),
  ].flat(2);
}

/** @param {any} grid @param {Page} page @returns {HTMLElement} a press shows it on the map and, below, where its ground comes from; the next one folds that */
function gridItem(grid, page) {
  const lineage = el("section", { class: "stack-s studio-lineage", tabindex: -1, hidden: true, "data-lineage-of": grid.code, "aria-label": t("Where {name} comes from", { name: grid.name }) });
  const button = el("button", { class: "list__link", type: "button", "data-code": grid.code, "aria-expanded": "false" },
    el("span", { class: "list__text" }, el("span", { class: "list__title" }, grid.name), el("span", { class: "list__detail" }, grid.code, " · ", tn("{count} household", "{count} households", grid.households))), el("span", { class: "list__end" }, areaText(grid.area_m2)));
  const show = (/** @type {boolean} */ open) => {
    lineage.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  const unfold = async () => {
    page.showBox(grid.bbox);
    if (!(await fillLineage(lineage, grid.id))) return;
    show(true);
    lineage.scrollIntoView({ block: "nearest" });
    lineage.focus({ preventScroll: true });
  };
  button.addEventListener("click", () => (lineage.hidden ? void unfold() : show(false)));
  return el("li", { class: "list__item" }, button, lineage);
}

/** @param {any[]} sets @param {Page} page what was discarded is out of the way, and can be brought back from there */
function setLists(sets, page) {
  const list = (/** @type {any[]} */ some) => el("ul", { class: "list" }, some.map((one) => setRow(one, page)));
  const [kept, discarded] = [sets.filter(({ state }) => state !== "discarded"), sets.filter(({ state }) => state === "discarded")];
  return [
    kept.length ? list(kept) : el("p", { class: "muted" }, t("These boundaries have not been changed yet.")),
    discarded.length ? el("details", { class: "talk__settled" }, el("summary", {}, t("{count} discarded", { count: discarded.length })), list(discarded)) : null,
  ];
}

/** @param {HTMLElement} root @param {number} id @returns {Promise<boolean>} whether it is there to be read */
async function fillLineage(root, id) {
  try {
    const { name, lines } = await get(`/api/boundaries/areas/${id}/lineage`);
    fillWith(root, el("h3", {}, t("Where {name} comes from", { name })), lineageList(lines));
    return true;
  } catch (error) {
    toastProblem(error);
    return false;
  }
}

/** @param {any[]} lines of an area's lineage, newest first @returns {HTMLElement} */
export function lineageList(lines) {
  if (lines.length === 0) return el("p", { class: "muted" }, t("Its ground has never changed hands."));
  return el("ul", { class: "list" }, lines.map((line) => el("li", { class: "list__item" }, el("div", { class: "list__link" }, el("span", { class: "list__text" },
    el("span", { class: "list__title" }, `${line.to.name} ${lineageWord(line.kind)} ${line.from.name}`), el("span", { class: "list__detail" }, `${line.on} · ${areaText(line.area_m2)}`))))));
}

/** @param {string} title @param {string} subtitle @param {() => void} back @param {number} [shown] */
export function head(title, subtitle, back, shown) {
  return el("header", { class: "panel__head", "data-shown": shown },
    el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Back to the list"), onClick: back }, icon("left")),
    el("div", { class: "panel__titles" }, el("h1", { class: "panel__title" }, title), el("p", { class: "muted small" }, subtitle)));
}
