"""Buildings: rows along the street fronts and slabs behind them, inside one block and clear of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from webapp.demo.frame import BoolArray, FloatArray, GeometryArray, IntArray, TextArray
from webapp.demo.landuse import Blocks, Use
from webapp.demo.mesh import enclosing_rectangle
from webapp.demo.streets import NONE, TERTIARY, Borders

# Half the least distance between two buildings; their lon/lat are snapped to about a centimetre.
_HALF_GAP_M = 0.4


@dataclass(frozen=True)
class Pattern:
    """How a block of some use is filled: rectangles in rows, sizes and gaps in metres."""

    kind: str
    length_m: tuple[float, float]
    depth_m: tuple[float, float]
    gap_m: tuple[float, float]
    levels: tuple[int, int]
    keep: float
    front: bool
    row_m: float = 0.0
    l_share: float = 0.0
    widest_class: int = 9
    most: int = 10_000


PATTERNS: dict[Use, tuple[Pattern, ...]] = {
    Use.OLD: (
        Pattern("house", (7, 12), (9, 13), (0.9, 2.0), (2, 3), 0.94, front=True, l_share=0.15),
        Pattern("house", (9, 14), (8, 11), (2.0, 6.0), (1, 3), 0.75, front=False, row_m=6.0, l_share=0.35),
    ),
    Use.SLAB: (
        Pattern("shop", (14, 34), (10, 13), (2.0, 8.0), (2, 4), 0.8, front=True, widest_class=TERTIARY),
        Pattern("apartment", (30, 54), (11, 12.8), (8, 12), (5, 6), 0.84, front=False, row_m=22.0),
        Pattern("house", (9, 13), (8, 11), (2.0, 7.0), (2, 4), 0.16, front=True),
    ),
    Use.CIVIC: (
        Pattern(
            "civic",
            (30, 56),
            (13, 17),
            (10.0, 16.0),
            (3, 5),
            0.95,
            front=False,
            row_m=16.0,
            l_share=0.6,
            most=5,
        ),
    ),
    Use.FACTORY: (
        Pattern(
            "factory", (45, 95), (24, 42), (14.0, 24.0), (1, 2), 0.8, front=False, row_m=18.0, l_share=0.2
        ),
        Pattern("office", (18, 30), (11, 14), (20.0, 60.0), (2, 4), 0.35, front=True),
    ),
    Use.VILLAGE: (
        Pattern("house", (9.5, 13.5), (9, 12.5), (2.6, 10.0), (2, 4), 0.76, front=True, l_share=0.3),
        Pattern("house", (10, 14), (9, 12), (5.0, 12.0), (2, 3), 0.4, front=False, row_m=11.0, l_share=0.35),
    ),
    Use.NEW: (
        Pattern(
            "apartment", (40, 56), (12.0, 13.0), (16.0, 24.0), (9, 11), 0.3, front=False, row_m=34.0, most=2
        ),
        Pattern("office", (20, 40), (14, 18), (30.0, 80.0), (3, 6), 0.2, front=True),
    ),
    Use.FIELD: (
        Pattern("house", (10, 14), (9, 12), (60.0, 220.0), (1, 3), 0.22, front=True, l_share=0.4, most=3),
    ),
    Use.PARK: (Pattern("pavilion", (8, 16), (7, 11), (60.0, 120.0), (1, 2), 0.25, front=True, most=2),),
}


@dataclass(frozen=True)
class Buildings:
    """Footprints in local metres with the block each stands in; middle (n, 2) lies inside the footprint."""

    block: IntArray
    kind: TextArray
    levels: IntArray
    polygons_m: GeometryArray
    middles_m: FloatArray
    axis: FloatArray
    length_m: FloatArray


@dataclass(frozen=True)
class _Boxes:
    """Candidate rectangles: middle, unit axis along the length, sizes, and what they would be."""

    middles_m: FloatArray
    axis: FloatArray
    length_m: FloatArray
    depth_m: FloatArray
    block: IntArray
    pattern: IntArray

    def corners(self, grow_m: float = 0.0) -> FloatArray:
        """Return (n, 4, 2) corners, counter-clockwise from the rear left."""
        across = np.column_stack([-self.axis[:, 1], self.axis[:, 0]])
        a = self.axis * (self.length_m[:, None] / 2 + grow_m)
        b = across * (self.depth_m[:, None] / 2 + grow_m)
        m = self.middles_m
        return np.stack([m - a - b, m + a - b, m + a + b, m - a + b], axis=1)

    def take(self, chosen: IntArray | BoolArray) -> _Boxes:
        """Return the chosen rows."""
        return _Boxes(
            self.middles_m[chosen], self.axis[chosen], self.length_m[chosen], self.depth_m[chosen],
            self.block[chosen], self.pattern[chosen],
        )  # fmt: skip


_FLAT = [pattern for patterns in PATTERNS.values() for pattern in patterns]


def raise_buildings(
    blocks: Blocks, borders: Borders, water_m: GeometryArray, rng: np.random.Generator
) -> Buildings:
    """Return buildings that lie behind the street fronts of their block, in no water, and never overlap."""
    boxes = _candidates(blocks, borders, rng)
    shapes = _shapes(boxes.corners(_HALF_GAP_M))
    yards = blocks.open_m.copy()
    shapely.prepare(yards)
    boxes = boxes.take(shapely.contains_properly(yards[boxes.block], shapes))
    wet = shapely.STRtree(water_m).query(_shapes(boxes.corners(2.0)), predicate="intersects")[0]
    boxes = boxes.take(np.setdiff1d(np.arange(len(boxes.block)), wet))
    boxes = boxes.take(_clear(_shapes(boxes.corners(_HALF_GAP_M))))
    boxes = boxes.take(_within_most(boxes))
    return _finished(boxes, rng)


def _candidates(blocks: Blocks, borders: Borders, rng: np.random.Generator) -> _Boxes:
    found: list[FloatArray] = []
    first = {use: _FLAT.index(patterns[0]) for use, patterns in PATTERNS.items()}
    for k, use in enumerate(blocks.use.tolist()):
        yard = blocks.open_m[k]
        if use not in PATTERNS or yard.area < 150.0:
            continue
        for step, pattern in enumerate(PATTERNS[Use(use)]):
            fronts = _fronts(blocks, borders, k) if pattern.front else None
            rows = (
                _along_fronts(fronts, pattern, rng)
                if fronts is not None
                else _rows_behind(yard, pattern, rng)
            )
            rows = rows[rng.random(len(rows)) < pattern.keep]
            tail = np.full((len(rows), 2), (float(k), float(first[Use(use)] + step)))
            found.append(np.hstack([rows, tail]))
    all_rows = np.vstack(found)
    return _Boxes(
        all_rows[:, 0:2], all_rows[:, 2:4], all_rows[:, 4], all_rows[:, 5],
        all_rows[:, 6].astype(np.int64), all_rows[:, 7].astype(np.int64),
    )  # fmt: skip


def _fronts(blocks: Blocks, borders: Borders, k: int) -> FloatArray:
    """Return (n, 5): both ends of each side of the yard, counter-clockwise, and the class of its street."""
    ring = shapely.get_coordinates(shapely.simplify(blocks.open_m[k], 0.9).exterior)
    if not shapely.is_ccw(shapely.linearrings(ring)):
        ring = ring[::-1]
    a, b = ring[:-1], ring[1:]
    nodes = np.array(blocks.rings[k])
    p, q = borders.nodes_m[nodes], borders.nodes_m[np.roll(nodes, -1)]
    pairs = np.sort(np.column_stack([nodes, np.roll(nodes, -1)]), axis=1)
    count = len(borders.nodes_m)
    code = borders.edges[:, 0] * count + borders.edges[:, 1]
    road_class = borders.road_class[np.searchsorted(code, pairs[:, 0] * count + pairs[:, 1])]
    middle = (a + b) / 2
    along = np.einsum("ijk,jk->ij", middle[:, None] - p[None], q - p) / np.maximum(
        ((q - p) ** 2).sum(1), 1e-9
    )
    foot = p[None] + np.clip(along, 0, 1)[:, :, None] * (q - p)[None]
    near = np.hypot(*np.moveaxis(middle[:, None] - foot, 2, 0)).argmin(axis=1)
    return np.column_stack([a, b, road_class[near]])


def _along_fronts(fronts: FloatArray, pattern: Pattern, rng: np.random.Generator) -> FloatArray:
    rows = [np.zeros((0, 6))]
    for ax, ay, bx, by, road_class in fronts:
        side = np.array([bx - ax, by - ay])
        length = float(np.hypot(*side))
        if road_class == NONE or road_class > pattern.widest_class or length < pattern.length_m[0] + 1:
            continue
        count = int(length / (pattern.length_m[0] + pattern.gap_m[0])) + 1
        width = rng.uniform(*pattern.length_m, count)
        start = rng.uniform(0.5, 4.0) + np.concatenate(
            [[0.0], np.cumsum(width + rng.uniform(*pattern.gap_m, count))[:-1]]
        )
        depth = rng.uniform(*pattern.depth_m, count)
        axis = side / length
        inward = np.array([-axis[1], axis[0]])
        setback = rng.uniform(0.8, 2.0)
        middle = (
            np.array([ax, ay]) + (start + width / 2)[:, None] * axis + (depth / 2 + setback)[:, None] * inward
        )
        fits = start + width < length - 0.5
        rows.append(np.column_stack([middle, np.tile(axis, (count, 1)), width, depth])[fits])
    return np.vstack(rows)


def _rows_behind(yard: shapely.Polygon, pattern: Pattern, rng: np.random.Generator) -> FloatArray:
    """Return rows of boxes over the whole yard, along the side of the block that runs nearest east-west."""
    middle, axis, length, width = enclosing_rectangle(shapely.get_coordinates(yard.exterior)[:-1])
    if abs(axis[0]) < abs(axis[1]):
        axis, length, width = np.array([axis[1], -axis[0]]), width, length
    axis = axis if axis[0] > 0 else -axis
    depth = float(rng.uniform(*pattern.depth_m))
    pitch = depth + pattern.row_m * rng.uniform(0.95, 1.25)
    lines = np.arange(-width / 2 + depth / 2 + 1, width / 2 - depth / 2, pitch)
    rows = [np.zeros((0, 6))]
    across = np.array([-axis[1], axis[0]])
    for line in lines:
        count = int(length / (pattern.length_m[0] + pattern.gap_m[0])) + 1
        size = rng.uniform(*pattern.length_m, count)
        start = (
            rng.uniform(0, 5)
            - length / 2
            + np.concatenate([[0.0], np.cumsum(size + rng.uniform(*pattern.gap_m, count))[:-1]])
        )
        spot = middle + (start + size / 2)[:, None] * axis + line * across
        rows.append(np.column_stack([spot, np.tile(axis, (count, 1)), size, np.full(count, depth)]))
    return np.vstack(rows)


def _clear(shapes: GeometryArray) -> BoolArray:
    """Return which boxes stay: the earlier of two overlapping ones wins."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    later = first < second
    order = np.argsort(first[later], kind="stable")
    alive = np.ones(len(shapes), dtype=bool)
    for i, j in zip(first[later][order].tolist(), second[later][order].tolist(), strict=True):
        if alive[i]:
            alive[j] = False
    return alive


