/** The dispatcher's page: ask for a plan, watch it being found, read it on map, time line and list. */
import { ProblemError, get, post, request } from "../api.js";
import { el, fillWith, icon, listen, svg } from "../dom.js";
import { sheet } from "../frame.js";
import { formatInstant, t, tn } from "../i18n.js";
import { centreOn, fit, mapReady } from "../map/registry.js";
import { teamColour } from "../map/palette.js";
import { sketchFeatures } from "../map/routes_layer.js";
import { toast, toastProblem } from "../toast.js";
import { followJob, isLive, jobCard } from "../tray.js";
import { currentState, onStateBack, writeState } from "../url_state.js";
import { showGantt } from "./dispatch_gantt.js";
import { clock, distanceWords, dropWords, durationWords, shiftWords, spanWords, stopsWords, unbroken, valueWords, whyWords } from "./dispatch_words.js";

const VIEWS = ["plan", "ask", "teams"];
/** Dropped stops beyond this many are behind a press: the list is long and sorted by worth. */
const DROPPED_SHOWN = 15;

const root = part("[data-dispatch]");
const working = part("[data-working]");
const gantt = part("[data-gantt]");
const askForm = /** @type {HTMLFormElement} */ (part("[data-ask-form]"));
const askButton = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-ask]"));
const teamForm = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-team-form]"));

const linkedAt = currentState().at;
const { map, parts } = await mapReady;
/** @type {import("../map/routes_layer.js").PlanRoutes} */
const routes = parts.get("routes");

/** @type {{plan: any, plans: any[], teams: any[], teamId: number | null, stopId: number | null, following: string | null, asked: string}} */
const state = { plan: null, plans: [], teams: [], teamId: null, stopId: null, following: null, asked: "" };

/** @param {string} selector @returns {HTMLElement} */
function part(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

// ---- views

/** @param {string} name @param {{step?: boolean}} [options] */
function openView(name, { step = true } = {}) {
  const address = new URL(location.href);
  address.searchParams.set("view", name);
  if (step) history.pushState(null, "", address);
  showView();
}

function showView() {
  const asked = new URLSearchParams(location.search).get("view") ?? "";
  const name = VIEWS.includes(asked) ? asked : state.plan || state.following ? "plan" : "ask";
  for (const view of VIEWS) {
    part(`[data-view="${view}"]`).hidden = view !== name;
    const tab = part(`[data-tab="${view}"]`);
    tab.setAttribute("aria-selected", String(view === name));
    tab.tabIndex = view === name ? 0 : -1;
  }
}

for (const tab of root.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => openView(/** @type {HTMLElement} */ (tab).dataset.tab ?? "plan"));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[/** @type {KeyboardEvent} */ (event).key];
    if (!step) return;
    const at = VIEWS.indexOf(/** @type {HTMLElement} */ (tab).dataset.tab ?? "");
    const next = VIEWS[(at + step + VIEWS.length) % VIEWS.length];
    openView(next);
    part(`[data-tab="${next}"]`).focus();
  });
}

// ---- loading

/** @returns {string} which plan the address asks for, as a query; "" for the newest */
function askedPlan() {
  const query = new URLSearchParams(location.search);
  return ["plan", "run"].filter((name) => /^\d+$/.test(query.get(name) ?? "")).map((name) => `${name}=${query.get(name)}`).join("&");
}

async function load() {
  state.asked = askedPlan();
  try {
    const answer = await get(`/api/dispatch/state?${state.asked}`);
    Object.assign(state, { plan: answer.plan, plans: answer.plans, teams: answer.teams });
    readChoice();
    showPlan();
    showTeams();
    showAskTeams();
    if (answer.working) void follow(answer.working);
    showView();
  } catch (error) {
    fillWith(part('[data-view="plan"]'), el("p", { class: "field__error", role: "alert" }, icon("attend"), wordsOf(error)),
      el("button", { class: "btn", type: "button", onClick: () => void load() }, t("Try again")));
    showView();
  }
}

/** @param {unknown} error */
function wordsOf(error) {
  return error instanceof ProblemError ? error.text : t("Something went wrong.");
}

// ---- the plan

function showPlan() {
  const box = part('[data-view="plan"]');
  const { plan } = state;
  if (!plan) {
    gantt.hidden = true;
    fillWith(box, el("div", { class: "empty" }, icon("route"), el("p", { class: "empty__title" }, t("No plan yet")),
      el("p", {}, t("Plan tonight: choose the shift and the teams; routes along the roads come in under a minute.")),
      el("button", { class: "btn btn--primary", type: "button", onClick: () => openView("ask") }, t("Plan tonight"))));
    return;
  }
  routes.show(plan.features);
  routes.choose(state.teamId);
  showGantt(gantt, plan, state, { onTeam: chooseTeam, onStop: chooseStop });
  fillWith(box, planHead(plan), plan.routes.map(routeCard), droppedList(plan.dropped), earlierPlans());
  map.invalidateSize();
}

