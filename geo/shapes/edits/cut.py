"""Cutting grids along drawn lines into faces, all on whole steps.

Boundaries and lines are noded together by snap rounding (Hobby 1999, as in GEOS's OverlayNG): wherever two
of them cross, both get the same vertex on a whole step, and an edge that passes within half a step of a
vertex is bent through it. The faces between them are then found by walking edges, not by computing
differences of areas, so faces share their vertices exactly and no sliver can arise by rounding.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Polygon

from geo.shapes.edits.lattice import (
    Edge,
    Vertex,
    edge_of,
    edges_along,
    edges_of,
    points,
    rings_of,
    segments,
    to_degrees,
)
from geo.shapes.edits.patch import Patch
from geo.shapes.tiling import EditRefused

#: Snap rounding bends an edge to the corner of a cell at most: half a diagonal, 0.7071 steps, and rounding.
_BEND_STEPS = 0.708


@dataclass(frozen=True)
class Cut:
    """Grids cut along lines.

    Attributes
    ----------
    faces : tuple of Polygon
        What boundaries and lines enclose, in steps; vertices along common edges are the same.
    origins : tuple of int or None
        For each face the key of the grid it lies in; None outside the cut grids.
    chains : mapping of Edge to tuple of Vertex
        For each old edge around the cut grids that was bent, the vertices now between its ends, from the
        smaller end on: their neighbours need them too.
    routes : tuple of tuple of Vertex
        The lines with the vertices they got.
    """

    faces: tuple[Polygon, ...]
    origins: tuple[int | None, ...]
    chains: Mapping[Edge, tuple[Vertex, ...]]
    routes: tuple[tuple[Vertex, ...], ...]

    @cached_property
    def sides(self) -> Mapping[Edge, tuple[int, ...]]:
        """Return for each edge the numbers of the faces at it."""
        found: defaultdict[Edge, tuple[int, ...]] = defaultdict(tuple)
        for index, face in enumerate(self.faces):
            for edge in edges_of(face):
                found[edge] += (index,)
        return found

    @cached_property
    def outline(self) -> frozenset[Edge]:
        """Return the edges between the cut grids and everything else."""
        held = {
            edge: [self.origins[index] is not None for index in sides] for edge, sides in self.sides.items()
        }
        return frozenset(edge for edge, inside in held.items() if sum(inside) == 1)


def cut(patch: Patch, keys: Iterable[int], lines: Sequence[LineString]) -> Cut:
    """Return the grids of `patch` with `keys` cut along `lines` (steps, vertices on whole steps).

    Raises
    ------
    EditRefused
        ``edit_ground_narrow``: a grid is so narrow at the place (under a step) that rounding closes it.
    """
    keys = list(keys)
    noded = shapely.union_all([*(patch.parts[key].boundary for key in keys), *lines], grid_size=1)
    edges = set(edges_of(noded))
    faces = list(shapely.get_parts(shapely.polygonize(segments(sorted(edges)))))
    loose = Cut(tuple(faces), tuple(_origins(patch, keys, faces)), {}, ())
    count = Counter(edge for key in keys for edge in edges_of(patch.parts[key]))
    around = {edge for edge, times in count.items() if times == 1}
    # Along the outline of the faces, not along just any edges: a line may run within a step of the old edge.
    chains = _chains(around - loose.outline, set(loose.outline))
    drawn = [[(x, y) for x, y in line.coords] for line in lines]
    detours = _chains(set().union(*map(edges_along, drawn)) - edges, edges)
    seats = _seats(patch, chains)
    return Cut(
        tuple(_moved(face, seats) for face in faces) if seats else loose.faces,
        loose.origins,
        {edge: _seated(chain, seats) for edge, chain in chains.items()},
        tuple(_seated(_along(line, detours), seats) for line in drawn),
    )


def _chains(bent: Iterable[Edge], edges: set[Edge]) -> dict[Edge, tuple[Vertex, ...]]:
    """Return for each edge that noding replaced the vertices that now lie between its ends."""
    bent = sorted(bent)
    if not bent:
        return {}
    vertices = sorted({vertex for edge in edges for vertex in edge})
    tree = shapely.STRtree(points(vertices))
    row, near = tree.query(segments(bent), predicate="dwithin", distance=_BEND_STEPS)
    candidates: dict[int, list[Vertex]] = {}
    for index, vertex in zip(row.tolist(), near.tolist(), strict=True):
        candidates.setdefault(index, []).append(vertices[vertex])
    return {edge: _chain(edge, candidates.get(index, []), edges) for index, edge in enumerate(bent)}


def _chain(edge: Edge, candidates: list[Vertex], edges: set[Edge]) -> tuple[Vertex, ...]:
    start, end = edge
    run = (end[0] - start[0], end[1] - start[1])
    between = [vertex for vertex in candidates if vertex not in edge]
    between.sort(key=lambda v: (v[0] - start[0]) * run[0] + (v[1] - start[1]) * run[1])
    # Not every vertex near the edge is on its chain (a drawn line may end beside it): walk along edges.
    back: dict[Vertex, Vertex] = {}
    reached = [start]
    for vertex in [*between, end]:
        before = next((v for v in reversed(reached) if edge_of(v, vertex) in edges), None)
        if before is not None:
            back[vertex] = before
            reached.append(vertex)
    if end not in back:
        raise EditRefused("edit_ground_narrow", place=to_degrees(LineString(edge)))
    chain = [back[end]]
    while chain[-1] != start:
        chain.append(back[chain[-1]])
    return tuple(reversed(chain[:-1]))


def _seats(patch: Patch, chains: Mapping[Edge, tuple[Vertex, ...]]) -> dict[Vertex, Vertex]:
    """Return where the new vertices on the frame's boundary belong: on the frame's own edge."""
    known = {vertex for edge in patch.owners for vertex in edge}
    moved: dict[Vertex, Vertex] = {}
    for edge, chain in chains.items():
        if len(patch.owners[edge]) == 1 and patch.is_on_frame(edge):
            moved |= {vertex: patch.seat_on_frame(vertex) for vertex in chain if vertex not in known}
    return moved


def _seated(line: Iterable[Vertex], seats: Mapping[Vertex, Vertex]) -> tuple[Vertex, ...]:
    moved = [seats.get(vertex, vertex) for vertex in line]
    return tuple(moved[:1] + [second for first, second in pairwise(moved) if first != second])


def _along(line: Sequence[Vertex], chains: Mapping[Edge, tuple[Vertex, ...]]) -> list[Vertex]:
    along = [line[0]]
    for first, second in pairwise(line):
        between = chains.get(edge_of(first, second), ())
        along += [*(between if first < second else reversed(between)), second]
    return along


def _moved(face: Polygon, seats: Mapping[Vertex, Vertex]) -> Polygon:
    shell, *holes = ([*_seated(ring, seats)] for ring in rings_of(face))
    return Polygon(shell, holes)


def _origins(patch: Patch, keys: Sequence[int], faces: Sequence[Polygon]) -> list[int | None]:
    tree = shapely.STRtree([patch.parts[key] for key in keys])
    row, found = tree.query(shapely.point_on_surface(np.array(faces)), predicate="intersects")
    owner = dict(zip(reversed(row.tolist()), reversed(found.tolist()), strict=True))
    return [keys[owner[index]] if index in owner else None for index in range(len(faces))]
