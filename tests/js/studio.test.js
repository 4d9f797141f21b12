import assert from "node:assert/strict";
import test from "node:test";
import { freeSpot } from "../../static/js/map/free_spot.js";
import { middleOf, shortName, signSpot } from "../../static/js/map/grid_editor.js";
import { hectares } from "../../static/js/pages/boundaries_words.js";
import * as model from "../../static/js/studio/model.js";
import { sideWords } from "../../static/js/studio/compare.js";
import { keyGroups } from "../../static/js/studio/keys.js";
import { unedited } from "../../static/js/studio/lists.js";
import * as talk from "../../static/js/studio/talk.js";
import { clipOf } from "../../static/js/studio/swipe.js";
import { brokenRules, cornersOnly } from "../../static/js/studio/tool_panel.js";
import * as tools from "../../static/js/studio/tools.js";
import { beforeAfter, figureWords, printNote, stateLook, stateWord } from "../../static/js/studio/words.js";

const grid = (key, more = {}) => ({ key, grid_id: key, code: `00${key}`, name: `第${key}网格`, version: 1, changed: false, area_m2: 100 * key, households: 10, geometry: square(key), ...more });
const square = (x) => ({ type: "Polygon", coordinates: [[[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]]] });
const setOf = (grids, edits = []) => model.readChangeSet({ id: 1, title: "", state: "draft", last_edit: 0, grids, edits, frame: null, can: {} });
const line = (number, more = {}) => ({ number, kind: "split", of: null, state: "done", author: "甲", own: true, at: "", grids: [], ...more });
const given = (more) => ({ ...tools.NO_INPUT, ...more });

test("what changes is shown with both figures, what stays or is new with one", () => {
  assert.deepEqual([beforeAfter("2", "1"), beforeAfter("0.51", "0.00"), beforeAfter("2", "2"), beforeAfter(null, "1")], ["2 → 1", "0.51 → 0.00", "2", "1"]);
});

test("a draft that was returned does not read like any other draft", () => {
  const returned = { state: "draft", returned: { by: "乙", words: "请沿河" } };
  assert.deepEqual([stateWord(returned), stateLook(returned)], ["Returned, to be mended", "badge--attend"]);
  assert.deepEqual([stateWord({ state: "draft", returned: null }), stateLook({ state: "draft" })], ["Being drafted", ""]);
});

test("a change set that restores an earlier day does not say that nothing differs", () => {
  const said = (changed, edit = true) => unedited({ ...setOf([]), changed, cornered: 0, can: { edit } });
  assert.match(said(2), /earlier day: 2 grids differ/);
  assert.equal(said(0), "Nothing is edited yet. Choose a tool above.");
  assert.equal(said(0, false), "Nothing was edited.");
});

test("the pieces of a preview are numbered, without those that only get a corner", () => {
  const set = setOf([grid(1), grid(2)]);
  const pieces = model.piecesOf({ grids: [grid(1, { area_m2: 60 }), grid(2), grid(3, { area_m2: 40 })] }, set);
  assert.deepEqual(pieces.map(({ key, mark }) => [key, mark]), [[1, "1"], [3, "2"]]);
});

test("a rule that an edit breaks is told once, with its limit and the marks of its pieces", () => {
  const cut = { rule: "building_cut", gravity: "warn", size: 1, limit: null };
  const small = { rule: "area_small", gravity: "refuse", grid: 3, size: 43, limit: 500 };
  const told = brokenRules({ broken: [small, { ...cut, grid: 1 }, { ...cut, grid: 3 }] }, [{ key: 1, mark: "1" }, { key: 3, mark: "2" }]);
  assert.deepEqual(told, [
    { words: "A small grid: 43 m², at least 500 m²", marks: ["2"], isRefused: true },
    { words: "A boundary runs through a building: 1 building", marks: ["1", "2"], isRefused: false },
  ]);
  assert.deepEqual(brokenRules({}, []), []);
});

test("the figure of a broken rule stands beside its limit, in the unit of the rule", () => {
  assert.equal(figureWords("households_many", 501, 500), "501 households, at most 500 households");
  assert.equal(figureWords("narrow", 1.8, 3), "1.8 m, at least 3 m");
  assert.equal(figureWords("disconnected", 2, null), "2 parts");
});