/** @param {any} plan */
function planHead(plan) {
  const { summary } = plan;
  return el("header", { class: "stack-s" },
    el("p", { class: "lead" }, t("{stops} for {teams}, {span}", {
      stops: stopsWords(summary.stops_served), teams: tn("{count} team", "{count} teams", summary.teams), span: unbroken(spanWords(plan)) })),
    el("p", { class: "muted small" }, t("{share} % of the value on offer · {distance} · left out: {count}", {
      share: Math.round(100 * summary.value_share), distance: distanceWords(summary.distance_m),
      count: summary.stops_offered - summary.stops_served })),
    summary.idle_teams?.length ? el("p", { class: "notice notice--attend", role: "status" }, icon("attend"), t("Without a stop: {names}. Nothing that is left lies within their reach.", { names: summary.idle_teams.join(t(", ")) })) : null,
    plan.off_road_teams.map(offRoadNotice),
    weightsCard(plan.weights),
    el("div", { class: "row" },
      el("a", { class: "btn", href: `/api/dispatch/plans/${plan.id}.csv`, download: true }, icon("download"), t("Table")),
      el("a", { class: "btn", href: `/api/dispatch/plans/${plan.id}.geojson?download`, download: true }, "GeoJSON"),
      el("button", { class: "btn", type: "button", onClick: () => print() }, icon("print"), t("Print"))));
}

/** @param {any} left a team that could not start, why, and where its station could stand */
function offRoadNotice(left) {
  const team = state.teams.find((one) => one.id === left.team_id);
  return el("div", { class: "notice notice--attend", role: "status", "data-off-road": left.team_id }, icon("attend"),
    el("div", { class: "stack-s" },
      el("p", {}, el("strong", {}, t("Left out: {team} ({mode})", { team: left.team, mode: left.mode_name })), " ", left.reason, " ", left.advice),
      team && teamForm ? el("button", { class: "btn", type: "button", onClick: () => mendTeam(team, left.road) }, t("Change the team")) : null));
}

/** @param {any} team @param {[number, number] | null} road the nearest street: offered as the new station, saved only by the person */
function mendTeam(team, road) {
  openView("teams");
  editTeam(team);
  if (!road) return;
  [field("lon").value, field("lat").value] = road.map((degrees) => degrees.toFixed(6));
  centreOn(map, { lon: road[0], lat: road[1] });
  toast(t("The nearest street is filled in as the station. Check it and save the team."));
}

/** @param {Record<string, any>} weights */
function weightsCard(weights) {
  const line = (/** @type {string} */ name, /** @type {any} */ value) => [el("dt", {}, name), el("dd", {}, String(value))];
  return el("details", { class: "card", "data-weights": "" },
    el("summary", {}, t("Weights: risk {risk}, thin prevention {thin}, not visited {stale}", weights)),
    el("dl", { class: "facts" },
      line(t("Formula"), weights.formula),
      line(t("Excess or recent incidents at which risk is one half"), weights.half_excess),
      line(t("Days without a visit that count in full"), weights.stale_days),
      line(t("Minutes at a stop"), `${weights.dwell_least_min}–${weights.dwell_most_min}`),
      line(t("Table of speeds"), weights.speeds)));
}

/** @param {any} route */
function routeCard(route) {
  const swatch = el("span", { class: "gantt__swatch" });
  swatch.style.background = teamColour(route.ordinal);
  const chosen = state.teamId === route.team_id;
  return el("details", { class: "card", open: chosen || undefined, "data-route": route.team_id, onToggle: (event) => {
    if (event.target.open && state.teamId !== route.team_id) chooseTeam(route.team_id, { quiet: true });
  } },
  el("summary", { class: "row row--apart" },
    el("span", { class: "row" }, swatch, el("strong", {}, route.team), el("span", { class: "muted small" }, route.mode_name)),
    el("span", { class: "muted small" }, `${stopsWords(route.stops.length)} · ${distanceWords(route.distance_m)}`)),
  el("ol", { class: "list" },
    el("li", { class: "list__item muted small" }, t("{time} leaves {station}", { time: clock(route.start_at), station: route.station || t("the station") })),
    route.stops.map(stopRow),
    el("li", { class: "list__item muted small" }, t("{time} back", { time: clock(route.end_at) }))));
}

