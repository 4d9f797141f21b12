"""A planar mesh of streets and blocks that stays a partition while blocks are split.

Nodes are shared by number and never moved, so neighbours keep identical borders: a street that ends on a
border inserts its node into the border once, for both sides (`expand` reads it back).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
import shapely

from webapp.demo.frame import FloatArray
from webapp.demo.layout import Layout

Ring = list[int]
Edge = tuple[int, int]


class EdgeKind(IntEnum):
    """What a border between two blocks came from."""

    SUPER = 1
    BANK = 2
    CROSS = 3
    STREET = 4
    ALLEY = 5


def edge(u: int, v: int) -> Edge:
    """Return the key of the border between two nodes, whichever way it is walked."""
    return (u, v) if u < v else (v, u)


class Mesh:
    """Nodes (local metres, snapped to a centimetre), the kinds of the edges, and inserted nodes."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self.kinds: dict[Edge, EdgeKind] = {}
        self.degree: Counter[int] = Counter()
        self._inserted: dict[Edge, int] = {}

    def add(self, x: float, y: float) -> int:
        """Return the number of a new node."""
        self.points.append((round(float(x), 2), round(float(y), 2)))
        return len(self.points) - 1

    def link(self, u: int, v: int, kind: EdgeKind) -> None:
        """Lay an edge."""
        self.kinds[edge(u, v)] = kind
        self.degree.update((u, v))

    def insert(self, u: int, v: int, xy: tuple[float, float]) -> int:
        """Return a new node in the middle of the edge u-v."""
        node = self.add(*xy)
        kind = self.kinds.pop(edge(u, v))
        self._inserted[edge(u, v)] = node
        self.kinds[edge(u, node)] = self.kinds[edge(node, v)] = kind
        self.degree[node] = 2
        return node

    def expand(self, ring: Ring) -> Ring:
        """Return the ring with every node that was inserted into its edges since."""
        found: Ring = []
        for u, v in zip(ring, ring[1:] + ring[:1], strict=True):
            self._walk(u, v, found)
        return found

    def _walk(self, u: int, v: int, found: Ring) -> None:
        node = self._inserted.get(edge(u, v))
        if node is None:
            found.append(u)
        else:
            self._walk(u, node, found)
            self._walk(node, v, found)

    def coordinates(self, ring: Ring) -> FloatArray:
        """Return (n, 2) metres."""
        return np.array([self.points[node] for node in ring])


@dataclass(frozen=True)
class _End:
    """Where a new street meets the border: at a node of it, or between two nodes."""

    index: int
    xy: tuple[float, float]
    at_node: bool


def subdivide(mesh: Mesh, rings: list[Ring], layout: Layout, rng: np.random.Generator) -> list[Ring]:
    """Return the blocks made by splitting `rings` by streets, then by alleys, down to the layout's sizes.

    Each split runs across the longer axis of the block's smallest enclosing rectangle, jittered and slightly
    bent (after Vanegas et al. 2012, recursive parcel subdivision).
    """
    done: list[Ring] = []
    work = [(ring, EdgeKind.STREET) for ring in rings]
    while work:
        ring, kind = work.pop()
        ring = mesh.expand(ring)
        wish = _wish(mesh.coordinates(ring), layout, kind, rng)
        halves = _split(mesh, ring, kind, rng) if wish else None
        if halves is not None:
            work += [(half, kind) for half in halves]
        elif kind is EdgeKind.STREET:
            work.append((ring, EdgeKind.ALLEY))
        else:
            done.append(ring)
    return [mesh.expand(ring) for ring in done]


def _wish(xy: FloatArray, layout: Layout, kind: EdgeKind, rng: np.random.Generator) -> bool:
    middle = xy.mean(axis=0)
    around = np.vstack([middle, middle + 0.6 * (xy - middle)])
    target = float(layout.block_area_m2(around).min())
    if kind is EdgeKind.ALLEY:
        if not layout.built(middle[None])[0] or rng.random() < 0.35:
            return False
        target = 0.55 * max(target, 1.0e4)
    return shoelace_m2(xy) > target * rng.uniform(1.25, 1.9)


