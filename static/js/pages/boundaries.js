/** The boundary staff's room: communities, change sets, and the studio in which one is edited. */
import { ProblemError, get, post } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { sheet } from "../frame.js";
import { t, tn } from "../i18n.js";
import { middleOf, shortName } from "../map/grid_editor.js";
import { fit, mapReady } from "../map/registry.js";
import { isPhone } from "../screen.js";
import { head, mountHome, showCommunity } from "../studio/home.js";
import { mountGridList, showFindings, showLog } from "../studio/lists.js";
import { mountCompare } from "../studio/compare.js";
import { keyListener, mountKeyList } from "../studio/keys.js";
import { mountMapBar } from "../studio/map_bar.js";
import { gridAt, piecesOf, versionsOf } from "../studio/model.js";
import { mountFiles } from "../studio/files.js";
import { mountProposals } from "../studio/proposals.js";
import { mountPlaced } from "../studio/placed.js";
import { mountReview, showImpact } from "../studio/review.js";
import { mountRules } from "../studio/rules.js";
import { openStudio } from "../studio/studio.js";
import { mountTalk, openCount, openSpots } from "../studio/talk.js";
import { NO_INPUT, isDrawn, missing, toolOf } from "../studio/tools.js";
import { isOpen, mountToolPanel } from "../studio/tool_panel.js";
import { printNote, returnedWords, stateLook, stateWord } from "../studio/words.js";
import { setPrintHead } from "../print_head.js";
import { toast, toastProblem } from "../toast.js";
import { currentState, keepState, onStateBack } from "../url_state.js";
import { mountFindings } from "./boundaries_findings.js";

/** @typedef {import("../studio/studio.js").State} State */
/** @typedef {import("../studio/studio.js").Studio} Studio */

const ASK_AFTER_MS = 600;
/** Neighbours are drawn this far around a community, as a share of its width. */
const AROUND_SHARE = 0.6;

const root = part("[data-boundaries]");
const [home, community, desk] = ["[data-home]", "[data-community]", "[data-studio]"].map(part);
const { map, parts } = await mapReady;
// A community fills the little map of a phone between whole zooms too.
if (isPhone()) for (const one of [map, parts.get("twin")]) one.options.zoomSnap = 0.25;
/** @type {ReturnType<typeof import("../map/grid_editor.js").mountGridEditor>} */
const editor = parts.get("editor");
const findings = mountFindings(map, { onPress: (index) => desk.querySelector(`[data-finding="${index}"]`)?.scrollIntoView({ block: "center" }) });
const under = mountUnderlay(["areas", "drafts"]);

/** @type {Studio | null} */
let studio = null;
let opening = new AbortController();
/** Takes the next press on the map, for a comment that speaks of a place. @type {((spot: [number, number]) => void) | null} */
let picking = null;
/** @type {[number, number] | null} place of the comment that is being written */
let writtenSpot = null;
let asking = 0;
let askedFor = "";
/** @type {string | null} */
let day = null;
/** @type {any[]} */
let around = [];
/** @type {any[]} */
let found = [];
let tabShown = "grids";
/** This person has looked at the change set beside what is published. */
let compared = false;

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

/**
 * The tile layers that show the published partition: hidden while a change set draws its own over the same ground.
 * @param {string[]} names
 */
function mountUnderlay(names) {
  /** @type {any[]} */
  let hidden = [];
  return {
    hide: () => {
      const shown = names.map((name) => parts.get(`tiles:${name}`)).filter((layer) => layer?.isVisible());
      shown.forEach((layer) => layer.setVisible(false));
      hidden = [...hidden, ...shown];
    },
    restore: () => {
      hidden.forEach((layer) => layer.setVisible(true));
      hidden = [];
    },
  };
}

/** @param {any} place GeoJSON */
function zoomTo(place) {
  const box = L.geoJSON(place).getBounds().pad(0.5);
  if (box.isValid()) showBox([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()]);
}

const page = {
  mayDraw: root.dataset.mayDraw === "true",
  mayPrint: root.dataset.mayPrint === "true",
  /** @param {"area" | "change_set"} kind @param {number} id */
  open: (kind, id) => {
    day = null;
    keepState({ selection: { kind, id: String(id) } }, { step: true });
    void followAddress({ pressed: true });
  },
  showBox,
  showFindings: (/** @type {any[]} */ found) => findings.show(found),
  showGrids: (/** @type {any[] | null} */ grids, /** @type {any} */ frame, /** @type {string} */ place) => {
    setPrintHead(place, t("Grids in force on {day}", { day: day ?? root.dataset.today ?? "" }));
    if (grids) under.hide();
    else under.restore();
    editor.show({ frame, grids: (grids ?? []).map(asOfDay), chosen: new Set(), flashing: new Set(), place });
  },
};
const leave = () => {
  if (studio && isDrawn(studio.state.input)) toast(t("Your sketch is kept; it is here when you come back."));
  keepState({ selection: null }, { step: true });
  void followAddress();
};

