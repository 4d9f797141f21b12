/** The drawing on the map: line, vertices that can be dragged or moved by keys, and the findings of a check. */
import { t } from "../i18n.js";
import { theme } from "../theme.js";
import * as drawing from "./drawing.js";
import { paletteOf } from "./palette.js";

/** @typedef {import("./drawing.js").Position} Position */
/** @typedef {import("./drawing.js").Drawing} Drawing */

/** Beyond this many vertices the markers between them are left out: a phone must stay quick. */
const MIDDLES_UP_TO = 120;
const MOVES = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] });

/**
 * @param {L.Map} map
 * @param {{change: (next: Drawing) => void, meant: (at: L.LatLng) => {position: Position, on: string | null}}} options
 *   `meant` is where a pointer snaps to
 */
export function drawSketch(map, { change, meant }) {
  const shape = L.layerGroup().addTo(map);
  const handles = L.layerGroup().addTo(map);
  const findingsLayer = L.layerGroup().addTo(map);
  /** @type {L.Polyline | null} */
  let aimLine = null;
  /** @type {Drawing} */
  let shown = drawing.EMPTY;

  /** @param {Drawing} present */
  function drawShape(present) {
    const palette = paletteOf(theme());
    const look = { color: palette.draft, weight: 3.5, interactive: false };
    shape.clearLayers();
    const path = present.ring.map(latLng);
    if (present.closed) L.polygon(path, { ...look, fillColor: palette.draft, fillOpacity: 0.14 }).addTo(shape);
    else if (path.length > 1) L.polyline(path, { ...look, dashArray: "8 5" }).addTo(shape);
    for (const at of drawing.crossings(present)) {
      L.circleMarker(latLng(at), { radius: 9, color: palette.finding, weight: 3, fill: false, interactive: false }).addTo(shape);
    }
  }
  /** @param {number} index */
  function vertexHandle(index) {
    const size = matchMedia("(pointer: coarse)").matches ? 26 : 18;
    const className = index === 0 && !shown.closed ? "vertex vertex--first" : "vertex";
    const handle = L.marker(latLng(shown.ring[index]), {
      draggable: true, keyboard: true, icon: L.divIcon({ className, iconSize: [size, size] }),
      title: t("Vertex {number}", { number: index + 1 }), alt: t("Vertex {number}", { number: index + 1 }),
    });
    handle.on("drag", () => drawShape(drawing.moveVertex(shown, index, meant(handle.getLatLng()).position)));
    handle.on("dragend", () => change(drawing.moveVertex(shown, index, meant(handle.getLatLng()).position)));
    handle.on("click", () => index === 0 && change(drawing.closeRing(shown)));
    handle.on("add", () => handle.getElement()?.addEventListener("keydown", (event) => vertexKey(event, index)));
    return handle;
  }
  /** @param {KeyboardEvent} event @param {number} index */
  function vertexKey(event, index) {
    const move = MOVES[event.key];
    if (event.key === "Delete") change(drawing.removeVertex(shown, index));
    else if (event.key === "Enter" && index === 0) change(drawing.closeRing(shown));
    else if (move) change(drawing.moveVertex(shown, index, shifted(shown.ring[index], move, event.shiftKey ? 10 : 2)));
    else return;
    event.preventDefault();
    event.stopPropagation();
    focusHandle(index);
  }
  /** @param {Position} position @param {[number, number]} way @param {number} step_px @returns {Position} */
  function shifted(position, way, step_px) {
    const at = map.latLngToContainerPoint(latLng(position)).add([way[0] * step_px, way[1] * step_px]);
    const { lng, lat } = map.containerPointToLatLng(at);
    return [lng, lat];
  }
  /** @param {number} index */
  function focusHandle(index) {
    const markers = /** @type {L.Marker[]} */ (handles.getLayers());
    markers[Math.min(index, shown.ring.length - 1)]?.getElement()?.focus();
  }
  /** @param {number} index */
  function middleHandle(index) {
    const next = shown.ring[(index + 1) % shown.ring.length];
    const middle = /** @type {Position} */ ([(shown.ring[index][0] + next[0]) / 2, (shown.ring[index][1] + next[1]) / 2]);
    const handle = L.marker(latLng(middle), {
      draggable: true, keyboard: false, icon: L.divIcon({ className: "vertex vertex--middle", iconSize: [13, 13] }), title: t("Drag to add a vertex"),
    });
    handle.on("drag", () => drawShape(drawing.insertVertex(shown, index, meant(handle.getLatLng()).position)));
    handle.on("dragend", () => change(drawing.insertVertex(shown, index, meant(handle.getLatLng()).position)));
    return handle;
  }
  /** @param {Drawing} present */
  function show(present) {
    shown = present;
    drawShape(present);
    handles.clearLayers();
    present.ring.forEach((_, i) => vertexHandle(i).addTo(handles));
    if (present.closed && present.ring.length <= MIDDLES_UP_TO) present.ring.forEach((_, i) => middleHandle(i).addTo(handles));
  }
  /** @param {{position: Position, on: string | null} | null} target */
  function aim(target) {
    aimLine?.remove();
    aimLine = null;
    const last = shown.ring.at(-1);
    if (!target || !last || shown.closed) return;
    aimLine = L.polyline([latLng(last), latLng(target.position)], {
      color: paletteOf(theme()).draft, weight: target.on ? 4 : 2, dashArray: target.on ? "" : "3 6", interactive: false,
    }).addTo(map);
  }
  /** @param {any} findings */
  function showFindings(findings) {
    findingsLayer.clearLayers();
    if (!findings) return;
    const colour = paletteOf(theme()).finding;
    (findings.features ?? []).forEach((/** @type {any} */ feature, /** @type {number} */ i) => {
      const area = L.geoJSON(feature, {
        interactive: false, style: { color: colour, weight: 3, fillColor: colour, fillOpacity: 0.35 },
        pointToLayer: (_, at) => L.circleMarker(at, { radius: 8, color: colour, interactive: false }),
      }).addTo(findingsLayer);
      const pin = L.divIcon({ className: "finding-pin", iconSize: [26, 26], html: String(i + 1) });
      L.marker(area.getBounds().getCenter(), { icon: pin, keyboard: false, interactive: false }).addTo(findingsLayer);
    });
  }
  return { show, aim, showFindings, remove: () => [shape, handles, findingsLayer, aimLine].forEach((layer) => layer?.remove()) };
}

/** @param {Position} position @returns {[number, number]} Leaflet writes (lat, lon) */
function latLng([lon, lat]) {
  return [lat, lon];
}