/** @param {any} stop */
function stopRow(stop) {
  return el("li", { class: "list__item", "aria-selected": String(state.stopId === stop.id) },
    el("button", { class: "list__link", type: "button", "data-stop": stop.id, onClick: () => chooseStop(stop) },
      el("span", { class: "rank" }, stop.sequence),
      el("span", { class: "list__text" },
        el("span", { class: "list__title" }, stop.name),
        el("span", {}, el("strong", {}, clock(stop.arrive_at)), " ", durationWords(stop.dwell_s)),
        el("span", { class: "list__detail" }, whyWords(stop)),
        el("span", { class: "list__detail" }, valueWords(stop, state.plan.weights)))));
}

/** @param {any[]} dropped */
function droppedList(dropped) {
  if (dropped.length === 0) return null;
  const row = (/** @type {any} */ stop) => el("li", { class: "list__item" },
    el("button", { class: "list__link", type: "button", onClick: () => centreOn(map, stop, Math.max(map.getZoom(), 16)) },
      el("span", { class: "list__text" }, el("span", { class: "list__title" }, stop.name), el("span", { class: "list__detail" }, dropWords(stop)),
        el("span", { class: "list__detail" }, whyWords(stop)),
        el("span", { class: "list__detail" }, valueWords(stop, state.plan.weights)))));
  return el("details", { class: "card", "data-dropped": "" },
    el("summary", {}, el("strong", {}, t("Left out: {count}", { count: dropped.length }))),
    el("ul", { class: "list" }, dropped.slice(0, DROPPED_SHOWN).map(row)),
    dropped.length > DROPPED_SHOWN && el("details", {}, el("summary", {}, t("{count} more", { count: dropped.length - DROPPED_SHOWN })),
      el("ul", { class: "list" }, dropped.slice(DROPPED_SHOWN).map(row))));
}

function earlierPlans() {
  if (state.plans.length < 2) return null;
  return el("section", { class: "stack-s" }, el("h2", {}, t("Plans")),
    el("ul", { class: "list" }, state.plans.map((plan) => el("li", { class: "list__item" },
      el("a", { class: "list__link", href: `?plan=${plan.id}`, "aria-current": plan.id === state.plan?.id ? "true" : null },
        el("span", { class: "list__text" }, el("span", { class: "list__title" }, spanWords(plan)),
          el("span", { class: "list__detail" }, t("made {time}", { time: formatInstant(plan.made_at) }))),
        el("span", { class: "list__end" }, stopsWords(plan.summary.stops_served)))))));
}

/** @param {number} teamId @param {{quiet?: boolean}} [options] */
function chooseTeam(teamId, { quiet = false } = {}) {
  const off = state.teamId === teamId && !quiet;
  keepChoice(off ? null : { kind: "team", id: String(teamId) });
  showChoice();
}