/** @param {any} grid a grid of an earlier day as the map draws it */
function asOfDay(grid) {
  return { ...grid, key: grid.id, households: null, changed: false, version: 0 };
}

const homePanel = mountHome(home, page);
const toolPanel = mountToolPanel(part("[data-tools]"), { studio: current, zoomTo });
/** @type {import("../map/grid_editor.js").Preview | null} grids of a proposal or a file that are looked at */
let proposed = null;
const showProposed = (/** @type {import("../map/grid_editor.js").Preview | null} */ answer) => editor.preview((proposed = answer));
const isShown = (/** @type {string} */ address) => studio?.address === address;
const proposals = mountProposals(part("[data-proposing]"), { studio: current, isShown, show: showProposed });
const files = mountFiles(part("[data-files]"), { studio: current, show: showProposed, zoomTo, limitMb: Number(root.dataset.uploadLimitMb) });
const gridList = mountGridList(part("[data-view=grids]"), { studio: current, nameLimit: Number(root.dataset.nameLimit), zoomTo });
const mapBar = mountMapBar(part(".stage"), { studio: current, onForm: (field) => (sheet?.setHeight("half"), toolPanel.reveal(field)), onPlace: zoomTo });
const review = mountReview(part("[data-review]"), {
  studio: current, today: root.dataset.today ?? "", onLeave: leave, onGround: groundChanged,
  onFlaws: (flaws) => (showTab("findings"), zoomTo(flaws[0].place)),
  hasCompared: () => compared, onCompare: () => void compareBy("beside"),
});
const talk = mountTalk(part("[data-talk]"), {
  studio: current, storageKey: editor.storageKey, pick: pickPlace,
  onSpot: (spot) => ((writtenSpot = spot), studio && showRemarks(studio.state.set)),
  showSpot: ([lon, lat]) => zoomTo({ type: "Point", coordinates: [lon, lat] }),
});
const compare = mountCompare(part(".stage"), {
  map, editor, twin: parts.get("twin"), twinEditor: parts.get("twin:editor"), state: () => current().state.set.state,
  scene: async (signal) => {
    const { set } = current().state;
    const { grids } = await get(`${current().address}/before`, { signal });
    return { frame: set.frame, grids: grids.map((/** @type {any} */ grid) => ({ ...asOfDay(grid), households: grid.households })), chosen: new Set(), flashing: new Set(), around, place: set.community };
  },
  onWay: (way) => {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (desk.querySelectorAll("[data-compare]"))) button.setAttribute("aria-pressed", String(button.dataset.compare === way));
  },
});
const keyList = mountKeyList(part("[data-keys]"), part("[data-keys-button]"));
const stopPicking = () => {
  if (!picking) return false;
  pickPlace(null);
  part("[data-pick]").setAttribute("aria-pressed", "false");
  return true;
};
const onKey = keyListener({ studio: () => studio, mayEdit: () => studio !== null && isOpen(studio.state), compare: (way) => void compareBy(way), stopPicking }, keyList);

/** @param {((spot: [number, number]) => void) | null} take the next press on the map */
function pickPlace(take) {
  if (take && studio?.state.tool) studio.choose(null);
  if (take && !picking) toast(isPhone() ? t("Tap the place on the map.") : t("Press the place on the map, or Enter at the cross."), { durationMs: 4000 });
  if (isPhone() && Boolean(take) !== Boolean(picking)) sheet?.setHeight(take ? "peek" : "half");
  picking = take;
  map.getContainer().classList.toggle("folium-map--picking", take !== null);
}

/** @param {import("../studio/studio.js").ChangeSet} set */
function showRemarks(set) {
  const written = writtenSpot ? [{ spot: writtenSpot, sign: "+", words: t("Place of your comment"), id: 0 }] : [];
  editor.remark([...openSpots(set.comments), ...written], (id) => id && (showTab("impact"), talk.reveal(id)));
}

