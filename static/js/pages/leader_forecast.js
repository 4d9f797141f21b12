/** What is expected in the next days, in words beside the map, and how well such maps have done so far. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, part, svg, withNodes } from "../dom.js";
import { formatInstant, t, tn } from "../i18n.js";
import { BANDS } from "../map/data_style.js";
import { bandWords } from "../map/layer_catalogue.js";
import { paletteOf } from "../map/palette.js";
import { theme } from "../theme.js";
import { toast, toastProblem } from "../toast.js";
import { definitions, methodWords, percentWords, takesWords, verdictWords } from "./leader_forecast_words.js";
import { areaWords, dayWords } from "./leader_words.js";
import { showWork } from "./leader_working.js";

/** @typedef {import("./leader_forecast_words.js").Result} Result */
/** @typedef {{percent: number, expected: number | null, area_m2: number, expires_at: string, expired: boolean}} Band */

/** Share of the ground that is told in the sentence; the others stand in the table. */
const TOLD = "5";

/**
 * @param {{horizon: number, forecast: string | null}} wanted days ahead, or one run
 * @returns {Promise<number>} days ahead of what is shown
 */
export async function showForecast({ horizon, forecast }) {
  const sentence = part("[data-forecast-sentence]");
  tellHorizon(horizon);
  try {
    const answer = await get(`/api/leader/forecast?${forecast ? `forecast=${forecast}` : `horizon=${horizon}`}`);
    const days = answer.run?.result.horizon_days ?? horizon;
    if (days !== horizon) return showForecast({ horizon: days, forecast: null });
    sentence.textContent = answer.sentence;
    part("[data-forecast-window]").textContent = windowWords(answer.run, answer.bands);
    fillWith(part("[data-forecast-accuracy]"), ...accuracy(answer.run?.result ?? null, answer.bands));
    tellTime(answer.takes_s);
    if (answer.working) void follow(answer.working, horizon);
    return days;
  } catch (error) {
    const words = error instanceof ProblemError ? error.text : t("Something went wrong.");
    const again = () => void showForecast({ horizon, forecast });
    fillWith(sentence, words, " ", el("button", { class: "btn", type: "button", onClick: again }, t("Try again")));
    return horizon;
  }
}

/** @param {number} days */
function tellHorizon(days) {
  const words = document.querySelector("[data-ask-words]");
  if (words) words.textContent = t("Forecast the next {span} days", { span: days });
}

/** @param {number | null} seconds */
function tellTime(seconds) {
  const hint = document.querySelector("[data-takes]");
  if (hint) hint.textContent = seconds === null ? "" : takesWords(seconds);
}

/**
 * @param {{finished_at: string, types: string[], result: Result} | null} run
 * @param {Band[]} bands
 * @returns {string}
 */
function windowWords(run, bands) {
  if (!run) return "";
  const { window, as_of_source, outcome } = run.result;
  if (outcome === "too_few") return t("Asked on {instant}", { instant: formatInstant(run.finished_at) });
  const told = [t("Forecast for {from} to {to}", { from: formatInstant(window.from), to: formatInstant(window.to) })];
  if (run.types.length > 0) told.push(t("only {types}", { types: run.types.join(", ") }));
  if (as_of_source === "latest_incident") told.push(t("it begins where the register ends"));
  if (bands.some((band) => band.expired)) told.push(t("expired: no longer on the map"));
  return told.join(" · ");
}

/**
 * @param {Result | null} result
 * @param {Band[]} bands
 * @returns {HTMLElement[]}
 */
function accuracy(result, bands) {
  if (result?.outcome !== "forecast") return [];
  return [bandTable(bands), el("h2", {}, t("How well such maps have done")), ...accuracySentence(result),
    el("p", {}, verdictWords(result)), methodTable(result)];
}

/**
 * The sentence with three numbers; each opens what it means.
 * @param {Result} result
 * @returns {HTMLElement[]}
 */
function accuracySentence(result) {
  const meaning = el("p", { class: "muted small", id: "forecast-meaning", hidden: true });
  const meanings = definitions(result, TOLD);
  /** @type {HTMLElement[]} */
  const numbers = [];
  const number = (/** @type {number} */ share, /** @type {string} */ text, /** @type {string} */ name) => {
    const button = el("button", { class: "defined", type: "button", "aria-expanded": "false", "aria-controls": meaning.id, "data-defined": name, onClick: () => {
      const opens = button.getAttribute("aria-expanded") !== "true";
      for (const one of numbers) one.setAttribute("aria-expanded", String(opens && one === button));
      meaning.textContent = text;
      meaning.hidden = !opens;
    } }, percentWords(share));
    numbers.push(button);
    return button;
  };
  const sentence = tn(
    "Tried on {count} past forecast from {from} to {to}: the riskiest 5 % of the ground held {mine} of the incidents of the days after; plain counting held {counting}, the best possible map {best}.",
    "Tried on {count} past forecasts from {from} to {to}: the riskiest 5 % of the ground held {mine} of the incidents of the days after; plain counting held {counting}, the best possible map {best}.",
    result.origins, { from: dayWords(result.scored.from), to: dayWords(result.scored.to) });
  return [
    el("p", { "data-accuracy": true }, withNodes(sentence, {
      mine: number(result.chosen.hit_rate[TOLD], meanings.mine, "mine"),
      counting: number(result.methods.count.hit_rate[TOLD], meanings.counting, "counting"),
      best: number(result.best_possible[TOLD], meanings.best, "best"),
    })),
    meaning,
  ];
}

