"""Flaws of a single ring: vertices that stand twice, spikes; and the ring without them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.measure import Points, Shapes, polygons_of

#: Two edges that leave a vertex at less than this angle make a spike when they also stay within the width
#: of a sliver: no surveyed corner is that sharp, the out-and-back of a slipped mouse is.
SPIKE_DEG = 1.5
# A ring whose spikes have spikes: each round takes the outermost off.
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Vertices:
    """All vertices of many shapes: places (n, 2), their ring and the index of their shape, both (n,)."""

    xy: Points
    ring: NDArray[np.intp]
    owner: NDArray[np.intp]


def vertices_of(shapes: Shapes) -> Vertices:
    """Return every vertex of `shapes` in ring order; each ring's first vertex comes again as its last."""
    parts, part_owner = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    return Vertices(xy, ring, part_owner[ring_part[ring]])


def repeated(vertices: Vertices) -> NDArray[np.intp]:
    """Return the rows of vertices that stand right after themselves."""
    if len(vertices.xy) < 2:
        return np.empty(0, np.intp)
    same = (vertices.ring[1:] == vertices.ring[:-1]) & (vertices.xy[1:] == vertices.xy[:-1]).all(axis=1)
    return np.flatnonzero(same) + 1


@dataclass(frozen=True, slots=True)
class Spikes:
    """Spikes of many shapes: tip, the vertex beside it, the foot opposite (n, 2) and the owner (n,).

    `length` (n,) is that of the shorter edge, in the units of the scale.
    """

    tip: Points
    beside: Points
    foot: Points
    owner: NDArray[np.intp]
    length: NDArray[np.float64]


def spikes(vertices: Vertices, scale: Points, widest: float, shortest: float) -> Spikes:
    """Return where a ring goes out and comes back.

    Parameters
    ----------
    vertices
    scale : (2,) array
        Metres of a degree (lon, lat).
    widest, shortest : float, metres
        A spike stays narrower than the one and is longer than the other.
    """
    rows, before, after = _neighbours(vertices)
    tip = vertices.xy[rows]
    one, other = (vertices.xy[before] - tip) * scale, (vertices.xy[after] - tip) * scale
    length = np.minimum(np.hypot(*one.T), np.hypot(*other.T))
    angle = np.arctan2(np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]), (one * other).sum(axis=1))
    sharp = (angle < np.radians(SPIKE_DEG)) & (length * angle < widest) & (length > shortest)
    nearer_before = np.hypot(*one.T) <= np.hypot(*other.T)
    near = np.where(nearer_before, before, after)[sharp]
    far = np.where(nearer_before, after, before)[sharp]
    foot = _foot(tip[sharp], vertices.xy[near], vertices.xy[far], scale)
    return Spikes(tip[sharp], vertices.xy[near], foot, vertices.owner[rows][sharp], length[sharp])


def _neighbours(vertices: Vertices) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return rows of distinct vertices with the rows before and after them in their ring."""
    total = len(vertices.xy)
    keep = np.ones(total, bool)
    keep[repeated(vertices)] = False
    keep[np.flatnonzero(np.diff(vertices.ring, append=-1))] = False  # the closing vertex
    rows = np.flatnonzero(keep)
    ring = vertices.ring[rows]
    _, start, count = np.unique(ring, return_index=True, return_counts=True)
    step = np.arange(len(rows))
    before, after = step - 1, step + 1
    before[start] = start + count - 1
    after[start + count - 1] = start
    enough = np.repeat(count >= 3, count)
    return rows[enough], rows[before][enough], rows[after][enough]


def _foot(tip: Points, near: Points, far: Points, scale: Points) -> Points:
    """Return the point of the edge tip-far that lies opposite `near`, on the 1e-7 degree grid."""
    along, arm = (far - tip) * scale, (near - tip) * scale
    square = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    share = np.clip((along * arm).sum(axis=1) / square, 0.0, 1.0)
    return np.asarray(np.round(tip + share[:, None] * (far - tip), 7))


def with_rings(shape: BaseGeometry, change: Callable[[Points], Points]) -> BaseGeometry:
    """Return `shape` with `change` done to each ring (closed, (n, 2)); rings left with no ground go."""
    parts = []
    for part in polygons_of(shape):
        shell = change(np.asarray(part.exterior.coords)[:, :2])
        holes = [change(np.asarray(hole.coords)[:, :2]) for hole in part.interiors]
        if len(shell) >= 4:
            parts.append(Polygon(shell, [hole for hole in holes if len(hole) >= 4]))
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def plain_ring(ring: Points) -> Points:
    """Return a closed ring without vertices that stand twice in a row."""
    keep = np.ones(len(ring), bool)
    keep[1:] = (ring[1:] != ring[:-1]).any(axis=1)
    return ring[keep]


def blunt(shape: BaseGeometry, scale: Points, widest: float, shortest: float) -> BaseGeometry:
    """Return `shape` without repeated vertices and with every spike cut off at its foot."""
    shape = with_rings(shape, plain_ring)
    for _ in range(_ROUNDS):
        found = spikes(vertices_of(np.array([shape], object)), scale, widest, shortest)
        if not len(found.tip):
            break
        feet = {tuple(tip): foot for tip, foot in zip(found.tip.tolist(), found.foot, strict=True)}
        shape = with_rings(shape, lambda ring, feet=feet: _cut(ring, feet))  # type: ignore[misc]
    return shape


def _cut(ring: Points, feet: dict[tuple[float, ...], Points]) -> Points:
    changed = np.array([feet.get(tuple(vertex), vertex) for vertex in ring.tolist()])
    plain = plain_ring(changed)
    # The first vertex may have been the tip: its foot equals the vertex beside it on the other side.
    return plain[:-1] if len(plain) > 3 and (plain[0] == plain[-2]).all() else plain
