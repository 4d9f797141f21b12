/** Proposing a place: a hotspot or a grid that is pressed, or corners that are pressed or typed. */
import { ProblemError, get, request } from "../api.js";
import { fillWith, icon, listen } from "../dom.js";
import { t } from "../i18n.js";
import { formatCoordinates, parseCoordinates } from "../map/drawing.js";
import { highlight } from "../map/highlight.js";
import { paletteOf } from "../map/palette.js";
import { mountCrosshair } from "../map/pick.js";
import { mapReady } from "../map/registry.js";
import { theme } from "../theme.js";
import { toastProblem } from "../toast.js";
import { drawnWords } from "./listed_words.js";

/** @typedef {[number, number]} Position */

const root = /** @type {HTMLElement} */ (document.querySelector("[data-propose]"));
const form = /** @type {HTMLFormElement} */ (root.querySelector("[data-propose-form]"));
const typed = /** @type {HTMLTextAreaElement} */ (root.querySelector("[data-ring]"));
const undo = /** @type {HTMLButtonElement} */ (root.querySelector("[data-undo-corner]"));
const empty = /** @type {HTMLButtonElement} */ (root.querySelector("[data-empty-drawing]"));
const size = /** @type {HTMLElement} */ (root.querySelector("[data-drawn-size]"));
const refusal = /** @type {HTMLElement} */ (root.querySelector("[data-refusal]"));
const { map } = await mapReady;
const drawing = L.layerGroup().addTo(map);

/** Half a box around a press, in degrees: a metre and less. */
const NEAR = 5e-6;

/** @type {Position[]} */
let ring = [];

/** @returns {string} where the place comes from: hotspot, area or drawing */
const origin = () => String(new FormData(form).get("from"));
/** @returns {boolean} whether presses on the map are corners */
const draws = () => origin() === "drawing";

/** @param {Position[]} next @param {boolean} [fromText] the text itself is left as it is typed */
function setRing(next, fromText = false) {
  ring = next;
  if (!fromText) typed.value = formatCoordinates(ring);
  undo.disabled = empty.disabled = ring.length === 0;
  size.textContent = drawnWords(ring);
  const colour = paletteOf(theme()).draft;
  drawing.clearLayers();
  if (ring.length > 1) drawing.addLayer(L.polygon(ring.map(([lon, lat]) => [lat, lon]), { color: colour, weight: 3, fillOpacity: 0.12, interactive: false }));
  for (const [lon, lat] of ring) drawing.addLayer(L.circleMarker([lat, lon], { radius: 5, color: colour, fillOpacity: 1, interactive: false }));
}

/** @param {L.LatLng} at */
function addCorner(at) {
  const { lng, lat } = at.wrap();
  setRing([...ring, [Math.round(lng * 1e7) / 1e7, Math.round(lat * 1e7) / 1e7]]);
}

function readTyped() {
  const { ring: found, problems } = parseCoordinates(typed.value);
  setRing(found, true);
  if (problems.length > 0) size.textContent = t("Line {line} is no corner: longitude first, then latitude.", { line: problems[0].line });
}

function showChoice() {
  for (const part of form.querySelectorAll("[data-from]")) {
    /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.from !== origin();
  }
  map.fire(draws() ? "drawing-started" : "drawing-stopped");
  map.getContainer().classList.toggle("folium-map--drawing", draws());
  highlight(map, null);
}

/** @param {any} hit a hotspot or an area under the finger */
async function choose(hit) {
  /** @type {HTMLInputElement} */ (form.elements.namedItem(hit.kind)).value = String(hit.id);
  const name = /** @type {HTMLElement} */ (form.querySelector(`[data-from=${hit.kind}] [data-chosen]`));
  name.textContent = `${hit.label} · ${hit.detail}`;
  name.scrollIntoView({ block: "nearest" });
  highlight(map, hit.geometry ?? await outlineOf(hit));
}

/** @param {any} area under the finger */
async function outlineOf({ id, level, lon, lat }) {
  const box = [lon - NEAR, lat - NEAR, lon + NEAR, lat + NEAR].join();
  const { features } = await get(`/api/areas/boundaries?bbox=${box}&levels=${level}`);
  return features.find((/** @type {any} */ feature) => feature.id === id)?.geometry ?? null;
}

/** @param {SubmitEvent} event */
async function propose(event) {
  event.preventDefault();
  const filled = new FormData(form);
  const reason = String(filled.get("reason"));
  const chosen = Number(filled.get(origin()));
  if (!draws() && !chosen) return void refuse(origin() === "area" ? t("Press inside a grid on the map first.") : t("Press one of the outlined hotspots on the map first."));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button.btn--primary"));
  button.disabled = true;
  refuse(null);
  try {
    const body = draws() ? { ring, name: String(filled.get("name")), reason } : { [origin()]: chosen, reason };
    const answer = await request("/api/listed", { method: "POST", body });
    location.assign(`/leader/listed/${answer.body.id}`);
  } catch (error) {
    if (error instanceof ProblemError) refuse(error.text);
    else toastProblem(error);
  } finally {
    button.disabled = false;
  }
}

/** @param {string | null} words */
function refuse(words) {
  refusal.hidden = words === null;
  fillWith(refusal, words === null ? null : icon("attend"), words);
  if (words !== null) refusal.scrollIntoView({ block: "nearest" });
}

map.on("click", (/** @type {L.LeafletMouseEvent} */ event) => draws() && addCorner(event.latlng));
mountCrosshair(map, { onEnter: () => addCorner(map.getCenter()), isActive: draws });
listen(undo, "click", () => setRing(ring.slice(0, -1)));
listen(empty, "click", () => setRing([]));
listen(typed, "input", readTyped);
listen(form, "submit", (event) => void propose(event));
for (const choice of form.querySelectorAll("[name=from]")) listen(choice, "change", showChoice);
listen(document, "place-picked", (event) => {
  const hit = event.detail.features.find((/** @type {any} */ feature) => feature.kind === origin());
  if (hit) void choose(hit).catch(toastProblem);
});
document.addEventListener("theme-changed", () => setRing(ring));
setRing([]);
showChoice();
document.documentElement.dataset.listedReady = "true";