test("an edit that only puts a corner names the grids and says that nothing else changes", () => {
  const set = { ...setOf([grid(1), grid(2)]), community: "桥东" };
  assert.equal(cornersOnly({ grids: [grid(1), grid(2)] }, set), "Only the corner changes; ground and households stay: 第1网格, 第2网格.");
});

test("an approved change set reads with its day, and a print of a draft says that it is none", () => {
  assert.equal(stateWord({ state: "approved", effective_on: "2026-12-20" }), "Approved for 2026-12-20");
  assert.equal(printNote({ state: "draft" }), "Being drafted · not in force");
  assert.equal(printNote({ state: "published", effective_on: "2026-12-20" }), "in force since 2026-12-20");
});

test("a mark makes room for labels, and stands beside what is smaller than itself", () => {
  const label = { min: { x: -40, y: -16 }, max: { x: 40, y: 16 } };
  const large = { half: 15, size: { x: 300, y: 200 } };
  assert.deepEqual(freeSpot({ x: 0, y: 0 }, { ...large, taken: [] }), { x: 0, y: 0 });
  assert.deepEqual(freeSpot({ x: 0, y: 0 }, { ...large, taken: [label] }), { x: 0, y: -34 });
  const beside = freeSpot({ x: 0, y: 0 }, { half: 15, size: { x: 20, y: 20 }, taken: [] });
  assert.deepEqual(beside, { x: 35, y: 0 });
});

test("the sign of a refusal stands on what is wrong, next to what was drawn last", () => {
  const line = { type: "LineString", coordinates: [[0, 0], [10, 0], [10, 10]] };
  assert.deepEqual(signSpot(line, [9, 9]), [10, 10]);
  assert.deepEqual(signSpot(square(4), null), [4, 0]);
  assert.deepEqual(signSpot({ type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [3, 3] }, line] }, [3, 2]), [3, 3]);
});

test("every tool has a key of its own and stands in the bar once", () => {
  assert.equal(new Set(tools.TOOLS.map(({ key }) => key)).size, tools.TOOLS.length);
  assert.deepEqual(tools.toolGroups().flat().map(({ kind }) => kind).sort(), tools.TOOLS.map(({ kind }) => kind).sort());
  assert.deepEqual(tools.toolGroups().find((group) => group.length > 1).map(({ kind }) => kind), ["move_vertex", "insert_vertex", "delete_vertex"]);
});

test("a tool says what it still lacks, and nothing once it can be sent", () => {
  const split = tools.toolOf("split");
  assert.equal(tools.missing(split, given({})), "grids");
  assert.equal(tools.missing(split, given({ grids: [1], points: [[0, 0]] })), "shape");
  assert.equal(tools.missing(split, given({ grids: [1], points: [[0, 0], [1, 1]] })), null);
  assert.equal(tools.missing(split, given({ grids: [1], lines: [[[0, 0], [1, 1]]] })), null);
  assert.equal(tools.missing(tools.toolOf("merge"), given({ grids: [1] })), "grids");
  assert.equal(tools.missing(tools.toolOf("draw"), given({ points: [[0, 0], [1, 0]] })), "shape");
  assert.equal(tools.missing(tools.toolOf("simplify"), given({ size: 0 })), "size");
});

test("a tool tells what to press next, and nothing once it can be sent", () => {
  const words = (kind, more) => tools.nextWords(tools.toolOf(kind), given(more));
  assert.deepEqual([words("give_strip", {}), words("give_strip", { grids: [1] }), words("give_strip", { grids: [1, 2] })], ["Press the grid that gives.", "Press the neighbour that takes.", "Draw the new boundary, or type a width."]);
  assert.deepEqual([words("merge", {}), words("merge", { grids: [1] }), words("merge", { grids: [1, 2] })], ["Press the grid that keeps its name.", "Press its neighbour.", ""]);
  assert.deepEqual([words("follow", {}), words("follow", { grids: [1, 2] }), words("follow", { grids: [1, 2], points: [[0, 0]] })], ["Press one of the two grids.", "Press where the piece begins.", "Press where it ends."]);
  assert.deepEqual([words("move_vertex", {}), words("move_vertex", { points: [[0, 0]] }), words("insert_vertex", {})], ["Press the corner.", "Press its new place.", "Press the place on the boundary."]);
  assert.deepEqual([words("measure", { points: [[0, 0], [1, 1]] }), words("simplify", {})], ["Press the next place.", "Type the metres."]);
  for (const tool of tools.TOOLS) assert.ok(tools.nextWords(tool, given({})), tool.kind);
});

