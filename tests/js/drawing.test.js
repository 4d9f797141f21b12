import assert from "node:assert/strict";
import test from "node:test";
import * as drawing from "../../static/js/map/drawing.js";

const SQUARE = [[120, 30], [120.01, 30], [120.01, 30.01], [120, 30.01]];
const BOW_TIE = [[0, 0], [2, 2], [2, 0], [0, 2]];
const closed = (ring) => ({ ring, closed: true });
/** One degree is 1000 px, y downwards as on a screen. */
const project = ([lon, lat]) => ({ x: lon * 1000, y: -lat * 1000 });

test("undo and redo walk the same path", () => {
  let history = drawing.startHistory();
  for (const position of SQUARE) history = drawing.keep(history, drawing.addVertex(history.present, position));
  const full = history.present;
  for (let i = 0; i < 4; i++) history = drawing.undo(history);
  assert.deepEqual(history.present, drawing.EMPTY);
  assert.equal(drawing.undo(history), history);
  for (let i = 0; i < 4; i++) history = drawing.redo(history);
  assert.deepEqual(history.present, full);
  assert.equal(drawing.redo(history), history);
});

test("a new edit after undo forgets the undone future", () => {
  let history = drawing.keep(drawing.startHistory(), drawing.addVertex(drawing.EMPTY, [1, 1]));
  history = drawing.undo(history);
  history = drawing.keep(history, drawing.addVertex(history.present, [2, 2]));
  assert.deepEqual(history.future, []);
});

test("a double press sets one vertex", () => {
  const once = drawing.addVertex(drawing.EMPTY, [120, 30]);
  assert.equal(drawing.addVertex(once, [120.00000001, 30]), once);
});

test("two vertices cannot be closed, three can", () => {
  const two = { ring: SQUARE.slice(0, 2), closed: false };
  assert.equal(drawing.closeRing(two), two);
  assert.equal(drawing.closeRing({ ring: SQUARE.slice(0, 3), closed: false }).closed, true);
});

test("a closed ring takes no vertex at its end but between two", () => {
  const square = closed(SQUARE);
  assert.equal(drawing.addVertex(square, [1, 1]), square);
  assert.deepEqual(drawing.insertVertex(square, 3, [119.99, 30.005]).ring.at(-1), [119.99, 30.005]);
});

test("removing a vertex of a triangle opens it", () => {
  assert.equal(drawing.removeVertex(closed(SQUARE.slice(0, 3)), 0).closed, false);
});

test("geometry is closed and counter-clockwise however it was drawn", () => {
  for (const ring of [SQUARE, [...SQUARE].reverse()]) {
    const [outer] = drawing.toGeometry(closed(ring)).coordinates;
    assert.deepEqual(outer[0], outer.at(-1));
    const twice = outer.slice(1).reduce((sum, [x, y], i) => sum + outer[i][0] * y - x * outer[i][1], 0);
    assert.ok(twice > 0);
  }
});

test("an open drawing has no geometry", () => {
  assert.equal(drawing.toGeometry({ ring: SQUARE, closed: false }), null);
});

test("geometry and drawing are each other's inverse", () => {
  const geometry = drawing.toGeometry(closed(SQUARE));
  assert.deepEqual(drawing.toGeometry(drawing.fromGeometry(geometry)), geometry);
});

//   (0,2)   (2,2)      the two diagonals of a bow tie
//       \   /          cross in (1,1)
//         X
//       /   \
//   (0,0)   (2,0)
test("a ring that crosses itself is found with the place", () => {
  assert.deepEqual(drawing.crossings(closed(BOW_TIE)), [[1, 1]]);
  assert.deepEqual(drawing.crossings(closed(SQUARE)), []);
});

test("an open line crosses itself only where it was drawn", () => {
  assert.deepEqual(drawing.crossings({ ring: [[0, 0], [2, 2], [2, 0]], closed: false }), []);
});

test("the area of a square of 0.01 degrees at 30° north is right within a permille", () => {
  // Length of 0.01° on the mean sphere: 1111.95 m north, times cos(30.005°) east.
  const expected = 1111.95 * 1111.95 * Math.cos((30.005 * Math.PI) / 180);
  assert.ok(Math.abs(drawing.ringArea_m2(SQUARE) / expected - 1) < 0.001);
});

test("coordinates are read as people paste them", () => {
  const { ring, problems } = drawing.parseCoordinates("120, 30\n120.01 30\n120.01，30.01\n\n120;30.01\n120,30\n");
  assert.deepEqual(problems, []);
  assert.deepEqual(ring, SQUARE);
});

for (const [text, reason] of [["30, 120", "swapped"], ["a, b", "unreadable"], ["120", "unreadable"], ["1,2,3", "unreadable"], ["200, 95", "outside"]]) {
  test(`${text} is refused as ${reason}, with its line`, () => {
    assert.deepEqual(drawing.parseCoordinates(`120, 30\n${text}`).problems, [{ line: 2, reason }]);
  });
}

test("written coordinates are read back", () => {
  assert.deepEqual(drawing.parseCoordinates(drawing.formatCoordinates(SQUARE)).ring, SQUARE);
});

//   vertex at (1,1) ---- edge ---- (2,1); pointers near either
test("a vertex within reach wins over the edge it lies on", () => {
  const line = [[1, 1], [2, 1]];
  assert.deepEqual(drawing.snap([1.005, 1.002], [line], { project }), { position: [1, 1], on: "vertex" });
});

test("an edge within reach gives the foot of the perpendicular", () => {
  const { position, on } = drawing.snap([1.5, 1.005], [[[1, 1], [2, 1]]], { project });
  assert.equal(on, "edge");
  assert.deepEqual(position, [1.5, 1]);
});

test("out of reach the pointer means its own place", () => {
  assert.deepEqual(drawing.snap([1.5, 1.2], [[[1, 1], [2, 1]]], { project }), { position: [1.5, 1.2], on: null });
});

test("lines are taken from all polygon kinds, holes included", () => {
  const collection = { features: [
    { geometry: { type: "Polygon", coordinates: [[[0, 0]], [[1, 1]]] } },
    { geometry: { type: "MultiPolygon", coordinates: [[[[2, 2]]], [[[3, 3]]]] } },
    { geometry: { type: "LineString", coordinates: [[4, 4]] } },
    { geometry: null },
  ] };
  assert.deepEqual(drawing.linesOf(collection).map((line) => line[0][0]), [0, 1, 2, 3, 4]);
});

test("a kept drawing comes back; anything else is no drawing", () => {
  assert.deepEqual(drawing.parseKept(JSON.stringify(closed(SQUARE))), closed(SQUARE));
  for (const bad of [null, "", "{", "[]", '{"ring":[[1]]}', '{"ring":"x"}', '{"ring":[[1,null]]}']) {
    assert.deepEqual(drawing.parseKept(bad), drawing.EMPTY, String(bad));
  }
});
