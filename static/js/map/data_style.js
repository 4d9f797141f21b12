/**
 * How our own layers look: by class, in shape as well as in colour, so that nobody has to tell red from green.
 *
 * Tiles carry ids and class attributes only (docs: webapp/maps). Below the zoom where points can be told apart
 * they carry `cells` with a count; from it on the points themselves.
 */
import { OKABE_ITO, wantsDarkText } from "./palette.js";
import { areaSymbol, cameraSymbol, shapeSymbol, textSymbol } from "./symbols.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {import("./base_style.js").Style} Style */
/** @typedef {import("./symbols.js").Shape} Shape */

/** @type {Record<string, Shape>} */
const DWELLING_SHAPES = { fresh: "circle", due: "square", overdue: "diamond", vacant: "ring" };

/** Top level of the type table; its order decides colour and shape. A deployment's own group gets one by its name. */
export const INCIDENT_GROUPS = ["theft", "robbery_group", "violence", "fraud", "dispute", "hazard", "order", "traffic", "help"];
/** @type {Shape[]} */
const INCIDENT_SHAPES = ["triangle", "diamond", "square", "circle"];

const LEVEL_RANK = /** @type {Record<string, number>} */ ({ county: 0, town: 1, community: 2, grid: 3 });

/**
 * @param {string} state fresh, due, overdue or vacant
 * @param {Palette} palette
 * @returns {{shape: Shape, fill: string}} an unknown state looks like vacant: nothing is claimed about it
 */
export function dwellingLook(state, palette) {
  const known = Object.hasOwn(DWELLING_SHAPES, state) ? state : "vacant";
  return { shape: DWELLING_SHAPES[known], fill: palette[/** @type {"fresh"} */ (known)] };
}

/**
 * @param {string} status working, offline, faulty or planned
 * @param {Palette} palette
 * @returns {{colour: string, open: boolean}} open: drawn as a ring, because nothing is seen from it now
 */
export function cameraLook(status, palette) {
  if (status === "working") return { colour: palette.cameraOn, open: false };
  if (status === "planned") return { colour: palette.cameraOther, open: true };
  return { colour: palette.cameraOff, open: true };
}

/**
 * @param {string} group
 * @returns {{shape: Shape, fill: string}} the same for the same group in every session
 */
export function incidentLook(group) {
  const known = INCIDENT_GROUPS.indexOf(group);
  const index = known >= 0 ? known : textNumber(group);
  // Each round through the colours starts three colours further on, so that pairs do not come back at once.
  const round = Math.floor(index / OKABE_ITO.length);
  return { shape: INCIDENT_SHAPES[index % INCIDENT_SHAPES.length], fill: OKABE_ITO[(index + 3 * round) % OKABE_ITO.length] };
}

/**
 * Old incidents fade, none vanishes.
 * @param {number} age_days
 * @returns {number} opacity between 0.35 and 1
 */
export function incidentAlpha(age_days) {
  return Math.max(0.35, 1 - Math.max(0, age_days || 0) / 540);
}

/**
 * Cells lie 32 px apart (sixteen to a data tile of 512 px): a radius near 16 px would make them one heap.
 * @param {number} count
 * @returns {number} radius in px, growing with the logarithm
 */
export function cellRadius(count) {
  return Math.min(12, 3.5 + 2.8 * Math.log10(Math.max(1, count)) ** 1.1);
}

/**
 * @param {number} share between 0 and 1
 * @returns {number} class 0 to 4; cuts at 5, 15, 30 and 50 % [ours]
 */
export function shareClass(share) {
  return [0.05, 0.15, 0.3, 0.5].filter((cut) => share >= cut).length;
}

/**
 * @param {string | number} level name of a level or its depth from the county (0)
 * @returns {number}
 */
export function levelRank(level) {
  return typeof level === "number" ? level : (Object.hasOwn(LEVEL_RANK, level) ? LEVEL_RANK[level] : 3);
}

