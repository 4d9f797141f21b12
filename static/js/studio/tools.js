/**
 * The studio's tools as data: what each one needs from the person, and the edit it sends. No page, no map.
 *
 * The server does the geometry (geo/shapes/edits); here is only which grids, lines, places and numbers go along.
 */
import { t } from "../i18n.js";

/** @typedef {[number, number]} Position lon, lat */
/** @typedef {{bearing_deg: number, distance_m: number}} Leg */

/**
 * @typedef {object} Input what the person has given so far
 * @property {number[]} grids keys of the chosen grids, in the order they were chosen
 * @property {Position[]} points corners set on the map or typed
 * @property {Position[][]} lines finished lines before the present one
 * @property {number | null} size metres, for the tools that ask for them
 * @property {string} along what to follow
 */

/**
 * @typedef {object} Tool
 * @property {string} kind
 * @property {string} icon
 * @property {string} key
 * @property {0 | 1 | 2 | "many"} grids how many grids it takes
 * @property {"none" | "line" | "lines" | "ring" | "point" | "move" | "ends"} shape what is drawn
 * @property {boolean} [size] asks for metres
 * @property {boolean} [sizeInstead] metres may stand in for the line
 * @property {"corners"} [group] tools that share one place in the bar
 * @property {() => string} label
 * @property {() => string} hint one sentence: what it does, and what to press first
 */

/** @type {Tool[]} */
export const TOOLS = [
  { kind: "draw", icon: "draw", key: "d", grids: 0, shape: "ring", label: () => t("Draw"), hint: () => t("A new grid on free ground: press its corners one after another. Close to a neighbour they snap to its boundary.") },
  { kind: "split", icon: "split", key: "s", grids: 1, shape: "lines", label: () => t("Split"), hint: () => t("Divides a grid: press the grid, then draw a line right across it. More lines make more parts.") },
  { kind: "merge", icon: "merge", key: "m", grids: "many", shape: "none", label: () => t("Merge"), hint: () => t("Makes one grid of several: press the one that keeps its name, then its neighbours.") },
  { kind: "move_vertex", icon: "vertex", key: "v", grids: 0, shape: "move", group: "corners", label: () => t("Move a corner"), hint: () => t("A corner is where a boundary turns: press it, then its new place. All grids that share it follow.") },
  { kind: "insert_vertex", icon: "plus", key: "i", grids: 0, shape: "point", group: "corners", label: () => t("Add a corner"), hint: () => t("Gives a boundary one more corner to move: press the place on the boundary.") },
  { kind: "delete_vertex", icon: "minus", key: "x", grids: 0, shape: "point", group: "corners", label: () => t("Delete a corner"), hint: () => t("Takes a corner out, so that the boundary runs straight on: press the corner.") },
  { kind: "reshape", icon: "redraw", key: "r", grids: 0, shape: "line", label: () => t("Redraw"), hint: () => t("A new course for a piece of boundary: press a place on the old one, draw the new course, end on the old one again.") },
  { kind: "follow", icon: "road", key: "f", grids: 2, shape: "ends", label: () => t("Follow"), hint: () => t("Lays a boundary along a street, a water or between buildings: press both grids, then where that piece begins and ends.") },
  { kind: "give_strip", icon: "strip", key: "g", grids: 2, shape: "line", size: true, sizeInstead: true, label: () => t("Give a strip"), hint: () => t("Gives a strip of a grid to its neighbour: press the grid that gives, then the one that takes; draw the new boundary or type a width.") },
  { kind: "cut_hole", icon: "hole", key: "h", grids: 1, shape: "ring", label: () => t("Cut out"), hint: () => t("Makes a part of a grid, such as a courtyard, a grid of its own: press the grid, then the corners around that part.") },
  { kind: "simplify", icon: "simplify", key: "p", grids: 0, shape: "none", size: true, label: () => t("Simplify"), hint: () => t("Takes out corners that hardly show: type how fine a bend must be to go. The community's own boundary stays.") },
  { kind: "measure", icon: "measure", key: "l", grids: 0, shape: "line", label: () => t("Measure"), hint: () => t("Reads distances, bearings and an area and changes nothing: press one place after another.") },
];

/**
 * The places of the bar: one tool each, or several that are variants of one another.
 * @returns {Tool[][]}
 */
export function toolGroups() {
  /** @type {Map<string, Tool[]>} */
  const groups = new Map();
  for (const tool of TOOLS) groups.set(tool.group ?? tool.kind, [...(groups.get(tool.group ?? tool.kind) ?? []), tool]);
  return [...groups.values()];
}

/** @type {Input} */
export const NO_INPUT = Object.freeze({ grids: [], points: [], lines: [], size: null, along: "road" });

/**
 * @param {string} kind
 * @returns {Tool}
 */
export function toolOf(kind) {
  const tool = TOOLS.find((one) => one.kind === kind);
  if (!tool) throw new Error(`no tool ${kind}`);
  return tool;
}

/**
 * Whether something would be lost if the input were thrown away.
 * @param {Input} input
 * @returns {boolean}
 */
