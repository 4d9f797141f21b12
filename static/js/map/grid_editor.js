/**
 * The studio on the map: the grids of a change set, the sketch of the present tool, its preview and refusals.
 *
 * It draws what it is given and tells what is pressed; which tool is chosen and what is sent is the page's business
 * (static/js/studio). A sketch is kept in this browser until it is sent, so a refusal, a time-out or a closed tab
 * takes nothing away.
 */
import { tn } from "../i18n.js";
import { theme } from "../theme.js";
import { snap } from "./drawing.js";
import { freeSpot } from "./free_spot.js";
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
 * @property {any[]} [around] geometries of the grids outside the frame, drawn faintly
 * @property {string} [place] name of the community: labels leave it out
 */

/**
 * @typedef {object} Sketch
 * @property {Position[]} points
 * @property {Position[][]} lines finished lines
 * @property {boolean} closed the points are a ring
 */

/**
 * @typedef {object} Preview what an edit, a proposal or a file would make
 * @property {any[]} grids
 * @property {boolean} [alone] they would take the place of all grids: these stand back while they are looked at
 */

/**
 * @typedef {object} Remark
 * @property {Position} spot
 * @property {string} sign
 * @property {string} words
 * @property {number} id
 */

/**
 * @param {L.Map} map
 * @param {{storageKey: string}} options names the person: another one at the same browser sees nothing of it
 */
