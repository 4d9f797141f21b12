"""A path along streets or rivers, for a boundary to follow."""

from collections.abc import Sequence

import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import Edge, Vertex, edge_of, edges_of, to_degrees, to_steps
from geo.shapes.edits.network import cheapest_path, foot_on
from geo.shapes.edits.plane import Plane
from geo.shapes.edits.sketch import read_point
from geo.shapes.tiling import EditRefused

#: A finger at zoom 17 covers about this much ground.
REACH_M = 30.0


def path_along(
    features: Sequence[BaseGeometry], start: Point, end: Point, *, reach_m: float = REACH_M
) -> LineString:
    """Return the shortest path along `features` from near `start` to near `end` (all EPSG:4326).

    `features` are lines (street or river centre lines) or polygons, whose outlines (banks) are followed.
    They join wherever they cross, bridges too. The path begins and ends at the points of the features
    nearest to `start` and `end`; its vertices lie on the 1e-7 degree grid.

    Raises
    ------
    EditRefused
        ``path_off_features`` (field `limit_m`): no feature within `reach_m`; ``path_missing``: the features
        do not lead from start to end, or start and end are one; both with the place; what `read_point`
        raises.
    """
    ends = read_point(start), read_point(end)
    plane = Plane.at(Point(ends[0]))
    lines = [_line(to_steps(feature)) for feature in features if not feature.is_empty]
    edges = sorted(set(edges_of(shapely.union_all(lines, grid_size=1)))) if lines else []
    feet = []
    for vertex in ends:
        edges, foot = _with_foot(edges, vertex, plane, reach_m)
        feet.append(foot)
    costs = plane.lengths_m(edges)
    path = cheapest_path(edges, costs, feet[0], feet[1])
    if path is None or len(path) < 2:
        raise EditRefused("path_missing", place=to_degrees(LineString(ends)))
    return to_degrees(LineString(path))


def _line(feature: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(feature)
    return feature.boundary if any(isinstance(part, Polygon) for part in parts) else feature


def _with_foot(edges: list[Edge], vertex: Vertex, plane: Plane, reach_m: float) -> tuple[list[Edge], Vertex]:
    """Return `edges`, the one nearest to `vertex` divided at the point nearest to it, and that point."""
    found = foot_on(edges, vertex, plane)
    if found is None or found.distance_m > reach_m:
        raise EditRefused("path_off_features", limit_m=reach_m, place=to_degrees(Point(vertex)))
    if found.vertex in found.edge:
        return edges, found.vertex
    halves = [edge_of(end, found.vertex) for end in found.edge]
    return sorted({*edges, *halves} - {found.edge}), found.vertex
