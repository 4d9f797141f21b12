/** The grid captain's page: today's list, the household card and the map as three views of one selection. */
import { ProblemError, get, post, request } from "../api.js";
import { el, fillWith, icon, listen } from "../dom.js";
import { sheet } from "../frame.js";
import { formatInstant, t, tn } from "../i18n.js";
import { highlight } from "../map/highlight.js";
import { mapReady } from "../map/registry.js";
import { isPhone } from "../screen.js";
import { mountPrintButton } from "../studio/atlas.js";
import { toast, toastProblem } from "../toast.js";
import { currentState, keepState, onStateBack } from "../url_state.js";
import { backButton, focusHeading, showCard } from "./captain_card.js";
import { asSent, browserStore, isGone, makeNotes, makeOutbox, mayPass, newRef } from "./captain_outbox.js";
import { FILTERS, SORTS, emptyList, emptyState, itemRow, orderWord, originWord, showFilters, showTally } from "./captain_today.js";
import { doorLabel, outcomeWord, roomLabel } from "./captain_words.js";

/** @typedef {import("./captain_words.js").Card} Card */
/** @typedef {import("./captain_words.js").Item} Item */
/** @typedef {import("./captain_today.js").Filter} Filter */
/** @typedef {import("./captain_today.js").Sort} Sort */
/** @typedef {import("./captain_outbox.js").Entry} Entry */

const SEND_AGAIN_MS = 30_000;
/** A second press on the same door within this time is a slip of the finger, not a second visit. */
const SLIP_MS = 1500;
const AGAIN_MS = 60_000;
/** From this zoom on dwellings are drawn one by one; farther out a press on a count goes closer. */
const ONE_BY_ONE_ZOOM = 17;

const root = part("[data-captain]");
const today = part("[data-today]");
const detail = part("[data-detail]");
const foot = part("[data-foot]");
const list = part("[data-list]");
const more = /** @type {HTMLButtonElement} */ (part("[data-more]"));
const sorting = /** @type {HTMLSelectElement} */ (part("[data-sort]"));
const near = /** @type {HTMLButtonElement} */ (part("[data-near]"));
const nearest = /** @type {HTMLButtonElement} */ (part("[data-nearest]"));
const waitingBox = part("[data-waiting]");
const store = browserStore();
const account = root.dataset.account ?? "";
const outbox = makeOutbox(account, store);
const notes = makeNotes(account, store);

/** @type {{filter: Filter, sort: Sort, items: Item[], place: {lon: number, lat: number} | null, asked: AbortController}} */
const state = { filter: inAddress("list", FILTERS, "all_due"), sort: inAddress("sort", SORTS, "nearest"), items: [], place: null, asked: new AbortController() };
/** @type {Card | null} */
let shown = null;
let opening = 0;
let sending = false;
let recorded = { dwelling_id: 0, outcome: "", at_ms: 0 };
/** Takes the last "stored" words away: they must not offer an undo that has happened. */
let dismissStored = () => {};