export function mountGridEditor(map, { storageKey }) {
  const panes = { draft: paneOf(map, "draft", 420), draftLabels: paneOf(map, "draft-labels", 580), published: paneOf(map, "published", 430), publishedLabels: paneOf(map, "published-labels", 581) };
  const canvas = L.canvas({ pane: "draft", padding: 0.3 });
  const layers = { scene: group(map), labels: group(map), preview: group(map), marks: group(map), sketch: group(map), refusal: group(map), compare: group(map), publishedLabels: group(map), remarks: group(map) };
  /** @type {Scene | null} */
  let scene = null;
  /** @type {Scene | null} */
  let published = null;
  /** @type {[Sketch | null, Position[]]} */
  let sketched = [null, []];
  /** @type {Preview | null} */
  let previewed = null;
  /** @type {L.Bounds[]} */
  let labelled = [];
  /** @type {Remark[]} */
  let remarks = [];
  let onRemark = (/** @type {number} */ _id) => {};
  /** @type {Set<(position: Position, on: string | null, pressed: Position) => void>} */
  const listeners = new Set();
  /** @type {Position[][]} */
  let lines = [];
  let active = false;

  const meant = (/** @type {L.LatLng} */ at) =>
    snap([at.lng, at.lat], lines, { project: ([lon, lat]) => map.latLngToContainerPoint([lat, lon]) });
  const press = (/** @type {L.LatLng} */ at) => {
    const { position, on } = meant(at);
    listeners.forEach((listener) => listener(position, on, [at.lng, at.lat]));
  };
  const onClick = (/** @type {L.LeafletMouseEvent} */ event) => active && press(event.latlng);
  const onMove = (/** @type {L.LeafletMouseEvent} */ event) => {
    if (active) map.getContainer().classList.toggle("folium-map--snapped", meant(event.latlng).on !== null);
  };
  const drawLabels = () => {
    labelled = showLabels(map, layers.labels, labelledScene(scene, previewed), "draft-labels");
    if (published) showLabels(map, layers.publishedLabels, published, "published-labels");
    showMarks(map, layers.marks, previewed, labelled);
  };
  const weigh = () => weightAt(map.getZoom());
  let weight = weigh();
  const onZoom = () => {
    if (weight === weigh()) return void drawLabels();
    weight = weigh();
    repaint();
  };
  const paintScene = () => drawScene(layers.scene, scene, { renderer: canvas, weight, faint: previewed?.alone ?? false });
  const repaint = () => {
    paintScene();
    drawPublished(layers.compare, published, weight);
    drawSketch(layers.sketch, ...sketched, weight);
    drawLabels();
    drawRemarks(layers.remarks, remarks, (id) => onRemark(id));
  };
  map.on("click", onClick);
  map.on("mousemove", onMove);
  map.on("zoomend resize", onZoom);
  document.addEventListener("theme-changed", repaint);
  const stopSteps = mountSmallSteps(map, () => active);
  const stopCross = mountCrosshair(map, { onEnter: () => press(map.getCenter()), isActive: () => active });

  return {
    storageKey,
    /** @param {(position: Position, on: string | null, pressed: Position) => void} listener a press on the map, snapped and as it was @returns {() => void} */
    onPress: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
    /** @param {boolean} wanted presses belong to the studio, not to "what is here" */
    setActive: (wanted) => {
      active = wanted;
      map.getContainer().classList.toggle("folium-map--drawing", wanted);
      map.fire(wanted ? "drawing-started" : "drawing-stopped");
    },
    /** @param {Position[][]} rings what presses snap to */
    snapTo: (rings) => void (lines = rings),
    /** @param {Scene | null} next */
    show: (next) => {
      if (sameScene(scene, next)) return;
      scene = next;
      paintScene();
      drawLabels();
    },
    /** @param {Sketch | null} sketch @param {Position[]} [vertices] */
    sketch: (sketch, vertices = []) => {
      sketched = [sketch, vertices];
      drawSketch(layers.sketch, sketch, vertices, weight);
    },
    /** @param {Preview | null} answer */
    preview: (answer) => {
      if (answer === previewed) return;
      const standsBack = Boolean(answer?.alone) !== Boolean(previewed?.alone);
      previewed = answer;
      if (standsBack) paintScene();
      drawPreview(layers.preview, answer);
      drawLabels();
    },
    /** @param {any} place GeoJSON of what was refused @param {string} [words] */
    refuse: (place, words = "") => drawRefusal(layers.refusal, { place, words, near: sketched[0]?.points.at(-1) ?? null }),
    /** Pins let presses through while a tool draws. @param {boolean} working */
    atWork: (working) => {
      map.getContainer().classList.toggle("folium-map--at-work", working);
      // Two corners set quickly one after the other are no wish to zoom.
      if (working) map.doubleClickZoom.disable();
      else map.doubleClickZoom.enable();
    },
    /** @param {Remark[]} next places that people speak of @param {(id: number) => void} onPress */
    remark: (next, onPress = () => {}) => {
      onRemark = onPress;
      if (JSON.stringify(next) === JSON.stringify(remarks)) return;
      remarks = next;
      drawRemarks(layers.remarks, remarks, (id) => onRemark(id));
    },
    /**
     * The published partition beside the draft: what shows of either is the divider's business.
     * @param {Scene | null} next
     * @returns {{left: HTMLElement[], right: HTMLElement[]}} the panes of published and draft
     */
    compare: (next) => {
      published = next;
      drawPublished(layers.compare, published, weight);
      layers.publishedLabels.clearLayers();
      drawLabels();
      return { left: [panes.published, panes.publishedLabels], right: [panes.draft, panes.draftLabels] };
    },
    undo: () => {
      map.off("click", onClick);
      map.off("mousemove", onMove);
      map.off("zoomend resize", onZoom);
      document.removeEventListener("theme-changed", repaint);
      stopSteps();
      stopCross();
      Object.values(layers).forEach((layer) => layer.remove());
    },
  };
}

/** @param {L.Map} map @param {string} name @param {number} order @returns {HTMLElement} */
function paneOf(map, name, order) {
  const pane = map.getPane(name) ?? map.createPane(name);
  pane.style.zIndex = String(order);
  pane.style.pointerEvents = "none";
  return pane;
}

/** @param {L.Map} map */
function group(map) {
  return L.layerGroup().addTo(map);
}

/** The crosshair of the keyboard moves 120 px a step; with Ctrl a corner is aimed at. */
const SMALL_STEP_PX = 8;

/** @param {L.Map} map @param {() => boolean} isActive @returns {() => void} */
function mountSmallSteps(map, isActive) {
  const ways = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
  const key = (/** @type {KeyboardEvent} */ event) => {
    const way = ways[event.key];
    if (!way || !event.ctrlKey || !isActive() || event.target !== map.getContainer()) return;
    event.preventDefault();
    map.panBy([way[0] * SMALL_STEP_PX, way[1] * SMALL_STEP_PX], { animate: false });
  };
  map.getContainer().addEventListener("keydown", key);
  return () => map.getContainer().removeEventListener("keydown", key);
}

