"""Whether a set of polygons is a partition, and where it is not.

Shapely (GEOS) alone decides topology. A valid coverage in GEOS's sense has no overlaps and shares
every vertex along common edges; a partition of a parent has, beyond that, no gap inside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
    free = shapely.get_parts(parent.difference(shapely.union_all(parts)))
    found = [_flaw((), piece) for piece in free]
    if parts:
        first, second = shapely.STRtree(parts).query(parts, predicate="intersects")
        pairs = sorted((int(i), int(j)) for i, j in zip(first, second, strict=True) if i < j)
        found += [_flaw(pair, parts[pair[0]].intersection(parts[pair[1]])) for pair in pairs]
    return sorted((flaw for flaw in found if flaw), key=lambda flaw: -flaw.size_m2)


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
