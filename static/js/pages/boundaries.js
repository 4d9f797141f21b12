/** The boundary staff's page: what is not divided yet, the drawing with its findings, the drafts. */
import { ProblemError, get, post, request } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { sheet } from "../frame.js";
import { formatInstant, t } from "../i18n.js";
import { fit, mapReady } from "../map/registry.js";
import { toast, toastProblem } from "../toast.js";
import { currentState, keepState, onStateBack } from "../url_state.js";
import { mountFindings } from "./boundaries_findings.js";
import { areaText, asOneRing, clashFinding, dividedPercent, freeFinding, overlapFinding } from "./boundaries_words.js";

/** @typedef {import("./boundaries_words.js").Finding} Finding */
/** @typedef {[number, number, number, number]} Box */
/** @typedef {{id: number, code: string, name: string, town: string, area_m2: number, free_m2: number, divided: boolean, grid_count: number, draft_count: number, bbox: Box}} Community */
/** @typedef {{id: number, code: string, name: string, community: string, area_m2: number, bbox: Box, created_at: string}} Draft */
/** @typedef {{geometry: any, vertexCount: number, closed: boolean, crossings: any[], area_m2: number}} Drawn */

const CHECK_AFTER_MS = 350;

const root = part("[data-boundaries]");
const home = part("[data-home]");
const opened = part("[data-community]");
const drawingBox = part("[data-drawing]");
const facts = part("[data-drawing-facts]");
const findingList = part("[data-findings]");
const nameField = /** @type {HTMLInputElement} */ (part("[data-name]"));
const nameError = part("[data-name-error]");
const saveButton = /** @type {HTMLButtonElement} */ (part("[data-save]"));
const nameKey = `gridpatrol.grid-name.${root.dataset.account}`;

const { map, parts } = await mapReady;
/** @type {import("../map/draw_polygon.js").Drawer} */
const drawer = parts.get("drawer");
const findings = mountFindings(map, { onPress: (index) => chooseFinding(index) });

/** Takes the words about a refused save away: they end with the next attempt or with the drawing. */
let dismissRefusal = () => {};

/** @type {{drawing: any, communityId: number | null, communityBox: Box | null, checking: AbortController, timer: number}} */
const state = { drawing: null, communityId: null, communityBox: null, checking: new AbortController(), timer: 0 };

