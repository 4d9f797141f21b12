"""Vertices of neighbours that should meet and do not: where they are, and the edges that repair them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.measure import Points, Shapes
from geo.shapes.mending.ring import vertices_of, with_rings

type Key = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Miss:
    """A vertex that does not meet its neighbour.

    `vertex` belongs to the shapes `owners`; the shape `other` has no vertex there but an edge
    (`start`, `end`) `distance` metres away, and perhaps a vertex (`near`) within the tolerance.
    """

    vertex: Key
    owners: tuple[int, ...]
    other: int
    start: Key
    end: Key
    near: Key | None
    distance: float


def misses(shapes: Shapes, scale: Points, tolerance: float) -> list[Miss]:
    """Return the vertices that lie on or near another shape's edge without meeting a vertex of it.

    Parameters
    ----------
    shapes
        Valid polygons, EPSG:4326 on the 1e-7 degree grid. Edges that two of them share exactly are right
        and left out: of a sound partition only the outline is looked at.
    scale : (2,) array
        Metres of a degree.
    tolerance : float, metres
    """
    edges = _single_edges(shapes)
    if not len(edges.owner):
        return []
    points, point_owner = _distinct(edges)
    lines = np.asarray(shapely.linestrings(np.stack([edges.start * scale, edges.end * scale], axis=1)))
    at, edge = shapely.STRtree(lines).query(
        shapely.points(points * scale), predicate="dwithin", distance=tolerance
    )
    foreign = point_owner[at] != edges.owner[edge]
    at, edge = at[foreign], edge[foreign]
    return _told(_Hits(points, point_owner, edges, at, edge), scale, tolerance)


@dataclass(frozen=True, slots=True)
class _Edges:
    start: Points
    end: Points
    owner: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Hits:
    points: Points
    owner: NDArray[np.intp]
    edges: _Edges
    at: NDArray[np.intp]
    edge: NDArray[np.intp]


def _single_edges(shapes: Shapes) -> _Edges:
    """Return the edges that occur once."""
    vertices = vertices_of(shapes)
    inner = vertices.ring[1:] == vertices.ring[:-1]
    start, end = vertices.xy[:-1][inner], vertices.xy[1:][inner]
    # The exclusive or is the same for both directions. Two edges with one key by chance (one in 1e7 among
    # millions) would only hide each other here; the coverage check still reports them.
    _, which, count = np.unique(_key(start) ^ _key(end), return_inverse=True, return_counts=True)
    single = count[which] == 1
    return _Edges(start[single], end[single], vertices.owner[:-1][inner][single])


def _key(places: Points) -> NDArray[np.uint64]:
    """Return one well-mixed number for each place: splitmix64 (Steele, Lea and Flood 2014)."""
    whole = np.round(places * 1e7).astype(np.int64).astype(np.uint64)
    key = whole[:, 0] * np.uint64(0x9E3779B97F4A7C15) + whole[:, 1]
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> np.uint64(31)))


def _distinct(edges: _Edges) -> tuple[Points, NDArray[np.intp]]:
    ends = np.vstack([edges.start, edges.end])
    owner = np.concatenate([edges.owner, edges.owner])
    table = np.unique(np.column_stack([ends, owner]), axis=0)
    return table[:, :2], table[:, 2].astype(np.intp)


def _told(hits: _Hits, scale: Points, tolerance: float) -> list[Miss]:
    owners: dict[Key, list[int]] = {}
    for owner, (x, y) in zip(hits.owner.tolist(), hits.points.tolist(), strict=True):
        owners.setdefault((x, y), []).append(owner)
    found: dict[tuple[Key, int], Miss] = {}
    for at, edge in zip(hits.at.tolist(), hits.edge.tolist(), strict=True):
        vertex: Key = tuple(hits.points[at].tolist())
        other = int(hits.edges.owner[edge])
        if other in owners[vertex]:
            continue
        ends: tuple[Key, Key] = (
            tuple(hits.edges.start[edge].tolist()),
            tuple(hits.edges.end[edge].tolist()),
        )
        near, distance = _nearest(np.array(vertex), ends, scale, tolerance)
        known = found.get((vertex, other))
        if known is None or (near is not None, -distance) > (known.near is not None, -known.distance):
            found[vertex, other] = Miss(vertex, tuple(owners[vertex]), other, *ends, near, distance)
    return [found[key] for key in sorted(found)]


def _nearest(
    vertex: Points, ends: tuple[Key, Key], scale: Points, tolerance: float
) -> tuple[Key | None, float]:
    """Return the end within the tolerance, if any, and the distance to it, else to the edge; metres."""
    start, end = (np.array(place) for place in ends)
    to_start, to_end = (float(np.hypot(*((place - vertex) * scale))) for place in (start, end))
    if min(to_start, to_end) <= tolerance:
        return (ends[0], to_start) if to_start <= to_end else (ends[1], to_end)
    along, arm = (end - start) * scale, (vertex - start) * scale
    share = float(np.clip(along @ arm / (along @ along), 0, 1))
    return None, float(np.hypot(*(arm - share * along)))


def moved(shape: BaseGeometry, places: dict[Key, Key]) -> BaseGeometry:
    """Return `shape` with each vertex that `places` names put where it says."""
    return with_rings(
        shape, lambda ring: np.array([places.get(tuple(vertex), tuple(vertex)) for vertex in ring.tolist()])
    )


def inserted(shape: BaseGeometry, wanted: dict[tuple[Key, Key], list[Key]]) -> BaseGeometry:
    """Return `shape` with vertices put into its edges; an edge is named by its ends in either order."""

    def change(ring: Points) -> Points:
        listed = [tuple(vertex) for vertex in ring.tolist()]
        out = [listed[0]]
        for start, end in pairwise(listed):
            extra = {*wanted.get((start, end), ()), *wanted.get((end, start), ())} - {start, end}
            way = np.subtract(end, start)
            out += [*sorted(extra, key=lambda place: float(np.subtract(place, start) @ way)), end]
        return np.array(out)

    return with_rings(shape, change)