function groundChanged() {
  for (const layer of ["areas", "drafts", "dwellings", "cameras", "incidents", "places"]) document.dispatchEvent(new CustomEvent("layer-changed", { detail: { layer } }));
  void homePanel.load();
}

/** @param {State} state */
function showStudio(state) {
  const { set, tool, input } = state;
  const drawing = tool ? toolOf(tool) : null;
  showHead(set);
  const chosen = new Set([...input.grids, ...(state.selected !== null && !tool ? [state.selected] : [])]);
  editor.snapTo(current().rings());
  editor.show({ frame: set.frame, grids: [...set.grids.values()], chosen, flashing: state.flashing, around, place: set.community });
  const corners = drawing && ["move", "point"].includes(drawing.shape) ? current().rings().flat() : [];
  editor.sketch(drawing ? { points: input.points, lines: input.lines, closed: drawing.shape === "ring" } : null, corners);
  editor.preview(state.preview ? { grids: piecesOf(state.preview, set) } : proposed);
  editor.refuse(state.refusal?.fields.place ?? null, state.refusal?.title);
  editor.atWork(tool !== null);
  showRemarks(set);
  const looked = state.selected === null ? null : set.grids.get(state.selected);
  compare.choose(looked?.grid_id ?? null);
  toolPanel.show(state);
  mapBar.show(state);
  gridList.show(state);
  showLog(part("[data-view=log]"), state);
  review.show(state);
  proposals.show(state);
  talk.show(state);
  showOpenCount(set);
  tellNews(state);
  const version = `${set.id}:${set.last_edit}:${set.state}`;
  if (version !== askedFor) {
    askedFor = version;
    clearTimeout(asking);
    asking = setTimeout(askConsequences, ASK_AFTER_MS);
  }
}

/** @param {import("../studio/studio.js").ChangeSet} set */
function showOpenCount({ comments }) {
  const count = openCount(comments);
  fillWith(part("[data-tab=impact]"), t("Impact"), count ? el("span", { class: "badge", title: tn("{count} open comment", "{count} open comments", count) }, count) : null);
}

let headShown = "";
/** @param {import("../studio/studio.js").ChangeSet} set */
function showHead(set) {
  const step = set.can.approve ? t("Review") : set.can.submit ? t("Submit") : "";
  const words = [set.title, set.community, set.author, set.state, set.returned?.words, set.overtaken, step].join("|");
  if (words === headShown) return;
  // Another state has other sides to compare, and other names for them.
  if (headShown && compare.way) compare.close();
  headShown = words;
  setPrintHead(set.title === set.community ? set.title : `${set.title} · ${set.community}`, printNote(set));
  const titles = head(set.title, "", leave);
  if (step) titles.append(el("button", { class: "btn", type: "button", "data-go-review": "", onClick: () => (showTab("impact"), isPhone() && sheet?.setHeight("full"), review.reveal()) }, icon("check"), step));
  titles.append(el("p", { class: "studio-standing muted small" }, el("span", { class: `badge ${stateLook(set)}` }, stateWord(set)), el("span", {}, [set.title === set.community ? "" : set.community, set.author].filter(Boolean).join(" · "))));
  const returned = set.returned ? el("p", { class: "notice notice--attend", "data-returned": "" }, icon("chat"), el("span", {}, returnedWords(set.returned))) : null;
  fillWith(part("[data-studio-head]"), titles, returned, set.overtaken.length ? el("p", { class: "notice notice--attend", role: "status", "data-overtaken": "" }, icon("attend"),
    el("span", {}, t("Meanwhile other boundaries of {grids} were published. This change set can be looked at and exported, not published: open a new one and draw the edits again.", { grids: set.overtaken.map((/** @type {string} */ name) => shortName(name, set.community)).join(t(", ")) }))) : null);
}

/** On phones the map is what is needed while corners are set: the sheet makes room, the bar on the map stays. */
let toolBefore = "";
/** @param {State} state */
function makeRoom({ tool }) {
  if (tool && tool !== toolBefore && isPhone()) {
    if (missing(toolOf(tool), NO_INPUT) === "size") toolPanel.reveal();
    else sheet?.setHeight("peek");
  }
  if (!tool && toolBefore && isPhone() && sheet?.height() === "peek") sheet.setHeight("half");
  toolBefore = tool ?? "";
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
  const names = (/** @type {number[]} */ keys) => keys.map((key) => shortName(state.set.grids.get(key)?.name ?? "", state.set.community)).filter(Boolean).join(t(", "));
  void showImpact(part("[data-impact]"), address, { signal: opening.signal, community: state.set.community });
  void showFindings(part("[data-view=findings]"), address, { onFound: hearFindings, onPress: (index) => findings.zoomTo(index), names, repair: state.set.can.edit && state.set.state === "draft" ? repair : null, signal: opening.signal });
}