def shoelace_m2(xy: FloatArray) -> float:
    """Return the signed area of a ring, positive when counter-clockwise."""
    x, y = xy[:, 0], xy[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _split(mesh: Mesh, ring: Ring, kind: EdgeKind, rng: np.random.Generator) -> tuple[Ring, Ring] | None:
    xy = mesh.coordinates(ring)
    middle, long_axis, length_m, width_m = enclosing_rectangle(xy)
    if width_m < (34 if kind is EdgeKind.ALLEY else 45) or length_m < 60:
        return None
    for _ in range(8):
        point = middle + long_axis * length_m * rng.uniform(-0.14, 0.14)
        turn = np.deg2rad(rng.normal(0, 4))
        normal = np.array(
            [
                long_axis[0] * np.cos(turn) - long_axis[1] * np.sin(turn),
                long_axis[0] * np.sin(turn) + long_axis[1] * np.cos(turn),
            ]
        )
        ends = _ends(mesh, ring, xy, (xy - point) @ normal)
        if ends is None:
            continue
        bend = rng.normal(0, 0.022)
        halves = _try(mesh, ring, xy, (ends, bend))
        if halves is not None:
            _lay(mesh, halves, kind)
            return halves[0], halves[1]
    return None


def enclosing_rectangle(xy: FloatArray) -> tuple[FloatArray, FloatArray, float, float]:
    """Return (centre, unit vector along the long side, long side, short side) of the smallest rectangle."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapely.Polygon(xy)))
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    a, b = float(np.hypot(*first)), float(np.hypot(*second))
    axis = first / a if a >= b else second / b
    return corners[:4].mean(axis=0), axis, max(a, b), min(a, b)


def _ends(mesh: Mesh, ring: Ring, xy: FloatArray, signed: FloatArray) -> list[_End] | None:
    signed = np.where(np.abs(signed) < 1e-6, 1e-6, signed)
    crossed = np.flatnonzero(signed * np.roll(signed, -1) < 0)
    if len(crossed) != 2:
        return None
    return [
        _end(mesh, ring, xy, (int(i), float(signed[i] / (signed[i] - signed[(i + 1) % len(xy)]))))
        for i in crossed
    ]


def _end(mesh: Mesh, ring: Ring, xy: FloatArray, at: tuple[int, float]) -> _End:
    i, share = at
    j = (i + 1) % len(ring)
    point = xy[i] + share * (xy[j] - xy[i])
    for k in (i, j):
        # Two junctions a few steps apart look wrong: end the street at the existing one instead.
        reach_m = 26.0 if mesh.degree[ring[k]] > 2 else 9.0
        if np.hypot(*(point - xy[k])) < reach_m:
            return _End(k, (float(xy[k, 0]), float(xy[k, 1])), at_node=True)
    return _End(i, (float(point[0]), float(point[1])), at_node=False)


def _try(
    mesh: Mesh, ring: Ring, xy: FloatArray, chord: tuple[list[_End], float]
) -> tuple[Ring, Ring, Ring] | None:
    (first, second), bend = chord
    if first.index == second.index or first.xy == second.xy:
        return None
    line = _bent(np.array(first.xy), np.array(second.xy), bend)
    left = np.vstack([line, _between(xy, second, first)])
    right = np.vstack([line[::-1], _between(xy, first, second)])
    if min(abs(shoelace_m2(left)), abs(shoelace_m2(right))) < 0.27 * abs(shoelace_m2(xy)):
        return None
    if not (shapely.Polygon(left).is_valid and shapely.Polygon(right).is_valid):
        return None
    return _commit(mesh, ring, (first, second), line)


def _bent(a: FloatArray, b: FloatArray, bend: float) -> FloatArray:
    length_m = float(np.hypot(*(b - a)))
    steps = max(1, round(length_m / 75))
    t = np.linspace(0, 1, steps + 1)[:, None]
    normal = np.array([-(b - a)[1], (b - a)[0]])
    return np.asarray(np.round(a + t * (b - a) + bend * np.sin(np.pi * t) * normal, 2))


def _between(xy: FloatArray, start: _End, stop: _End) -> FloatArray:
    """Return the border's points strictly after `start` and strictly before `stop`."""
    n = len(xy)
    first = start.index + 1
    last = stop.index if not stop.at_node else stop.index - 1
    count = (last - first) % n + 1
    return xy[[(first + k) % n for k in range(count)]]


def _commit(mesh: Mesh, ring: Ring, ends: tuple[_End, _End], line: FloatArray) -> tuple[Ring, Ring, Ring]:
    nodes = [
        ring[end.index]
        if end.at_node
        else mesh.insert(ring[end.index], ring[(end.index + 1) % len(ring)], end.xy)
        for end in ends
    ]
    grown = mesh.expand(ring)
    street = [nodes[0], *(mesh.add(x, y) for x, y in line[1:-1]), nodes[1]]
    i, j = grown.index(nodes[0]), grown.index(nodes[1])
    turned = grown[j:] + grown[:j]
    k = (i - j) % len(grown)
    # turned runs from the second end; position k is the first end.
    left = street[:-1] + turned[:k]
    right = street[::-1][:-1] + turned[k:]
    return left, right, street


def _lay(mesh: Mesh, halves: tuple[Ring, Ring, Ring], kind: EdgeKind) -> None:
    for u, v in pairwise(halves[2]):
        mesh.link(u, v, kind)