/** @param {string} selector @returns {HTMLElement} */
function part(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

/** @returns {boolean} the panel is a sheet over the map */
function isPhone() {
  return matchMedia("(max-width: 767px)").matches;
}

// ---- the drawing

/** @param {any} geometry moves the map so that the sheet does not hide what was drawn */
function showDrawn(geometry) {
  const drawn = L.geoJSON(geometry).getBounds().pad(0.2);
  fit(map, [drawn.getWest(), drawn.getSouth(), drawn.getEast(), drawn.getNorth()]);
}

/** @param {Drawn} drawn */
function drawingChanged({ geometry, vertexCount, crossings, area_m2 }) {
  if (geometry !== null && state.drawing === null && sheet?.height() === "peek") {
    sheet.setHeight("half");
    if (isPhone()) showDrawn(geometry);
  }
  state.drawing = geometry;
  state.checking.abort();
  clearTimeout(state.timer);
  drawingBox.hidden = vertexCount === 0;
  saveButton.disabled = geometry === null;
  if (geometry === null) {
    showFacts([[t("Corners"), String(vertexCount)]]);
    showFindings([]);
    return;
  }
  showFacts([[t("Area"), area_m2 ? areaText(area_m2) : t("checking…")], [t("Community"), t("checking…")]]);
  if (crossings.length > 0) showFacts([[t("Area"), t("not known while the line crosses itself")]]);
  state.timer = setTimeout(() => void check(geometry), CHECK_AFTER_MS);
}

/** @param {any} geometry the server's early word on a drawing; nothing is stored */
async function check(geometry) {
  state.checking = new AbortController();
  const { signal } = state.checking;
  try {
    const answer = await post("/api/boundaries/check", { geometry }, { signal });
    showFacts([[t("Area"), areaText(answer.area_m2)], [t("Community"), answer.community.name]]);
    if (!nameField.value) nameField.value = t("{community} grid {number}", { community: answer.community.name, number: answer.number });
    showFindings(answer.clashes.map(clashFinding));
  } catch (error) {
    if (signal.aborted) return;
    showFindings([]);
    if (error instanceof ProblemError) showFacts([[t("Check"), error.text]]);
    else toastProblem(error);
  }
}

async function save() {
  const name = nameField.value.trim();
  nameError.hidden = name !== "";
  nameField.setAttribute("aria-invalid", String(name === ""));
  if (!name) return nameField.focus();
  if (!state.drawing) return;
  clearTimeout(state.timer);
  state.checking.abort();
  dismissRefusal();
  saveButton.setAttribute("aria-busy", "true");
  saveButton.disabled = true;
  try {
    saved(await post("/api/boundaries/drafts", { geometry: state.drawing, name }));
  } catch (error) {
    refused(error);
  } finally {
    saveButton.removeAttribute("aria-busy");
    saveButton.disabled = state.drawing === null;
  }
}

/** @param {Draft} draft */
function saved(draft) {
  drawer.clear();
  keepName("");
  showFindings([]);
  toast(t("{name} is saved as a draft with the code {code}.", { name: draft.name, code: draft.code }));
  groundChanged();
}

/** @param {unknown} error the drawing stays as it is, in the browser's store too */
function refused(error) {
  if (!(error instanceof ProblemError) || error.code !== "drawing_clashes") return void toastProblem(error);
  const found = error.fields.clashes.map(clashFinding);
  showFindings(found);
  dismissRefusal = toast(t("Not saved. Places that forbid it: {count}. Your drawing is kept.", { count: found.length }), { kind: "alarm" });
  chooseFinding(0);
  findings.bringIntoView(0);
}

/** @param {[string, string][]} rows */
function showFacts(rows) {
  fillWith(facts, rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** @param {Finding[]} found */
function showFindings(found) {
  findings.show(found);
  findingList.hidden = found.length === 0;
  fillWith(findingList, el("h3", {}, t("What forbids saving")), findingRows(found));
}

/** @param {Finding[]} found @returns {HTMLElement} */
function findingRows(found) {
  return el("ol", { class: "list" }, found.map((finding, index) => el("li", { class: "list__item" },
    el("div", { class: "list__link", "data-finding": index, tabindex: -1 },
      el("span", { class: "rank" }, index + 1),
      el("div", { class: "list__text stack-s" },
        el("div", {}, el("span", { class: "list__title" }, finding.title), el("span", { class: "list__detail" }, finding.detail)),
        el("div", { class: "row" },
          el("button", { class: "btn", type: "button", "aria-label": t("Zoom to {number}", { number: index + 1 }), onClick: () => findings.zoomTo(index) }, icon("search"), t("Show")),
          finding.look === "free" && asOneRing(finding.place)
            && el("button", { class: "btn", type: "button", onClick: () => drawFrom(finding) }, icon("draw"), t("Draw this"))))))));
}

/** @param {number} index */
function chooseFinding(index) {
  if (sheet?.height() === "peek") sheet.setHeight("half");
  const rows = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(`[data-finding="${index}"]`)]);
  const row = rows.find((one) => one.offsetParent !== null);
  row?.scrollIntoView({ block: "center" });
  row?.focus({ preventScroll: true });
}

/** @param {Finding} finding */
function drawFrom(finding) {
  drawer.load(asOneRing(finding.place));
  keepState({ selection: null }, { step: true });
  void followAddress();
  toast(t("The free ground is your drawing now. Move its corners or save it."));
}

/** @param {string} text */
function keepName(text) {
  nameField.value = text;
  try {
    if (text) localStorage.setItem(nameKey, text);
    else localStorage.removeItem(nameKey);
  } catch {
    // Storage may be switched off: the field itself keeps the name while the page is open.
  }
}

function nameKept() {
  try {
    return localStorage.getItem(nameKey) ?? "";
  } catch {
    return "";
  }
}

// ---- what is not divided, and drafts

async function loadOverview() {
  const undivided = part("[data-undivided]");
  const drafts = part("[data-drafts]");
  try {
    const answer = await get("/api/boundaries/overview");
    const left = answer.communities.filter((/** @type {Community} */ one) => !one.divided);
    fillWith(undivided, left.length ? el("ul", { class: "list" }, left.map(communityRow)) : allDivided(answer.communities));
    fillWith(drafts, answer.drafts.length ? el("ul", { class: "list" }, answer.drafts.map(draftRow))
      : el("p", { class: "muted" }, t("No draft yet. Press Draw on the map, set the corners and save.")));
  } catch (error) {
    const words = error instanceof ProblemError ? error.text : t("Something went wrong.");
    fillWith(undivided, el("p", { class: "field__error", role: "alert" }, icon("attend"), words),
      el("button", { class: "btn", type: "button", onClick: () => void loadOverview() }, t("Try again")));
  }
}

/** @param {Community[]} communities */
function allDivided(communities) {
  return el("p", { class: "muted" }, communities.length
    ? t("All {count} communities are divided into grids.", { count: communities.length })
    : t("There is no community with a boundary here yet. Import areas first."));
}

/** @param {Community} community */
function communityRow(community) {
  const percent = dividedPercent(community);
  return el("li", { class: "list__item" }, el("button", { class: "list__link", type: "button", "data-open": community.id, onClick: () => open(community.id, community.bbox) },
    el("span", { class: "list__text" },
      el("span", { class: "list__title" }, community.name),
      el("span", { class: "list__detail" }, community.grid_count + community.draft_count === 0
        ? t("No grid yet, {area} free", { area: areaText(community.free_m2) })
        : t("{grids} grids, {drafts} drafts, {area} free", { grids: community.grid_count, drafts: community.draft_count, area: areaText(community.free_m2) }))),
    el("span", { class: "list__end" }, `${percent}%`), icon("right")));
}

/** @param {Draft} draft */
function draftRow(draft) {
  return el("li", { class: "list__item" }, el("div", { class: "list__link" },
    el("span", { class: "list__text" },
      el("span", { class: "list__title" }, draft.name),
      el("span", { class: "list__detail" }, `${draft.code} · ${areaText(draft.area_m2)}`),
      el("span", { class: "list__detail" }, `${draft.community} · ${formatInstant(draft.created_at)}`)),
    el("button", { class: "btn btn--icon", type: "button", "aria-label": t("Show {name} on the map", { name: draft.name }), onClick: () => showBox(draft.bbox) }, icon("search")),
    el("button", { class: "btn btn--icon", type: "button", "data-discard": draft.id, "aria-label": t("Discard {name}", { name: draft.name }), onClick: () => void discard(draft) }, icon("trash"))));
}

/** @param {Draft} draft */
async function discard(draft) {
  try {
    const { body } = await request(`/api/boundaries/drafts/${draft.id}`, { method: "DELETE" });
    groundChanged();
    toast(t("{name} is discarded.", { name: draft.name }), {
      durationMs: 10_000,
      action: { label: t("Undo"), run: () => void post("/api/boundaries/drafts", body).then(groundChanged, toastProblem) },
    });
  } catch (error) {
    toastProblem(error);
  }
}

function groundChanged() {
  document.dispatchEvent(new CustomEvent("layer-changed", { detail: { layer: "drafts" } }));
  void loadOverview();
  if (state.communityId !== null) void loadCommunity(state.communityId);
}

// ---- one community

/** @param {number} id @param {Box} [bbox] */
function open(id, bbox) {
  keepState({ selection: { kind: "area", id: String(id) } }, { step: true });
  void followAddress();
  if (bbox) showBox(bbox);
}

/** @param {Box} bbox on a phone the map must be seen */
function showBox(bbox) {
  if (sheet?.height() === "full") sheet.setHeight("half");
  fit(map, bbox);
}

async function followAddress() {
  const { selection } = currentState();
  const id = selection?.kind === "area" ? Number(selection.id) : null;
  home.hidden = id !== null;
  opened.hidden = id === null;
  state.communityId = id;
  state.communityBox = null;
  if (id === null) {
    findings.show([]);
    if (state.drawing) void check(state.drawing);
    return;
  }
  await loadCommunity(id);
}

/** @param {number} id */
async function loadCommunity(id) {
  if (!opened.querySelector(`[data-shown="${id}"]`)) {
    fillWith(opened, backHead(t("Loading")), el("div", { "aria-busy": "true" }, [1, 2, 3].map(() => el("span", { class: "skeleton skeleton--tall" }))));
  }
  try {
    const answer = await get(`/api/boundaries/communities/${id}`);
    if (state.communityId !== id) return;
    state.communityBox = answer.bbox;
    showCommunity(answer);
  } catch (error) {
    if (state.communityId !== id) return;
    const words = error instanceof ProblemError ? error.text : t("Something went wrong.");
    fillWith(opened, backHead(t("This community cannot be shown")), el("p", { class: "field__error", role: "alert" }, icon("attend"), words));
  }
}

/** @param {{id: number, code: string, name: string, area_m2: number, parts: any[], free: any[], overlaps: any[]}} community */
function showCommunity({ id, code, name, area_m2, parts: grids, free, overlaps }) {
  const found = [...overlaps.map(overlapFinding), ...free.map(freeFinding)];
  const free_m2 = free.reduce((sum, piece) => sum + piece.size_m2, 0);
  findings.show(found);
  fillWith(opened, backHead(name, code, id),
    el("dl", { class: "facts" }, [
      [t("Ground in all"), areaText(area_m2)], [t("Not divided"), areaText(free_m2)], [t("Grids and drafts"), String(grids.length)],
    ].flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
    found.length
      ? [el("h2", {}, t("Left to do")), findingRows(found)]
      : el("div", { class: "notice notice--done", role: "status" }, icon("check"), el("div", {}, t("Grids and drafts cover the community without gap or overlap."))),
    el("h2", {}, t("Grids")),
    grids.length ? el("ul", { class: "list" }, grids.map(gridRow)) : el("p", { class: "muted" }, t("No grid yet. Press Draw on the map and follow the streets.")));
}

/** @param {string} title @param {string} [subtitle] @param {number} [shown] */
function backHead(title, subtitle = "", shown) {
  const back = () => {
    keepState({ selection: null }, { step: true });
    void followAddress();
  };
  return el("header", { class: "panel__head", "data-shown": shown },
    el("button", { class: "btn btn--quiet btn--icon", type: "button", "aria-label": t("Back to the list"), onClick: back }, icon("left")),
    el("div", { class: "panel__titles" }, el("h1", { class: "panel__title" }, title), el("p", { class: "muted small" }, subtitle)));
}

/** @param {{code: string, name: string, draft: boolean, area_m2: number, bbox: Box}} grid */
function gridRow(grid) {
  return el("li", { class: "list__item" }, el("button", { class: "list__link", type: "button", onClick: () => showBox(grid.bbox) },
    el("span", { class: "list__text" }, el("span", { class: "list__title" }, grid.name), el("span", { class: "list__detail" }, grid.code)),
    grid.draft && el("span", { class: "badge badge--action" }, t("Draft")), el("span", { class: "list__end" }, areaText(grid.area_m2))));
}

// ---- start

listen(document, "drawing-changed", (event) => drawingChanged(event.detail));
listen(map.getContainer(), "keydown", (event) => event.key === "s" && (event.ctrlKey || event.metaKey) && (event.preventDefault(), void save()));
map.on("drawing-started", () => {
  const place = state.communityBox;
  if (state.communityId !== null) {
    keepState({ selection: null }, { step: true });
    void followAddress();
  }
  // On a phone the map is needed now, and the facts once the line is closed.
  sheet?.setHeight("peek");
  if (isPhone() && place && map.getBounds().contains([[place[1], place[0]], [place[3], place[2]]])) fit(map, place);
});
listen(part("[data-save-form]"), "submit", (event) => {
  event.preventDefault();
  void save();
});
listen(part("[data-cancel]"), "click", () => {
  const kept = state.drawing;
  dismissRefusal();
  drawer.clear();
  keepName("");
  toast(t("The drawing is put away."), kept ? { durationMs: 10_000, action: { label: t("Undo"), run: () => drawer.load(kept) } } : {});
});
listen(nameField, "input", () => keepName(nameField.value));
listen(document, "place-picked", (event) => openPicked(event.detail));
onStateBack(() => void followAddress());

/** @param {{features: any[]}} pick a press on a community that is open or not divided opens it */
function openPicked({ features }) {
  const community = features.find((one) => one.kind === "area" && one.level === "community");
  if (community && root.querySelector(`[data-open="${community.id}"]`)) open(Number(community.id));
}

nameField.value = nameKept();
drawingChanged({ geometry: drawer.geometry(), vertexCount: drawer.geometry()?.coordinates[0].length ?? 0, closed: false, crossings: [], area_m2: 0 });
void loadOverview();
void followAddress();
document.documentElement.dataset.boundariesReady = "true";
