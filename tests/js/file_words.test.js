import assert from "node:assert/strict";
import test from "node:test";
import { changedWords, countWords, datumDetail, datumReason, encodingReason, shiftOf, sizeText, systemReason, systemsFor } from "../../static/js/studio/file_words.js";

const RANKING = [
  { datum: "gcj02", near_share: 0.823, typical_m: 2.9, apart_m: 0 },
  { datum: "wgs84", near_share: 0.061, typical_m: 71, apart_m: 481 },
  { datum: "bd09", near_share: 0.05, typical_m: 74, apart_m: 902 },
];
const FOUND = { taken: "gcj02", why: "found", marked: "", verdict: "found", length_m: 9000, offset_m: null, ranking: RANKING };

test("the fit is told in plain words, and what another datum would do", () => {
  assert.equal(datumReason(FOUND), "The boundaries lie on the streets as GCJ-02, typically to 3 m.");
  assert.equal(datumDetail("gcj02", FOUND), "82% of the boundaries within 8 m of a street");
  assert.equal(datumDetail("wgs84", FOUND), "would lie 481 m from there, 6% near a street");
});

test("a mark that the streets contradict is told as such", () => {
  assert.match(datumReason({ ...FOUND, marked: "bd09", taken: null }), /calls itself BD-09, but .* as GCJ-02/);
});

test("a choice against the streets is told as such", () => {
  assert.match(datumReason({ ...FOUND, taken: "wgs84" }), /You chose WGS-84 .* as GCJ-02/);
});

test("whatever the streets cannot tell has words", () => {
  for (const verdict of ["alike", "too_little", "no_roads", "outside_china"]) {
    assert.ok(datumReason({ ...FOUND, verdict, taken: null, ranking: [] }).length > 20, verdict);
  }
  assert.match(datumReason({ ...FOUND, verdict: "shifted", taken: null, offset_m: [-80, 30] }), /80 m east and -30 m north/);
  assert.equal(datumDetail("wgs84", { ...FOUND, ranking: [] }), "");
});

test("every reason for an encoding has words", () => {
  for (const why of ["chosen", "cpg", "language_byte", "utf8_strict", "gb18030_fallback", "cpg_contradicted", "language_contradicted", "ascii", "none_fits"]) {
    assert.ok(encodingReason({ taken: "gb18030", why, declared: "utf-8" }).length > 20, why);
  }
});

test("a file that lies elsewhere says where, read in what", () => {
  const system = { taken: "EPSG:4549", name: "CM 120E", why: "chosen", old_datum: "", northing_first: false, elsewhere: /** @type {[number, number]} */ ([79.01, 35]), guesses: [], bounds: [] };
  assert.match(systemReason(system, "桥东社区"), /79\.01, 35, nowhere near 桥东社区/);
});

test("only what happens is counted", () => {
  assert.equal(countWords({ moved: 2, corner: 1, new: 0, ended: 0, renamed: 0, same: 9 }), "2 grids move, 1 only get a corner, 9 stay");
  assert.equal(changedWords({ changed: 12, cornered: 3 }), "12 grids changed, 3 only got a corner");
  assert.equal(changedWords({ changed: 12, cornered: 0 }), "12 grids changed");
});

test("systems are those of the place, and degrees where a format knows no others", () => {
  assert.deepEqual(systemsFor("gpkg", 119.2).map(([code]) => code), ["EPSG:4326", "EPSG:4490", "EPSG:4549", "EPSG:4528"]);
  assert.deepEqual(systemsFor("kml", 119.2).map(([code]) => code), ["EPSG:4326", "EPSG:4490"]);
  assert.deepEqual(systemsFor("gpkg", -87).map(([code]) => code), ["EPSG:4326", "EPSG:4490"]);
});

test("parameters are three or seven numbers, however they stand apart", () => {
  assert.deepEqual(shiftOf("1, -2，3.5"), [1, -2, 3.5]);
  assert.deepEqual(shiftOf("1 2 3 0 0 1 0"), [1, 2, 3, 0, 0, 1, 0]);
  for (const words of ["", "1, 2", "a, b, c"]) assert.equal(shiftOf(words), null);
});

test("sizes are readable", () => {
  assert.deepEqual([900, 1_500_000].map(sizeText), ["1 kB", "1.5 MB"]);
});