/** @param {Scene | null} one @param {Scene | null} two @returns {boolean} nothing is to be drawn anew */
function sameScene(one, two) {
  if (!one || !two) return one === two;
  const same = (/** @type {any[]} */ a, /** @type {any[]} */ b) => a.length === b.length && a.every((value, i) => value === b[i]);
  return one.frame === two.frame && one.around === two.around && same(one.grids, two.grids) && same([...one.chosen], [...two.chosen]) && same([...one.flashing], [...two.flashing]);
}

/** Lines thin out where the grids are small on the screen. @param {number} zoom @returns {number} */
function weightAt(zoom) {
  if (zoom >= 16) return 1;
  return zoom >= 15 ? 0.7 : 0.4;
}

/** @param {L.LayerGroup} layer @param {Scene | null} scene @param {{renderer: L.Renderer, weight: number, faint: boolean}} hand of the draft's own pane; faint: the grids stand back */
function drawScene(layer, scene, { renderer, weight, faint }) {
  layer.clearLayers();
  if (!scene) return;
  const palette = paletteOf(theme());
  const draw = (/** @type {any} */ geometry, /** @type {L.PathOptions} */ style) => L.geoJSON(geometry, /** @type {any} */ ({ interactive: false, pane: "draft", renderer, style: { renderer, ...style, weight: (style.weight ?? 0) * weight } })).addTo(layer);
  L.polygon([WORLD, ...outerRings(scene.frame)], { interactive: false, stroke: false, fillColor: palette.veil, fillOpacity: 1 }).addTo(layer);
  for (const geometry of scene.around ?? []) L.geoJSON(geometry, { interactive: false, style: { color: palette.gridFaint, weight: 1, opacity: 0.8, fill: false } }).addTo(layer);
  draw(scene.frame, { color: palette.gridLine, weight: 7, opacity: 0.9, fill: false });
  if (faint) return scene.grids.forEach(({ geometry }) => draw(geometry, { color: palette.gridFaint, weight: 2, opacity: 0.8, fill: false }));
  const last = (/** @type {Grid} */ grid) => Number(grid.changed) + 2 * Number(scene.chosen.has(grid.key));
  // What is changed or chosen is drawn over its neighbours: a shared edge shows the stronger colour.
  for (const grid of [...scene.grids].sort((a, b) => last(a) - last(b))) {
    const chosen = scene.chosen.has(grid.key);
    const colour = grid.changed || chosen ? palette.draft : palette.gridLine;
    const fillOpacity = chosen ? 0.2 : grid.changed ? 0.07 : 0;
    // A pale line on a dark one reads as the double line of a chart.
    draw(grid.geometry, { color: colour, weight: chosen ? 6 : 4, opacity: 0.9, fill: fillOpacity > 0, fillColor: colour, fillOpacity });
    draw(grid.geometry, { color: palette.gridGap, weight: chosen ? 2 : 1.4, fill: false });
    if (scene.flashing.has(grid.key)) draw(grid.geometry, { stroke: false, fill: true, fillColor: palette.due, fillOpacity: 0.4 });
  }
}

/** @type {[number, number][]} */
const WORLD = [[-85, -180], [-85, 180], [85, 180], [85, -180]];

/** @param {any} geometry @returns {[number, number][][]} */
function outerRings(geometry) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
  return polygons.map((/** @type {Position[][]} */ rings) => rings[0].map(latLng));
}

/**
 * What bears labels: the grids, or, while others are looked at in their place, those with their households.
 * @param {Scene | null} scene @param {Preview | null} previewed @returns {Scene | null}
 */
function labelledScene(scene, previewed) {
  if (!scene || !previewed?.alone) return scene;
  const grids = previewed.grids.map((grid, i) => ({ ...grid, key: -i, name: tn("{count} household", "{count} households", grid.households), households: null, changed: false, area_m2: 0 }));
  return { ...scene, grids, chosen: new Set() };
}

const NAME_PX = 13;
const LINE_PX = 16;

