/** The leader's page: the answer in words, the places on map and list, and what makes each of them up. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, icon, listen, part } from "../dom.js";
import { sheet } from "../frame.js";
import { formatInstant, t, tn } from "../i18n.js";
import { highlight } from "../map/highlight.js";
import { fit, mapReady } from "../map/registry.js";
import { printDocument } from "../print_job.js";
import { toast, toastProblem } from "../toast.js";
import { currentState, keepState, onStateBack } from "../url_state.js";
import { barChart, shareList } from "./bar_chart.js";
import { hideComparison, showComparison } from "./leader_compare.js";
import { askForecast, showForecast } from "./leader_forecast.js";
import { mountHeat } from "./leader_heat.js";
import { mountMonths } from "./leader_months.js";
import { SORTS, areaWords, chanceWords, dayWords, intervalWords, rangeWords, ratioWords, sorted } from "./leader_words.js";
import { showWork } from "./leader_working.js";

/** @typedef {import("./leader_words.js").Place} Place */

const root = part("[data-leader]");
const overview = part("[data-overview]");
const detail = part("[data-place]");
const sentence = part("[data-sentence]");
const working = part("[data-working]");
const findForm = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-find-form]"));
const sorting = /** @type {HTMLSelectElement} */ (part("[data-sort]"));
const findButton = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-find]"));

const { map, parts } = await mapReady;

/** @type {{places: Place[], run: any, following: string | null}} */
const state = { places: [], run: null, following: null };

// ---- the answer

/** @returns {string} */
function wantedRun() {
  const run = new URLSearchParams(location.search).get("run");
  return run && /^\d+$/.test(run) ? `?run=${run}` : "";
}

async function load() {
  try {
    const answer = await get(`/api/leader/state${wantedRun()}`);
    state.places = answer.places;
    state.run = answer.run;
    sentence.textContent = answer.sentence;
    showWindow();
    showPlaces();
    showRuns(answer.runs);
    if (answer.working) void follow(answer.working);
    await Promise.all([showCharts(part("[data-charts]"), null), followAddress(), followComparison()]);
  } catch (error) {
    const words = error instanceof ProblemError ? error.text : t("Something went wrong.");
    fillWith(sentence, words, " ", el("button", { class: "btn", type: "button", onClick: () => void load() }, t("Try again")));
  }
}

function showWindow() {
  const result = state.run?.result;
  if (!result) {
    part("[data-window]").textContent = root.dataset.mayRun === "yes"
      ? t("Press Find hotspots: it takes seconds, and the result stays here.") : "";
    return;
  }
  const told = [
    t("Tested: {from} to {to}", { from: dayWords(result.window.from), to: dayWords(result.window.to) }),
    tn("compared with the day before", "compared with {count} days before", Math.round((Date.parse(result.history.to) - Date.parse(result.history.from)) / 86_400_000)),
  ];
  if (result.as_of_source === "latest_incident") told.push(t("the newest incident in the register ends the period"));
  part("[data-window]").textContent = told.join(" · ");
}

function showPlaces() {
  part("[data-heat-box]").hidden = state.run === null;
  const box = part("[data-places-box]");
  box.hidden = state.run === null || state.places.length === 0;
  if (state.run) {
    /** @type {HTMLAnchorElement} */ (part("[data-csv]")).href = `/api/leader/hotspots.csv?run=${state.run.id}`;
    for (const form of ["geojson", "gpkg"]) {
      /** @type {HTMLAnchorElement} */ (part(`[data-${form}]`)).href = `/api/leader/hotspots.${form}?run=${state.run.id}`;
    }
  }
  fillWith(part("[data-places]"), el("ol", { class: "list" }, sorted(state.places, sorting.value).map(placeRow)));
}

function chooseSort() {
  const address = new URL(location.href);
  address.searchParams.set("sort", sorting.value);
  history.replaceState(history.state, "", address);
  showPlaces();
}

