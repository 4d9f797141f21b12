/**
 * The polygon being drawn, as values: no map, no page. Positions are [lon, lat] in EPSG:4326.
 *
 * Every edit gives a new ring; the past is a list of rings, so that undo costs nothing. The browser only previews:
 * whether a boundary may be saved is decided by the server.
 */

/** @typedef {[number, number]} Position */
/** @typedef {{ring: Position[], closed: boolean}} Drawing the ring does not repeat its first vertex */
/** @typedef {{past: Drawing[], present: Drawing, future: Drawing[]}} History */

/** @type {Drawing} */
export const EMPTY = Object.freeze({ ring: [], closed: false });

/** Mean earth radius of IUGG in m: for figures shown while drawing, not for decisions. */
const RADIUS_M = 6_371_008.8;
const PAST_KEPT = 200;

/** @param {Drawing} [drawing] @returns {History} */
export function startHistory(drawing = EMPTY) {
  return { past: [], present: drawing, future: [] };
}

/**
 * @param {History} history
 * @param {Drawing} next
 * @returns {History} the same one when nothing changed
 */
export function keep(history, next) {
  if (next === history.present) return history;
  return { past: [...history.past.slice(-PAST_KEPT), history.present], present: next, future: [] };
}

/** @param {History} history @returns {History} */
export function undo(history) {
  const present = history.past.at(-1);
  if (!present) return history;
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future] };
}

/** @param {History} history @returns {History} */
export function redo(history) {
  const [present, ...future] = history.future;
  if (!present) return history;
  return { past: [...history.past, history.present], present, future };
}

/**
 * @param {Drawing} drawing
 * @param {Position} position
 * @returns {Drawing} unchanged when it is closed or the vertex repeats the last one
 */
export function addVertex(drawing, position) {
  const last = drawing.ring.at(-1);
  if (drawing.closed || (last && same(last, position))) return drawing;
  return { ...drawing, ring: [...drawing.ring, stored(position)] };
}

/**
 * @param {Drawing} drawing
 * @param {number} index
 * @param {Position} position
 * @returns {Drawing}
 */
export function moveVertex(drawing, index, position) {
  return { ...drawing, ring: drawing.ring.map((old, i) => (i === index ? stored(position) : old)) };
}

/**
 * @param {Drawing} drawing
 * @param {number} index the new vertex comes after this one
 * @param {Position} position
 * @returns {Drawing}
 */
export function insertVertex(drawing, index, position) {
  const ring = [...drawing.ring.slice(0, index + 1), stored(position), ...drawing.ring.slice(index + 1)];
  return { ...drawing, ring };
}

/**
 * @param {Drawing} drawing
 * @param {number} index
 * @returns {Drawing} open again when fewer than three vertices are left
 */
export function removeVertex(drawing, index) {
  const ring = drawing.ring.filter((_, i) => i !== index);
  return { ring, closed: drawing.closed && ring.length >= 3 };
}

/** @param {Drawing} drawing @returns {Drawing} unchanged with fewer than three vertices */
export function closeRing(drawing) {
  return drawing.closed || drawing.ring.length < 3 ? drawing : { ...drawing, closed: true };
}

/**
 * The drawing as GeoJSON: counter-clockwise as RFC 7946 wants it, closed, seven decimals as stored.
 * @param {Drawing} drawing
 * @returns {{type: "Polygon", coordinates: Position[][]} | null} null until it is closed
 */
export function toGeometry({ ring, closed }) {
  if (!closed || ring.length < 3) return null;
  const turned = signedArea(ring) < 0 ? [...ring].reverse() : ring;
  return { type: "Polygon", coordinates: [[...turned, turned[0]]] };
}

/**
 * @param {any} geometry GeoJSON Polygon, or a MultiPolygon of one part
 * @returns {Drawing}
 */
export function fromGeometry(geometry) {
  const polygon = geometry.type === "MultiPolygon" ? geometry.coordinates[0] : geometry.coordinates;
  return { ring: polygon[0].slice(0, -1).map((/** @type {number[]} */ p) => stored([p[0], p[1]])), closed: true };
}

/**
 * Where edges of the ring cross each other.
 * @param {Drawing} drawing
 * @returns {Position[]} in the order of the edges; empty for a simple ring
 */
export function crossings({ ring, closed }) {
  const edges = edgesOf(ring, closed);
  const found = [];
  for (let i = 0; i < edges.length; i++) {
    for (let j = i + 2; j < edges.length; j++) {
      if (closed && i === 0 && j === edges.length - 1) continue; // they share the first vertex
      const at = crossing(edges[i], edges[j]);
      if (at) found.push(at);
    }
  }
  return found;
}

/**
 * Area on the sphere (Chamberlain and Duquette 2007).
 * @param {Position[]} ring
 * @returns {number} m²
 */
export function ringArea_m2(ring) {
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const [lon1, lat1] = ring[i];
    const [lon2, lat2] = ring[(i + 1) % ring.length];
    sum += radians(lon2 - lon1) * (2 + Math.sin(radians(lat1)) + Math.sin(radians(lat2)));
  }
  return Math.abs((sum * RADIUS_M * RADIUS_M) / 2);
}

/**
 * Read coordinates as people paste them: one vertex a line, longitude first.
 * @param {string} text
 * @returns {{ring: Position[], problems: {line: number, reason: "unreadable" | "swapped" | "outside"}[]}}
 */
