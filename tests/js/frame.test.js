import assert from "node:assert/strict";
import test from "node:test";
import { hereAddress } from "../../static/js/map/pick.js";
import { matching, pathTo } from "../../static/js/place_switch.js";
import { moveChoice } from "../../static/js/search.js";
import { restingHeight, sheetHeights } from "../../static/js/sheet.js";
import { isLive, nextDelay_ms } from "../../static/js/tray.js";

const AREAS = [
  { id: 1, parent_id: null, code: "330109", name: "清川县", bbox: [0, 0, 1, 1] },
  { id: 2, parent_id: 1, code: "330109001", name: "青溪镇", bbox: [0, 0, 1, 1] },
  { id: 3, parent_id: 2, code: "330109001002", name: "桥东社区", bbox: [0, 0, 1, 1] },
];

test("the three heights of the sheet rise and fit the smallest room", () => {
  for (const room of [80, 500, 700]) {
    const { peek, half, full } = sheetHeights(room);
    assert.ok(peek <= full && half <= full && full === room, String(room));
  }
});

test("a page may ask for a higher middle height", () => {
  assert.equal(sheetHeights(614, 0.68).half, 418);
  assert.ok(sheetHeights(614).half < 418);
});

test("a slow drag rests at the nearest height, a flick goes on", () => {
  const heights = sheetHeights(600);
  assert.equal(restingHeight(300, 0, heights), "half");
  assert.equal(restingHeight(330, 1.5, heights), "full");
  assert.equal(restingHeight(300, -1.5, heights), "peek");
});

test("asking for jobs backs off after failures, up to a minute", () => {
  const delays = [0, 1, 2, 3, 10].map((failures) => nextDelay_ms({ live: true, failures, hidden: false }));
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 60_000]);
  assert.ok(nextDelay_ms({ live: true, failures: 0, hidden: true }) > 1000);
});

test("only waiting and running jobs are live", () => {
  assert.deepEqual(["queued", "running", "done", "failed", "cancelled"].map((state) => isLive({ state })), [true, true, false, false, false]);
});

test("arrows go round the list with none in between", () => {
  assert.equal(moveChoice(-1, "ArrowDown", 3), 0);
  assert.equal(moveChoice(2, "ArrowDown", 3), -1);
  assert.equal(moveChoice(-1, "ArrowUp", 3), 2);
  assert.equal(moveChoice(0, "ArrowDown", 0), -1);
});

test("a place's path goes from the top down", () => {
  assert.deepEqual(pathTo(AREAS, AREAS[2]).map((area) => area.name), ["清川县", "青溪镇", "桥东社区"]);
});

test("a path does not hang on a parent outside the reader's scope or on a circle", () => {
  assert.equal(pathTo([AREAS[2]], AREAS[2]).length, 1);
  const circle = [{ ...AREAS[0], parent_id: 2 }, AREAS[1]];
  assert.ok(pathTo(circle, circle[0]).length <= 12);
});

test("places are found by name and by code", () => {
  assert.deepEqual(matching(AREAS, "桥东").map((area) => area.id), [3]);
  assert.deepEqual(matching(AREAS, "330109001").map((area) => area.id), [2, 3]);
  assert.equal(matching(AREAS, "").length, 3);
});

test("the question what is here carries place, zoom and shown layers", () => {
  const address = hereAddress("/api/here", { lon: 120.1, lat: 30.2, zoom: 17, layers: ["areas", "a&b"] });
  assert.equal(address, "/api/here?lon=120.1000000&lat=30.2000000&zoom=17&layers=areas,a%26b");
});
