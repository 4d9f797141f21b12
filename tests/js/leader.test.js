import assert from "node:assert/strict";
import test from "node:test";
import { classOf, cornersOf } from "../../static/js/pages/leader_months.js";
import { methodWords, percentWords, takesWords, verdictWords } from "../../static/js/pages/leader_forecast_words.js";
import { withNodes } from "../../static/js/dom.js";

test("every method of the engine has a name a leader reads", () => {
  const names = ["count", "count_365d", "count_90d", "kde_100m", "kde_200m_365d", "decay_15d_250m", "decay_100d", "prospective", "self_exciting", "boosting", "stack"];
  const words = names.map(methodWords);
  assert.equal(new Set(words).size, names.length);
  assert.ok(words.every((word) => !/_|\{/.test(word)), words.join("; "));
  assert.equal(methodWords("constructor"), "constructor");
});

test("the time a run takes is told no finer than it is known", () => {
  assert.equal(takesWords(3), "Takes a few seconds.");
  assert.match(takesWords(70), /about a minute/);
  assert.match(takesWords(133), /about 2 minutes/);
});

test("where counting is best the verdict says so and names no gain", () => {
  assert.match(verdictWords({ method: "count", advantage_over_count: 0 }), /^Plain counting is best/);
  assert.match(verdictWords({ method: "stack", advantage_over_count: 0.083 }), /8\.3 %/);
  assert.equal(percentWords(0.2113), "21.1 %");
});

test("numbers stand in their places in a sentence", () => {
  const node = /** @type {any} */ ({});
  assert.deepEqual(withNodes("a {mine} b {other}", { mine: node }), ["a ", node, " b ", "{other}", ""]);
});

test("a square of the map has its corners where the tile scheme puts them", () => {
  assert.deepEqual(cornersOf(0, 0, 0).map((corner) => corner.map(Math.round)), [[-85, -180], [85, 180]]);
  const [[south, west], [north, east]] = cornersOf(54_000, 27_000, 16);
  assert.ok(south < north && west < east);
});

test("fewer than five incidents belong to no class", () => {
  assert.deepEqual([0, 4, 5, 10, 39, 400].map(classOf), [-1, -1, 0, 1, 2, 3]);
});
