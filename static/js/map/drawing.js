/**
 * Drawing as values: snapping, coordinates as text, the area of a ring. No map, no page.
 *
 * Positions are [lon, lat] in EPSG:4326. The browser only previews: whether a boundary may be saved is decided by
 * the server.
 */

/** @typedef {[number, number]} Position */

/** Mean earth radius of IUGG in m: for figures shown while drawing, not for decisions. */
const RADIUS_M = 6_371_008.8;

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
