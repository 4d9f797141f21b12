import assert from "node:assert/strict";
import test from "node:test";
import { districtParts, gridsOf } from "../../static/js/studio/districts.js";

const grid = (key, before_m2, after_m2, [districts_before, districts_after] = [1, 1]) => ({ key, code: `00${key}`, name: `第${key}网格`, state: "changed", before_m2, after_m2, districts_before, districts_after });

test("a grid has its shares of all districts; first come those that lie in more or fewer of them, then the larger moves", () => {
  const districts = [
    { code: "E", name: "东巡区", grids: [grid(1, 50_000, 40_000), grid(2, 0, 9_000, [1, 2]), grid(3, 10_000, 40_000)] },
    { code: "W", name: "", grids: [grid(2, 30_000, 30_000, [1, 2])] },
  ];
  assert.deepEqual(gridsOf(districts).map(({ key, shares, moved_m2 }) => [key, moved_m2, shares.map(({ district }) => district)]), [
    [2, 9_000, ["东巡区", "W"]], [3, 30_000, ["东巡区"]], [1, 10_000, ["东巡区"]],
  ]);
});

test("without districts nothing is said", () => {
  assert.deepEqual(districtParts([], "桥东社区"), []);
});
