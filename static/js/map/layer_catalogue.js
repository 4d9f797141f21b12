/** What each layer is called, where it lies in the pile, and what its signs mean: one table for map, control and legend. */
import { t } from "../i18n.js";
import { BANDS, cameraLook, dwellingLook, incidentLook, listedLook } from "./data_style.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{kind: "point" | "area" | "line" | "double" | "cell", fill?: string, line?: string, width?: number, dash?: string, shape?: string}} Sample */
/** @typedef {{label: string, sample: Sample}} LegendRow */

/**
 * @typedef {object} LayerEntry
 * @property {() => string} label
 * @property {number} order place in the pile, a whole number (CSS knows no other); larger is above
 * @property {number} minZoom display zoom from which there is anything to see
 * @property {(palette: Palette) => LegendRow[]} legend
 * @property {boolean} [fixed] always shown: not in the layer control
 * @property {number} [countsBelow] display zoom below which it shows counts from afar, above the borders
 */

/** Above the borders (37 and 38), which would strike the numbers through, and below the hotspots (40). */
const COUNTS_ORDER = 39;

/** @type {Record<string, LayerEntry>} */
export const LAYERS = {
  base: { label: () => t("Base map"), order: 1, minZoom: 9, legend: () => [], fixed: true },
  areas: {
    label: () => t("Grid boundaries"), order: 37, minZoom: 9,
    legend: (p) => [{ label: t("Boundary"), sample: { kind: "double", line: p.gridLine, fill: p.gridGap } }],
  },
  districts: {
    label: () => t("Patrol districts"), order: 38, minZoom: 9,
    legend: (p) => [{ label: t("Patrol district, where a force patrols"), sample: { kind: "line", line: p.district, width: 8 } }],
  },
  hotspots: {
    label: () => t("Hotspots"), order: 40, minZoom: 9,
    legend: (p) => [{ label: t("Hotspot, thicker when more certain"), sample: { kind: "area", fill: p.hotspotFill, line: p.hotspot, width: 3 } }],
  },
  forecast_7: forecastEntry(7, 20),
  forecast_30: forecastEntry(30, 21),
  listed: {
    label: () => t("Listed areas"), order: 41, minZoom: 9,
    legend: (p) => [
      { label: t("Listed area"), sample: { kind: "area", ...listedSample("listed", p) } },
      { label: t("Proposed for listing"), sample: { kind: "area", ...listedSample("proposed", p) } },
      { label: t("Listing over, not finished"), sample: { kind: "area", ...listedSample("ended", p) } },
    ],
  },
  camera_views: {
    label: () => t("Camera views"), order: 22, minZoom: 15,
    legend: (p) => [{ label: t("Ground a camera sees"), sample: { kind: "area", fill: p.cameraView, line: p.cameraOn, width: 1 } }],
  },
  drafts: {
    label: () => t("Drafts"), order: 42, minZoom: 9,
    legend: (p) => [{ label: t("Draft, not published"), sample: { kind: "area", fill: p.draftFill, line: p.draft, width: 2.5, dash: "5 3" } }],
  },
  dwellings: {
    label: () => t("Dwellings"), order: 30, minZoom: 11, countsBelow: 15,
    legend: (p) => [
      dwelling("fresh", t("Visited in time"), p), dwelling("due", t("Visit due"), p),
      dwelling("overdue", t("Visit overdue"), p), dwelling("vacant", t("Vacant"), p),
      { label: t("Several dwellings, darker when more are due"), sample: { kind: "cell", fill: p.cell[2], line: p.pointEdge } },
    ],
  },
  places: {
    label: () => t("Key places"), order: 32, minZoom: 13,
    legend: (p) => [{ label: t("Key place"), sample: { kind: "point", shape: "square", fill: p.place, line: p.pointEdge } }],
  },
  cameras: {
    label: () => t("Cameras"), order: 34, minZoom: 11,
    legend: (p) => [camera("working", t("Camera working"), p), camera("offline", t("Camera not working"), p), camera("planned", t("Camera planned"), p)],
  },
  incidents: {
    label: () => t("Incidents"), order: 36, minZoom: 11, countsBelow: 15,
    legend: (p) => [
      incident("theft", t("Theft"), p), incident("robbery_group", t("Robbery and snatching"), p),
      incident("violence", t("Violence"), p), incident("fraud", t("Fraud"), p), incident("dispute", t("Dispute"), p),
      incident("hazard", t("Hazard"), p), incident("order", t("Public order"), p), incident("traffic", t("Traffic"), p),
      incident("help", t("Call for help"), p),
    ],
  },
};

/**
 * @param {number} days
 * @param {number} order
 * @returns {LayerEntry}
 */
function forecastEntry(days, order) {
  return {
    label: () => t("Expected in the next {span} days", { span: days }), order, minZoom: 9,
    legend: (p) => BANDS.map((percent, place) => ({ label: bandWords(percent), sample: { kind: "area", fill: p.forecast[place], line: place ? undefined : p.forecastLine } })),
  };
}

/** @param {number} percent @returns {string} */
export function bandWords(percent) {
  return t("Riskiest {percent} % of the ground", { percent });
}

/**
 * @param {string} name
 * @returns {LayerEntry}
 * @throws {Error} for an unknown layer
 */
export function layerEntry(name) {
  const entry = Object.hasOwn(LAYERS, name) ? LAYERS[name] : null;
  if (!entry) throw new Error(`unknown layer ${name}`);
  return entry;
}

/**
 * @param {LayerEntry} entry
 * @param {number} zoom of the display
 * @returns {number} its place in the pile
 */
export function pileOf({ order, countsBelow = 0 }, zoom) {
  return Math.round(zoom) < countsBelow ? COUNTS_ORDER : order;
}

/**
 * @param {string} state
 * @param {string} label
 * @param {Palette} p
 * @returns {LegendRow}
 */
function dwelling(state, label, p) {
  return { label, sample: { kind: "point", ...dwellingLook(state, p), line: p.pointEdge } };
}

/**
 * @param {string} status
 * @param {string} label
 * @param {Palette} p
 * @returns {LegendRow}
 */
function camera(status, label, p) {
  const { colour, open } = cameraLook(status, p);
  return { label, sample: { kind: "point", shape: open ? "ring" : "circle", fill: colour, line: p.pointEdge } };
}

/**
 * @param {string} state
 * @param {Palette} p
 */
function listedSample(state, p) {
  const { fill, line, width, dash } = listedLook(state, p);
  return { fill: fill ?? undefined, line, width, dash: dash?.join(" ") };
}

/**
 * @param {string} group
 * @param {string} label
 * @param {Palette} p
 * @returns {LegendRow}
 */
function incident(group, label, p) {
  return { label, sample: { kind: "point", ...incidentLook(group), line: p.pointEdge } };
}
