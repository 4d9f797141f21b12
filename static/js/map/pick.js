/**
 * What is here: a press on the map, or Enter at the crosshair of the keyboard, asks the server.
 *
 * GET /api/here?lon=&lat=&zoom=&layers= answers {"features": [{kind, id, label, geometry, …}, …], "owners": [area, …]},
 * the most likely first, owners from the county down. `zoom` is the zoom of the screen. The answer is told by the callbacks given to `onPick` and by
 * the event "place-picked" on the document; who uses the press for something else cancels it, and no district is named.
 */
import { get } from "../api.js";
import { svg } from "../dom.js";
import { toast, toastProblem } from "../toast.js";
import { highlight } from "./highlight.js";

/** @typedef {{lon: number, lat: number, zoom: number, features: any[], owners: any[]}} Pick */

/**
 * @param {L.Map} map
 * @param {{layers: import("./vector_tiles.js").TileLayer[], url?: string}} options
 * @returns {{undo: () => void, onPick: (listener: (pick: Pick) => void) => () => void, setActive: (active: boolean) => void}}
 */
export function mountPicker(map, { layers, url = "/api/here" }) {
  /** @type {Set<(pick: Pick) => void>} */
  const listeners = new Set();
  let asked = new AbortController();
  let active = true;

  /** @param {L.LatLng} place */
  const ask = async (place) => {
    if (!active) return;
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const { lng: lon, lat } = place.wrap();
    const zoom = map.getZoom();
    try {
      const answer = await get(hereAddress(url, { lon, lat, zoom, layers: visibleNames(layers) }), { signal });
      const pick = { lon, lat, zoom, features: answer.features ?? [], owners: answer.owners ?? [] };
      for (const listener of listeners) listener(pick);
      const isFree = document.dispatchEvent(new CustomEvent("place-picked", { detail: pick, cancelable: true }));
      sayDistrict(map, isFree ? pick.features[0] : null);
    } catch (error) {
      if (!signal.aborted) toastProblem(error);
    }
  };
  const press = (/** @type {L.LeafletMouseEvent} */ event) => void ask(event.latlng);
  map.on("click", press);
  // While a boundary is drawn a press sets a vertex and asks nothing.
  const pause = () => (active = false);
  const goOn = () => (active = true);
  map.on("drawing-started", pause);
  map.on("drawing-stopped", goOn);
  const stopKeys = mountCrosshair(map, { onEnter: () => void ask(map.getCenter()), isActive: () => active });
  return {
    onPick: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
    setActive: (wanted) => {
      active = wanted;
    },
    undo: () => {
      map.off("click", press);
      map.off("drawing-started", pause);
      map.off("drawing-stopped", goOn);
      stopKeys();
      asked.abort();
      listeners.clear();
    },
  };
}

/**
 * Name the patrol district and light it up where nothing smaller lies under the finger.
 * @param {L.Map} map
 * @param {any} first
 */
function sayDistrict(map, first) {
  leaveLast();
  leaveLast = () => {};
  if (first?.kind !== "district") return;
  const close = toast([first.label, first.code, first.force].filter(Boolean).join(" · "));
  const dim = highlight(map, first.geometry);
  leaveLast = () => (close(), dim());
}

/** Takes away what was said and lit up by the last press: of two presses only the second counts. */
let leaveLast = () => {};

/**
 * @param {string} url
 * @param {{lon: number, lat: number, zoom: number, layers: string[]}} place
 * @returns {string} seven decimals: the stored precision
 */
export function hereAddress(url, { lon, lat, zoom, layers }) {
  return `${url}?lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}&zoom=${zoom}&layers=${layers.map(encodeURIComponent).join(",")}`;
}

/**
 * The keyboard's pointer: a cross in the middle while the map has the focus; the arrows move the map below it.
 * @param {L.Map} map
 * @param {{onEnter: () => void, isActive?: () => boolean}} options
 * @returns {() => void} undo
 */
export function mountCrosshair(map, { onEnter, isActive = () => true }) {
  const box = map.getContainer();
  const cross = svg("svg", { class: "map-crosshair", viewBox: "0 0 36 36", "aria-hidden": "true", hidden: true },
    svg("path", { d: "M18 2 V13 M18 23 V34 M2 18 H13 M23 18 H34", stroke: "currentColor", "stroke-width": 2.5, fill: "none" }),
    svg("circle", { cx: 18, cy: 18, r: 2, fill: "currentColor" }));
  box.append(cross);
  const show = () => cross.toggleAttribute("hidden", !(document.activeElement === box && box.matches(":focus-visible")));
  const key = (/** @type {KeyboardEvent} */ event) => {
    show();
    // With Ctrl the page's own Enter is meant: apply.
    if (event.target !== box || event.key !== "Enter" || event.ctrlKey || event.metaKey || !isActive()) return;
    event.preventDefault();
    onEnter();
  };
  box.addEventListener("focus", show);
  box.addEventListener("blur", show);
  box.addEventListener("keydown", key);
  return () => {
    box.removeEventListener("focus", show);
    box.removeEventListener("blur", show);
    box.removeEventListener("keydown", key);
    cross.remove();
  };
}

/**
 * @param {import("./vector_tiles.js").TileLayer[]} layers
 * @returns {string[]}
 */
function visibleNames(layers) {
  return layers.filter((layer) => layer.isVisible() && layer.name !== "base").map((layer) => layer.name);
}
