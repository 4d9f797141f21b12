import assert from "node:assert/strict";
import test from "node:test";
import { SORTS as DUE_SORTS, orderWord } from "../../static/js/pages/captain_today.js";
import { SORTS, intervalWords, rangeWords, sorted } from "../../static/js/pages/leader_words.js";

/** @param {number} rank @param {number} observed @param {number} ratio @param {number} area_m2 */
const place = (rank, observed, ratio, area_m2) => /** @type {any} */ ({ rank, observed, ratio, area_m2 });
const places = [place(2, 40, 1.5, 80_000), place(1, 30, 3, 40_000), place(3, 40, 2, 120_000)];

/** @param {string} sort */
const ranks = (sort) => sorted(places, sort).map((one) => one.rank);

test("places are sorted by what is chosen, the largest first, equal ones by rank", () => {
  assert.deepEqual(ranks("rank"), [1, 2, 3]);
  assert.deepEqual(ranks("observed"), [2, 3, 1]);
  assert.deepEqual(ranks("ratio"), [1, 3, 2]);
  assert.deepEqual(ranks("area"), [3, 2, 1]);
  assert.equal(places[0].rank, 2, "the given list stays as it is");
});

test("an order nobody knows is the rank", () => {
  for (const word of ["", "toString", "persons"]) assert.deepEqual(ranks(word), ranks("rank"));
  assert.equal(Object.keys(SORTS).length, 4);
});

test("the words above the due list say how it is sorted and from where distances count", () => {
  const words = DUE_SORTS.map((sort) => orderWord(sort, "area"));
  assert.equal(new Set([...words, orderWord("nearest", "here")]).size, 4);
  for (const sort of DUE_SORTS) assert.notEqual(orderWord(sort, "here"), orderWord(sort, "area"));
});

test("the ratio is said in plain words, the interval stands behind it", () => {
  const found = /** @type {any} */ ({ ratio: 5.789, ratio_low: 3.706, ratio_high: 8.614 });
  assert.equal(rangeWords(found), "about 5.8 times as many as usual, very likely between 3.7 and 8.6 times");
  assert.match(intervalWords(found), /5\.79.*3\.71 to 8\.61 .*Garwood/);
});