/**
 * @param {number} certainty between 0 and 1
 * @returns {number} width of a hotspot's outline in px
 */
export function hotspotWidth(certainty) {
  return 2 + 3 * Math.max(0, Math.min(1, certainty || 0));
}

/**
 * A listed area is a filled outline; what is only proposed is dashed, what is over keeps a thin line.
 * @param {string} state
 * @param {Palette} palette
 * @returns {{fill: string | null, line: string, width: number, dash?: number[]}}
 */
export function listedLook(state, palette) {
  if (state === "listed") return { fill: palette.listedFill, line: palette.listed, width: 4 };
  if (state === "proposed") return { fill: null, line: palette.listed, width: 3, dash: [9, 5] };
  return { fill: null, line: palette.listed, width: 2, dash: [2, 4] };
}

/**
 * The style of a data layer.
 * @param {string} layer
 * @param {Palette} palette
 * @returns {Style}
 * @throws {Error} for a layer without a style
 */
export function dataStyle(layer, palette) {
  const make = Object.hasOwn(STYLES, layer) ? STYLES[layer] : null;
  if (!make) throw new Error(`no style for layer ${layer}`);
  return make(palette);
}

/** @type {Record<string, (palette: Palette) => Style>} */
const STYLES = {
  areas: areasStyle,
  dwellings: dwellingsStyle,
  cameras: camerasStyle,
  camera_views: (palette) => ({
    paintRules: [{ dataLayer: "camera_views", symbolizer: areaSymbol(() => ({ fill: palette.cameraView, line: palette.cameraOn, width: 0.75 })) }],
    labelRules: [],
  }),
  incidents: incidentsStyle,
  places: placesStyle,
  districts: districtsStyle,
  hotspots: hotspotsStyle,
  forecast_7: forecastStyle,
  forecast_30: forecastStyle,
  listed: listedStyle,
  drafts: (palette) => ({
    paintRules: [{ dataLayer: "drafts", symbolizer: areaSymbol(() => ({ fill: palette.draftFill, line: palette.draft, width: 3, dash: [9, 4] })) }],
    labelRules: [],
  }),
};

/**
 * From far a thin dark line, from zoom 17 two thin lines. All dark strokes come first, then the gaps, so that
 * borders meet cleanly at corners. Borders of areas that are not the reader's are faint, below the own ones.
 * @param {Palette} palette
 * @returns {Style}
 */
function areasStyle(palette) {
  const veil = areaSymbol((p) => ({ fill: p.own === 0 && levelRank(p.level) >= 3 ? palette.veil : null }));
  const halo = areaSymbol((p, z) => ({ line: palette.gridGap, width: areaWidth(p.level, z) + 2 }));
  const faint = areaSymbol((p, z) => ({ line: p.own === 0 ? palette.gridFaint : null, width: areaWidth(p.level, z) * 0.8 }));
  const dark = areaSymbol((p, z) => ({ line: p.own === 0 ? null : palette.gridLine, width: areaWidth(p.level, z) }));
  const gap = areaSymbol((p, z) => ({ line: z >= 17 ? palette.gridGap : null, width: areaWidth(p.level, z) - 2.4 }));
  return {
    paintRules: [veil, halo, faint, dark, gap].map((symbolizer) => ({ dataLayer: "areas", symbolizer })),
    labelRules: [areaNames(palette, 1, 10, 14), areaNames(palette, 2, 12, 16), areaNames(palette, 3, 15, 22)],
  };
}

/**
 * @param {string | number} level
 * @param {number} z
 * @returns {number} width of a border in px; borders of larger areas are broader
 */
export function areaWidth(level, z) {
  const near = z >= 17 ? 3.6 : z >= 14 ? 1.2 : 0.7;
  return near + (3 - Math.min(3, levelRank(level))) * (z >= 17 ? 1.2 : z >= 14 ? 0.8 : 0.6);
}

