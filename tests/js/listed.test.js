import assert from "node:assert/strict";
import test from "node:test";
import { listedLook } from "../../static/js/map/data_style.js";
import { paletteOf } from "../../static/js/map/palette.js";
import { boundsOf, drawnWords, filledIn, wholeNumber } from "../../static/js/pages/listed_words.js";

const blank = { what: "", who: " ", until: "", done_on: "" };

test("a line of measures that nobody has begun is left out, one half filled in is sent to be refused", () => {
  const half = { ...blank, what: "加装路灯" };
  assert.deepEqual(filledIn([blank, half, blank]), [half]);
});

test("only whole numbers are figures; the server is told of anything else as of nothing", () => {
  assert.deepEqual(["240", " 0 ", "", "1.5", "-3", "1e3", "x"].map(wholeNumber), [240, 0, null, null, null, null, null]);
});

test("the bounds of ground in several parts hold them all", () => {
  const parts = [[[[119, 30], [119.1, 30], [119.1, 30.2], [119, 30]]], [[[118.5, 29], [118.6, 29], [118.6, 29.1], [118.5, 29]]]];
  assert.deepEqual(boundsOf({ type: "MultiPolygon", coordinates: parts }), [118.5, 29, 119.1, 30.2]);
});

test("what is drawn is told by its corners, and from three on by its size", () => {
  /** @type {[number, number][]} */
  const ring = [[119, 30], [119.002, 30], [119.002, 30.002], [119, 30.002]];
  assert.equal(drawnWords([]), "No corner yet.");
  assert.equal(drawnWords(ring.slice(0, 1)), "1 corner");
  assert.equal(drawnWords(ring.slice(0, 2)), "2 corners");
  assert.match(drawnWords(ring), /^4 corners · 4\.\d ha$/);
});

test("proposed, listed and over differ in their line, and only what is listed is filled", () => {
  const looks = ["proposed", "listed", "ended", "evaluated"].map((state) => listedLook(state, paletteOf("light")));
  assert.equal(new Set(looks.map(({ width, dash }) => `${width} ${dash}`)).size, 3);
  assert.deepEqual(looks.map((look) => Boolean(look.fill)), [false, true, false, false]);
});
