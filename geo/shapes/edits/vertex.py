"""Moving, inserting and deleting one vertex, once for all grids that share it."""

from dataclasses import dataclass

from shapely import Point

from geo.shapes.edits.attach import REACH_M
from geo.shapes.edits.lattice import (
    Edge,
    Vertex,
    edge_of,
    lines_of,
    rewired,
    rings_of,
    to_degrees,
    with_chains,
)
from geo.shapes.edits.network import foot_on
from geo.shapes.edits.patch import DEGREE_M, Patch, patch_around
from geo.shapes.edits.plane import Plane
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.edits.sketch import read_point
from geo.shapes.tiling import Difference, EditRefused, Tiling

#: A vertex on the frame is dragged along it by hand, which strays by some pixels: 10 m at zoom 18 are 17 of
#: them. Farther off, the hand wants to take the vertex off the frame, and hears that it cannot.
SLIDE_M = 10.0


def move_vertex(tiling: Tiling, at: Point, to: Point, *, slide_m: float = SLIDE_M) -> Difference:
    """Return the difference that moves the vertex `at` to `to` (EPSG:4326) for every grid that has it.

    A vertex on the frame's boundary slides along it: it goes to the frame's point nearest to `to`, between
    its two neighbours on the frame.

    Raises
    ------
    EditRefused
        ``edit_no_vertex``: no grid has a vertex there; ``edit_frame_corner``: a corner of the frame would be
        cut off;
        ``edit_off_frame`` (field `limit_m`): `to` is farther off the frame; ``edit_vertex_taken``: another
        vertex is there; what `read_point` and `proved` raise (``edit_folds_grid`` and so on).
    """
    start, goal = read_point(at), read_point(to)
    patch = patch_around(tiling, [_place(start)])
    spot = _spot(patch, start)
    if spot.along_frame:
        goal = _slid(patch, spot, (start, goal), slide_m)
    if goal in {vertex for edge in patch.owners for vertex in edge} - {start}:
        raise EditRefused("edit_vertex_taken", place=_place(goal))
    shapes = {
        key: rewired(patch.parts[key], lambda ring: [goal if vertex == start else vertex for vertex in ring])
        for key in spot.keys
    }
    difference = difference_of(tiling, patch, shapes)
    return proved(tiling, difference, may_change_free_ground=spot.beside_free_ground)


def insert_vertex(tiling: Tiling, at: Point, *, reach_m: float = REACH_M) -> Difference:
    """Return the difference that puts a vertex on the edge nearest to `at` (EPSG:4326), for both its grids.

    Raises
    ------
    EditRefused
        ``edit_no_edge`` (field `limit_m`): no edge is within `reach_m`; ``edit_vertex_taken``: the edge has
        a vertex there already; what `read_point` and `proved` raise.
    """
    wanted = read_point(at)
    patch = patch_around(tiling, [_place(wanted)], reach_deg=reach_m / DEGREE_M)
    found = foot_on(list(patch.owners), wanted, Plane.at(Point(wanted)))
    if found is None or found.distance_m > reach_m:
        raise EditRefused("edit_no_edge", limit_m=reach_m, place=_place(wanted))
    edge, vertex = found.edge, found.vertex
    if len(patch.owners[edge]) == 1 and patch.is_on_frame(edge):
        vertex = patch.seat_on_frame(vertex)
    if vertex in edge:
        raise EditRefused("edit_vertex_taken", place=_place(vertex))
    shapes = {key: with_chains(patch.parts[key], {edge: (vertex,)}) for key in patch.owners[edge]}
    return proved(tiling, difference_of(tiling, patch, shapes))


def delete_vertex(tiling: Tiling, at: Point) -> Difference:
    """Return the difference that takes the vertex `at` (EPSG:4326) out of every grid that has it.

    Raises
    ------
    EditRefused
        ``edit_no_vertex``; ``edit_frame_corner``; ``edit_junction`` (field `grids`): boundaries meet there;
        ``edit_ring_needed`` (field `grids`): a boundary of three corners cannot lose one; what `read_point`
        and `proved` raise.
    """
    gone = read_point(at)
    patch = patch_around(tiling, [_place(gone)])
    spot = _spot(patch, gone)
    if len(spot.edges) != 2:
        raise EditRefused("edit_junction", grids=sorted(spot.keys), place=_place(gone))
    if spot.along_frame:
        ends = [vertex for edge in spot.along_frame for vertex in edge if vertex != gone]
        _refuse_lost_corner(patch, spot, [edge_of(ends[0], ends[-1])])
    rings = [ring for key in spot.keys for ring in rings_of(patch.parts[key]) if gone in ring]
    if any(len(ring) <= 4 for ring in rings):
        raise EditRefused("edit_ring_needed", grids=sorted(spot.keys), place=_place(gone))
    shapes = {key: rewired(patch.parts[key], lambda ring: _without(ring, gone)) for key in spot.keys}
    difference = difference_of(tiling, patch, shapes)
    return proved(tiling, difference, may_change_free_ground=spot.beside_free_ground)


@dataclass(frozen=True, slots=True)
class _Spot:
    """What meets at a vertex."""

    keys: frozenset[int]
    edges: tuple[Edge, ...]
    along_frame: tuple[Edge, ...]
    beside_free_ground: bool


def _spot(patch: Patch, vertex: Vertex) -> _Spot:
    edges = tuple(edge for edge in patch.owners if vertex in edge)
    if not edges:
        raise EditRefused("edit_no_vertex", place=_place(vertex))
    outer = [edge for edge in edges if len(patch.owners[edge]) == 1]
    along_frame = tuple(edge for edge in outer if patch.is_on_frame(edge))
    keys = frozenset(key for edge in edges for key in patch.owners[edge])
    return _Spot(keys, edges, along_frame, len(outer) > len(along_frame))


def _slid(patch: Patch, spot: _Spot, way: tuple[Vertex, Vertex], slide_m: float) -> Vertex:
    start, goal = way
    seat = patch.seat_on_frame(goal)
    ends = [vertex for edge in spot.along_frame for vertex in edge if vertex != start]
    _refuse_lost_corner(patch, spot, [edge_of(end, seat) for end in ends])
    if Plane.at(Point(start)).length_m([(goal, seat)]) > slide_m:
        raise EditRefused("edit_off_frame", limit_m=slide_m, place=_place(goal))
    return seat


def _refuse_lost_corner(patch: Patch, spot: _Spot, new: list[Edge]) -> None:
    if not patch.keeps_frame(spot.along_frame, new):
        raise EditRefused("edit_frame_corner", place=to_degrees(lines_of(spot.along_frame)))


def _without(ring: list[Vertex], gone: Vertex) -> list[Vertex]:
    kept = [vertex for vertex in ring[:-1] if vertex != gone]
    return [*kept, kept[0]]


def _place(vertex: Vertex) -> Point:
    return to_degrees(Point(vertex))