/** @param {Place} place */
function placeRow(place) {
  return el("li", { class: "list__item" },
    el("button", { class: "list__link", type: "button", "data-open-place": place.id, onClick: () => choose(place) },
      el("span", { class: "rank" }, place.rank),
      el("span", { class: "list__text" },
        el("span", { class: "list__title" }, place.name),
        el("span", { class: "list__detail" }, `${ratioWords(place)} · ${chanceWords(place.q_value)}`)),
      el("span", { class: "list__end" }, incidentsWords(place.observed)), icon("right")));
}

/** @param {number} count */
function incidentsWords(count) {
  return tn("{count} incident", "{count} incidents", count);
}

/** @param {any[]} runs */
function showRuns(runs) {
  part("[data-runs-box]").hidden = runs.length < 2;
  fillWith(part("[data-runs]"), el("ul", { class: "list" }, runs.map((run) => el("li", { class: "list__item run" },
    el("a", { class: "list__link", href: `?run=${run.id}`, "aria-current": run.id === state.run?.id ? "true" : null },
      el("span", { class: "list__text" },
        el("span", { class: "list__title" }, tn("{count} day to {day}", "{count} days to {day}", run.days, { day: run.window ? dayWords(run.window.to) : "" })),
        el("span", { class: "list__detail" }, formatInstant(run.finished_at))),
      el("span", { class: "list__end" }, run.outcome === "too_few" ? t("not enough data") : tn("{count} place", "{count} places", run.place_count))),
    run.id !== state.run?.id && run.outcome !== "too_few" && el("button", { class: "btn btn--quiet", type: "button", "data-compare-with": run.id, onClick: () => compareWith(String(run.id)) }, t("Compare"))))));
}

// ---- two runs

/** @param {string | null} other id of a run, null: none */
function compareWith(other) {
  const address = new URL(location.href);
  if (other) address.searchParams.set("with", other);
  else address.searchParams.delete("with");
  history.pushState(null, "", address);
  void followComparison();
}

async function followComparison() {
  const other = new URLSearchParams(location.search).get("with");
  if (!other || !/^\d+$/.test(other) || !state.run || other === String(state.run.id)) return hideComparison();
  await showComparison(map, { run: String(state.run.id), other, onClose: () => compareWith(null) });
  /** @type {HTMLElement | null} */ (root.querySelector("[data-compare] h2"))?.focus();
}

// ---- one place

/** @param {Place} place */
function choose(place) {
  keepState({ selection: { kind: "hotspot", id: String(place.id) } }, { step: true });
  void followAddress();
}

async function followAddress() {
  const selection = currentState().selection;
  const place = selection?.kind === "hotspot" ? state.places.find((one) => String(one.id) === selection.id) : undefined;
  overview.hidden = Boolean(place);
  detail.hidden = !place;
  highlight(map, place?.shape ?? null);
  if (!place) return;
  // What was pressed far down a list is read from its head.
  root.closest(".panel__scroll")?.scrollTo({ top: 0 });
  fit(map, place.bbox);
  if (sheet?.height() === "peek") sheet.setHeight("half");
  const charts = el("section", { class: "stack" });
  fillWith(detail, placeHead(place), placeFacts(place), listingLink(place), charts);
  /** @type {HTMLElement} */ (detail.querySelector("h1")).focus({ preventScroll: true });
  await showCharts(charts, place);
}

/** @param {Place} place */
function placeHead(place) {
  return el("header", { class: "panel__head" },
    el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Back"), onClick: back }, icon("left")),
    el("div", { class: "panel__titles" },
      el("h1", { class: "panel__title", tabindex: -1 }, el("span", { class: "rank" }, place.rank), " ", place.name),
      el("p", { class: "muted small" }, place.expired
        ? t("Expired on {day}: no longer on the map", { day: dayWords(place.expires_at) })
        : t("On the map until {day}", { day: dayWords(place.expires_at) }))));
}

/** @param {Place} place @returns {HTMLElement | null} */
function listingLink(place) {
  if (place.listed && root.dataset.maySeeListed === "yes") return el("a", { class: "btn btn--wide", href: `/leader/listed/${place.listed.id}` }, icon("attend"), t("Proposed or listed already: {name}", { name: place.listed.name }));
  if (root.dataset.mayPropose !== "yes" || place.expired) return null;
  return el("a", { class: "btn btn--wide", href: `/leader/listed/propose?hotspot=${place.id}` }, icon("attend"), t("Propose for listing"));
}

