import assert from "node:assert/strict";
import test from "node:test";
import { roadRank, roadWidth } from "../../static/js/map/base_style.js";
import * as style from "../../static/js/map/data_style.js";
import { LAYERS, pileOf } from "../../static/js/map/layer_catalogue.js";
import { OKABE_ITO, paletteOf, teamColour, wantsDarkText } from "../../static/js/map/palette.js";
import { dashOf, routeLook, sketchFeatures } from "../../static/js/map/routes_layer.js";
import { escapeMarkup, tileAddress } from "../../static/js/map/vector_tiles.js";
import { changedLayers } from "../../static/js/map/versions.js";

const light = paletteOf("light");

test("states of dwellings differ in shape and in colour", () => {
  const looks = ["fresh", "due", "overdue", "vacant"].map((state) => style.dwellingLook(state, light));
  assert.equal(new Set(looks.map((look) => look.shape)).size, 4);
  assert.equal(new Set(looks.map((look) => look.fill)).size, 4);
});

test("an unknown state claims nothing: it looks vacant", () => {
  assert.deepEqual(style.dwellingLook("constructor", light), style.dwellingLook("vacant", light));
});

test("only a working camera is drawn filled", () => {
  const open = ["working", "offline", "faulty", "planned"].map((status) => style.cameraLook(status, light).open);
  assert.deepEqual(open, [false, true, true, true]);
});

test("incident groups never share both colour and shape", () => {
  const groups = style.INCIDENT_GROUPS;
  assert.equal(LAYERS.incidents.legend(light).length, groups.length);
  const looks = groups.map((group) => JSON.stringify(style.incidentLook(group)));
  assert.equal(new Set(looks).size, groups.length);
});

test("a group of a deployment's own keeps its look", () => {
  assert.deepEqual(style.incidentLook("自定义"), style.incidentLook("自定义"));
  assert.ok(OKABE_ITO.includes(style.incidentLook("自定义").fill));
});

test("incidents fade with age and never vanish", () => {
  assert.equal(style.incidentAlpha(0), 1);
  assert.ok(style.incidentAlpha(90) < style.incidentAlpha(7));
  assert.equal(style.incidentAlpha(100_000), 0.35);
  assert.equal(style.incidentAlpha(undefined), 1);
});

test("cells grow with their count and stay apart", () => {
  const sizes = [1, 10, 100, 1000, 100_000].map(style.cellRadius);
  assert.deepEqual(sizes, [...sizes].sort((a, b) => a - b));
  assert.ok(sizes.at(-1) <= 16, "half of the 32 px between cells");
});

test("share classes cut at 5, 15, 30 and 50 percent", () => {
  assert.deepEqual([0, 0.05, 0.15, 0.3, 0.5, 1].map(style.shareClass), [0, 1, 2, 3, 4, 4]);
});

test("a grid is called by its number from afar and by name and code from near", () => {
  const grid = { level: "grid", name: "桥东社区第3网格", code: "330109001002003" };
  assert.deepEqual(style.areaLines(grid, 15), ["第3网格"]);
  assert.deepEqual(style.areaLines(grid, 17), ["桥东社区第3网格", "330109001002003"]);
  assert.deepEqual(style.areaLines({ level: "grid", name: "工业园", code: "1" }, 15), ["工业园"]);
  assert.deepEqual(style.areaLines({ level: "town", name: "青溪镇", code: "1" }, 17), ["青溪镇"]);
});

test("counts are short", () => {
  assert.deepEqual([7, 999, 1200, 34_567].map(style.shortCount), ["7", "999", "1.2k", "35k"]);
});

test("a level is known by name and by depth", () => {
  assert.deepEqual(["county", "town", "community", "grid", 2].map(style.levelRank), [0, 1, 2, 3, 2]);
});

test("borders of larger areas are broader at every zoom", () => {
  for (const z of [11, 14, 16, 18]) assert.ok(style.areaWidth("town", z) > style.areaWidth("grid", z), String(z));
});

test("a hotspot's outline is thicker when it is more certain", () => {
  assert.ok(style.hotspotWidth(0.99) > style.hotspotWidth(0.5));
  assert.equal(style.hotspotWidth(undefined), 2);
});