test("metres may stand in for the line of a strip, a begun line is not overruled by them", () => {
  const strip = tools.toolOf("give_strip");
  assert.equal(tools.missing(strip, given({ grids: [1, 2], size: 5 })), null);
  assert.equal(tools.missing(strip, given({ grids: [1, 2], size: 5, points: [[0, 0]] })), "shape");
  assert.deepEqual(tools.editOf(strip, given({ grids: [1, 2], size: 5 })), { kind: "give_strip", giver: 1, taker: 2, width_m: 5 });
});

test("an edit is written as the server reads it", () => {
  const [a, b] = [[0, 0], [1, 1]];
  assert.deepEqual(tools.editOf(tools.toolOf("split"), given({ grids: [7], lines: [[a, b]], points: [b, a] })), { kind: "split", grid: 7, lines: [[a, b], [b, a]] });
  assert.deepEqual(tools.editOf(tools.toolOf("move_vertex"), given({ points: [a, b] })), { kind: "move_vertex", at: a, to: b });
  assert.deepEqual(tools.editOf(tools.toolOf("follow"), given({ grids: [1, 2], points: [a, b], along: "water" })), { kind: "follow", grids: [1, 2], along: "water", start: a, end: b });
  for (const tool of tools.TOOLS.filter(({ kind }) => kind !== "measure")) assert.equal(tools.editOf(tool, given({ points: [a, b] })).kind, tool.kind);
});

test("a second press on a grid takes it out, the oldest makes room", () => {
  const follow = tools.toolOf("follow");
  const two = tools.withGrid(follow, tools.withGrid(follow, given({}), 1), 2);
  assert.deepEqual(tools.withGrid(follow, two, 1).grids, [2]);
  assert.deepEqual(tools.withGrid(follow, two, 3).grids, [2, 3]);
});

test("a third press of a tool with two places begins anew", () => {
  const move = tools.toolOf("move_vertex");
  const full = given({ points: [[0, 0], [1, 1]] });
  assert.deepEqual(tools.withPoint(move, full, [2, 2]).points, [[2, 2]]);
  assert.equal(tools.withPoint(tools.toolOf("merge"), full, [2, 2]), full);
});

test("grids that others have merged away leave the input, the line stays", () => {
  const input = given({ grids: [1, 2], points: [[0, 0]] });
  assert.deepEqual(tools.withoutGrids(input, [2]), { ...input, grids: [1] });
  assert.equal(tools.withoutGrids(input, [3]), input);
  assert.equal(tools.isDrawn(input), true);
  assert.equal(tools.isDrawn(given({ grids: [1] })), false);
});

test("bearings are read as people write them, and walked there and back", () => {
  assert.deepEqual(tools.parseLegs("90° 100\n\n180, 50"), { legs: [{ bearing_deg: 90, distance_m: 100 }, { bearing_deg: 180, distance_m: 50 }], wrong: null });
  assert.equal(tools.parseLegs("90 100\n400 5").wrong, 2);
  assert.equal(tools.parseLegs("90 -1").wrong, 1);
  const [start, end] = tools.walked([120, 30], [{ bearing_deg: 57, distance_m: 230 }]);
  const leg = tools.legOf(start, end);
  assert.ok(Math.abs(leg.bearing_deg - 57) < 0.01 && Math.abs(leg.distance_m - 230) < 0.02);
});

test("an answer brings new grids, ends others and marks what an undo takes back", () => {
  const before = setOf([grid(1), grid(2)]);
  const split = model.withAnswer(before, { last_edit: 1, edit: line(1), grids: [grid(1, { version: 2 }), grid(3)], ended: [2] });
  assert.deepEqual([...split.grids.keys()], [1, 3]);
  assert.deepEqual(model.versionsOf(split), { 1: 2, 3: 1 });
  const undone = model.withAnswer(split, { last_edit: 2, edit: line(2, { kind: "undo", of: 1 }), grids: [grid(2)], ended: [3] });
  assert.equal(undone.edits[0].state, "undone");
  assert.deepEqual(model.turnable(undone), { undo: false, redo: true });
});

