"""A path through the middle of the gaps between buildings, for a boundary to follow."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point, STRtree
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import Edge, Floats, Vertex, edge_of, edges_of, segments, to_degrees, to_steps
from geo.shapes.edits.network import cheapest_path
from geo.shapes.edits.plane import Plane
from geo.shapes.edits.sketch import read_point
from geo.shapes.tiling import EditRefused

#: Outlines are sampled this densely: the path strays from the middle of a gap by less than the square of half
#: of it over the gap's width, 25 cm in an alley of 4 m.
SPACING_M = 2.0
#: How far round the straight way the path may swing out.
MARGIN_M = 100.0
#: 0.6 s to compute; a path so long is followed in pieces.
MOST_SAMPLES = 60_000
#: A metre through a gap counts as two if the walls are this near: a boundary keeps to the wider gaps.
_TIGHT_M = 1.0
#: How many of the nearest visible places in the gaps the ends are joined to, out of how many tried.
_DOORS, _TRIED_DOORS = 8, 200


def path_between_buildings(
    buildings: Sequence[BaseGeometry],
    start: Point,
    end: Point,
    *,
    spacing_m: float = SPACING_M,
    margin_m: float = MARGIN_M,
) -> LineString:
    """Return a path from `start` to `end` in the middle of the gaps between `buildings` (EPSG:4326).

    It is the cheapest path along the Voronoi edges of points on the buildings' outlines that touch no
    building (Bhattacharya and Gavrilova 2007), where narrow gaps cost more. It touches no building; its
    vertices lie on the 1e-7 degree grid. Buildings farther than `margin_m` from the box of both ends are
    not looked at, and the path stays inside that.

    Raises
    ------
    EditRefused
        ``path_in_building`` (field `building`: its index): an end lies in or at a building;
        ``path_too_long`` (field `limit`): too many outlines; ``path_missing``: the gaps do not lead from
        start to end, or start and end are one; what `read_point` raises.
    """
    first, last = read_point(start), read_point(end)
    plane = Plane.at(Point(first))
    area_m = plane.metres(LineString([first, last])).envelope.buffer(margin_m, cap_style="square")
    walls = STRtree([to_steps(building) for building in buildings])
    for vertex in (first, last):
        _refuse_walled_in(walls, vertex)
    edges = _gap_edges(walls, plane, area_m, spacing_m)
    edges += _doors(walls, edges, (first, last), plane)
    path = cheapest_path(edges, _costs(walls, edges, plane), first, last) if edges else None
    if path is None or len(path) < 2:
        raise EditRefused("path_missing", place=to_degrees(LineString([first, last])))
    return to_degrees(_smoothed(walls, LineString(path), plane, spacing_m / 2))


def _refuse_walled_in(walls: STRtree, vertex: Vertex) -> None:
    hit = walls.query(Point(vertex), predicate="intersects")
    if len(hit):
        raise EditRefused("path_in_building", building=int(hit.min()), place=to_degrees(Point(vertex)))


def _gap_edges(walls: STRtree, plane: Plane, area_m: BaseGeometry, spacing_m: float) -> list[Edge]:
    """Return the Voronoi edges of the outlines inside `area_m` that touch no building, in steps."""
    near = walls.geometries[walls.query(plane.steps(area_m))]
    # The area's own outline stands for walls, so that open ground has a middle too.
    outlines = [area_m.boundary, *(plane.metres(building).boundary for building in near)]
    samples = np.unique(shapely.get_coordinates(shapely.segmentize(outlines, spacing_m)), axis=0)
    if len(samples) > MOST_SAMPLES:
        raise EditRefused("path_too_long", limit=MOST_SAMPLES, place=to_degrees(plane.steps(area_m)))
    diagram = shapely.voronoi_polygons(shapely.MultiPoint(samples), extend_to=area_m, only_edges=True)
    inside = [line for line in shapely.get_parts(diagram) if area_m.covers(line)]
    return _clear(walls, sorted(set(edges_of(plane.steps(MultiLineString(inside))))))


def _clear(walls: STRtree, edges: list[Edge]) -> list[Edge]:
    """Return the edges that touch no building."""
    if not edges:
        return []
    blocked = set(walls.query(segments(edges), predicate="intersects")[0].tolist())
    return [edge for index, edge in enumerate(edges) if index not in blocked]


def _doors(walls: STRtree, edges: Sequence[Edge], ends: tuple[Vertex, Vertex], plane: Plane) -> list[Edge]:
    """Return straight ways from each end to the nearest places in the gaps, and to the other end."""
    places = np.array(sorted({vertex for edge in edges for vertex in edge})).reshape(-1, 2)
    doors = [edge_of(*ends)] if ends[0] != ends[1] else []
    doors = _clear(walls, doors)
    for end in ends:
        away = np.hypot(*((places - end) * plane.scale).T)
        nearest = places[np.argsort(away, kind="stable")[:_TRIED_DOORS]].tolist()
        ways = [edge_of(end, (x, y)) for x, y in nearest if (x, y) != end]
        doors += _clear(walls, ways)[:_DOORS]
    return sorted(set(doors) - set(edges))


def _costs(walls: STRtree, edges: Sequence[Edge], plane: Plane) -> Floats:
    """Return for each edge its length in metres, longer by how near the walls are."""
    length_m = plane.lengths_m(edges)
    if not len(walls):
        return length_m
    _, gap = walls.query_nearest(segments(edges), all_matches=False, return_distance=True)
    # In steps of latitude: a degree of longitude is shorter, which makes a wall to the east seem farther.
    return length_m * (1 + _TIGHT_M / np.maximum(gap * plane.north_m, plane.north_m))


def _smoothed(walls: STRtree, path: LineString, plane: Plane, tolerance_m: float) -> LineString:
    """Return `path` without the zigzag of its samples, as far as it still touches no building."""
    simple = plane.steps(shapely.simplify(plane.metres(path), tolerance_m))
    return path if len(walls.query(simple, predicate="intersects")) else simple
