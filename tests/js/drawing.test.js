import assert from "node:assert/strict";
import test from "node:test";
import * as drawing from "../../static/js/map/drawing.js";

const SQUARE = [[120, 30], [120.01, 30], [120.01, 30.01], [120, 30.01]];
/** One degree is 1000 px, y downwards as on a screen. */
const project = ([lon, lat]) => ({ x: lon * 1000, y: -lat * 1000 });

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
