import assert from "node:assert/strict";
import test from "node:test";
import { beforeAfter, districtParts } from "../../static/js/studio/districts.js";

test("what changes is shown with both figures, what stays or is new with one", () => {
  assert.equal(beforeAfter("2", "1", "changed"), "2 → 1");
  assert.equal(beforeAfter("0.51", "0.00", "ended"), "0.51 → 0.00");
  assert.equal(beforeAfter("2", "2", "changed"), "2");
  assert.equal(beforeAfter("0", "1", "new"), "1");
});

test("without districts nothing is said", () => {
  assert.deepEqual(districtParts([], "桥东社区"), []);
});