test("roads get broader with class and zoom; links count as their road", () => {
  assert.equal(roadRank("primary_link"), roadRank("primary"));
  assert.equal(roadRank("no such class"), roadRank("residential"));
  for (const roadClass of ["footway", "residential", "primary"]) {
    const widths = [11, 12, 13, 14, 16, 17, 18, 20].map((z) => roadWidth(roadClass, z));
    assert.deepEqual(widths, [...widths].sort((a, b) => a - b));
  }
  for (const z of [13, 15, 17]) assert.ok(roadWidth("primary", z) > roadWidth("residential", z));
});

test("every layer has a name, a place in the pile and a legend in every theme", () => {
  const entries = Object.values(LAYERS);
  assert.equal(new Set(entries.map((entry) => entry.order)).size, entries.length);
  assert.ok(entries.every((entry) => Number.isInteger(entry.order)), "z-index takes whole numbers only");
  for (const theme of ["light", "dark", "print"]) {
    for (const [name, entry] of Object.entries(LAYERS)) {
      assert.ok(entry.label(), name);
      if (!entry.fixed) assert.ok(entry.legend(paletteOf(theme)).length > 0, `${name} ${theme}`);
    }
  }
});

test("every layer of the catalogue has a style, an unknown one is refused", () => {
  for (const name of Object.keys(LAYERS)) {
    if (name !== "base") assert.ok(style.dataStyle(name, light).paintRules.length > 0, name);
  }
  assert.throws(() => style.dataStyle("persons", light));
});

test("districts are drawn over the grids' borders, which show through", () => {
  assert.ok(LAYERS.districts.order > LAYERS.areas.order);
  for (const theme of ["light", "dark", "print"]) assert.match(paletteOf(theme).district, /^rgba\(/);
});

test("counts from afar lie above the borders and below the hotspots, points below both", () => {
  const [borders, hotspots] = [LAYERS.areas, LAYERS.hotspots].map((entry) => pileOf(entry, 12));
  for (const name of ["dwellings", "incidents"]) {
    assert.ok(pileOf(LAYERS[name], 12) > borders && pileOf(LAYERS[name], 12) < hotspots, name);
    assert.ok(pileOf(LAYERS[name], 18) < borders, name);
  }
});

test("teams keep their colour and stops stay readable on it", () => {
  assert.equal(teamColour(1), teamColour(1 + OKABE_ITO.length));
  assert.equal(wantsDarkText("#e69f00"), true);
  assert.equal(wantsDarkText("#0072b2"), false);
});

test("modes differ by line, an unchosen team steps back", () => {
  assert.equal(new Set(["foot", "bicycle", "e_scooter", "car"].map(dashOf)).size, 4);
  const mine = { team_id: 1, ordinal: 0, mode: "foot" };
  assert.ok(routeLook(mine, 2).opacity < routeLook(mine, 1).opacity);
  assert.equal(routeLook(mine, null).opacity, routeLook(mine, 1).opacity);
});

test("the version is part of a tile's address", () => {
  assert.equal(tileAddress("/tiles/a/{z}/{x}/{y}.mvt", 7), "/tiles/a/{z}/{x}/{y}.mvt?v=7");
  assert.equal(tileAddress("/tiles/a.mvt?days=7", "a&b"), "/tiles/a.mvt?days=7&v=a%26b");
  assert.equal(tileAddress("/tiles/a.mvt", undefined), "/tiles/a.mvt");
});

test("an attribution cannot carry markup", () => {
  assert.equal(escapeMarkup('<img src=x onerror="1">').includes("<"), false);
});

test("only a version that was known before can have changed", () => {
  assert.deepEqual(changedLayers({ areas: 1, cameras: 2 }, { areas: 1, cameras: 3, places: 1 }), ["cameras"]);
  assert.deepEqual(changedLayers({}, { areas: 1 }), []);
});

test("routes of a search that still runs keep their team's colour and look unlike the finished ones", () => {
  const [, second] = sketchFeatures([
    { team_id: 7, team: "甲队", mode: "foot", line: [[120, 30], [120.1, 30]] },
    { team_id: 3, team: "乙队", mode: "car", line: [[120, 30], [120.1, 30]] },
  ]).features;
  const looks = [second.properties, { ...second.properties, sketch: false }].map((properties) => routeLook(properties, null));
  assert.equal(looks[0].color, looks[1].color);
  assert.notEqual(looks[0].dashArray, looks[1].dashArray);
  assert.ok(looks[0].weight < looks[1].weight);
});