/** @param {string} selector @returns {HTMLElement} */
function part(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

/**
 * @template {string} Word
 * @param {string} name
 * @param {readonly Word[]} words
 * @param {Word} otherwise
 * @returns {Word} what the address says, or `otherwise` where it says nothing known
 */
function inAddress(name, words, otherwise) {
  const wanted = new URLSearchParams(location.search).get(name);
  return words.find((word) => word === wanted) ?? otherwise;
}

// ---- today

/** @param {{append?: boolean}} [options] */
async function loadToday({ append = false } = {}) {
  state.asked.abort();
  state.asked = new AbortController();
  const { signal } = state.asked;
  const query = new URLSearchParams({ state: state.filter, sort: state.sort, offset: String(append ? state.items.length : 0) });
  if (state.place) for (const [name, degrees] of Object.entries(state.place)) query.set(name, degrees.toFixed(6));
  list.setAttribute("aria-busy", "true");
  try {
    const answer = await get(`/api/captain/today?${query}`, { signal });
    state.items = append ? [...state.items, ...answer.items] : answer.items;
    showToday(answer);
  } catch (error) {
    if (signal.aborted) return;
    if (append) toastProblem(error);
    else fillWith(list, problemState(error, () => void loadToday()));
  } finally {
    if (!signal.aborted) list.removeAttribute("aria-busy");
  }
}

/** @param {{tally: import("./captain_today.js").Tally, origin: string, more: boolean}} answer */
function showToday({ tally, origin, more: hasMore }) {
  showTally({ ring: part("[data-ring]"), counts: part("[data-counts]") }, tally);
  showFilters(part("[data-filters]"), { tally, chosen: state.filter, onChoose: chooseFilter });
  const rows = state.items.map((item) => itemRow(item, { onChoose: ({ id }) => select("dwelling", id) }));
  fillWith(list, rows.length ? el("ul", { class: "list" }, rows) : emptyList(tally, state.filter));
  part("[data-origin]").textContent = originWord(origin);
  part("[data-origin]").title = orderWord(state.sort, origin);
  more.hidden = !hasMore;
  nearest.disabled = state.items.length === 0;
  fillWith(nearest, icon("home"), state.sort === "nearest" ? t("Visit the nearest household") : t("Visit the first household"));
  /** @type {HTMLAnchorElement} */ (part("[data-export]")).href = `/api/captain/due.csv?state=${state.filter}&sort=${state.sort}`;
}

/** @param {Filter} filter */
function chooseFilter(filter) {
  state.filter = filter;
  keepInAddress("list", filter);
  void loadToday().then(() => document.getElementById(`filter-${filter}`)?.focus());
}

function chooseSort() {
  state.sort = SORTS.find((sort) => sort === sorting.value) ?? "nearest";
  keepInAddress("sort", state.sort);
  void loadToday();
}

/** @param {string} name @param {string} word */
function keepInAddress(name, word) {
  const address = new URL(location.href);
  address.searchParams.set(name, word);
  history.replaceState(history.state, "", address);
}

/** Ask where we are only where it was allowed before or by a press: a question nobody expects is refused. */
async function placeIfAllowed() {
  if (!navigator.geolocation || !window.isSecureContext) return;
  const permission = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  near.hidden = permission?.state === "granted" || permission?.state === "denied";
  if (permission?.state === "granted") askPlace();
}

function askPlace() {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      state.place = { lon: coords.longitude, lat: coords.latitude };
      near.hidden = true;
      void loadToday();
    },
    () => toast(t("Your place could not be found. The list starts from the middle of your area.")),
    { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
  );
}

// ---- one selection, kept in the address

/** @param {"dwelling" | "entrance"} kind @param {number} id */
function select(kind, id) {
  keepState({ selection: { kind, id: String(id) } }, { step: true });
  void followAddress();
}

function backToToday() {
  const last = shown?.id;
  keepState({ selection: null }, { step: true });
  void followAddress();
  /** @type {HTMLElement | null} */ (list.querySelector(`[data-dwelling="${last}"]`))?.focus();
}

async function followAddress() {
  const { selection } = currentState();
  const turn = (opening += 1);
  if (selection?.kind !== "dwelling" && selection?.kind !== "entrance") return showTodayPanel();
  if (shown && String(shown.id) !== selection.id) shown = null;
  openDetail();
  try {
    const suffix = selection.kind === "entrance" ? "/entrance" : "";
    const answer = await get(`/api/captain/dwellings/${selection.id}${suffix}`);
    if (turn !== opening) return;
    if (selection.kind === "entrance") showEntrance(answer);
    else showDwelling(answer);
    focusHeading(root, detail);
    void mark(answer);
  } catch (error) {
    if (turn !== opening) return;
    fillWith(detail, el("header", { class: "panel__head" }, backButton(backToToday)), problemState(error, () => void followAddress()));
    foot.hidden = true;
  }
}

function showTodayPanel() {
  shown = null;
  detail.hidden = true;
  today.hidden = false;
  fillWith(foot, nearest);
  foot.hidden = false;
  void mark(null);
}

function openDetail() {
  if (today.hidden === false && sheet?.height() === "peek") sheet.setHeight("half");
  today.hidden = true;
  detail.hidden = false;
  if (shown) return;
  fillWith(detail, el("header", { class: "panel__head" }, backButton(backToToday)),
    el("div", { "aria-busy": "true", "aria-label": t("Loading") }, [1, 2, 3].map(() => el("span", { class: "skeleton skeleton--tall" }))));
  foot.hidden = true;
}

/** @param {Card} card */
function showDwelling(card) {
  shown = card;
  showCard({ body: detail, foot }, card, {
    note: notes.read(card.id),
    waiting: outbox.of(card.id),
    actions: {
      back: backToToday,
      entrance: () => select("entrance", card.id),
      record: (outcome) => record(card, outcome),
      undo: (visit) => void takeBack(visit),
      note: (text) => notes.keep(card.id, text),
      reveal: (purpose) => post(`/api/captain/households/${card.household_id}/reveal`, { purpose }),
      send: () => void sendWaiting(),
    },
  });
}

