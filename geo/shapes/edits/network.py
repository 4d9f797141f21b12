"""Shortest paths along edges between vertices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import Point

from geo.shapes.edits.lattice import Edge, Vertex, lines_of, vertex_of
from geo.shapes.edits.plane import Plane


@dataclass(frozen=True, slots=True)
class Foot:
    """The place on some edges nearest to a point: the edge, the whole step on it, and how far away it is."""

    edge: Edge
    vertex: Vertex
    distance_m: float


def foot_on(edges: Sequence[Edge], point: Vertex, plane: Plane) -> Foot | None:
    """Return the place on `edges` (steps) nearest to `point`, in metres of `plane`; None without edges."""
    if not edges:
        return None
    pieces = shapely.get_parts(plane.metres(lines_of(edges)))
    target = plane.metres(Point(point))
    distances = shapely.distance(pieces, target)
    nearest = int(np.argmin(distances))
    foot = shapely.get_coordinates(shapely.shortest_line(pieces[nearest], target))[0]
    return Foot(edges[nearest], vertex_of(foot / plane.scale), float(distances[nearest]))


def cheapest_path(
    edges: Sequence[Edge], costs: NDArray[np.float64], start: Vertex, end: Vertex
) -> list[Vertex] | None:
    """Return the vertices of the cheapest path along `edges`, None if they do not lead to `end`.

    `costs` are above zero, in the order of `edges`, which run both ways (Dijkstra 1959).

    >>> edges = [((0, 0), (1, 0)), ((0, 0), (0, 1)), ((0, 1), (1, 0))]
    >>> cheapest_path(edges, np.array([5.0, 1.0, 1.0]), (0, 0), (1, 0))
    [(0, 0), (0, 1), (1, 0)]
    """
    vertices = sorted({vertex for edge in edges for vertex in edge})
    number = {vertex: index for index, vertex in enumerate(vertices)}
    if start not in number or end not in number:
        return None
    tail, head = np.array([(number[a], number[b]) for a, b in edges]).T
    graph = coo_array((costs, (tail, head)), shape=(len(vertices), len(vertices))).tocsr()
    _, back = dijkstra(graph, directed=False, indices=number[start], return_predecessors=True)
    path = [number[end]]
    while path[-1] != number[start]:
        if back[path[-1]] < 0:
            return None
        path.append(int(back[path[-1]]))
    return [vertices[index] for index in reversed(path)]
