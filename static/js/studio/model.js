/**
 * A change set as the page knows it: values and how answers of the server change them. No page, no map.
 *
 * The server's word replaces what is here, grid by grid; what others did arrives by the same door as one's own.
 */

/**
 * @typedef {object} Grid
 * @property {number} key
 * @property {number | null} grid_id
 * @property {string} code
 * @property {string} name
 * @property {number} version
 * @property {boolean} changed its ground, name or code differs from what is published
 * @property {boolean} [cornered] a neighbour's edit put a corner on its edge, and nothing else
 * @property {number} area_m2
 * @property {number} households
 * @property {any} geometry GeoJSON Polygon or MultiPolygon
 */

/**
 * @typedef {object} Line one line of the log
 * @property {number} number
 * @property {string} kind
 * @property {number | null} of the line that an undo or redo turns
 * @property {string} state done, undone or dropped
 * @property {string} author
 * @property {boolean} own
 * @property {string} at
 * @property {number[]} grids
 * @property {Record<string, any> | null} [origin] of an import: file, digest, encoding, reference system, datum
 */

/**
 * @typedef {object} ChangeSet
 * @property {number} id
 * @property {string} title
 * @property {string} state
 * @property {number} last_edit
 * @property {Map<number, Grid>} grids
 * @property {Line[]} edits
 * @property {any} frame
 * @property {Record<string, boolean>} can
 */

/**
 * @param {any} answer GET /api/change-sets/<id>
 * @returns {ChangeSet & Record<string, any>}
 */
export function readChangeSet(answer) {
  return { ...answer, grids: new Map(answer.grids.map((/** @type {Grid} */ grid) => [grid.key, grid])) };
}

/**
 * @template {ChangeSet} S
 * @param {S} set
 * @param {{last_edit: number, state?: string, edit?: Line, edits?: Line[], grids: Grid[], ended: number[]}} answer of an edit, an undo or
 *   of /since
 * @returns {S} the same one when nothing is new
 */
export function withAnswer(set, { last_edit, state = set.state, edit, edits = edit ? [edit] : [], grids, ended }) {
  if (last_edit < set.last_edit) return set;
  const next = new Map(set.grids);
  ended.forEach((key) => next.delete(key));
  grids.forEach((grid) => {
    // An answer that overtook a newer one must not bring the older grid back.
    if ((next.get(grid.key)?.version ?? 0) <= grid.version) next.set(grid.key, grid);
  });
  // A line of somebody else's in between is still to be heard.
  const heard = edit && edit.number > set.last_edit + 1 ? set.last_edit : last_edit;
  return { ...set, last_edit: heard, state, grids: next, edits: withLines(set.edits, edits) };
}

/**
 * @template {ChangeSet & Record<string, any>} S
 * @param {S} set
 * @param {{last_said: number, comments: any[]}} talk
 * @returns {S} the same one when it was overtaken
 */
export function withTalk(set, { last_said, comments }) {
  return last_said < set.last_said ? set : { ...set, last_said, comments };
}

/**
 * @param {Line[]} known
 * @param {Line[]} fresh
 * @returns {Line[]} by number; an undo marks the line it takes back
 */
function withLines(known, fresh) {
  const lines = new Map(known.map((line) => [line.number, line]));
  for (const line of fresh) {
    lines.set(line.number, line);
    const turned = line.of === null ? undefined : lines.get(line.of);
    if (turned) lines.set(turned.number, { ...turned, state: line.kind === "undo" ? "undone" : "done" });
  }
  return [...lines.values()].sort((a, b) => a.number - b.number);
}

/**
 * @param {ChangeSet} set
 * @returns {Record<string, number>} what an edit tells the server it was made from
 */
export function versionsOf({ grids }) {
  return Object.fromEntries([...grids.values()].map((grid) => [String(grid.key), grid.version]));
}

/**
 * @param {ChangeSet} set
 * @returns {{undo: boolean, redo: boolean}} whether there is something of one's own to turn
 */
export function turnable({ edits }) {
  const own = edits.filter((line) => line.own && line.of === null);
  // Of a long log only the end is here: what came before may be turned too, the server knows.
  const isCut = edits.length > 0 && edits[0].number > 1;
  return { undo: isCut || own.some((line) => line.state === "done"), redo: isCut || own.some((line) => line.state === "undone") };
}

/**
 * @param {Iterable<Grid>} grids
 * @param {{by: "code" | "name" | "area_m2" | "households" | "changed", down?: boolean}} order
 * @returns {Grid[]}
 */
export function sorted(grids, { by, down = false }) {
  const way = down ? -1 : 1;
  const compare = (/** @type {Grid} */ a, /** @type {Grid} */ b) => {
    const [one, two] = [a[by], b[by]];
    const first = typeof one === "string" ? one.localeCompare(String(two), "zh") : Number(one) - Number(two);
    return way * first || a.code.localeCompare(b.code);
  };
  return [...grids].sort(compare);
}

/**
 * Whether an edit changes a grid in a way that people notice: a neighbour that only gets a corner is not told of.
 * @param {Grid | undefined} before
 * @param {{area_m2: number, households: number}} after
 * @returns {boolean}
 */
export function isFelt(before, after) {
  return !before || Math.abs(before.area_m2 - after.area_m2) >= 1 || before.households !== after.households;
}

/**
 * The pieces of a preview that people notice, each with the mark that it bears on the map and in lists.
 * @param {{grids: any[]}} preview
 * @param {ChangeSet} set
 * @returns {any[]} with `mark`: "1", "2", …
 */
export function piecesOf({ grids }, set) {
  return grids.filter((grid) => isFelt(set.grids.get(grid.key), grid)).map((grid, i) => ({ ...grid, mark: String(i + 1) }));
}

/**
 * The grid that holds a place (even-odd rule over all rings).
 * @template {{geometry: any}} G
 * @param {Iterable<G>} grids
 * @param {[number, number]} position
 * @returns {G | null}
 */
export function gridAt(grids, position) {
  for (const grid of grids) if (holds(grid.geometry, position)) return grid;
  return null;
}

/** @param {any} geometry @param {[number, number]} position */
function holds(geometry, [x, y]) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
  let inside = false;
  for (const rings of polygons) {
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
      }
    }
  }
  return inside;
}

/**
 * @param {Iterable<Grid>} grids
 * @returns {[number, number][][]} all rings, to snap to
 */
export function ringsOf(grids) {
  return [...grids].flatMap(({ geometry }) => (geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : geometry.coordinates));
}

/**
 * The list of grids as a table for a spreadsheet.
 * @param {Grid[]} grids
 * @param {string[]} heads code, name, area in m2, households
 * @returns {string} with a byte order mark, so that Excel reads Chinese
 */
export function csvOf(grids, heads) {
  const cell = (/** @type {string | number} */ value) => {
    const words = String(value);
    // A spreadsheet would run a cell that begins like a formula.
    const safe = /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const rows = grids.map(({ code, name, area_m2, households }) => [code, name, Math.round(area_m2), households]);
  return `\ufeff${[heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
