/**
 * Planned routes: one colour per team, line style by mode, stops numbered in their order.
 *
 * GeoJSON in EPSG:4326. Properties: `kind` is route, stop, base or dropped; `team_id`, `ordinal` (the team's number
 * from 0, decides its colour), `mode` foot, bicycle, e_scooter or car; stops carry `sequence`, `name`, `arrives_at`.
 */
import { get } from "../api.js";
import { el } from "../dom.js";
import { formatInstant, t } from "../i18n.js";
import { fit } from "./registry.js";
import { teamColour, wantsDarkText } from "./palette.js";

/** From this zoom on stops are told apart by their numbers; farther out only the chosen team's are. */
const NUMBERS_ZOOM = 16;

const DROPPED_COLOUR = "#6f7a79";

const DASHES = /** @type {Record<string, string>} */ ({ foot: "1 8", bicycle: "10 7", e_scooter: "16 6 3 6", car: "" });

/**
 * @param {string} mode
 * @returns {string} the dash pattern of a mode's line; an unknown mode is drawn whole
 */
export function dashOf(mode) {
  return DASHES[mode] ?? "";
}

/**
 * @param {any} properties
 * @param {number | null} chosenTeam
 * @returns {{color: string, weight: number, opacity: number, dashArray: string, lineCap: "round"}}
 */
export function routeLook(properties, chosenTeam) {
  const chosen = chosenTeam === null || properties.team_id === chosenTeam;
  // Straight from stop to stop: thin, so that nobody takes it for the way along the streets.
  if (properties.sketch) return { color: teamColour(properties.ordinal ?? 0), weight: 2, opacity: 0.8, dashArray: "3 5", lineCap: "round" };
  return {
    color: teamColour(properties.ordinal ?? 0), weight: chosen ? 5 : 3, opacity: chosen ? 0.95 : 0.25,
    dashArray: dashOf(properties.mode), lineCap: "round",
  };
}

/**
 * What a running search has found so far, as features of the kind `route` that are known for sketches.
 * @param {{team_id: number, team: string, mode: string, line: [number, number][]}[]} sketch by team name, as a plan's routes
 */
export function sketchFeatures(sketch) {
  return {
    type: "FeatureCollection",
    features: sketch.map(({ team_id, team, mode, line }, ordinal) => ({
      type: "Feature", geometry: { type: "LineString", coordinates: line },
      properties: { kind: "route", sketch: true, team_id, name: team, ordinal, mode },
    })),
  };
}

/**
 * @typedef {object} PlanRoutes
 * @property {(routes: any) => void} show FeatureCollection; the old one goes
 * @property {(url: string) => Promise<any>} load fetch and show
 * @property {(teamId: number | null) => void} choose bring one team forward; null: all alike
 * @property {() => void} fitView
 * @property {(listener: (properties: any) => void) => void} onStop a stop was pressed
 * @property {() => void} clear
 * @property {() => void} undo
 */

/**
 * @param {L.Map} map
 * @param {{url?: string | null}} [options]
 * @returns {PlanRoutes}
 */
export function mountPlanRoutes(map, { url = null } = {}) {
  const group = L.featureGroup().addTo(map);
  /** @type {any} */
  let routes = null;
  /** @type {number | null} */
  let chosen = null;
  /** @type {(properties: any) => void} */
  let stopListener = () => {};

  function draw() {
    group.clearLayers();
    if (!routes) return;
    const features = routes.features ?? [];
    const lines = features.filter((/** @type {any} */ f) => f.properties.kind === "route");
    const traced = lines.filter((/** @type {any} */ f) => !f.properties.sketch);
    // A pale casing below the colour keeps the line readable on every ground.
    L.geoJSON(traced, { interactive: false, style: (f) => ({ ...routeLook(f?.properties, chosen), color: "#ffffff", weight: 8, dashArray: "", opacity: 0.75 }) }).addTo(group);
    L.geoJSON(lines, { interactive: false, style: (f) => routeLook(f?.properties, chosen) }).addTo(group);
    const near = map.getZoom() >= NUMBERS_ZOOM;
    for (const feature of features) {
      if (feature.properties.kind !== "route") markFor(feature, { near, chosen, onPress: (properties) => stopListener(properties) }).addTo(group);
    }
  }
  const show = (/** @type {any} */ next) => {
    routes = next;
    draw();
  };
  const load = async (/** @type {string} */ address) => {
    const next = await get(address);
    show(next);
    return next;
  };
  const fitView = () => {
    const box = group.getLayers().length > 0 ? group.getBounds() : null;
    if (box?.isValid()) fit(map, [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()]);
  };
  const redraw = () => void (routes && draw());
  map.on("zoomend", redraw);
  if (url) void load(url).then(fitView);
  return {
    show, load, fitView,
    choose: (teamId) => {
      chosen = teamId;
      draw();
    },
    onStop: (listener) => {
      stopListener = listener;
    },
    clear: () => show(null),
    undo: () => {
      map.off("zoomend", redraw);
      group.remove();
    },
  };
}