/** @param {[number, number][]} line @returns {[number, number, number, number]} west, south, east, north */
function boxOf(line) {
  const lons = line.map(([lon]) => lon);
  const lats = line.map(([, lat]) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** @param {any} stop */
function chooseStop(stop) {
  keepChoice({ kind: "stop", id: String(stop.id) });
  if (sheet?.height() === "peek") sheet.setHeight("half");
  showChoice();
}

/**
 * Put a choice into the address with the plan it belongs to: a newer plan has other stops.
 * @param {{kind: string, id: string} | null} selection
 */
function keepChoice(selection) {
  const address = new URL(location.href);
  address.searchParams.set("view", "plan");
  address.searchParams.delete("run");
  address.searchParams.set("plan", String(state.plan.id));
  state.asked = `plan=${state.plan.id}`;
  history.pushState(null, "", address.pathname + writeState(address.search, { selection }));
}

/** Take team and stop from the address; what the plan does not have is not chosen. */
function readChoice() {
  const { selection } = currentState();
  const id = Number(selection?.id);
  const stopOf = (/** @type {any} */ route) => selection?.kind === "stop" && route.stops.some((/** @type {any} */ stop) => stop.id === id);
  const route = state.plan?.routes.find((/** @type {any} */ one) => stopOf(one) || (selection?.kind === "team" && one.team_id === id));
  Object.assign(state, { teamId: route?.team_id ?? null, stopId: route && selection?.kind === "stop" ? id : null });
}

/** Show what the address chooses: list, time line and map follow. */
function showChoice() {
  readChoice();
  showView();
  showPlan();
  bringForward();
}

function bringForward() {
  const route = state.plan?.routes.find((/** @type {any} */ one) => one.team_id === state.teamId);
  const stop = route?.stops.find((/** @type {any} */ one) => one.id === state.stopId);
  const line = state.plan?.features.features.find((/** @type {any} */ one) => one.properties.kind === "route" && one.properties.team_id === state.teamId);
  if (stop) centreOn(map, stop);
  else if (line) fit(map, boxOf(line.geometry.coordinates));
  if (stop) root.querySelector(`[data-stop="${stop.id}"]`)?.scrollIntoView({ block: "nearest" });
}

/** The back button may lead to another plan, not only to another choice. */
function goBack() {
  if (askedPlan() !== state.asked) void load();
  else showChoice();
}

routes.onStop((properties) => {
  const route = state.plan?.routes.find((/** @type {any} */ one) => one.team_id === properties.team_id);
  const stop = route?.stops.find((/** @type {any} */ one) => one.sequence === properties.sequence);
  if (stop) chooseStop(stop);
});

// ---- asking

const shiftFrom = /** @type {HTMLInputElement} */ (part("#shift-from"));
const shiftTo = /** @type {HTMLInputElement} */ (part("#shift-to"));

/** Say under the two times how long the shift is; an end before the beginning may be meant for the next day. */
function showShift() {
  const { words, usable, nextDay } = shiftWords(shiftFrom.value, shiftTo.value, Number(askForm.dataset.longestH));
  fillWith(part("[data-shift-words]"), el("span", { class: usable ? "muted small" : "field__error" }, words), nextDay && " ",
    nextDay && el("button", { class: "btn", type: "button", "data-next-day": "", onClick: () => {
      shiftTo.value = nextDay;
      shiftTo.dispatchEvent(new Event("input"));
    } }, t("End the next day, {time}", { time: nextDay.slice(11) })));
}

for (const input of [shiftFrom, shiftTo]) input.addEventListener("input", showShift);
showShift();

function showAskTeams() {
  const onDuty = state.teams.filter((team) => team.active);
  fillWith(part("[data-ask-teams]"), onDuty.length
    ? onDuty.map((team) => el("label", { class: "check" }, el("input", { type: "checkbox", name: "team", value: team.id, checked: true }),
      el("span", {}, team.name, " ", el("span", { class: "muted small" }, [team.mode_name, team.station_name].filter(Boolean).join(" · ")))))
    : el("div", { class: "stack-s", "data-no-team": "" },
      el("p", { class: "muted" }, state.teams.length ? t("No team is on duty: set one on duty, or add one.") : t("There is no team yet: a plan needs at least one.")),
      teamForm ? el("button", { class: "btn", type: "button", onClick: () => openView("teams") }, state.teams.length ? t("Open the teams") : t("Add a team")) : null));
}

/** @param {SubmitEvent} event */
async function ask(event) {
  event.preventDefault();
  const form = new FormData(askForm);
  const teams = form.getAll("team").map(Number);
  if (teams.length === 0) {
    const anyOnDuty = state.teams.some((team) => team.active);
    return void toast(anyOnDuty ? t("Choose at least one team.") : t("No team is on duty. Add one, or set one on duty under Teams."), { kind: "alarm" });
  }
  const number = (/** @type {string} */ name) => Number(form.get(name));
  setBusy(true);
  try {
    const job = await post("/api/dispatch/runs", {
      shift_from: form.get("shift_from"), shift_to: form.get("shift_to"), team_ids: teams, time_limit_s: number("time_limit_s"),
      weights: { risk: number("risk"), thin: number("thin"), stale: number("stale") },
    });
    document.dispatchEvent(new CustomEvent("job-requested"));
    await follow(job);
  } catch (error) {
    toastProblem(error);
  } finally {
    setBusy(state.following !== null);
  }
}

/** @param {boolean} busy */
function setBusy(busy) {
  if (askButton) askButton.disabled = busy;
}

/** @param {any} job */
async function follow(job) {
  if (state.following === job.id) return;
  state.following = job.id;
  setBusy(true);
  const show = (/** @type {any} */ now) => {
    fillWith(working, isLive(now) || now.state === "failed" ? [jobCard(now), bestCurve(now.detail)] : []);
    if (isLive(now) && now.detail?.sketch?.length) routes.show(sketchFeatures(now.detail.sketch));
  };
  try {
    show(job);
    if (sheet?.height() === "peek") sheet.setHeight("half");
    toTop();
    const ended = await followJob(job.id, show);
    if (ended.state === "done") await openNewPlan();
    else if (ended.state === "cancelled") toast(t("Stopped. The earlier plan stays."));
  } catch (error) {
    toastProblem(error);
  } finally {
    state.following = null;
    setBusy(false);
    // The sketch of a search that brought no plan makes way for the plan there was.
    routes.show(state.plan?.features ?? null);
  }
}

async function openNewPlan() {
  const address = new URL(location.href);
  for (const name of ["plan", "run", "sel"]) address.searchParams.delete(name);
  address.searchParams.set("view", "plan");
  history.pushState(null, "", address);
  await load();
  routes.fitView();
  toTop();
}

/** Progress and results stand at the head of the panel. */
function toTop() {
  root.closest(".panel__scroll")?.scrollTo({ top: 0 });
}

/** @param {{best?: [number, number][], offered_value?: number, sketch?: any[]} | undefined} detail the value found so far against all on offer */
function bestCurve(detail) {
  const best = detail?.best ?? [];
  const offered = detail?.offered_value ?? 0;
  if (best.length < 2 || offered <= 0) return null;
  const end = best[best.length - 1];
  const x = (/** @type {number} */ s) => (300 * s) / Math.max(end[0], 1);
  const y = (/** @type {number} */ value) => 66 - (60 * value) / offered;
  const line = best.map(([s, value]) => `${x(s).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return el("figure", { class: "chart" },
    el("figcaption", { class: "chart__title" }, t("Best plan so far"), el("span", { class: "muted small" }, t("{share} % of the value on offer", { share: Math.round((100 * end[1]) / offered) }))),
    svg("svg", { class: "curve", viewBox: "0 0 300 72", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("line", { class: "curve__top", x1: 0, x2: 300, y1: 6, y2: 6 }), svg("polyline", { class: "curve__line", points: line })),
    detail?.sketch?.length ? el("p", { class: "muted small", "data-sketch": detail.sketch.length }, t("On the map: who goes where so far, straight from stop to stop. The ways along the streets come with the finished plan.")) : null);
}

// ---- teams

function showTeams() {
  fillWith(part("[data-teams]"), state.teams.length
    ? el("ul", { class: "list" }, state.teams.map((team) => el("li", { class: "list__item" },
      el("button", { class: "list__link", type: "button", "data-team": team.id, disabled: !teamForm || undefined, onClick: () => editTeam(team) },
        el("span", { class: "list__text" }, el("span", { class: "list__title" }, team.name),
          el("span", { class: "list__detail" }, [team.mode_name, tn("{count} person", "{count} people", team.size), team.station_name].filter(Boolean).join(" · "))),
        el("span", { class: "list__end" }, team.active ? t("on duty") : t("resting"))))))
    : el("div", { class: "empty" }, icon("route"), el("p", { class: "empty__title" }, t("No team yet")), el("p", {}, t("A team needs a name, how it moves, and where it starts."))));
}

/** @param {any} team */
function editTeam(team) {
  if (!teamForm) return;
  for (const name of ["id", "version", "name", "mode", "size", "station_name", "lon", "lat"]) field(name).value = String(team[name]);
  /** @type {HTMLInputElement} */ (field("active")).checked = team.active;
  part("[data-team-title]").textContent = t("Change {name}", { name: team.name });
  field("name").focus();
}

/** @param {string} name @returns {HTMLInputElement} */
function field(name) {
  return /** @type {HTMLInputElement} */ (teamForm?.elements.namedItem(name));
}

/** @param {SubmitEvent} event */
async function saveTeam(event) {
  event.preventDefault();
  const sent = {
    name: field("name").value, mode: field("mode").value, size: Number(field("size").value), station_name: field("station_name").value,
    lon: field("lon").value === "" ? null : Number(field("lon").value), lat: field("lat").value === "" ? null : Number(field("lat").value), active: field("active").checked,
  };
  try {
    if (field("id").value) await request(`/api/dispatch/teams/${field("id").value}`, { method: "PUT", body: sent, etag: `"${field("version").value}"` });
    else await post("/api/dispatch/teams", sent);
    toast(t("{name} is saved.", { name: sent.name }));
    teamForm?.reset();
    await load();
  } catch (error) {
    toastProblem(error);
  }
}

askForm.addEventListener("submit", (event) => void ask(event));
teamForm?.addEventListener("submit", (event) => void saveTeam(event));
teamForm?.addEventListener("reset", () => {
  field("id").value = "";
  field("version").value = "";
  part("[data-team-title]").textContent = t("Add a team");
});
listen(document, "place-picked", (event) => {
  if (!teamForm || part('[data-view="teams"]').hidden) return;
  event.preventDefault();
  field("lon").value = event.detail.lon.toFixed(6);
  field("lat").value = event.detail.lat.toFixed(6);
  toast(t("The station is set to the point you pressed."));
});
onStateBack(goBack);
await load();
if (state.teamId !== null) bringForward();
else if (!linkedAt) routes.fitView();