/**
 * @param {Palette} palette
 * @param {number} rank
 * @param {number} minzoom
 * @param {number} maxzoom
 */
function areaNames(palette, rank, minzoom, maxzoom) {
  return {
    dataLayer: "area_labels",
    minzoom,
    maxzoom,
    filter: (/** @type {number} */ _, /** @type {any} */ f) => levelRank(f.props.level) === rank,
    symbolizer: textSymbol({
      lines: (p, z) => areaLines(p, z),
      look: () => ({ size: rank === 3 ? 12 : 15, colour: palette.gridLabel, halo: palette.halo, weight: 650 }),
      once: (p) => `area ${p.code}`,
      pad: 6,
    }),
  };
}

/**
 * From afar a grid is called by its number, because its community's name stands beside it.
 * @param {Record<string, any>} p
 * @param {number} z
 * @returns {string[]}
 */
export function areaLines({ level, name, code }, z) {
  if (levelRank(level) < 3) return [name ?? code];
  if (z >= 17) return [name, code];
  return [/第\s*\d+\s*网格$/.exec(name ?? "")?.[0] ?? name ?? code];
}

/**
 * @param {Palette} palette
 * @param {(p: Record<string, any>) => string} colour
 * @returns {Style}
 */
function cellRules(palette, colour) {
  return {
    paintRules: [{ dataLayer: "cells", symbolizer: shapeSymbol((p) => ({ shape: "circle", r: cellRadius(p.n), fill: colour(p), edge: palette.pointEdge, alpha: 0.92 })) }],
    labelRules: [{
      dataLayer: "cells",
      minzoom: 12,
      // Below twenty the size says enough; a number on every dot would hide the map.
      filter: (/** @type {number} */ _, /** @type {any} */ f) => f.props.n >= 20,
      symbolizer: textSymbol({
        lines: (p) => [shortCount(p.n)],
        look: (p) => ({ size: 11, colour: wantsDarkText(colour(p)) ? "#16201f" : "#ffffff", halo: null, weight: 650 }),
        pad: 0,
        around: (p) => cellRadius(p.n),
      }),
    }],
  };
}

/**
 * @param {number} count
 * @returns {string} 950, 1.2k, 34k
 */