export function parseCoordinates(text) {
  /** @type {Position[]} */
  const ring = [];
  /** @type {{line: number, reason: "unreadable" | "swapped" | "outside"}[]} */
  const problems = [];
  text.split("\n").forEach((row, i) => {
    const words = row.trim().split(/[\s,;，；]+/).filter(Boolean);
    if (words.length === 0) return;
    const reason = problemOf(words);
    if (reason) problems.push({ line: i + 1, reason });
    else ring.push(stored([Number(words[0]), Number(words[1])]));
  });
  if (ring.length > 3 && same(ring[0], ring[ring.length - 1])) ring.pop();
  return { ring, problems };
}

/**
 * @param {Position[]} ring
 * @returns {string}
 */
export function formatCoordinates(ring) {
  return ring.map(([lon, lat]) => `${lon.toFixed(7)}, ${lat.toFixed(7)}`).join("\n");
}

/**
 * The place a pointer means: the nearest vertex within reach, else the nearest edge, else the pointer itself.
 * @param {Position} at
 * @param {Position[][]} lines boundaries nearby, as open or closed lines
 * @param {{project: (p: Position) => {x: number, y: number}, vertex_px?: number, edge_px?: number}} options
 * @returns {{position: Position, on: "vertex" | "edge" | null}}
 */
export function snap(at, lines, { project, vertex_px = 14, edge_px = 9 }) {
  const pointer = project(at);
  let vertex = { position: at, distance: vertex_px };
  let edge = { position: at, distance: edge_px };
  for (const line of lines) {
    const drawn = line.map(project);
    for (let i = 0; i < line.length; i++) {
      const distance = Math.hypot(drawn[i].x - pointer.x, drawn[i].y - pointer.y);
      if (distance < vertex.distance) vertex = { position: line[i], distance };
      if (i === 0) continue;
      const foot = footOn(pointer, drawn[i - 1], drawn[i]);
      if (foot.distance < edge.distance) edge = { position: between(line[i - 1], line[i], foot.share), distance: foot.distance };
    }
  }
  if (vertex.distance < vertex_px) return { position: stored(vertex.position), on: "vertex" };
  if (edge.distance < edge_px) return { position: stored(edge.position), on: "edge" };
  return { position: stored(at), on: null };
}

/**
 * The lines of GeoJSON polygons and lines.
 * @param {any} collection FeatureCollection
 * @returns {Position[][]}
 */
export function linesOf(collection) {
  return (collection?.features ?? []).flatMap((/** @type {any} */ { geometry }) => {
    if (!geometry) return [];
    if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
    if (geometry.type === "Polygon" || geometry.type === "MultiLineString") return geometry.coordinates;
    return geometry.type === "LineString" ? [geometry.coordinates] : [];
  });
}

/**
 * Read a kept drawing.
 * @param {string | null} text
 * @returns {Drawing} empty for nothing or for anything that is not a drawing
 */
export function parseKept(text) {
  try {
    const { ring, closed } = JSON.parse(text ?? "null") ?? EMPTY;
    const sound = Array.isArray(ring) && ring.every((p) => Array.isArray(p) && p.length === 2 && p.every(Number.isFinite));
    return sound ? { ring: ring.map(stored), closed: Boolean(closed) && ring.length >= 3 } : EMPTY;
  } catch {
    return EMPTY;
  }
}

/** @param {string[]} words */
function problemOf(words) {
  const [lon, lat] = words.map(Number);
  if (words.length !== 2 || !Number.isFinite(lon) || !Number.isFinite(lat)) return "unreadable";
  if (Math.abs(lat) > 90 && Math.abs(lat) <= 180 && Math.abs(lon) <= 90) return "swapped";
  return Math.abs(lon) > 180 || Math.abs(lat) > 90 ? "outside" : null;
}

/** The grid of the database: 1e-7 degrees, about a centimetre. @param {Position} p @returns {Position} */
function stored([lon, lat]) {
  return [Math.round(lon * 1e7) / 1e7, Math.round(lat * 1e7) / 1e7];
}

/** @param {Position} a @param {Position} b */
function same(a, b) {
  const [p, q] = [stored(a), stored(b)];
  return p[0] === q[0] && p[1] === q[1];
}

/** @param {number} degrees */
function radians(degrees) {
  return (degrees * Math.PI) / 180;
}

/** @param {Position[]} ring */
function signedArea(ring) {
  return ring.reduce((sum, [x, y], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    return sum + (x * y2 - x2 * y) / 2;
  }, 0);
}

/** @param {Position[]} ring @param {boolean} closed @returns {[Position, Position][]} */
function edgesOf(ring, closed) {
  const last = closed ? ring.length : ring.length - 1;
  return Array.from({ length: Math.max(0, last) }, (_, i) => [ring[i], ring[(i + 1) % ring.length]]);
}

/** @param {[Position, Position]} one @param {[Position, Position]} two @returns {Position | null} */
function crossing([[ax, ay], [bx, by]], [[cx, cy], [dx, dy]]) {
  const across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  if (across === 0) return null;
  const s = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / across;
  const u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / across;
  return s >= 0 && s <= 1 && u >= 0 && u <= 1 ? between([ax, ay], [bx, by], s) : null;
}

/** @param {Position} a @param {Position} b @param {number} share @returns {Position} */
function between(a, b, share) {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

/**
 * @param {{x: number, y: number}} p
 * @param {{x: number, y: number}} a
 * @param {{x: number, y: number}} b
 */
function footOn(p, a, b) {
  const long2 = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const share = long2 === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / long2));
  return { share, distance: Math.hypot(a.x + (b.x - a.x) * share - p.x, a.y + (b.y - a.y) * share - p.y) };
}
