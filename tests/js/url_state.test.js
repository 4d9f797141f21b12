import assert from "node:assert/strict";
import test from "node:test";
import { readState, writeState } from "../../static/js/url_state.js";

test("what is written is read back", () => {
  const state = {
    at: { lon: 120.12345, lat: 30.54321, zoom: 16 },
    layers: ["areas", "dwellings"],
    place: "330109001002",
    selection: { kind: "dwelling", id: "17" },
  };
  assert.deepEqual(readState(writeState("", state)), state);
});

test("a change touches only its own parameters", () => {
  const search = writeState("?filter=due&at=120,30,12&layers=areas", { layers: ["cameras"] });
  const query = new URLSearchParams(search);
  assert.equal(query.get("filter"), "due");
  assert.equal(query.get("at"), "120,30,12");
  assert.equal(query.get("layers"), "cameras");
});

test("null removes a parameter, and nothing is left of an empty state", () => {
  assert.equal(writeState("?place=330109", { place: null }), "");
});

test("no layers shown is something else than the page's own choice", () => {
  assert.deepEqual(readState(writeState("", { layers: [] })).layers, []);
  assert.equal(readState("").layers, null);
});

for (const bad of ["", "120", "120,30", "120,30,x", "999,30,12", "120,86,12", "120,30,99", "120,,12", "<script>"]) {
  test(`a malformed place is no place: ${JSON.stringify(bad)}`, () => {
    assert.equal(readState(`?at=${encodeURIComponent(bad)}`).at, null);
  });
}

test("a selection cannot carry markup or paths", () => {
  for (const bad of ["dwelling", "dwelling:", ":1", "dwelling:../1", "dwelling:<b>", "Dwelling:1"]) {
    assert.equal(readState(`?sel=${encodeURIComponent(bad)}`).selection, null, bad);
  }
});
