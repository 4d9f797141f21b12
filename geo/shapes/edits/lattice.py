"""Shapes counted in steps of the coordinate grid, where every stored coordinate is a whole number.

One step is 1e-7 degree (`geo.shapes.snap`). Whole numbers below 2**53 are exact in float64, so a vertex
has one spelling, edges can be compared and hashed, and GEOS rounds on a grid of size 1, which it holds
exactly, unlike 1e-7.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.tiling import Ground

type Floats = NDArray[np.float64]
type Shapes = NDArray[np.object_]
#: Longitude and latitude in steps.
type Vertex = tuple[float, float]
#: Two vertices, the smaller first, so that both neighbours of an edge name it alike.
type Edge = tuple[Vertex, Vertex]

STEPS_PER_DEG = 1e7


def to_steps[S: BaseGeometry](shape: S) -> S:
    """Return `shape` (EPSG:4326) in steps, every vertex on the nearest whole step.

    >>> from shapely import Point
    >>> to_steps(Point(119.12345678, 30.1)).wkt
    'POINT (1191234568 301000000)'
    """
    return shapely.transform(shape, lambda points: nearest_step(points * STEPS_PER_DEG))


def to_degrees[S: BaseGeometry](shape: S) -> S:
    """Return `shape` (steps) in EPSG:4326, each whole step as the float nearest to its decimal value.

    >>> from shapely import Point
    >>> to_degrees(to_steps(Point(119.1234568, 30.1))).wkt
    'POINT (119.1234568 30.1)'
    """
    return shapely.transform(shape, lambda points: points / STEPS_PER_DEG)


def nearest_step(points: Floats) -> Floats:
    """Return `points` (steps) on whole steps; a half goes up, as in GEOS's half-open hot pixels."""
    return np.floor(points + 0.5)


def vertex_of(points: Floats) -> Vertex:
    """Return the first of `points` (steps, shape (n, 2) or (2,)) as a vertex on a whole step."""
    x, y = nearest_step(np.reshape(points, (-1, 2))[0]).tolist()
    return x, y


def edge_of(first: Vertex, second: Vertex) -> Edge:
    """Return the edge between two vertices, the smaller first."""
    return (first, second) if first < second else (second, first)


def rings_of(shape: BaseGeometry) -> list[list[Vertex]]:
    """Return the vertices of every ring or line of `shape` in their order; a ring ends where it begins."""
    rings = shapely.get_parts(shape)
    if len(rings) and isinstance(rings[0], Polygon):
        rings = shapely.get_rings(rings)
    return [[(x, y) for x, y in shapely.get_coordinates(ring).tolist()] for ring in rings]


def edges_of(shape: BaseGeometry) -> Iterator[Edge]:
    """Yield the edges of the rings or lines of `shape`; one without length is left out."""
    for ring in rings_of(shape):
        yield from edges_along(ring)


def edges_along(line: Iterable[Vertex]) -> Iterator[Edge]:
    """Yield the edges between consecutive vertices."""
    return (edge_of(first, second) for first, second in pairwise(line) if first != second)


def segments(edges: Iterable[Edge]) -> Shapes:
    """Return each edge as a LineString (steps), shape (n,), in the order given."""
    ends = np.reshape(np.array(list(edges), dtype=float), (-1, 2, 2))
    return np.asarray(shapely.linestrings(ends), dtype=object)


def lines_of(edges: Iterable[Edge]) -> MultiLineString:
    """Return all edges as one geometry (steps)."""
    return cast("MultiLineString", shapely.multilinestrings(segments(edges)))


def points(vertices: Iterable[Vertex]) -> Shapes:
    """Return each vertex as a Point (steps), shape (n,), in the order given."""
    return np.asarray(
        shapely.points(np.reshape(np.array(list(vertices), dtype=float), (-1, 2))), dtype=object
    )


def canonical(shape: BaseGeometry) -> Ground:
    """Return `shape` spelt in one way: parts and rings sorted, shells counter-clockwise, one part bare.

    Two shapes of the same vertices are then equal number by number, whatever edit made them.
    """
    parts = shapely.get_parts(shape)
    spelt = shapely.orient_polygons(shapely.normalize(parts[0] if len(parts) == 1 else shape))
    return cast("Ground", spelt)


def with_chains(shape: Ground, chains: Mapping[Edge, tuple[Vertex, ...]]) -> Ground:
    """Return `shape` with each edge led through its chain: vertices between its ends, smaller end first."""
    if not chains or chains.keys().isdisjoint(edges_of(shape)):
        return shape
    return rewired(shape, lambda ring: list(_lengthened(ring, chains)))


def _lengthened(ring: list[Vertex], chains: Mapping[Edge, tuple[Vertex, ...]]) -> Iterator[Vertex]:
    yield ring[0]
    for first, second in pairwise(ring):
        between = chains.get(edge_of(first, second), ())
        run = [*(between if first < second else reversed(between)), second]
        yield from (vertex for before, vertex in pairwise([first, *run]) if before != vertex)


def rewired(shape: Ground, change: Callable[[list[Vertex]], list[Vertex]]) -> Ground:
    """Return `shape` with every ring put through `change`; it may become invalid, which the caller checks."""
    parts = []
    for part in shapely.get_parts(shape):
        shell, *holes = (change(ring) for ring in rings_of(part))
        parts.append(Polygon(shell, holes))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