/** @param {any[]} next */
function hearFindings(next) {
  if (!studio) return;
  found = next;
  const grave = found.filter((one) => one.look === "overlap").length;
  fillWith(part("[data-tab=findings]"), t("Check"), found.length ? el("span", { class: `badge ${grave ? "badge--alarm" : ""}` }, found.length) : null);
  pinFindings();
}

/** What must be mended is always on the map; what is to be looked at, while it is looked at. */
function pinFindings() {
  findings.show(tabShown === "findings" ? found : found.map((one) => (one.look === "overlap" ? one : null)));
}

/** @param {[number, number] | null} at the place to mend, all of them without one */
async function repair(at) {
  const { address, state } = current();
  try {
    await post(`${address}/edits`, { kind: "repair", versions: versionsOf(state.set), ...(at ? { at } : {}) });
    await current().reload();
    toast(t("Repaired. Undo takes it back."));
  } catch (error) {
    toastProblem(error);
  }
}

/** @param {[number, number, number, number]} bbox of the community @param {AbortSignal} signal */
async function askAround([west, south, east, north], signal) {
  const [x, y] = [(east - west) * AROUND_SHARE, (north - south) * AROUND_SHARE];
  const box = [west - x, south - y, east + x, north + y].map((degrees) => degrees.toFixed(6)).join(",");
  try {
    const { features } = await get(`/api/areas/boundaries?bbox=${box}&levels=grid,community`, { signal });
    // By their place: a grid that ends in this change set is no longer among its grids, and no neighbour either.
    const own = [{ geometry: current().state.set.frame }];
    around = features.map((/** @type {any} */ one) => one.geometry).filter((/** @type {any} */ geometry) => gridAt(own, middleOf(geometry)) === null);
    showStudio(current().state);
  } catch (error) {
    if (!signal.aborted) toastProblem(error);
  }
}

/**
 * Whoever has found a place on the map comes to its community with a press; the map stays where it is.
 * @param {{features: any[], owners: any[]}} pick
 */
function openGround({ features, owners }) {
  const own = owners.find((one) => one.level === "community");
  const { selection } = currentState();
  const isShown = selection?.kind === "area" && selection.id === String(own?.id);
  if (!studio && own && !isShown && features[0]?.kind === "area") page.open("area", own.id);
}

/** @param {{pressed?: boolean}} [how] pressed in a list: the map goes there, wherever it was */
async function followAddress({ pressed = false } = {}) {
  const { selection } = currentState();
  const id = Number(selection?.id);
  opening.abort();
  opening = new AbortController();
  closeStudio();
  const kind = selection && Number.isInteger(id) ? selection.kind : null;
  home.hidden = kind === "area" || kind === "change_set";
  community.hidden = kind !== "area";
  desk.hidden = kind !== "change_set";
  // What was pressed far down a list is read from its head.
  if (kind) root.closest(".panel__scroll")?.scrollTo({ top: 0 });
  if (kind === "change_set") await openSet(id, pressed);
  else if (kind === "area") await showCommunity(community, { id, on: day, today: root.dataset.today ?? "", page, back: leave, signal: opening.signal });
  else {
    setPrintHead(root.dataset.placeName ?? "", t("Grids in force on {day}", { day: root.dataset.today ?? "" }));
    await homePanel.load();
  }
}

function closeStudio() {
  studio?.close();
  studio = null;
  compare.close();
  stopPicking();
  keyList.close();
  askedFor = "";
  compared = false;
  told = 0;
  headShown = "";
  toolBefore = "";
  around = [];
  found = [];
  mapBar.show(null);
  editor.remark([]);
  under.restore();
  editor.setActive(false);
  editor.show(null);
  editor.sketch(null);
  files.forget();
  review.forget();
  editor.refuse(null);
  editor.compare(null);
  findings.show([]);
}

