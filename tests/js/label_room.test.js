import assert from "node:assert/strict";
import test from "node:test";
import Point from "@mapbox/point-geometry";
import { Labeler } from "protomaps-leaflet";
import { labelRank, makeLabelRoom, tilesOf } from "../../static/js/map/label_room.js";

const ZOOM = 10;

/** Places a box of 40 x 20 px on a point, as our text symbols do; protomaps' own labeler settles the rest. */
const box = {
  place: (_layout, geom) => {
    const anchor = geom[0][0];
    return [{ anchor, bboxes: [{ minX: anchor.x - 20, maxX: anchor.x + 20, minY: anchor.y - 10, maxY: anchor.y + 10 }], draw: () => {} }];
  },
};

/** A layer in a room, with the renderer's real labeler. */
function layerIn(room, name) {
  const layer = { painted: new Set(), placed: 0, labeler: null };
  const seat = room.join({
    rank: labelRank(name), index: () => layer.labeler.index,
    repaint: (tiles) => tiles.forEach((tile) => layer.painted.add(tile)), relayout: () => layer.clear(),
  });
  layer.seat = seat;
  layer.clear = () => {
    layer.labeler = new Labeler(ZOOM, null, seat.rules([{ dataLayer: "names", symbolizer: box }]), 16, () => {});
    layer.placed += 1;
  };
  /** Lay out tile x, 0 with labels at these px of the world. */
  layer.show = (x, points) => {
    const data = new Map([["names", points.map(([px, py]) => ({ geom: [[new Point(px - 512 * x, py)]], props: {} }))]]);
    layer.labeler.add(new Map([["", [{ data, z: ZOOM, dataTile: { z: ZOOM - 1, x, y: 0 }, scale: 1, origin: new Point(512 * x, 0), dim: 512 }]]]));
  };
  layer.labels = () => [...new Set(layer.labeler.index.tree.all().map((entry) => entry.indexedLabel.anchor))].map(({ x, y }) => [x, y]).sort((a, b) => a[0] - b[0]);
  layer.clear();
  return layer;
}

test("a name that would lie under a number is not placed", () => {
  const room = makeLabelRoom();
  const [numbers, names] = [layerIn(room, "dwellings"), layerIn(room, "areas")];
  numbers.show(0, [[100, 100]]);
  names.show(0, [[110, 105], [200, 100]]);
  assert.deepEqual(names.labels(), [[200, 100]]);
  assert.deepEqual(numbers.labels(), [[100, 100]]);
});

test("a name that stands already makes room when the number comes later, and only its tiles are painted anew", () => {
  const room = makeLabelRoom();
  const [names, numbers] = [layerIn(room, "areas"), layerIn(room, "hotspots")];
  names.show(0, [[250, 100], [400, 400]]);
  numbers.show(0, [[240, 105]]);
  assert.deepEqual(names.labels(), [[400, 400]]);
  assert.deepEqual([...names.painted].sort(), ["0:0:10", "1:0:10"]);
  assert.equal(names.placed, 1);
});

test("names come back when the numbers are hidden", () => {
  const room = makeLabelRoom();
  const [numbers, names] = [layerIn(room, "incidents"), layerIn(room, "base")];
  numbers.show(0, [[100, 100]]);
  numbers.seat.giveWay();
  assert.equal(names.placed, 2, "the names are placed again");
  names.show(0, [[110, 105]]);
  assert.deepEqual(names.labels(), [[110, 105]]);
});

test("layers of equal rank leave each other alone, and hotspots win over all", () => {
  const room = makeLabelRoom();
  const [one, other, hotspots] = [layerIn(room, "dwellings"), layerIn(room, "cameras"), layerIn(room, "hotspots")];
  one.show(0, [[100, 100]]);
  other.show(0, [[105, 100]]);
  assert.equal(one.labels().length + other.labels().length, 2);
  hotspots.show(0, [[102, 100]]);
  assert.equal(one.labels().length + other.labels().length, 0);
});

test("two maps do not share a room", () => {
  const [numbers, names] = [layerIn(makeLabelRoom(), "dwellings"), layerIn(makeLabelRoom(), "areas")];
  numbers.show(0, [[100, 100]]);
  names.show(0, [[100, 100]]);
  assert.equal(names.labels().length, 1);
});

test("the tiles of a box are those it lies on", () => {
  assert.deepEqual(tilesOf({ minX: 250, maxX: 260, minY: 10, maxY: 20 }, 12), ["0:0:12", "1:0:12"]);
});
