/** The boundary staff's room: communities, change sets, and the studio in which one is edited. */
import { ProblemError, get } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { sheet } from "../frame.js";
import { t } from "../i18n.js";
import { fit, mapReady } from "../map/registry.js";
import { head, mountHome, showCommunity } from "../studio/home.js";
import { mountGridList, showFindings, showLog } from "../studio/lists.js";
import { gridAt } from "../studio/model.js";
import { mountReview, showImpact } from "../studio/review.js";
import { openStudio } from "../studio/studio.js";
import { mountSwipe } from "../studio/swipe.js";
import { TOOLS, toolOf, wantsGrid } from "../studio/tools.js";
import { mountToolPanel } from "../studio/tool_panel.js";
import { stateLook, stateWord } from "../studio/words.js";
import { toast } from "../toast.js";
import { currentState, keepState, onStateBack } from "../url_state.js";
import { mountFindings } from "./boundaries_findings.js";

/** @typedef {import("../studio/studio.js").State} State */
/** @typedef {import("../studio/studio.js").Studio} Studio */

const ASK_AFTER_MS = 600;

const root = part("[data-boundaries]");
const [home, community, desk] = ["[data-home]", "[data-community]", "[data-studio]"].map(part);
const { map, parts } = await mapReady;
/** @type {ReturnType<typeof import("../map/grid_editor.js").mountGridEditor>} */
const editor = parts.get("editor");
const findings = mountFindings(map, { onPress: (index) => desk.querySelector(`[data-finding="${index}"]`)?.scrollIntoView({ block: "center" }) });

/** @type {Studio | null} */
let studio = null;
let opening = new AbortController();
/** @type {(() => void) | null} */
let stopSwipe = null;
let asking = 0;
let askedFor = "";
/** @type {string | null} */
let day = null;