/**
 * Labels that would lie on each other are left out: the chosen grid's and the changed ones' first in line, then the
 * larger ones'. At the next zoom there is room.
 * @param {L.Map} map @param {L.LayerGroup} layer @param {Scene | null} scene @param {string} pane
 * @returns {L.Bounds[]} where they lie, in pixels of the world at this zoom
 */
function showLabels(map, layer, scene, pane) {
  layer.clearLayers();
  /** @type {L.Bounds[]} */
  const taken = [];
  if (!scene) return taken;
  const weight = (/** @type {Grid} */ grid) => (scene.chosen.has(grid.key) ? 2e12 : 0) + (grid.changed ? 1e12 : 0) + grid.area_m2;
  for (const grid of [...scene.grids].sort((a, b) => weight(b) - weight(a))) {
    const [lon, lat] = middleOf(grid.geometry);
    const name = shortName(grid.name, scene.place ?? "");
    const at = map.project([lat, lon]);
    const homes = grid.households === null || weightAt(map.getZoom()) < 0.5 ? "" : tn("{count} household", "{count} households", grid.households);
    const half = L.point((Math.max(widthOf(name), widthOf(homes)) * NAME_PX) / 2 + 3, homes ? LINE_PX : LINE_PX / 2);
    const box = L.bounds(at.subtract(half), at.add(half));
    if (taken.some((other) => other.intersects(box))) continue;
    taken.push(box);
    labelOf(name, homes, [lat, lon], pane).addTo(layer);
  }
  return taken;
}

/** @param {string} words @returns {number} in widths of a Chinese character */
function widthOf(words) {
  return Math.max(3.5, [...words].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.58), 0));
}

/**
 * The name of a grid inside its community: 桥东社区第4网格 is 第4网格 there.
 * @param {string} name
 * @param {string} place
 * @returns {string}
 */
export function shortName(name, place) {
  return place && name.startsWith(place) && name.length > place.length ? name.slice(place.length).trim() : name;
}

/** @param {string} name @param {string} homes @param {[number, number]} at lat, lon @param {string} pane @returns {L.Marker} */
function labelOf(name, homes, at, pane) {
  const line = (/** @type {string} */ tag, /** @type {string} */ words) => Object.assign(document.createElement(tag), { textContent: words });
  const words = document.createElement("span");
  words.append(line("span", name));
  if (homes) words.append(line("small", homes));
  return L.marker(at, { pane, interactive: false, keyboard: false, icon: L.divIcon({ className: "grid-label", iconSize: [0, 0], html: words }) });
}