/** @param {{address: string, items: Item[]}} entrance */
function showEntrance({ address, items }) {
  const due = items.filter((item) => item.state === "due" || item.state === "overdue").length;
  fillWith(detail,
    el("header", { class: "panel__head" }, backButton(backToToday),
      el("div", { class: "panel__titles" }, el("h1", { class: "panel__title", tabindex: -1 }, address),
        el("p", { class: "muted" }, tn("{count} dwelling behind this entrance, {due} to visit", "{count} dwellings behind this entrance, {due} to visit", items.length, { due })))),
    el("ul", { class: "list" }, items.map((item) => itemRow(item, {
      label: roomLabel(item) || item.short, onChoose: ({ id }) => select("dwelling", id),
    }))));
  foot.hidden = true;
}

/** @param {{lon: number, lat: number} | null} place */
async function mark(place) {
  const { map } = await mapReady;
  highlight(map, place && { type: "Point", coordinates: [place.lon, place.lat] });
  if (!place) return;
  const zoom = Math.max(map.getZoom(), ONE_BY_ONE_ZOOM);
  const at = map.latLngToContainerPoint([place.lat, place.lon]);
  const free = map.getSize().subtract([0, coveredHeight()]);
  const room = L.bounds([40, 40], free.subtract([40, 40]));
  if (zoom === map.getZoom() && room.contains(at)) return;
  // The point comes to the middle of what the sheet leaves free.
  const middle = map.project([place.lat, place.lon], zoom).add([0, coveredHeight() / 2]);
  map.setView(map.unproject(middle, zoom), zoom);
}

/** @returns {number} px of the map below the sheet, 0 on the desk */
function coveredHeight() {
  const cover = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--sheet-cover")) || 0;
  return isPhone() ? cover : 0;
}

// ---- visits

/** @param {Card} card @param {string} outcome */
function record(card, outcome) {
  const at_ms = Date.now();
  const since_ms = recorded.dwelling_id === card.id ? at_ms - recorded.at_ms : Infinity;
  if (since_ms < SLIP_MS) return;
  // The button stays where the thumb is: the same words within a minute are a second press, not a second visit.
  if (since_ms < AGAIN_MS && recorded.outcome === outcome) return void toast(t("This is recorded already. Undo it to record it anew."));
  recorded = { dwelling_id: card.id, outcome, at_ms };
  /** @type {Entry} */
  const entry = { ref: newRef(), dwelling_id: card.id, label: doorLabel(card), outcome, note: notes.read(card.id), at_ms };
  outbox.add(entry);
  notes.keep(card.id, "");
  showDwelling(card);
  void sendWaiting({ tellWaiting: true });
}

/** @param {{tellWaiting?: boolean}} [options] */
async function sendWaiting({ tellWaiting = false } = {}) {
  if (sending) return;
  sending = true;
  try {
    for (let entry = outbox.unsent()[0]; entry; entry = outbox.unsent()[0]) await send(entry);
  } catch (error) {
    if (tellWaiting) toastProblem(error);
  } finally {
    sending = false;
    showWaiting();
  }
}

/** @param {Entry} entry @throws what may pass: the entry then stays for the next time */
async function send(entry) {
  try {
    const answer = await request(`/api/captain/dwellings/${entry.dwelling_id}/visits`, { method: "POST", body: asSent(entry, Date.now()) });
    outbox.remove(entry.ref);
    if (answer.body.gone_to) storedElsewhere(entry, answer.body.gone_to);
    else stored(entry, answer.body);
  } catch (error) {
    if (!(error instanceof ProblemError) || mayPass(error)) throw error;
    refused(entry, error);
  }
}

/** @param {Entry} entry @param {Card} card */
function stored(entry, card) {
  if (shown?.id === card.id) showDwelling(card);
  const visit = card.visits.find((one) => one.undo_s > 0);
  dismissStored();
  dismissStored = toast(t("{door}: {outcome}, stored.", { door: entry.label, outcome: outcomeWord(entry.outcome) }), {
    durationMs: 10_000,
    action: visit && { label: t("Undo"), run: () => void takeBack(visit) },
  });
  changed();
}

/** @param {Entry} entry @param {{code: string, name: string}} grid that the dwelling went to after the visit */
function storedElsewhere(entry, grid) {
  toast(t("{door}: {outcome}, stored. The dwelling now belongs to the grid {grid} ({code}).", {
    door: entry.label, outcome: outcomeWord(entry.outcome), grid: grid.name, code: grid.code,
  }), { durationMs: 10_000 });
  if (shown?.id === entry.dwelling_id) backToToday();
  changed();
}

