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
#: Below this share the directions of the shared edges cancel each other [ours].
_FACING_SHARE = 0.2


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

    A neighbour lies on the side to which the shared boundary faces, wherever along it the two meet. All
    shapes in one metric CRS, north upwards.

    >>> from shapely import box
    >>> [(n.index, n.side.value) for n in neighbours(box(0, 0, 9, 9), [box(9, 0, 18, 9), box(9, 9, 18, 18)])]
    [(0, 'E')]
    """
    reach = shapely.buffer(grid, NEAR_M)
    edges = _edges(grid)
    found: list[tuple[float, Neighbour]] = []
    for index, other in enumerate(others):
        if not shapely.intersects(reach, other):
            continue
        shared = shapely.intersection(shapely.linestrings(edges), shapely.buffer(other, NEAR_M))
        shared_m = np.asarray(shapely.length(shared))
        # Around a corner the buffer takes in a metre of each side.
        if (border_m := float(shared_m.sum())) >= SHORTEST_M:
            bearing = _facing(edges, shared_m, grid, shapely.union_all(shared))
            found.append((bearing, Neighbour(index, _wind(bearing), border_m)))
    return [neighbour for _, neighbour in sorted(found, key=lambda pair: pair[0])]


def _edges(grid: BaseGeometry) -> NDArray[np.float64]:
    """Return the edges (E, 2, 2) of an area with its ground on their left."""
    parts = [shapely.orient_polygons(part) for part in shapely.get_parts(grid)]
    rings = [shapely.get_coordinates(ring) for part in parts for ring in shapely.get_rings(part)]
    return np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])


def _facing(
    edges: NDArray[np.float64], shared_m: NDArray[np.float64], grid: BaseGeometry, shared: BaseGeometry
) -> float:
    """Return the bearing to which the shared metres of `edges` face, turned as `_bearing` turns it."""
    east, north = (edges[:, 1] - edges[:, 0]).T
    along_m = np.hypot(east, north)
    weights = np.divide(shared_m, along_m, out=np.zeros_like(along_m), where=along_m > 0)
    outwards = np.array([(weights * north).sum(), -(weights * east).sum()])
    if np.hypot(*outwards) >= _FACING_SHARE * shared_m.sum():
        return _bearing(np.zeros(2), outwards)
    # All around, or two sides that face each other: there the middle of what is shared tells.
    return _bearing(np.array(grid.centroid.coords[0]), np.array(shared.centroid.coords[0]))


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