/** @param {string} selector @returns {HTMLElement} */
function part(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

const current = () => {
  if (!studio) throw new Error("no change set is open");
  return studio;
};

/** @param {[number, number, number, number]} bbox */
function showBox(bbox) {
  if (sheet?.height() === "full") sheet.setHeight("half");
  fit(map, bbox);
}

/** @param {any} place GeoJSON */
function zoomTo(place) {
  const box = L.geoJSON(place).getBounds().pad(0.5);
  if (box.isValid()) showBox([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()]);
}

const page = {
  mayDraw: root.dataset.mayDraw === "true",
  /** @param {"area" | "change_set"} kind @param {number} id */
  open: (kind, id) => {
    day = null;
    keepState({ selection: { kind, id: String(id) } }, { step: true });
    void followAddress();
  },
  showBox,
  showFindings: (/** @type {any[]} */ found) => findings.show(found),
  showGrids: (/** @type {any[] | null} */ grids, /** @type {any} */ frame) => editor.show(grids ? { frame, grids: grids.map(asOfDay), chosen: new Set(), flashing: new Set() } : null),
};
const leave = () => {
  keepState({ selection: null }, { step: true });
  void followAddress();
};

/** @param {any} grid a grid of an earlier day as the map draws it */
function asOfDay(grid) {
  return { ...grid, key: grid.id, households: "", changed: false, version: 0 };
}

const homePanel = mountHome(home, page);
const toolPanel = mountToolPanel(part("[data-tools]"), { studio: current, zoomTo });
const gridList = mountGridList(part("[data-view=grids]"), { studio: current, nameLimit: Number(root.dataset.nameLimit) });
const review = mountReview(part("[data-review]"), {
  studio: current, today: root.dataset.today ?? "", onLeave: leave, onGround: groundChanged,
  centre: () => [Number(map.getCenter().lng.toFixed(7)), Number(map.getCenter().lat.toFixed(7))],
  showSpot: ([lon, lat]) => zoomTo({ type: "Point", coordinates: [lon, lat] }),
});

function groundChanged() {
  for (const layer of ["areas", "drafts", "dwellings", "cameras", "incidents", "places"]) document.dispatchEvent(new CustomEvent("layer-changed", { detail: { layer } }));
  void homePanel.load();
}

/** @param {State} state */
function showStudio(state) {
  const { set, tool, input } = state;
  const drawing = tool ? toolOf(tool) : null;
  fillWith(part("[data-studio-head]"), head(set.title, "", leave), el("p", { class: "row" }, el("span", { class: `badge ${stateLook(set.state)}` }, stateWord(set.state)), el("span", { class: "muted small" }, `${set.community} · ${set.author}`)));
  const chosen = new Set([...input.grids, ...(state.selected !== null && !tool ? [state.selected] : [])]);
  editor.snapTo(current().rings());
  editor.show({ frame: set.frame, grids: [...set.grids.values()], chosen, flashing: state.flashing });
  const corners = drawing && ["move", "point"].includes(drawing.shape) ? current().rings().flat() : [];
  editor.sketch(drawing ? { points: input.points, lines: input.lines, closed: drawing.shape === "ring", vertices: false } : null, corners);
  editor.preview(state.preview);
  editor.refuse(state.refusal?.fields.place ?? null, state.refusal?.title);
  toolPanel.show(state);
  gridList.show(state);
  showLog(part("[data-view=log]"), state);
  review.show(state);
  tellNews(state);
  const version = `${set.id}:${set.last_edit}:${set.state}`;
  if (version !== askedFor) {
    askedFor = version;
    clearTimeout(asking);
    asking = setTimeout(askConsequences, ASK_AFTER_MS);
  }
}

let told = 0;
/** @param {State} state what others did is said once */
function tellNews({ news }) {
  for (const line of news.slice(told)) toast(t("{who} has edited grids of this change set.", { who: line.author }));
  told = news.length;
}

function askConsequences() {
  if (!studio) return;
  const { address, state } = studio;
  const names = (/** @type {number[]} */ keys) => keys.map((key) => state.set.grids.get(key)?.name).filter(Boolean).join("、");
  void showImpact(part("[data-impact]"), address, opening.signal);
  void showFindings(part("[data-view=findings]"), address, { onFound: (found) => studio && findings.show(found), onPress: (index) => findings.zoomTo(index), names, signal: opening.signal });
}

async function followAddress() {
  const { selection } = currentState();
  const id = Number(selection?.id);
  opening.abort();
  opening = new AbortController();
  closeStudio();
  const kind = selection && Number.isInteger(id) ? selection.kind : null;
  home.hidden = kind === "area" || kind === "change_set";
  community.hidden = kind !== "area";
  desk.hidden = kind !== "change_set";
  if (kind === "change_set") await openSet(id);
  else if (kind === "area") await showCommunity(community, { id, on: day, today: root.dataset.today ?? "", page, back: leave, signal: opening.signal });
  else await homePanel.load();
}

function closeStudio() {
  studio?.close();
  studio = null;
  stopSwipe?.();
  stopSwipe = null;
  askedFor = "";
  told = 0;
  editor.setActive(false);
  editor.show(null);
  editor.sketch(null);
  editor.preview(null);
  editor.refuse(null);
  editor.compare(null);
  findings.show([]);
}

/** @param {number} id */
async function openSet(id) {
  const { signal } = opening;
  try {
    const answer = await get(`/api/change-sets/${id}`, { signal });
    if (signal.aborted) return;
    studio = openStudio(answer, { storageKey: editor.storageKey, onChange: showStudio });
    editor.setActive(true);
    showStudio(studio.state);
    if (!currentState().at) showBox(answer.bbox);
    else if (!map.getBounds().intersects(L.geoJSON(answer.frame).getBounds())) showBox(answer.bbox);
  } catch (error) {
    if (signal.aborted) return;
    fillWith(part("[data-studio-head]"), head(t("This change set cannot be shown"), "", leave), el("p", { class: "field__error", role: "alert" }, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong.")));
  }
}

async function toggleSwipe() {
  const button = part("[data-compare]");
  if (stopSwipe) {
    stopSwipe();
    stopSwipe = null;
    editor.compare(null);
  } else {
    const answer = await get(`/api/boundaries/communities/${current().state.set.community_id}`);
    editor.compare(answer.grids.map((/** @type {any} */ grid) => grid.geometry), (pane) => void (stopSwipe = mountSwipe(map, pane)));
  }
  button.setAttribute("aria-pressed", String(stopSwipe !== null));
}

/** @param {string} name */
function showTab(name) {
  for (const tab of /** @type {NodeListOf<HTMLElement>} */ (desk.querySelectorAll("[data-tab]"))) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
  for (const view of /** @type {NodeListOf<HTMLElement>} */ (desk.querySelectorAll("[data-view]"))) view.hidden = view.dataset.view !== name;
}

/** @param {KeyboardEvent} event keys of the studio; fields keep theirs */
function onKey(event) {
  if (!studio || /** @type {Element} */ (event.target).closest("input, textarea, select") || event.altKey) return;
  const key = event.key.toLowerCase();
  const control = event.ctrlKey || event.metaKey;
  if (control && key === "z") (event.shiftKey ? studio.redo : studio.undo)();
  else if (control) return;
  else if (key === "escape" && studio.state.tool) studio.choose(null);
  else if (key === "backspace" && studio.state.tool) studio.dropPoint();
  else if (key === "enter" && studio.state.preview && event.target === document.body) void studio.apply();
  else {
    const tool = TOOLS.find((one) => one.key === key);
    if (!tool || !studio.state.set.can.edit || studio.state.set.state !== "draft") return;
    studio.choose(tool.kind);
  }
  event.preventDefault();
}

editor.onPress((position) => {
  const { state } = current();
  const tool = state.tool ? toolOf(state.tool) : null;
  const grid = gridAt(state.set.grids.values(), position);
  current().press(position, grid?.key ?? null);
  if (tool && sheet?.height() === "peek" && !wantsGrid(tool, current().state.input)) sheet.setHeight("half");
});
listen(document, "keydown", onKey);
listen(document, "community-day", (event) => {
  day = event.detail.day;
  void followAddress();
});
listen(part("[data-compare]"), "click", () => void toggleSwipe());
desk.querySelectorAll("[data-tab]").forEach((tab) => listen(tab, "click", () => showTab(/** @type {HTMLElement} */ (tab).dataset.tab ?? "grids")));
onStateBack(() => void followAddress());
showTab("grids");
await followAddress();
document.documentElement.dataset.boundariesReady = "true";
