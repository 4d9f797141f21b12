"""Whether a set of polygons is a partition, and where it is not.

Shapely (GEOS) alone decides topology. A valid coverage in GEOS's sense has no overlaps and shares
every vertex along common edges; a partition of a parent has, beyond that, no gap inside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import area_m2
from geo.shapes.snap import GRID_DEG

#: An overlap or gap thinner than two cells of the coordinate grid (2.2 cm) is snapping noise: where
#: a vertex meets the middle of a neighbour's edge, snapping moves it up to half a cell off that edge
#: (a sliver as long as the edge, however small its width), and so may each end of the edge.
NOISE_DEG = 2 * GRID_DEG


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place where parts fail to tile their parent: free ground (no `parts`) or an overlap (of two).

    `parts` are indices; `place` is EPSG:4326, `at` a point inside it.
    """

    parts: tuple[int, ...]
    place: BaseGeometry
    at: Point
    size_m2: float


def flaws(parts: Sequence[BaseGeometry], parent: BaseGeometry) -> list[Flaw]:
    """Return where `parts` leave ground of `parent` free or overlap (all EPSG:4326), largest first.

    Each connected piece of free ground is one flaw; an empty list means a partition up to the noise.

    >>> from shapely import box
    >>> found = flaws([box(0, 0, 2, 1), box(1, 0, 3, 1)], box(0, 0, 5, 1))
    >>> sorted(flaw.parts for flaw in found)
    [(), (0, 1)]
    """
    found = [] if parent.is_empty else _free(parts, parent)
    found += [_flaw((i, j), parts[i].intersection(parts[j])) for i, j in suspected_pairs(parts)]
    return sorted((flaw for flaw in found if flaw), key=lambda flaw: -flaw.size_m2)


def _free(parts: Sequence[BaseGeometry], parent: BaseGeometry) -> list[Flaw | None]:
    free = shapely.get_parts(parent.difference(shapely.union_all(parts)))
    return [_flaw((), piece) for piece in free]


def suspected_pairs(parts: Sequence[BaseGeometry]) -> list[tuple[int, int]]:
    """Return the pairs (i < j, sorted) of polygons that may overlap: all that do, and few that only meet.

    Where two overlap, an edge of one lies inside the other or both are equal: GEOS's check of a coverage
    names it. Ten thousand grids that tile their ground have no such edge, and forty thousand pairs that meet.

    >>> from shapely import box
    >>> suspected_pairs([box(-1, 0, 0, 1), box(0, 0, 1, 1), box(1, 0, 2, 1), box(1.5, 0, 3, 1)])
    [(1, 2), (2, 3)]
    """
    shapes = np.asarray(parts, dtype=object)
    if not len(shapes):
        return []
    suspects = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    first, second = shapely.STRtree(shapes).query(shapes[suspects], predicate="intersects")
    pairs = np.sort(np.column_stack([suspects[first], second]), axis=1)
    return sorted({(int(i), int(j)) for i, j in pairs if i != j})


def beyond(shapes: Sequence[BaseGeometry], ground: BaseGeometry) -> dict[int, BaseGeometry]:
    """Return by index what of each shape lies outside `ground`; shapes wholly inside are left out.

    Only those that lie across the outline are cut, each with the part of `ground` around it: an outline of
    thousands of corners is not walked for each of ten thousand shapes.

    >>> from shapely import box
    >>> beyond([box(0, 0, 1, 1), box(1, 0, 3, 1)], box(0, 0, 2, 2))[1].bounds
    (2.0, 0.0, 3.0, 1.0)
    """
    every = np.asarray(shapes, dtype=object)
    shapely.prepare(ground)
    return {
        int(row): every[row].difference(ground.intersection(shapely.box(*every[row].bounds)))
        for row in np.flatnonzero(~shapely.covers(ground, every))
    }


def is_partition(parts: Sequence[BaseGeometry], parent: BaseGeometry) -> bool:
    """Tell whether `parts` tile `parent`: shared vertices, no overlap, no gap wider than the noise."""
    if not parts or not bool(shapely.coverage_is_valid(parts)):
        return False
    left_over = parent.symmetric_difference(shapely.coverage_union_all(parts))
    return is_noise(left_over)


def is_noise(ground: BaseGeometry) -> bool:
    """Tell whether `ground` (EPSG:4326) is nowhere wider than the noise of snapping."""
    return bool(ground.buffer(-NOISE_DEG / 2).is_empty)


def _flaw(parts: tuple[int, ...], place: BaseGeometry) -> Flaw | None:
    ground = _polygons(place)
    if is_noise(ground):
        return None
    largest = max(ground.geoms, key=lambda part: part.area)
    return Flaw(parts, ground, largest.representative_point(), area_m2(ground))


def _polygons(shape: BaseGeometry) -> MultiPolygon:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return MultiPolygon(parts)


def invalid_at(shape: BaseGeometry) -> Point | None:
    """Return where `shape` is invalid, None where GEOS names no place."""
    # GEOS names the place of a self-crossing as "Self-intersection[x y]".
    inside = shapely.is_valid_reason(shape).partition("[")[2].partition("]")[0].split()
    return Point(float(inside[0]), float(inside[1])) if len(inside) >= 2 else None