def _within_most(boxes: _Boxes) -> BoolArray:
    most = np.array([pattern.most for pattern in _FLAT])
    key = boxes.block * len(_FLAT) + boxes.pattern
    order = np.argsort(key, kind="stable")
    new = np.concatenate([[True], key[order][1:] != key[order][:-1]])
    start = np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key)) - start
    return np.asarray(rank < most[boxes.pattern])


def _finished(boxes: _Boxes, rng: np.random.Generator) -> Buildings:
    kinds = np.array([pattern.kind for pattern in _FLAT])[boxes.pattern]
    low, high = np.array([pattern.levels for pattern in _FLAT])[boxes.pattern].T
    levels = rng.integers(low, high + 1)
    corners = boxes.corners()
    shapes = _shapes(corners)
    notched = rng.random(len(kinds)) < np.array([pattern.l_share for pattern in _FLAT])[boxes.pattern]
    shapes[notched] = _notched(corners[notched], rng)
    middles = boxes.middles_m.copy()
    # The part of an L that always stands is the left half of the box; its middle lies at a quarter.
    middles[notched] -= boxes.axis[notched] * (boxes.length_m[notched] / 4)[:, None]
    return Buildings(boxes.block, kinds, levels, shapes, middles, boxes.axis, boxes.length_m)


def _notched(corners: FloatArray, rng: np.random.Generator) -> GeometryArray:
    """Return L-shapes: the box without its front right corner."""
    a, b, c, d = (corners[:, k] for k in range(4))
    u = rng.uniform(0.35, 0.5, len(corners))[:, None]
    v = rng.uniform(0.4, 0.6, len(corners))[:, None]
    right = c + v * (b - c)
    top = c + u * (d - c)
    inner = right + u * (a - b)
    return _shapes(np.stack([a, b, right, inner, top, d], axis=1))


def _shapes(corners: FloatArray) -> GeometryArray:
    return np.asarray(shapely.polygons(corners), dtype=object)
