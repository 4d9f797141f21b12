"""Which areas border on a grid, and on which side: its four bounds 四至."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, degrees

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiLineString
from shapely.geometry.base import BaseGeometry

#: Boundaries of two areas that were not drawn together may lie this far apart and still be one.
NEAR_M = 1.0
#: Areas that meet in a corner only do not border on each other.
SHORTEST_M = 3.0


class Wind(StrEnum):
    """The eight winds, clockwise from north."""

    N = "N"
    NE = "NE"
    E = "E"
    SE = "SE"
    S = "S"
    SW = "SW"
    W = "W"
    NW = "NW"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbour by its place in the list asked about, the side it lies on, and the shared metres."""

    index: int
    side: Wind
    border_m: float


def neighbours(grid: BaseGeometry, others: Sequence[BaseGeometry]) -> list[Neighbour]:
    """Return the areas that share at least `SHORTEST_M` of boundary with `grid`, clockwise from north.

    All shapes in one metric CRS, north upwards.

    >>> from shapely import box
    >>> [(n.index, n.side.value) for n in neighbours(box(0, 0, 9, 9), [box(9, 0, 18, 9), box(9, 9, 18, 18)])]
    [(0, 'E')]
    """
    reach = shapely.buffer(grid, NEAR_M)
    edge = shapely.boundary(grid)
    middle = np.array(grid.centroid.coords[0])
    found: list[tuple[float, Neighbour]] = []
    for index, other in enumerate(others):
        if not shapely.intersects(reach, other):
            continue
        shared = shapely.intersection(edge, shapely.buffer(other, NEAR_M))
        # Around a corner the buffer takes in a metre of each side.
        if shared.length >= SHORTEST_M:
            bearing = _bearing(middle, np.array(shared.centroid.coords[0]))
            found.append((bearing, Neighbour(index, _wind(bearing), float(shared.length))))
    return [neighbour for _, neighbour in sorted(found, key=lambda pair: pair[0])]


def _bearing(start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    east, north = end - start
    # Turned by half a wind, so that what lies a little west of north still comes first.
    return (degrees(atan2(east, north)) + 22.5) % 360


def _wind(turned_deg: float) -> Wind:
    return list(Wind)[int(turned_deg // 45) % 8]


def border_lines(shapes: Sequence[BaseGeometry], *, snap_m: float = 0.1) -> BaseGeometry:
    """Return the boundaries of areas (metric CRS) as one linework in which a shared border is drawn once.

    Ends are brought onto a lattice of `snap_m`: borders of two communities rarely share every corner.
    """
    if not shapes:
        return MultiLineString()
    rings = shapely.boundary(np.asarray(shapes, dtype=object))
    merged: BaseGeometry = shapely.line_merge(shapely.union_all(rings, grid_size=snap_m))
    return merged
