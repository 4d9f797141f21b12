"""The figures of a division: balance, compactness, edges on streets, buildings cut, households moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy
import shapely

from geo.shapes.crs import to_metric
from geo.shapes.proposal.answer import Comparison
from geo.shapes.proposal.linework import RANK_OF_CLASS, WALL_DEG, Rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.shapes.proposal.answer import Grid
    from geo.shapes.proposal.arrays import BoolArray, FloatArray, IntArray, Shapes
    from geo.shapes.proposal.blocks import Blocks
    from geo.shapes.proposal.frame import Frame
    from geo.shapes.proposal.question import ProposalGround

#: An edge counts as lying on a street when it is no farther from its centre line, or from a bank, than
#: half the width of a two-lane street with its pavements [ours].
STREET_NEAR_M = 5.0


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the divisions of one ground are measured against, made once.

    `streets` holds streets, banks and borders in metres, `walls` every building without its outermost
    2 cm (EPSG:4326), `today` the grid of today of each household, -1 for none.
    """

    epsg: int
    streets: shapely.STRtree
    walls: shapely.STRtree
    today: IntArray
    counts: IntArray


def yardstick_of(ground: ProposalGround, frame: Frame, today: IntArray, *, epsg: int) -> Yardstick:
    """Return the yardstick of a ground."""
    streets = [
        road
        for road, road_class in zip(ground.roads, ground.road_classes, strict=True)
        if RANK_OF_CLASS.get(road_class, Rank.LANE) <= Rank.YARD
    ]
    water = shapely.make_valid(np.asarray(list(ground.water), dtype=object).reshape(-1))
    areal = shapely.get_dimensions(water) == 2
    lines = np.concatenate(
        [np.asarray(streets, dtype=object).reshape(-1), shapely.boundary(water[areal]), water[~areal],
         shapely.boundary(frame.shapes)]
    )  # fmt: skip
    metric = shapely.transform(lines, lambda xy: to_metric(xy, epsg))
    buildings = shapely.make_valid(np.asarray(list(ground.buildings), dtype=object).reshape(-1))
    inner = shapely.buffer(buildings, -WALL_DEG, join_style="mitre")
    return Yardstick(
        epsg, shapely.STRtree(metric), shapely.STRtree(inner), today, np.asarray(ground.counts, np.int64)
    )


def owners_today(ground: ProposalGround, points: Shapes) -> IntArray:
    """Return the number of today's grid each household lies in, -1 for none; on an edge the first."""
    shapes = np.array([grid.shape for grid in ground.today], dtype=object)
    which, grid = shapely.STRtree(shapes).query(points, predicate="intersects")
    owner = np.full(len(points), len(shapes), np.int64)
    np.minimum.at(owner, which, grid)
    owner[owner == len(shapes)] = -1
    return owner


def compare(
    grids: Sequence[Grid], blocks: Blocks, grid_of_block: IntArray, yard: Yardstick, *, band: Any, bound: Any
) -> Comparison:
    """Return the figures of a division.

    `band` is (size, tolerance), `bound` (grids that could fit, places that hold more than a grid).
    """
    size, tolerance = band
    load = np.array([grid.households for grid in grids])
    off = np.abs(load - size) / size
    grid_of_face = grid_of_block[blocks.of_face]
    seg = blocks.segments
    inner = seg.right >= 0
    inner[inner] = grid_of_face[seg.left[inner]] != grid_of_face[seg.right[inner]]
    same = np.zeros(len(inner), np.bool_)
    same[inner] = blocks.frame_of_face[seg.left[inner]] == blocks.frame_of_face[seg.right[inner]]
    border = (inner & ~same) | (seg.right < 0)
    length_m = float(seg.length_m[same].sum())
    compactness = np.array([grid.compactness for grid in grids])
    grid_of = np.append(grid_of_block, -1)[blocks.of_household]
    return Comparison(
        grids=len(grids),
        within_tolerance=float((off <= tolerance + 1e-9).mean()),
        attainable=bound[0] / len(grids),
        indivisible=bound[1],
        worst_deviation=float(off.max()),
        compactness=float(compactness.mean()),
        least_compact=float(compactness.min()),
        edge_on_street=_on_street(seg.ends[same], yard),
        inner_edge_m=length_m,
        buildings_cut=_cut(seg.ends[same], yard),
        buildings_on_border=_cut(seg.ends[border], yard),
        households=int(load.sum()),
        outside=int(yard.counts[grid_of < 0].sum()),
        moved=moved_households(yard.today, grid_of, yard.counts) if (yard.today >= 0).any() else None,
    )


def _on_street(ends: FloatArray, yard: Yardstick) -> float:
    """Return the share of the length of these segments that lies on a street, sampled every 4 m or less."""
    if not len(ends):
        return 1.0
    metres = to_metric(ends.reshape(-1, 2), yard.epsg).reshape(-1, 2, 2)
    length = np.hypot(*(metres[:, 1] - metres[:, 0]).T)
    number = np.maximum(np.ceil(length / 4.0), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(ends)), number)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)
    at = ((step + 0.5) / number[owner])[:, None]
    points = shapely.points(metres[owner, 0] * (1 - at) + metres[owner, 1] * at)
    near = np.zeros(len(points), np.bool_)
    near[yard.streets.query(points, predicate="dwithin", distance=STREET_NEAR_M)[0]] = True
    return float(((length / number)[owner] * near).sum() / length.sum())


def _cut(ends: FloatArray, yard: Yardstick) -> int:
    if not len(ends):
        return 0
    return len(np.unique(yard.walls.query(shapely.linestrings(ends), predicate="intersects")[1]))


def moved_households(today: IntArray, grid: IntArray, counts: IntArray) -> int:
    """Return how many households leave their grid when today's grids are matched to the new ones at best.

    The matching is the assignment that keeps most households (Kuhn 1955). Households that lie in no grid
    of today, or in none of the new ones, are not counted.

    >>> moved_households(np.array([0, 0, 1]), np.array([1, 1, 1]), np.array([5, 1, 2]))
    2
    """
    both: BoolArray = (today >= 0) & (grid >= 0)
    if not both.any():
        return 0
    table = np.zeros((int(today[both].max()) + 1, int(grid[both].max()) + 1), np.int64)
    np.add.at(table, (today[both], grid[both]), counts[both])
    rows, columns = scipy.optimize.linear_sum_assignment(table, maximize=True)
    return int(table.sum() - table[rows, columns].sum())