/** @param {Entry} entry @param {ProblemError} error the words come back to where they were typed, or stay here */
function refused(entry, error) {
  if (isGone(error)) {
    outbox.hold(entry.ref, error.text);
    toast(`${entry.label}: ${error.text}`, { kind: "alarm" });
    return;
  }
  outbox.remove(entry.ref);
  notes.keep(entry.dwelling_id, [entry.note, notes.read(entry.dwelling_id)].filter(Boolean).join("\n"));
  toast(`${entry.label}: ${error.text}`, { kind: "alarm" });
  if (shown?.id === entry.dwelling_id) showDwelling(shown);
}

/** @param {{id: number, note: string}} visit its words go back to where they were typed */
async function takeBack({ id, note }) {
  try {
    const card = await post(`/api/captain/visits/${id}/undo`);
    dismissStored();
    recorded = { dwelling_id: 0, outcome: "", at_ms: 0 };
    if (note) notes.keep(card.id, [note, notes.read(card.id)].filter(Boolean).join("\n"));
    if (shown?.id === card.id) showDwelling(card);
    toast(t("{door}: the visit was taken back.", { door: doorLabel(card) }));
    changed();
  } catch (error) {
    toastProblem(error);
  }
}

/** Counts, list and dots follow what was stored. */
function changed() {
  document.dispatchEvent(new CustomEvent("layer-changed", { detail: { layer: "dwellings" } }));
  void loadToday();
}

function showWaiting() {
  const waiting = outbox.unsent();
  const held = outbox.held();
  waitingBox.hidden = waiting.length + held.length === 0;
  fillWith(waitingBox, icon("attend"), el("div", { class: "stack-s" },
    waiting.length > 0 && el("p", {}, tn("{count} visit is kept on this device and not sent yet.", "{count} visits are kept on this device and not sent yet.", waiting.length)),
    waiting.length > 0 && el("button", { class: "btn", type: "button", onClick: () => void sendWaiting({ tellWaiting: true }) }, t("Send now")),
    held.map(heldEntry)));
  if (shown && waiting.some((entry) => entry.dwelling_id === shown?.id)) showDwelling(shown);
}

/** @param {Entry} entry @returns {HTMLElement} what was typed, why it cannot be stored, and the way to be done with it */
function heldEntry(entry) {
  return el("div", { class: "stack-s", "data-held": entry.ref },
    el("p", {}, [entry.label, outcomeWord(entry.outcome), formatInstant(entry.at_ms)].join(" · ")),
    entry.note && el("p", {}, entry.note),
    el("p", { class: "muted" }, entry.why ?? ""),
    el("button", { class: "btn", type: "button", onClick: () => (outbox.remove(entry.ref), showWaiting()) }, t("Delete these words")));
}

/** @param {unknown} error @param {() => void} again @returns {HTMLElement} */
function problemState(error, again) {
  const words = error instanceof ProblemError ? error : new ProblemError({ title: t("Something went wrong.") });
  return emptyState("attend", words.title, words.detail,
    el("button", { class: "btn", type: "button", onClick: again }, t("Try again")));
}

/** @param {string} kind @param {string | number} id @param {number} [count] several dwellings at one point: the list first */
function openFeature(kind, id, count = 1) {
  if (kind === "dwelling") select(count > 1 ? "entrance" : "dwelling", Number(id));
}

// ---- start

more.addEventListener("click", () => void loadToday({ append: true }));
near.addEventListener("click", askPlace);
sorting.value = state.sort;
sorting.addEventListener("change", chooseSort);
nearest.addEventListener("click", () => state.items[0] && select("dwelling", state.items[0].id));
listen(window, "online", () => void sendWaiting());
listen(document, "place-picked", (event) => {
  const dwelling = event.detail.features.find((/** @type {any} */ feature) => feature.kind === "dwelling");
  if (!dwelling) return;
  if (event.detail.zoom >= ONE_BY_ONE_ZOOM) openFeature("dwelling", dwelling.id, dwelling.n);
  else void mapReady.then(({ map }) => map.setView([dwelling.lat, dwelling.lon], ONE_BY_ONE_ZOOM));
});
mountPrintButton(root.querySelector("[data-atlas-print]"), root.querySelector("[data-atlas-job]"));
listen(document, "place-found", (event) => openFeature(event.detail.kind, event.detail.id));
onStateBack(() => void followAddress());
setInterval(() => outbox.unsent().length > 0 && void sendWaiting(), SEND_AGAIN_MS);

const linked = new URLSearchParams(location.search).get("dwelling");
if (linked && !currentState().selection) keepState({ selection: { kind: "dwelling", id: linked } });
showWaiting();
void followAddress();
void loadToday();
void placeIfAllowed();
void sendWaiting();
