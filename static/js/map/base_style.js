/** The quiet base map: ground, water, buildings, roads by class, names. Data lies on top of it and is louder. */
import { FONT, areaSymbol, lineSymbol } from "./symbols.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{paintRules: any[], labelRules: any[]}} Style */

/** Ranks from a lane to a trunk road. OSM's classes and ours are one table; an unknown class is a small street. */
const RANKS = /** @type {Record<string, number>} */ ({
  footway: 0, path: 0, steps: 0, cycleway: 0, track: 0, bridleway: 0,
  service: 1, pedestrian: 1, living_street: 1,
  residential: 2, unclassified: 2, road: 2,
  tertiary: 3, secondary: 4, primary: 5, trunk: 5, motorway: 5,
});

/** Rows: rank. Columns: width in px at zoom 12, 14, 16, 18. Zero: not drawn there. */
const WIDTHS = [
  [0, 0, 1, 2],
  [0, 0.6, 2.5, 7],
  [0, 1.2, 4.5, 12],
  [0.8, 2.4, 6.5, 16],
  [1.4, 3.4, 8.5, 20],
  [2, 4.4, 10.5, 24],
];

/**
 * @param {string} roadClass
 * @returns {number} 0 (path) to 5 (main road)
 */
export function roadRank(roadClass) {
  const name = String(roadClass).replace(/_link$/, "");
  return Object.hasOwn(RANKS, name) ? RANKS[name] : 2;
}

/**
 * @param {string} roadClass
 * @param {number} z display zoom
 * @returns {number} width of the road's surface in px
 */
export function roadWidth(roadClass, z) {
  const row = WIDTHS[roadRank(roadClass)];
  const place = Math.max(0, Math.min(3, (z - 12) / 2));
  const lower = Math.floor(place);
  const share = place - lower;
  const upper = row[Math.min(3, lower + 1)];
  return row[lower] + (upper - row[lower]) * share;
}

/**
 * @param {Palette} palette
 * @returns {Style} rules for layers ground, buildings and roads
 */
export function baseStyle(palette) {
  const bold = palette.name === "print" ? 1.25 : 1;
  return {
    paintRules: [
      ground("farmland", palette.farmland), ground("green", palette.green),
      { ...ground("water", palette.water, palette.waterEdge), filter: isKind("water", 3) },
      { dataLayer: "ground", filter: isKind("water", 2), symbolizer: lineSymbol((_, z) => ({ line: palette.water, width: Math.max(1.5, (z - 11) * 1.2) })) },
      { dataLayer: "buildings", minzoom: 14, symbolizer: areaSymbol((_, z) => ({ fill: palette.building, line: z >= 16 ? palette.buildingEdge : null, width: 0.75 })) },
      ...[1, 2, 3, 4, 5].map((rank) => casing(rank, palette, bold)),
      ...[0, 1, 2, 3, 4, 5].map((rank) => surface(rank, palette, bold)),
    ],
    labelRules: [roadNames(palette, 4), roadNames(palette, 2)],
  };
}

/**
 * @param {string} kind
 * @param {number} [geomType]
 */
function isKind(kind, geomType) {
  return (/** @type {number} */ _, /** @type {any} */ f) => f.props.kind === kind && (!geomType || f.geomType === geomType);
}

/**
 * @param {string} kind
 * @param {string} fill
 * @param {string | null} [line]
 */
function ground(kind, fill, line = null) {
  return { dataLayer: "ground", filter: isKind(kind, 3), symbolizer: areaSymbol(() => ({ fill, line, width: 1 })) };
}

/** @param {number} rank */
function hasRank(rank) {
  return (/** @type {number} */ _, /** @type {any} */ f) => roadRank(f.props.class) === rank;
}

/**
 * @param {number} rank
 * @param {Palette} palette
 * @param {number} bold
 */
function casing(rank, palette, bold) {
  const line = rank >= 4 ? palette.roadMajorCasing : palette.roadCasing;
  const look = (/** @type {any} */ props, /** @type {number} */ z) => {
    const width = roadWidth(props.class, z);
    return { line, width: width > 0 ? width + 1.5 * bold : 0, cap: /** @type {CanvasLineCap} */ ("butt") };
  };
  return { dataLayer: "roads", filter: hasRank(rank), symbolizer: lineSymbol(look) };
}

/**
 * @param {number} rank
 * @param {Palette} palette
 * @param {number} bold
 */
function surface(rank, palette, bold) {
  const line = rank === 0 ? palette.path : rank >= 4 ? palette.roadMajor : palette.road;
  const look = (/** @type {any} */ props, /** @type {number} */ z) => ({
    line, width: roadWidth(props.class, z) * (rank === 0 ? bold : 1), dash: rank === 0 ? [4, 3] : [],
  });
  return { dataLayer: "roads", filter: hasRank(rank), symbolizer: lineSymbol(look) };
}

/**
 * Main roads are named first and from farther away.
 * @param {Palette} palette
 * @param {number} fromRank
 */
function roadNames(palette, fromRank) {
  const major = fromRank >= 4;
  return {
    dataLayer: "roads",
    minzoom: major ? 13 : 15,
    filter: (/** @type {number} */ _, /** @type {any} */ f) => {
      const rank = roadRank(f.props.class);
      return Boolean(f.props.name) && rank >= fromRank && (major || rank < 4);
    },
    symbolizer: new protomapsL.LineLabelSymbolizer({
      labelProps: ["name"], fill: palette.label, stroke: palette.halo, width: 3,
      font: `500 ${major ? 13 : 12}px ${FONT}`,
      // Borders run in the middle of streets: a name written there would be struck through.
      position: protomapsL.LineLabelPlacement.Above, offset: 5, repeatDistance: 420,
    }),
  };
}
