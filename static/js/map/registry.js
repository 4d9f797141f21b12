/**
 * The map of the page and the parts mounted on it.
 *
 * A page may have a second map, its twin: composed by Folium in the same way, without an address of its own. Its map
 * and parts are kept under "twin", "twin:editor" and so on.
 *
 * The script that Folium composes calls createMap, keeps each part and announces the map; page modules wait:
 * `const { map, parts } = await mapReady;`. Pages without a map never resolve it: they do not import this.
 */
import { t } from "../i18n.js";
import { isPhone } from "../screen.js";
import { currentState, keepState, onStateBack } from "../url_state.js";
import { highlight } from "./highlight.js";
import { followVersions } from "./versions.js";

/** @typedef {{map: L.Map, parts: Map<string, any>}} Ready */

/** @type {(ready: Ready) => void} */
let resolveReady;
/** @type {Promise<Ready>} */
export const mapReady = new Promise((resolve) => {
  resolveReady = resolve;
});

/** @type {Map<string, any>} */
const parts = new Map();

/**
 * Make the map in its element; a place in the address wins over the page's own.
 * @param {string} id
 * @param {{center: [number, number], zoom: number, bounds?: [number, number, number, number] | null, minZoom?: number, maxZoom?: number, twin?: boolean}} options
 *   center as Leaflet has it (lat, lon); bounds west, south, east, north; twin: it goes where the page's map goes
 * @returns {L.Map}
 */
export function createMap(id, { center, zoom, bounds = null, minZoom = 9, maxZoom = 19, twin = false }) {
  const element = /** @type {HTMLElement} */ (document.getElementById(id));
  const map = L.map(element, {
    center, zoom, minZoom, maxZoom, zoomControl: false, attributionControl: false, preferCanvas: true,
    keyboardPanDelta: 120,
  });
  element.setAttribute("aria-label", t("Map. Arrow keys move it, plus and minus zoom, Enter asks what is at the cross."));
  L.control.attribution({ prefix: false, position: "bottomleft" }).addTo(map);
  if (twin) return map;
  const { at } = currentState();
  if (at) map.setView([at.lat, at.lon], at.zoom);
  else if (bounds) fit(map, bounds, false);
  keepView(map);
  keepSize(map, element);
  return map;
}

/**
 * On the screen the top left corner stays where it is; on the way to paper and back the middle does.
 * @param {L.Map} map
 * @param {HTMLElement} element
 */
function keepSize(map, element) {
  let wasPaper = false;
  new ResizeObserver(() => {
    const isPaper = matchMedia("print").matches;
    map.invalidateSize({ pan: isPaper || wasPaper, animate: false });
    wasPaper = isPaper;
  }).observe(element);
}

/**
 * Keep a mounted part under a name that page modules can ask for.
 * @template T
 * @param {string} name
 * @param {T} part
 * @returns {T}
 */
export function keepPart(name, part) {
  parts.set(name, part);
  return part;
}

/**
 * Keep the twin; it is announced before the page's map, so that whoever waits for that finds both.
 * @param {L.Map} map
 */
export function announceTwin(map) {
  keepPart("twin", map);
}

/**
 * Tell everyone waiting that the map and all its parts stand.
 * @param {L.Map} map
 */
export function announceMap(map) {
  followPlaces(map);
  followVersions();
  map.getContainer().dataset.ready = "true";
  resolveReady({ map, parts });
  document.dispatchEvent(new CustomEvent("map-ready", { detail: { map, parts } }));
}

/**
 * Bring a box into view, above the sheet on phones.
 * @param {L.Map} map
 * @param {[number, number, number, number]} bbox west, south, east, north
 * @param {boolean} [animate]
 */
export function fit(map, [west, south, east, north], animate = true) {
  const { above, below } = coveredPx();
  map.fitBounds([[south, west], [north, east]], { paddingTopLeft: [16, 16 + above], paddingBottomRight: [16, 16 + below], maxZoom: 18, animate });
}

/**
 * Bring a point to the middle of what the tool bar and the sheet leave free.
 * @param {L.Map} map
 * @param {{lon: number, lat: number}} place
 * @param {number} [zoom]
 */
export function centreOn(map, { lon, lat }, zoom = map.getZoom()) {
  const { above, below } = coveredPx();
  const middle = map.project([lat, lon], zoom).add([0, (below - above) / 2]);
  map.setView(map.unproject(middle, zoom), zoom);
}

/**
 * @returns {{above: number, below: number}} px of the map that a phone's sheet and the bar on it cover, 0 on the desk
 */
function coveredPx() {
  // Two maps share what the sheet leaves free: nothing covers them.
  if (!isPhone() || document.querySelector(".stage--beside")) return { above: 0, below: 0 };
  const sheet = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--sheet-cover")) || 0;
  const bar = /** @type {HTMLElement | null} */ (document.querySelector(".map-bar:not([hidden])"))?.offsetHeight ?? 0;
  return { above: 0, below: sheet + bar };
}

/** @param {L.Map} map */
function keepView(map) {
  let going = false;
  map.on("moveend", () => {
    if (going) return;
    const { lng, lat } = map.getCenter();
    keepState({ at: { lon: lng, lat, zoom: map.getZoom() } });
  });
  onStateBack(({ at }) => {
    if (!at) return;
    going = true;
    map.setView([at.lat, at.lon], at.zoom, { animate: false });
    going = false;
  });
}

/** @param {L.Map} map */
function followPlaces(map) {
  document.addEventListener("place-chosen", (event) => {
    const { bbox } = /** @type {CustomEvent} */ (event).detail;
    if (bbox) fit(map, bbox); // an area may have no boundary yet
  });
  document.addEventListener("place-found", (event) => {
    const { lon, lat, bbox } = /** @type {CustomEvent} */ (event).detail;
    if (bbox) fit(map, bbox);
    else centreOn(map, { lon, lat }, Math.max(map.getZoom(), 18));
    highlight(map, { type: "Point", coordinates: [lon, lat] });
  });
}