test("an answer that was overtaken changes nothing", () => {
  const now = { ...setOf([grid(1, { version: 5 })]), last_edit: 4 };
  assert.equal(model.withAnswer(now, { last_edit: 3, grids: [grid(1)], ended: [] }), now);
  assert.equal(model.withAnswer(now, { last_edit: 4, grids: [grid(1)], ended: [] }).grids.get(1).version, 5);
});

test("only one's own edits can be taken back", () => {
  assert.deepEqual(model.turnable(setOf([], [line(1, { own: false })])), { undo: false, redo: false });
});

test("of a log that is longer than the page has, the server says whether something is left to turn", () => {
  assert.deepEqual(model.turnable(setOf([], [line(501, { own: false }), line(502, { kind: "undo", of: 300 })])), { undo: true, redo: true });
});

test("corners that were set while an edit was on its way stay when it is done", () => {
  const [a, b, c] = [[0, 0], [1, 1], [2, 2]];
  const sent = given({ grids: [1], points: [a, b], along: "water" });
  assert.deepEqual(tools.afterEdit(sent, sent), given({ along: "water" }));
  assert.deepEqual(tools.afterEdit(sent, { ...sent, points: [...sent.points, c] }).points, [c]);
  const next = tools.afterEdit(sent, { ...sent, lines: [sent.points], points: [c] });
  assert.deepEqual([next.lines, next.points], [[], [c]]);
});

test("the grid under a place is found, a hole belongs to nobody", () => {
  const ring = { type: "Polygon", coordinates: [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[4, 4], [5, 4], [5, 5], [4, 5], [4, 4]]] };
  assert.equal(model.gridAt([grid(1, { geometry: ring })], [1, 1]).key, 1);
  assert.equal(model.gridAt([grid(1, { geometry: ring })], [4.5, 4.5]), null);
});

test("a list is sorted by what is asked, down and up", () => {
  const keys = (order) => model.sorted([grid(2), grid(1), grid(3)], order).map(({ key }) => key);
  assert.deepEqual(keys({ by: "code" }), [1, 2, 3]);
  assert.deepEqual(keys({ by: "area_m2", down: true }), [3, 2, 1]);
});

test("a table for a spreadsheet runs no formula and keeps commas", () => {
  const text = model.csvOf([grid(1, { name: "=1+1" }), grid(2, { name: 'a,"b"' })], ["code", "name", "area", "homes"]);
  assert.ok(text.startsWith("\ufeffcode,name"));
  assert.ok(text.includes("'=1+1") && text.includes('"a,""b"""'));
});

//   a horseshoe, open to the right: its centroid lies in the gap
test("a label stands inside its grid, also in a horseshoe and beside a hole", () => {
  const shoe = { type: "Polygon", coordinates: [[[0, 0], [10, 0], [10, 2], [4, 2], [4, 8], [10, 8], [10, 10], [0, 10], [0, 0]]] };
  const holed = { type: "Polygon", coordinates: [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], [[3, 3], [7, 3], [7, 7], [3, 7], [3, 3]]] };
  for (const geometry of [shoe, holed, { type: "MultiPolygon", coordinates: [square(20).coordinates, shoe.coordinates] }]) {
    assert.equal(model.gridAt([grid(1, { geometry })], middleOf(geometry))?.key, 1);
  }
});

test("inside its community a grid needs only its own part of the name", () => {
  assert.equal(shortName("桥东社区第4网格", "桥东社区"), "第4网格");
  assert.equal(shortName("桥东社区", "桥东社区"), "桥东社区");
  assert.equal(shortName("文庙网格", "桥东社区"), "文庙网格");
  assert.equal(shortName("文庙网格", ""), "文庙网格");
});