function back() {
  keepState({ selection: null }, { step: true });
  void followAddress();
  root.querySelector("h1")?.focus();
}

/** @param {Place} place */
function placeFacts(place) {
  /** @type {[string, string, string][]} */
  const rows = [
    [t("Incidents"), t("{count}, usual would be {expected}", { count: place.observed, expected: place.expected.toFixed(1) }),
      t("Usual: what the long-run pattern of this place lets expect for a period of this length.")],
    [t("Ratio"), rangeWords(place), intervalWords(place)],
    [t("Chance"), chanceWords(place.q_value),
      t("q = {q}: of places at least as unusual as this one, the share that would be chance (Benjamini and Hochberg 1995).", { q: place.q_value.toPrecision(2) })],
    [t("Size"), areaWords(place.area_m2), t("Area of the outlined place, in whole cells of the lattice.")],
  ];
  return el("dl", { class: "facts" }, rows.flatMap(([name, value, meaning]) => [
    el("dt", {}, name), el("dd", {}, el("details", {}, el("summary", {}, value), el("p", { class: "muted small" }, meaning)))]));
}

/**
 * @param {HTMLElement} box
 * @param {Place | null} place null: the whole area
 */
async function showCharts(box, place) {
  box.hidden = state.run === null || state.run.result?.outcome === "too_few";
  if (box.hidden) return;
  try {
    const answer = await get(`/api/leader/charts?run=${state.run.id}${place ? `&hotspot=${place.id}` : ""}`);
    const tested = Math.ceil((state.run.params.days ?? 28) / 7);
    const weeks = answer.weeks.map((/** @type {{ago: number, n: number}} */ week) => ({
      name: week.ago === 0 ? t("latest week") : tn("{count} week before", "{count} weeks before", week.ago), value: week.n, strong: week.ago < tested,
      mark: week.ago === 0 ? t("now") : week.ago % 8 === 0 ? `−${week.ago}` : undefined,
    }));
    const hours = (place ? place.hours : answer.hours).map((/** @type {number} */ n, /** @type {number} */ hour) => ({
      name: `${hour}:00`, value: n, strong: true, mark: hour % 6 === 0 ? `${hour}` : undefined,
    }));
    const types = (place ? place.types : answer.types).slice(0, 6).map((/** @type {{name: string, n: number}} */ kind) => ({ name: kind.name, value: kind.n }));
    fillWith(box,
      barChart({ title: t("By week, tested period dark"), bars: weeks, inWords: incidentsWords }),
      barChart({ title: t("By hour of day"), bars: hours, inWords: incidentsWords }),
      shareList({ title: t("By type"), bars: types }));
  } catch (error) {
    fillWith(box, el("p", { class: "field__error", role: "alert" }, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong.")));
  }
}

// ---- looking again

/** @param {SubmitEvent} event */
async function find(event) {
  event.preventDefault();
  if (!findForm || !findButton) return;
  const form = new FormData(findForm);
  const type = String(form.get("type") ?? "");
  findButton.disabled = true;
  try {
    const job = await post("/api/leader/runs", { days: Number(form.get("days")), types: type ? [type] : [] });
    document.dispatchEvent(new CustomEvent("job-requested"));
    await follow(job);
  } catch (error) {
    toastProblem(error);
  } finally {
    findButton.disabled = state.following !== null;
  }
}

/** @param {import("../tray.js").Job} job */
async function follow(job) {
  if (state.following === job.id) return;
  state.following = job.id;
  if (findButton) findButton.disabled = true;
  try {
    const ended = await showWork(working, job);
    if (ended.state === "done") {
      // The places of the run before are no longer on the map: nobody should open one while the new ones come.
      fillWith(part("[data-places]"));
      const address = new URL(location.href);
      address.searchParams.delete("run");
      address.searchParams.delete("sel");
      address.searchParams.delete("with");
      history.pushState(null, "", address);
      await load();
      fit(map, extentOf(state.places) ?? extentNow());
    } else if (ended.state === "cancelled") {
      toast(t("Stopped. The earlier result stays."));
    }
  } catch (error) {
    toastProblem(error);
  } finally {
    state.following = null;
    if (findButton) findButton.disabled = false;
  }
}

// ---- what happened, or what is expected

/** The map's layer of each view. */
const VIEW_LAYERS = /** @type {Record<string, string>} */ ({ happened: "hotspots", 7: "forecast_7", 30: "forecast_30" });
const views = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-view]"));

/** @returns {string} the view the address asks for */
function wantedView() {
  const view = new URLSearchParams(location.search).get("view") ?? "happened";
  return Object.hasOwn(VIEW_LAYERS, view) ? view : "happened";
}

/** @param {string} view */
function chooseView(view) {
  const address = new URL(location.href);
  address.searchParams.set("view", view);
  for (const gone of ["forecast", "sel", "layers"]) address.searchParams.delete(gone);
  history.pushState(null, "", address);
  void followView();
}

async function followView() {
  const forecast = new URLSearchParams(location.search).get("forecast");
  let view = wantedView();
  if (forecast && view === "happened") view = "7";
  showView(view);
  if (view === "happened") return;
  const days = await showForecast({ horizon: Number(view), forecast });
  if (String(days) !== view) showView(String(days));
}

/** @param {string} view */
function showView(view) {
  for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  part("[data-happened]").hidden = view !== "happened";
  part("[data-forecast]").hidden = view === "happened";
  if (view !== "happened") leaveHappened();
  if (currentState().layers) return; // the reader chose layers
  for (const [name, layer] of Object.entries(VIEW_LAYERS)) parts.get(`tiles:${layer}`)?.setVisible(name === view);
}

/** What lies on the map beside the outlines belongs to what happened. */
function leaveHappened() {
  hideComparison();
  heat.clear();
  /** @type {HTMLDetailsElement} */ (part("[data-months]")).open = false;
}

/** @returns {number} days ahead of the view that is shown */
function horizonShown() {
  return Number([...views].find((button) => button.getAttribute("aria-pressed") === "true")?.dataset.view);
}

/** @param {Place[]} places @returns {[number, number, number, number] | null} */
function extentOf(places) {
  if (places.length === 0) return null;
  const boxes = places.map((place) => place.bbox);
  return [
    Math.min(...boxes.map((box) => box[0])), Math.min(...boxes.map((box) => box[1])),
    Math.max(...boxes.map((box) => box[2])), Math.max(...boxes.map((box) => box[3])),
  ];
}

/** @returns {[number, number, number, number]} */
function extentNow() {
  const bounds = map.getBounds();
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
}

findForm?.addEventListener("submit", (event) => void find(event));
const runShown = () => (state.run?.result ? String(state.run.id) : null);
const heat = mountHeat(map, /** @type {HTMLInputElement} */ (part("[data-heat]")), part("[data-heat-legend]"), runShown);
mountMonths(map, /** @type {HTMLDetailsElement} */ (part("[data-months]")), runShown);
const wantedSort = new URLSearchParams(location.search).get("sort") ?? "";
sorting.value = Object.hasOwn(SORTS, wantedSort) ? wantedSort : "rank";
sorting.addEventListener("change", chooseSort);
part("[data-print]").addEventListener("click", () => print());
const reportButton = /** @type {HTMLButtonElement} */ (part("[data-report]"));
reportButton.addEventListener("click", () => void printDocument({
  button: reportButton, job: part("[data-report-job]"), address: `/api/leader/runs/${state.run.id}/report`,
  ready: t("The report is ready: fetch the file here or in the job tray.") }));
listen(document, "place-picked", (event) => {
  const hit = event.detail.features.find((/** @type {any} */ feature) => feature.kind === "hotspot");
  const place = hit && state.places.find((one) => String(one.id) === String(hit.id));
  if (place) choose(place);
});
for (const button of views) button.addEventListener("click", () => chooseView(button.dataset.view ?? "happened"));
const forecastForm = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-forecast-form]"));
forecastForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  void askForecast(forecastForm, horizonShown());
});
onStateBack(() => {
  void followAddress();
  void followView();
  void followComparison();
});
await Promise.all([load(), followView()]);