export function shortCount(count) {
  if (count < 1000) return String(count);
  return count < 10_000 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`;
}

/** @param {Palette} palette */
function dwellingsStyle(palette) {
  const cells = cellRules(palette, (p) => palette.cell[shareClass((p.due ?? 0) / Math.max(1, p.n))]);
  const point = shapeSymbol((p, z) => ({ ...dwellingLook(p.state, palette), r: z >= 18 ? 6.5 : 4.5, edge: palette.pointEdge }));
  const count = textSymbol({
    lines: (p) => (p.n > 1 ? [`×${p.n}`] : []),
    look: () => ({ size: 11, colour: palette.label, halo: palette.halo, weight: 600 }),
    down: 7,
    pad: 0,
  });
  return {
    paintRules: [...cells.paintRules, { dataLayer: "dwellings", symbolizer: point }],
    labelRules: [...cells.labelRules, { dataLayer: "dwellings", minzoom: 17, symbolizer: count }],
  };
}

/** @param {Palette} palette */
function camerasStyle(palette) {
  const cells = cellRules(palette, () => palette.cell[1]);
  const point = cameraSymbol((p, z) => ({
    ...cameraLook(p.status, palette), edge: palette.pointEdge, r: z >= 17 ? 5.5 : 4, reach: z >= 15 ? 10 + (z - 15) * 7 : 0,
  }));
  return { paintRules: [...cells.paintRules, { dataLayer: "cameras", symbolizer: point }], labelRules: cells.labelRules };
}

/** @param {Palette} palette */
function incidentsStyle(palette) {
  const cells = cellRules(palette, (p) => palette.cell[Math.min(4, Math.floor(Math.log10(Math.max(1, p.n)) * 1.5))]);
  const point = shapeSymbol((p, z) => ({
    ...incidentLook(p.group), r: z >= 17 ? 5.5 : 4, edge: palette.pointEdge, alpha: incidentAlpha(p.age_days),
  }));
  return { paintRules: [...cells.paintRules, { dataLayer: "incidents", symbolizer: point }], labelRules: cells.labelRules };
}

/** @param {Palette} palette */
function placesStyle(palette) {
  const name = textSymbol({
    lines: (p) => [p.name],
    look: () => ({ size: 12, colour: palette.place, halo: palette.halo, weight: 600 }),
    down: 7,
    once: (p) => `place ${p.id}`,
  });
  return {
    paintRules: [{ dataLayer: "places", minzoom: 13, symbolizer: shapeSymbol((_, z) => ({ shape: "square", r: z >= 16 ? 5 : 3.5, fill: palette.place, edge: palette.pointEdge })) }],
    labelRules: [{ dataLayer: "places", minzoom: 16, symbolizer: name }],
  };
}

/**
 * A broad band that lets through what lies below it: the thin dark border of a grid that runs along it, points beside
 * it. Where two districts meet both draw it, and it is twice as strong as at the edge of them all.
 * @param {Palette} palette
 * @returns {Style}
 */
function districtsStyle(palette) {
  const band = areaSymbol((_, z) => ({ line: palette.district, width: z >= 17 ? 12 : z >= 14 ? 9 : 7 }));
  const name = textSymbol({
    lines: (p) => [p.name],
    look: () => ({ size: 14, colour: palette.districtLabel, halo: palette.halo, weight: 700 }),
    once: (p) => `district ${p.id}`,
    pad: 6,
  });
  return { paintRules: [{ dataLayer: "districts", symbolizer: band }], labelRules: [{ dataLayer: "district_labels", minzoom: 11, symbolizer: name }] };
}

/** @param {Palette} palette */
function hotspotsStyle(palette) {
  const outline = areaSymbol((p) => ({ fill: palette.hotspotFill, line: palette.hotspot, width: hotspotWidth(p.certainty) }));
  const rank = textSymbol({
    lines: (p) => [String(p.rank)],
    look: () => ({ size: 18, colour: palette.hotspot, halo: palette.halo, weight: 750 }),
    once: (p) => `hotspot ${p.id}`,
  });
  return { paintRules: [{ dataLayer: "hotspots", symbolizer: outline }], labelRules: [{ dataLayer: "hotspot_labels", symbolizer: rank }] };
}

/** Per cent of the ground in a band of the forecast and those before it, the riskiest first. */
export const BANDS = [1, 5, 10, 20];

/**
 * One hue that lets the map through, stronger where more is expected; the riskiest is outlined as well, for paper.
 * @param {Palette} palette
 * @returns {Style}
 */
function forecastStyle(palette) {
  const band = areaSymbol((p) => ({ fill: palette.forecast[BANDS.indexOf(p.percent)], line: p.percent === BANDS[0] ? palette.forecastLine : null, width: 1.5 }));
  return { paintRules: [{ dataLayer: "forecast", symbolizer: band }], labelRules: [] };
}

/** @param {Palette} palette */
function listedStyle(palette) {
  const outline = areaSymbol((p) => listedLook(p.state, palette));
  const name = textSymbol({
    lines: (p) => [p.name],
    look: () => ({ size: 13, colour: palette.listed, halo: palette.halo, weight: 700 }),
    once: (p) => `listed ${p.id}`,
    pad: 4,
  });
  return { paintRules: [{ dataLayer: "listed", symbolizer: outline }], labelRules: [{ dataLayer: "listed_labels", minzoom: 13, symbolizer: name }] };
}

/**
 * @param {string} text
 * @returns {number} a stable number for a text
 */
function textNumber(text) {
  let number = 7;
  for (const letter of String(text)) number = (number * 31 + letter.charCodeAt(0)) % 9973;
  return number;
}