export function isDrawn({ points, lines }) {
  return points.length > 0 || lines.length > 0;
}

/**
 * The input without grids that no longer exist: another person has merged them away, the drawn line stays.
 * @param {Input} input
 * @param {number[]} ended keys
 * @returns {Input}
 */
export function withoutGrids(input, ended) {
  return input.grids.some((key) => ended.includes(key)) ? { ...input, grids: input.grids.filter((key) => !ended.includes(key)) } : input;
}

/**
 * What is still missing before the edit can be sent.
 * @param {Tool} tool
 * @param {Input} input
 * @returns {"grids" | "shape" | "size" | null} null when nothing is
 */
export function missing(tool, input) {
  const wanted = tool.grids === "many" ? 2 : tool.grids;
  if (input.grids.length < wanted) return "grids";
  const sized = input.size !== null && input.size > 0;
  if (tool.size && !tool.sizeInstead && !sized) return "size";
  if (tool.sizeInstead && sized && input.points.length === 0) return null;
  const corners = { none: 0, point: 1, move: 2, ends: 2, line: 2, lines: 2, ring: 3 }[tool.shape];
  const enough = input.points.length >= corners || (tool.shape === "lines" && input.lines.length > 0 && input.points.length === 0);
  return enough ? null : "shape";
}

/** What a boundary may follow, with its name. @returns {[string, string][]} */
export function alongWays() {
  return [["road", t("Street")], ["water", t("Water")], ["gap", t("Between buildings")]];
}

/**
 * What to do next, in a few words.
 * @param {Tool} tool
 * @param {Input} input
 * @returns {string} "" when everything is given
 */
export function nextWords(tool, input) {
  const lacking = missing(tool, input);
  if (lacking === "size") return t("Type the metres.");
  if (lacking === "grids") return gridWords(tool, input.grids.length);
  return lacking || tool.kind === "measure" ? placeWords(tool, input.points.length) : "";
}

/** @param {Tool} tool @param {number} chosen how many grids are @returns {string} */
function gridWords({ kind, grids }, chosen) {
  if (kind === "give_strip") return chosen ? t("Press the neighbour that takes.") : t("Press the grid that gives.");
  if (kind === "merge" && !chosen) return t("Press the grid that keeps its name.");
  if (chosen) return t("Press its neighbour.");
  return grids === 1 ? t("Press the grid.") : t("Press one of the two grids.");
}

/** @param {Tool} tool @param {number} set how many places are @returns {string} */
function placeWords({ kind, shape }, set) {
  if (kind === "give_strip" && !set) return t("Draw the new boundary, or type a width.");
  if (kind === "insert_vertex") return t("Press the place on the boundary.");
  if (shape === "ends") return set ? t("Press where it ends.") : t("Press where the piece begins.");
  if (shape === "move" && set) return t("Press its new place.");
  if (shape === "move" || shape === "point") return t("Press the corner.");
  if (shape === "ring") return set ? t("Press the next corner.") : t("Press the first corner.");
  if (kind === "measure") return set ? t("Press the next place.") : t("Press the first place.");
  return set ? t("Press the next place of the line.") : t("Press where the line begins.");
}

/**
 * The edit as the server takes it.
 * @param {Tool} tool
 * @param {Input} input nothing of it is missing
 * @returns {Record<string, any>}
 */
export function editOf({ kind }, { grids, points, lines, size, along }) {
  const [first, second] = grids;
  switch (kind) {
    case "draw": return { kind, polygon: points };
    case "split": return { kind, grid: first, lines: points.length > 1 ? [...lines, points] : lines };
    case "merge": return { kind, grids };
    case "move_vertex": return { kind, at: points[0], to: points[1] };
    case "insert_vertex":
    case "delete_vertex": return { kind, at: points[0] };
    case "reshape": return { kind, line: points };
    case "follow": return { kind, grids: [first, second], along, start: points[0], end: points[1] };
    case "give_strip": return { kind, giver: first, taker: second, ...(points.length > 1 ? { line: points } : { width_m: size }) };
    case "cut_hole": return { kind, grid: first, polygon: points };
    case "simplify": return { kind, tolerance_m: size };
    default: throw new Error(`no edit ${kind}`);
  }
}

/**
 * The input after an edit was done: what was set while it was on its way.
 * @param {Input} sent what the edit was made of
 * @param {Input} input what is given now; what was sent is still the same objects in it
 * @returns {Input}
 */
export function afterEdit(sent, input) {
  return {
    ...NO_INPUT, along: input.along, grids: input.grids.filter((key) => !sent.grids.includes(key)),
    points: input.points.filter((place) => !sent.points.includes(place)),
    lines: input.lines.filter((line) => line !== sent.points && !sent.lines.includes(line)),
  };
}

/**
 * The input after a grid was chosen: a second press takes it out again, the oldest makes room.
 * @param {Tool} tool
 * @param {Input} input
 * @param {number} key
 * @returns {Input}
 */
export function withGrid(tool, input, key) {
  if (tool.grids === 0) return input;
  if (input.grids.includes(key)) return { ...input, grids: input.grids.filter((one) => one !== key) };
  const most = tool.grids === "many" ? 50 : tool.grids;
  return { ...input, grids: [...input.grids, key].slice(-most) };
}

