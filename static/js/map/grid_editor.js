/**
 * The studio on the map: the grids of a change set, the sketch of the present tool, its preview and refusals.
 *
 * It draws what it is given and tells what is pressed; which tool is chosen and what is sent is the page's business
 * (static/js/studio). A sketch is kept in this browser until it is sent, so a refusal, a time-out or a closed tab
 * takes nothing away.
 */
import { t } from "../i18n.js";
import { theme } from "../theme.js";
import { snap } from "./drawing.js";
import { paletteOf } from "./palette.js";
import { mountCrosshair } from "./pick.js";

/** @typedef {[number, number]} Position */
/** @typedef {import("../studio/model.js").Grid} Grid */

/**
 * @typedef {object} Scene
 * @property {any} frame GeoJSON of the ground to be divided
 * @property {Grid[]} grids
 * @property {Set<number>} chosen keys
 * @property {Set<number>} flashing keys of grids that somebody else has just changed
 */

/**
 * @typedef {object} Sketch
 * @property {Position[]} points
 * @property {Position[][]} lines finished lines
 * @property {boolean} closed the points are a ring
 * @property {boolean} vertices corners of grids are shown to be pressed
 */

/**
 * @param {L.Map} map
 * @param {{storageKey: string}} options names the person: another one at the same browser sees nothing of it
 */
export function mountGridEditor(map, { storageKey }) {
  const layers = { scene: group(map), preview: group(map), sketch: group(map), refusal: group(map), compare: group(map) };
  /** @type {Set<(position: Position, on: string | null) => void>} */
  const listeners = new Set();
  /** @type {Position[][]} */
  let lines = [];
  let active = false;

  const meant = (/** @type {L.LatLng} */ at) =>
    snap([at.lng, at.lat], lines, { project: ([lon, lat]) => map.latLngToContainerPoint([lat, lon]) });
  const press = (/** @type {L.LatLng} */ at) => {
    const { position, on } = meant(at);
    listeners.forEach((listener) => listener(position, on));
  };
  const onClick = (/** @type {L.LeafletMouseEvent} */ event) => active && press(event.latlng);
  const onMove = (/** @type {L.LeafletMouseEvent} */ event) => {
    if (active) map.getContainer().classList.toggle("folium-map--snapped", meant(event.latlng).on !== null);
  };
  map.on("click", onClick);
  map.on("mousemove", onMove);
  const stopCross = mountCrosshair(map, { onEnter: () => press(map.getCenter()), isActive: () => active });

  return {
    storageKey,
    /** @param {(position: Position, on: string | null) => void} listener a press on the map, snapped @returns {() => void} */
    onPress: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
    /** @param {boolean} wanted presses belong to the studio, not to "what is here" */
    setActive: (wanted) => {
      active = wanted;
      map.getContainer().classList.toggle("folium-map--drawing", wanted);
      map.fire(wanted ? "drawing-started" : "drawing-stopped");
    },
    /** @param {Position[][]} rings what presses snap to */
    snapTo: (rings) => void (lines = rings),
    /** @param {Scene | null} scene */
    show: (scene) => drawScene(layers.scene, scene),
    /** @param {Sketch | null} sketch @param {Position[]} [vertices] */
    sketch: (sketch, vertices = []) => drawSketch(layers.sketch, sketch, vertices),
    /** @param {{grids: any[]} | null} answer */
    preview: (answer) => drawPreview(layers.preview, answer),
    /** @param {any} place GeoJSON of what was refused @param {string} [words] */
    refuse: (place, words = "") => drawRefusal(layers.refusal, place, words),
    /** @param {any[] | null} published geometries of today's grids @param {(pane: HTMLElement) => void} [onPane] */
    compare: (published, onPane) => drawCompare(map, layers.compare, published, onPane),
    undo: () => {
      map.off("click", onClick);
      map.off("mousemove", onMove);
      stopCross();
      Object.values(layers).forEach((layer) => layer.remove());
    },
  };
}

/** @param {L.Map} map */
function group(map) {
  return L.layerGroup().addTo(map);
}

/** @param {L.LayerGroup} layer @param {Scene | null} scene */
function drawScene(layer, scene) {
  layer.clearLayers();
  if (!scene) return;
  const palette = paletteOf(theme());
  for (const grid of scene.grids) {
    const chosen = scene.chosen.has(grid.key);
    const colour = grid.changed ? palette.draft : palette.gridLine;
    // A pale line on a dark one reads as the double line of a chart.
    L.geoJSON(grid.geometry, { interactive: false, style: { color: colour, weight: chosen ? 6 : 4, opacity: 0.9, fillColor: chosen ? palette.chosen : colour, fillOpacity: chosen ? 0.22 : grid.changed ? 0.08 : 0 } }).addTo(layer);
    L.geoJSON(grid.geometry, { interactive: false, style: { color: palette.gridGap, weight: chosen ? 2 : 1.4, fill: false } }).addTo(layer);
    if (scene.flashing.has(grid.key)) L.geoJSON(grid.geometry, { interactive: false, style: { stroke: false, fillColor: palette.due, fillOpacity: 0.4 } }).addTo(layer);
    labelOf(grid).addTo(layer);
  }
  L.geoJSON(scene.frame, { interactive: false, style: { color: palette.gridLine, weight: 3, dashArray: "10 4", fill: false } }).addTo(layer);
}