/** @param {L.LayerGroup} layer @param {Remark[]} remarks @param {(id: number) => void} onPress */
function drawRemarks(layer, remarks, onPress) {
  layer.clearLayers();
  for (const { spot, sign, words, id } of remarks) {
    const icon = L.divIcon({ className: "remark-pin", iconSize: [28, 28], iconAnchor: [4, 28], html: sign });
    L.marker(latLng(spot), { icon, title: words, alt: words, keyboard: true }).on("click", () => onPress(id)).addTo(layer);
  }
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

/** @param {L.LayerGroup} layer @param {Sketch | null} sketch @param {Position[]} vertices @param {number} weight */
function drawSketch(layer, sketch, vertices, weight) {
  layer.clearLayers();
  if (!sketch) return;
  const { draft } = paletteOf(theme());
  const look = { color: draft, weight: 3.5, interactive: false };
  const path = sketch.points.map(latLng);
  for (const line of sketch.lines) L.polyline(line.map(latLng), look).addTo(layer);
  if (sketch.closed && path.length > 2) L.polygon(path, { ...look, dashArray: "8 5", fillColor: draft, fillOpacity: 0.14 }).addTo(layer);
  else if (path.length > 1) L.polyline(path, { ...look, dashArray: "8 5" }).addTo(layer);
  // From afar corners would cover each other and what they belong to.
  for (const at of weight < 0.5 ? [] : vertices) L.circleMarker(latLng(at), { radius: 4 * weight, color: draft, weight: 2 * weight, fillColor: "#ffffff", fillOpacity: 1, interactive: false }).addTo(layer);
  for (const at of path) L.circleMarker(at, { radius: 7, color: draft, weight: 3, fillColor: "#ffffff", fillOpacity: 1, interactive: false }).addTo(layer);
}

/** @param {L.LayerGroup} layer @param {Preview | null} answer */
function drawPreview(layer, answer) {
  layer.clearLayers();
  const { draft } = paletteOf(theme());
  const dashArray = answer?.alone ? undefined : "2 6";
  for (const { geometry } of answer?.grids ?? []) L.geoJSON(geometry, { interactive: false, style: { color: draft, weight: 3, dashArray, fillColor: draft, fillOpacity: answer?.alone ? 0.05 : 0.1 } }).addTo(layer);
}

const MARK_PX = 26;

/**
 * Each piece of a preview bears its mark where neither a label nor another mark is, beside it where it is smaller than that.
 * @param {L.Map} map @param {L.LayerGroup} layer @param {{grids: any[]} | null} answer @param {L.Bounds[]} labelled
 */
function showMarks(map, layer, answer, labelled) {
  layer.clearLayers();
  const taken = [...labelled];
  for (const { mark, geometry } of answer?.grids ?? []) {
    if (!mark) continue;
    const box = L.geoJSON(geometry).getBounds();
    const size = map.project(box.getSouthEast()).subtract(map.project(box.getNorthWest()));
    const at = freeSpot(map.project(latLng(middleOf(geometry))), { half: MARK_PX / 2 + 2, size, taken });
    taken.push(L.bounds([at.x - MARK_PX / 2, at.y - MARK_PX / 2], [at.x + MARK_PX / 2, at.y + MARK_PX / 2]));
    L.marker(map.unproject(L.point(at)), { icon: L.divIcon({ className: "piece-mark", iconSize: [MARK_PX, MARK_PX], html: mark }), interactive: false, keyboard: false, zIndexOffset: 900 }).addTo(layer);
  }
}

/**
 * Where the sign of a refusal stands: on what is shown, as near as it can to what was drawn last.
 * @param {any} place GeoJSON
 * @param {Position | null} near
 * @returns {Position}
 */
export function signSpot(place, near) {
  const corners = cornersOf(place);
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const [x, y] = near ?? [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const far = (/** @type {Position} */ corner) => Math.hypot((corner[0] - x) * Math.cos((y * Math.PI) / 180), corner[1] - y);
  return corners.reduce((best, corner) => (far(corner) < far(best) ? corner : best));
}

/** @param {any} geometry @returns {Position[]} all its corners */
function cornersOf(geometry) {
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(cornersOf);
  const depth = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 }[/** @type {string} */ (geometry.type)] ?? 0;
  return depth === 0 ? [geometry.coordinates] : geometry.coordinates.flat(depth - 1);
}

/** @param {L.LayerGroup} layer @param {{place: any, words: string, near: Position | null}} refusal `near`: what was drawn last */
function drawRefusal(layer, { place, words, near }) {
  layer.clearLayers();
  if (!place) return;
  const { finding } = paletteOf(theme());
  L.geoJSON(place, {
    interactive: false, style: { color: finding, weight: 4, fillColor: finding, fillOpacity: 0.35 },
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 11, color: finding, weight: 4, fill: false, interactive: false }),
  }).addTo(layer);
  const pin = L.divIcon({ className: "finding-pin", iconSize: [30, 30], html: "!" });
  L.marker(latLng(signSpot(place, near)), { icon: pin, title: words, alt: words, keyboard: false, interactive: false }).addTo(layer);
}

/** @param {L.LayerGroup} layer @param {Scene | null} published @param {number} weight */
function drawPublished(layer, published, weight) {
  layer.clearLayers();
  if (!published) return;
  const palette = paletteOf(theme());
  const renderer = L.canvas({ pane: "published", padding: 0.3 });
  for (const { geometry } of published.grids) {
    const options = /** @type {any} */ ({ interactive: false, pane: "published", renderer, style: { renderer, color: palette.gridLine, weight: 3 * weight, fill: false } });
    L.geoJSON(geometry, options).addTo(layer);
  }
}

/** @param {Position} position @returns {[number, number]} Leaflet writes (lat, lon) */
function latLng([lon, lat]) {
  return [lat, lon];
}