test("the divider shows one side each, and nothing outside the map", () => {
  const [size, origin] = [{ width: 100, height: 50 }, { x: 10, y: 5 }];
  assert.equal(clipOf(0.25, size, origin), "polygon(10px 5px, 35px 5px, 35px 55px, 10px 55px)");
  assert.equal(clipOf(0.25, size, origin, "right"), "polygon(35px 5px, 110px 5px, 110px 55px, 35px 55px)");
  assert.equal(clipOf(7, size, origin), clipOf(1, size, origin));
});

test("hectares have as many decimals as they need", () => {
  assert.deepEqual([0, 43, 12_00, 37_210, 381_000].map(hectares), ["0.00", "0.0043", "0.12", "3.72", "38.1"]);
});

const comment = (id, more = {}) => ({ id, kind: "remark", author: "甲", body: "看", at: "", spot: null, answers: null, settled_at: null, settled_by: "", ...more });

test("comments that speak of a place bear letters, the others none of them", () => {
  const comments = [comment(1, { spot: [0, 0] }), comment(2), comment(3, { spot: [1, 1] })];
  assert.deepEqual([talk.remarkSign(comments, comments[0]), talk.remarkSign(comments, comments[2])], ["A", "B"]);
});

test("answers stand below what they answer, settled comments leave the map and the count", () => {
  const comments = [comment(1, { spot: [0, 0], settled_at: "2026-11-30" }), comment(2, { spot: [1, 1] }), comment(3, { answers: 2 }), comment(4, { kind: "submitted" })];
  assert.deepEqual(talk.threadsOf(comments).map(({ first, answers }) => [first.id, answers.map(({ id }) => id)]), [[1, []], [2, [3]], [4, []]]);
  assert.deepEqual(talk.openSpots(comments).map(({ sign, id }) => [sign, id]), [["B", 2]]);
  assert.equal(talk.openCount(comments), 1);
});

test("news of comments replaces older ones only", () => {
  const now = { ...setOf([]), last_said: 3, comments: [comment(1)] };
  assert.equal(model.withTalk(now, { last_said: 2, comments: [] }), now);
  assert.equal(model.withTalk(now, { last_said: 4, comments: [] }).comments.length, 0);
});

test("the sides of a comparison are named after what is compared", () => {
  assert.deepEqual([sideWords("published").left, sideWords("draft").left], ["Before", "Published"]);
});

test("every tool's key is in the list of keys, and no key stands there twice", () => {
  const keys = keyGroups().flatMap((group) => group.keys.map(([key]) => key));
  for (const { key } of tools.TOOLS) assert.ok(keys.includes(key.toUpperCase()), key);
  for (const { label, hint } of tools.TOOLS) assert.ok(keyGroups().some((group) => group.keys.some(([, does, how]) => does === label() && how === hint())), label());
  assert.equal(new Set(keys).size, keys.length);
});

// Figures of GeographicLib (Karney 2013), with which the server computes: start, bearing, metres, end; a ring and its m².
const GEODESICS = [
  [[120, 30], 57, 230, [120.0019992, 30.00113]],
  [[119.2, 30.1], 90, 120.5, [119.2012501, 30.1]],
  [[116.4, 39.9], 181.5, 5000, [116.3984705, 39.8549835]],
  [[87.6, 43.8], 315, 1000, [87.5912124, 43.8063638]],
];
const AREA = [[[120, 30], [120.01, 30.001], [120.012, 30.009], [119.999, 30.008]], 978619.683];

test("legs and areas are those of the ellipsoid", () => {
  for (const [start, bearing_deg, distance_m, end] of GEODESICS) {
    const [, gone] = tools.walked(start, [{ bearing_deg, distance_m }]);
    assert.ok(Math.abs(gone[0] - end[0]) < 1.01e-7 && Math.abs(gone[1] - end[1]) < 1.01e-7, `${bearing_deg}: ${gone} is not ${end}`);
    const leg = tools.legOf(start, end);
    assert.ok(Math.abs(leg.distance_m - distance_m) < 0.02 && Math.abs(leg.bearing_deg - bearing_deg) < 0.01, `${leg.bearing_deg} ${leg.distance_m}`);
  }
  const [ring, area_m2] = AREA;
  assert.ok(Math.abs(tools.groundArea_m2(ring) / area_m2 - 1) < 1e-5);
});