/** @param {Band[]} bands */
function bandTable(bands) {
  const colours = paletteOf(theme()).forecast;
  return el("div", { class: "table-wrap" }, el("table", { class: "table table--tight" },
    el("caption", { class: "sr-only" }, t("Ground of the forecast, the riskiest first")),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("Ground")), el("th", { scope: "col", class: "number" }, t("Size")), el("th", { scope: "col", class: "number" }, t("Expected there")))),
    el("tbody", {}, bands.map((band) => el("tr", {},
      el("th", { scope: "row" }, svg("svg", { class: "legend__sample", viewBox: "0 0 28 18", "aria-hidden": "true" },
        svg("rect", { x: 3, y: 2, width: 22, height: 14, rx: 2, fill: colours[BANDS.indexOf(band.percent)] })), " ", bandName(band.percent)),
      el("td", { class: "number" }, areaWords(band.area_m2)),
      el("td", { class: "number" }, band.expected === null ? t("under 5") : t("about {count}", { count: Math.round(band.expected) })))))));
}

/** @param {number} percent @returns {string} what a band holds beyond those before it */
function bandName(percent) {
  const before = BANDS[BANDS.indexOf(percent) - 1];
  return before ? t("further {part} % (together {percent} %)", { part: percent - before, percent }) : bandWords(percent);
}

/** @param {Result} result */
function methodTable({ methods, chosen, best_possible, horizon_days }) {
  const columns = BANDS.map(String);
  /** @type {[string, import("./leader_forecast_words.js").Figures][]} */
  const rows = [[t("Chosen each time"), chosen]];
  const best = Object.entries(methods).sort(([, a], [, b]) => b.hit_rate[TOLD] - a.hit_rate[TOLD]);
  for (const [name, figures] of best) rows.push([methodWords(name), figures]);
  return el("details", { class: "small" }, el("summary", {}, t("All methods")),
    el("p", { class: "muted" }, t("Share of the incidents of the next {span} days on the riskiest ground (hit rate). Only figures over the same ground compare.", { span: horizon_days })),
    el("div", { class: "table-wrap" }, el("table", { class: "table table--tight" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("Method")),
        columns.map((percent) => el("th", { scope: "col", class: "number" }, `${percent} %`)),
        el("th", { scope: "col", class: "number" }, t("interval at 5 %")), el("th", { scope: "col", class: "number" }, "PAI 5 %"), el("th", { scope: "col", class: "number" }, "PEI* 5 %"))),
      el("tbody", {}, rows.map(([name, figures]) => el("tr", {}, el("th", { scope: "row" }, name),
        columns.map((percent) => el("td", { class: "number" }, percentWords(figures.hit_rate[percent]))),
        el("td", { class: "number" }, figures.hit_rate_interval[TOLD].map(percentWords).join(" – ")),
        el("td", { class: "number" }, figures.pai[TOLD].toFixed(2)), el("td", { class: "number" }, figures.pei_star[TOLD].toFixed(3)))),
      el("tr", {}, el("th", { scope: "row" }, t("Best possible map")), columns.map((percent) => el("td", { class: "number" }, percentWords(best_possible[percent]))), el("td", { colspan: 3 }))))));
}

/**
 * Ask for a forecast and stay with it.
 * @param {HTMLFormElement} form
 * @param {number} horizon
 */
export async function askForecast(form, horizon) {
  const type = String(new FormData(form).get("type") ?? "");
  try {
    const job = await post("/api/leader/forecasts", { horizon_days: horizon, types: type ? [type] : [] });
    document.dispatchEvent(new CustomEvent("job-requested"));
    await follow(job, horizon);
  } catch (error) {
    toastProblem(error);
  }
}

/** @type {string | null} */
let following = null;

/**
 * @param {import("../tray.js").Job} job
 * @param {number} horizon
 */
async function follow(job, horizon) {
  if (following === job.id) return;
  following = job.id;
  const button = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-ask-forecast]"));
  if (button) button.disabled = true;
  try {
    const ended = await showWork(part("[data-forecast-working]"), job);
    if (ended.state === "done") await showForecast({ horizon, forecast: null });
    else if (ended.state === "cancelled") toast(t("Stopped. The earlier result stays."));
  } catch (error) {
    toastProblem(error);
  } finally {
    following = null;
    if (button) button.disabled = false;
  }
}