/**
 * The input after a corner was set; tools that take a fixed number of places keep the last ones.
 * @param {Tool} tool
 * @param {Input} input
 * @param {Position} position
 * @returns {Input}
 */
export function withPoint(tool, input, position) {
  const most = { none: 0, point: 1, move: 2, ends: 2, line: Infinity, lines: Infinity, ring: Infinity }[tool.shape];
  if (most === 0) return input;
  const kept = input.points.length >= most ? [] : input.points;
  return { ...input, points: [...kept, position] };
}

/**
 * Whether a press on the map chooses a grid (true) or sets a corner.
 * @param {Tool} tool
 * @param {Input} input
 * @returns {boolean}
 */
export function wantsGrid(tool, input) {
  if (tool.shape === "none") return tool.grids !== 0;
  return input.grids.length < (tool.grids === "many" ? 2 : tool.grids);
}

/**
 * Legs as people type them: one a line, bearing in degrees and distance in metres.
 * @param {string} text
 * @returns {{legs: Leg[], wrong: number | null}} the number of the first line that cannot be read
 */
export function parseLegs(text) {
  /** @type {Leg[]} */
  const legs = [];
  const rows = text.split("\n");
  for (const [index, row] of rows.entries()) {
    const words = row.trim().replaceAll("°", " ").split(/[\s,;，；]+/).filter(Boolean);
    if (words.length === 0) continue;
    const [bearing_deg, distance_m] = words.map(Number);
    if (words.length !== 2 || !(bearing_deg >= 0 && bearing_deg <= 360 && distance_m > 0)) return { legs, wrong: index + 1 };
    legs.push({ bearing_deg, distance_m });
  }
  return { legs, wrong: null };
}

/** The ellipsoid of WGS-84; CGCS2000's differs by 0.1 mm. A sphere would be off by 30 cm in 100 m. */
const AXIS_M = 6_378_137;
const ECCENTRICITY2 = 0.00669437999014;
const radians = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;
const degrees = (/** @type {number} */ angle) => (angle * 180) / Math.PI;

/**
 * @param {number} lat
 * @returns {{north: number, east: number}} metres that a radian of latitude and of longitude is long there
 */
function radii(lat) {
  const bend = Math.sqrt(1 - ECCENTRICITY2 * Math.sin(radians(lat)) ** 2);
  return { north: (AXIS_M * (1 - ECCENTRICITY2)) / bend ** 3, east: (AXIS_M / bend) * Math.cos(radians(lat)) };
}

/**
 * The places a line of legs comes to, on the ellipsoid: the mid-latitude formula of Gauss, which is off by less than
 * a millimetre over legs of some kilometres.
 * @param {Position} start
 * @param {Leg[]} legs
 * @returns {Position[]}
 */
export function walked(start, legs) {
  /** @type {Position[]} */
  const points = [start];
  for (const leg of legs) points.push(goneFrom(points[points.length - 1], leg));
  return points;
}

/** @param {Position} from @param {Leg} leg @returns {Position} */
function goneFrom([lon, lat], { bearing_deg, distance_m }) {
  let [north, east] = [0, 0];
  // Radii and bearing are those of the middle of the leg, which is known better every time.
  for (let round = 0; round < 4; round++) {
    const middle = lat + degrees(north) / 2;
    const { north: perNorth, east: perEast } = radii(middle);
    const bearing = radians(bearing_deg) + (east * Math.sin(radians(middle))) / 2;
    [north, east] = [(distance_m * Math.cos(bearing)) / perNorth, (distance_m * Math.sin(bearing)) / perEast];
  }
  return [Number((lon + degrees(east)).toFixed(7)), Number((lat + degrees(north)).toFixed(7))];
}

/**
 * Distance and bearing from one place to the next, on the ellipsoid.
 * @param {Position} from
 * @param {Position} to
 * @returns {Leg}
 */
export function legOf([lon1, lat1], [lon2, lat2]) {
  const middle = (lat1 + lat2) / 2;
  const { north: perNorth, east: perEast } = radii(middle);
  const [north_m, east_m] = [radians(lat2 - lat1) * perNorth, radians(lon2 - lon1) * perEast];
  const bearing = Math.atan2(east_m, north_m) - (radians(lon2 - lon1) * Math.sin(radians(middle))) / 2;
  return { bearing_deg: (degrees(bearing) + 360) % 360, distance_m: Math.hypot(east_m, north_m) };
}

/**
 * The area of a ring on the ellipsoid, for rings of a few kilometres.
 * @param {Position[]} ring
 * @returns {number} m²
 */
export function groundArea_m2(ring) {
  const lats = ring.map(([, lat]) => lat);
  const { north, east } = radii((Math.min(...lats) + Math.max(...lats)) / 2);
  const [lon0, lat0] = ring[0];
  const metres = ring.map(([lon, lat]) => [radians(lon - lon0) * east, radians(lat - lat0) * north]);
  const twice = metres.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = metres[(i + 1) % metres.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}