/** @param {Grid} grid @returns {L.Marker} */
function labelOf(grid) {
  const name = document.createElement("span");
  name.textContent = grid.name;
  const homes = document.createElement("small");
  homes.textContent = t("{count} households", { count: grid.households });
  const words = document.createElement("span");
  words.append(name, homes);
  const [lon, lat] = middleOf(grid.geometry);
  return L.marker([lat, lon], { interactive: false, keyboard: false, icon: L.divIcon({ className: "grid-label", iconSize: [0, 0], html: words }) });
}

/**
 * A place for a label: the middle of the widest stretch inside the largest ring on a line through its middle.
 * @param {any} geometry
 * @returns {Position}
 */
export function middleOf(geometry) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
  const widest = polygons.map((/** @type {Position[][]} */ rings) => stretchOf(rings)).sort((/** @type {any} */ a, /** @type {any} */ b) => b.width - a.width)[0];
  return [widest.x, widest.y];
}

/** @param {Position[][]} rings @returns {{x: number, y: number, width: number}} */
function stretchOf(rings) {
  const heights = rings[0].map(([, lat]) => lat);
  // A line through a corner would count it twice: a hair beside the middle there is none.
  const y = (Math.min(...heights) + Math.max(...heights)) / 2 + 1.3e-8;
  const crossed = rings
    .flatMap((ring) => ring.slice(1).map((to, i) => [ring[i], to]))
    .filter(([[, y1], [, y2]]) => y1 > y !== y2 > y)
    .map(([[x1, y1], [x2, y2]]) => x1 + ((x2 - x1) * (y - y1)) / (y2 - y1))
    .sort((a, b) => a - b);
  let best = { x: rings[0][0][0], y, width: 0 };
  for (let i = 0; i + 1 < crossed.length; i += 2) {
    const width = crossed[i + 1] - crossed[i];
    if (width > best.width) best = { x: (crossed[i] + crossed[i + 1]) / 2, y, width };
  }
  return best;
}

/** @param {L.LayerGroup} layer @param {Sketch | null} sketch @param {Position[]} vertices */
function drawSketch(layer, sketch, vertices) {
  layer.clearLayers();
  if (!sketch) return;
  const { draft } = paletteOf(theme());
  const look = { color: draft, weight: 3.5, interactive: false };
  const path = sketch.points.map(latLng);
  for (const line of sketch.lines) L.polyline(line.map(latLng), look).addTo(layer);
  if (sketch.closed && path.length > 2) L.polygon(path, { ...look, dashArray: "8 5", fillColor: draft, fillOpacity: 0.14 }).addTo(layer);
  else if (path.length > 1) L.polyline(path, { ...look, dashArray: "8 5" }).addTo(layer);
  for (const at of vertices) L.circleMarker(latLng(at), { radius: 4, color: draft, weight: 2, fillColor: "#ffffff", fillOpacity: 1, interactive: false }).addTo(layer);
  for (const at of path) L.circleMarker(at, { radius: 7, color: draft, weight: 3, fillColor: "#ffffff", fillOpacity: 1, interactive: false }).addTo(layer);
}

/** @param {L.LayerGroup} layer @param {{grids: any[]} | null} answer */
function drawPreview(layer, answer) {
  layer.clearLayers();
  const { draft } = paletteOf(theme());
  for (const grid of answer?.grids ?? []) {
    L.geoJSON(grid.geometry, { interactive: false, style: { color: draft, weight: 3, dashArray: "2 6", fillColor: draft, fillOpacity: 0.1 } }).addTo(layer);
  }
}

/** @param {L.LayerGroup} layer @param {any} place @param {string} words */
function drawRefusal(layer, place, words) {
  layer.clearLayers();
  if (!place) return;
  const { finding } = paletteOf(theme());
  const drawn = L.geoJSON(place, {
    interactive: false, style: { color: finding, weight: 4, fillColor: finding, fillOpacity: 0.35 },
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 11, color: finding, weight: 4, fill: false, interactive: false }),
  }).addTo(layer);
  const pin = L.divIcon({ className: "finding-pin", iconSize: [30, 30], html: "!" });
  L.marker(drawn.getBounds().getCenter(), { icon: pin, title: words, alt: words, keyboard: false, interactive: false }).addTo(layer);
}

/** @param {L.Map} map @param {L.LayerGroup} layer @param {any[] | null} published @param {(pane: HTMLElement) => void} [onPane] */
function drawCompare(map, layer, published, onPane) {
  layer.clearLayers();
  if (!published) return;
  const pane = map.getPane("compare") ?? map.createPane("compare");
  pane.style.zIndex = "450";
  const palette = paletteOf(theme());
  const renderer = L.svg({ pane: "compare", padding: 1 });
  for (const geometry of published) {
    L.geoJSON(geometry, { interactive: false, pane: "compare", style: () => /** @type {any} */ ({ renderer, color: palette.gridLine, weight: 3, fillColor: palette.land, fillOpacity: 0.75 }) }).addTo(layer);
  }
  onPane?.(pane);
}

/** @param {Position} position @returns {[number, number]} Leaflet writes (lat, lon) */
function latLng([lon, lat]) {
  return [lat, lon];
}