/** @param {number} id @param {boolean} pressed */
async function openSet(id, pressed) {
  const { signal } = opening;
  for (const rest of /** @type {Iterable<HTMLElement>} */ (desk.children)) rest.hidden = !rest.matches("[data-studio-head]");
  fillWith(part("[data-studio-head]"), head(t("Loading"), "", leave), [1, 2, 3].map(() => el("span", { class: "skeleton skeleton--tall" })));
  try {
    const answer = await get(`/api/change-sets/${id}`, { signal });
    if (signal.aborted) return;
    for (const rest of /** @type {Iterable<HTMLElement>} */ (desk.children)) rest.hidden = rest.matches("[data-keys]");
    showTab(tabShown);
    studio = openStudio(answer, { storageKey: editor.storageKey, onChange: (state) => (showStudio(state), makeRoom(state)) });
    editor.setActive(true);
    under.hide();
    showStudio(studio.state);
    showTab(answer.can.approve ? "impact" : "grids");
    void proposals.load();
    files.open();
    void askAround(answer.bbox, signal);
    if (pressed || !currentState().at) showBox(answer.bbox);
    else if (!map.getBounds().intersects(L.geoJSON(answer.frame).getBounds())) showBox(answer.bbox);
  } catch (error) {
    if (signal.aborted) return;
    for (const rest of /** @type {Iterable<HTMLElement>} */ (desk.children)) rest.hidden = !rest.matches("[data-studio-head]");
    fillWith(part("[data-studio-head]"), head(t("This change set cannot be shown"), "", leave), el("p", { class: "field__error", role: "alert" }, icon("attend"), error instanceof ProblemError ? error.text : t("Something went wrong.")));
  }
}

/** @param {import("../studio/compare.js").Way} way */
async function compareBy(way) {
  try {
    if (isPhone() && compare.way !== way) sheet?.setHeight("peek");
    await compare.toggle(way);
    compared ||= compare.way !== null;
  } catch (error) {
    if (!opening.signal.aborted) toastProblem(error);
  }
}

/** @param {string} name */
function showTab(name) {
  tabShown = name;
  for (const tab of /** @type {NodeListOf<HTMLElement>} */ (desk.querySelectorAll("[data-tab]"))) {
    tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    tab.tabIndex = tab.dataset.tab === name ? 0 : -1;
  }
  for (const view of /** @type {NodeListOf<HTMLElement>} */ (desk.querySelectorAll("[data-view]"))) view.hidden = view.dataset.view !== name;
  pinFindings();
}

/** Below the form of a tool a tab would open out of sight. @param {HTMLElement} tab */
function pressTab(tab) {
  showTab(tab.dataset.tab ?? "grids");
  const [list, panel] = [part("[role=tablist]"), root.closest(".panel__scroll")];
  if (panel && list.getBoundingClientRect().top > panel.getBoundingClientRect().top + panel.clientHeight / 2) list.scrollIntoView({ block: "start" });
}

/** @param {KeyboardEvent} event the arrow keys walk along the tabs */
function onTabKey(event) {
  const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!way) return;
  const tabs = /** @type {HTMLElement[]} */ ([...desk.querySelectorAll("[data-tab]")]);
  const next = tabs[(tabs.indexOf(/** @type {HTMLElement} */ (event.target)) + way + tabs.length) % tabs.length];
  showTab(next.dataset.tab ?? "grids");
  next.focus();
}

mountRules(part("[data-view=findings]"), { studio: () => studio });
mountPlaced(root, { mayPlace: root.dataset.mayPlace === "true", onPlaced: groundChanged });
// A corner snaps to the boundary; which grid is meant is told by the place itself.
editor.onPress((position, _, pressed) => {
  if (picking) return picking(pressed);
  const { state } = current();
  current().press(position, gridAt(state.set.grids.values(), pressed)?.key ?? null);
  if (!state.tool) showTab("grids");
});
listen(document, "keydown", onKey);
// The keyboard of a phone leaves a half open sheet no room for what is found.
listen(part("[data-filter]"), "focus", () => isPhone() && sheet?.setHeight("full"));
listen(document, "place-picked", (event) => openGround(event.detail));
listen(document, "community-day", (event) => {
  day = event.detail.day;
  void followAddress();
});
listen(part("[role=tablist]"), "keydown", onTabKey);
listen(document, "theme-changed", () => studio && showStudio(studio.state));
desk.querySelectorAll("[data-compare]").forEach((button) => listen(button, "click", () => void compareBy(/** @type {any} */ (button).dataset.compare)));
desk.querySelectorAll("[data-tab]").forEach((tab) => listen(tab, "click", () => pressTab(/** @type {HTMLElement} */ (tab))));
onStateBack(() => void followAddress());
showTab("grids");
await followAddress();
document.documentElement.dataset.boundariesReady = "true";