/**
 * @typedef {object} MarkForm
 * @property {boolean} near whether the map is close enough to tell pins apart
 * @property {number | null} chosen the team brought forward
 * @property {(properties: any) => void} onPress
 */

/**
 * @param {any} feature
 * @param {MarkForm} form
 * @returns {L.Layer} a numbered pin, or a dot where pins would hide one another
 */
function markFor(feature, form) {
  const { properties, geometry: { coordinates: [lon, lat] } } = feature;
  const mine = form.chosen !== null && properties.team_id === form.chosen;
  const faded = form.chosen !== null && !mine;
  return form.near || mine
    ? pinFor(properties, [lat, lon], { faded, onPress: form.onPress })
    : dotFor(properties, [lat, lon], { faded, onPress: form.onPress });
}

/**
 * @param {any} properties
 * @param {[number, number]} at lat, lon
 * @param {{faded: boolean, onPress: (properties: any) => void}} form
 */
function dotFor(properties, at, { faded, onPress }) {
  const dropped = properties.kind === "dropped";
  const colour = dropped ? DROPPED_COLOUR : teamColour(properties.ordinal ?? 0);
  const opacity = faded ? 0.3 : 1;
  const dot = L.circleMarker(at, {
    radius: dropped ? 3 : 5, color: "#ffffff", weight: 1.5, fillColor: colour, fillOpacity: opacity, opacity,
  });
  dot.on("click", (event) => (L.DomEvent.stopPropagation(event), onPress(properties)));
  return dot.bindTooltip(el("span", {}, pinTitle(properties)), { direction: "top" });
}

/**
 * @param {any} properties
 * @param {[number, number]} at lat, lon
 * @param {{faded: boolean, onPress: (properties: any) => void}} form
 */
function pinFor(properties, at, { faded, onPress }) {
  const marker = L.marker(at, {
    icon: pinIcon(properties), opacity: faded ? 0.3 : 1, title: properties.name ?? "", alt: pinTitle(properties), riseOnHover: true,
  });
  marker.on("click", () => onPress(properties));
  return marker.bindTooltip(el("span", {}, pinTitle(properties)), { direction: "top", offset: [0, -12] });
}

/** @param {any} properties @returns {string} */
function pinTitle(properties) {
  const name = properties.name ?? "";
  if (properties.kind === "dropped") return t("Not visited: {name}", { name });
  if (properties.kind === "base") return t("Starts here: {name}", { name });
  const time = properties.arrives_at ? formatInstant(properties.arrives_at).slice(-5) : "";
  return `${properties.sequence}. ${name} ${time}`.trim();
}

/** @param {any} properties @returns {L.DivIcon} */
function pinIcon(properties) {
  const dropped = properties.kind === "dropped";
  const colour = dropped ? DROPPED_COLOUR : teamColour(properties.ordinal ?? 0);
  const mark = el("span", {}, properties.kind === "base" ? "●" : dropped ? "×" : String(properties.sequence));
  const dark = !dropped && wantsDarkText(colour);
  const pin = L.divIcon({ className: `stop-pin${dark ? " stop-pin--dark-text" : ""}`, iconSize: dropped ? [18, 18] : [26, 26], html: mark });
  const make = pin.createIcon.bind(pin);
  pin.createIcon = (old) => {
    const made = make(old);
    made.style.setProperty("--pin", colour);
    return made;
  };
  return pin;
}
