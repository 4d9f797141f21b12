"""Drawing a new grid: on free ground, or out of the middle of another."""

from collections import defaultdict
from collections.abc import Sequence

import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.attach import REACH_M
from geo.shapes.edits.cut import Cut, cut
from geo.shapes.edits.division import without_slivers
from geo.shapes.edits.fit import fitted, overhang
from geo.shapes.edits.lattice import Edge, Vertex, edges_of, points, segments, to_degrees, with_chains
from geo.shapes.edits.outcome import assigned, own_faces
from geo.shapes.edits.patch import DEGREE_M, FREE, ON_FRAME_STEPS, Patch, patch_around, patch_of
from geo.shapes.edits.plane import Plane, is_thin
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.edits.sketch import read_polygon
from geo.shapes.tiling import Difference, EditRefused, Ground, Tiling

#: Whole steps move each side of a gap that was filled, or of an overlap that was clipped, by up to 0.8 cm.
_CRUMB_M = 0.05


def draw(tiling: Tiling, polygon: Polygon, *, snap_m: float = REACH_M) -> Difference:
    """Return the difference that adds a grid drawn on free ground of the frame (EPSG:4326).

    Corners within `snap_m` of a neighbour or the frame snap to it, a gap narrower than `snap_m` is filled,
    an overlap narrower than that is clipped. The neighbours get the vertices that fall on their edges.

    Raises
    ------
    EditRefused
        ``edit_overlaps`` (field `grids`): it covers ground of these; ``edit_leaves_frame``: it leaves the
        frame; ``edit_part_thin`` (field `width_m`): nothing wider than `snap_m` remains;
        ``edit_width_unusable`` (field `width_m`): `snap_m` below zero; what `read_polygon`
        and `proved` raise. All with the place.
    """
    drawn = _read(polygon, snap_m)
    patch = patch_around(tiling, [to_degrees(drawn)], reach_deg=snap_m / DEGREE_M)
    free = _free_ground(patch, drawn)
    outside = overhang(drawn, free, snap_m)
    if outside is not None:
        raise _overlap(patch, outside, snap_m)
    patch = patch.with_part(FREE, free)
    made, inside = _carved(patch, FREE, drawn, snap_m)
    owners = [tiling.next_key if index in inside else origin for index, origin in enumerate(made.origins)]
    after = assigned(patch, made, owners)
    difference = difference_of(tiling, patch, after, {tiling.next_key: ()})
    return proved(tiling, difference, may_change_free_ground=True)


def cut_hole(tiling: Tiling, key: int, polygon: Polygon, *, snap_m: float = REACH_M) -> Difference:
    """Return the difference that makes a grid of its own out of a part of `key` (EPSG:4326): a courtyard.

    It snaps to the grid's boundary like `draw`, so it may also lie at the grid's edge.

    Raises
    ------
    EditRefused
        ``edit_outside_grid`` (field `grid`): it leaves the grid; ``edit_part_thin`` (field `width_m`);
        ``edit_grid_vanishes`` (field `grid`): nothing remains around it; ``edit_width_unusable``;
        ``grid_gone``; what `read_polygon`
        and `proved` raise.
    """
    drawn = _read(polygon, snap_m)
    patch = patch_of(tiling, [key])
    outside = overhang(drawn, patch.parts[key], snap_m)
    if outside is not None:
        raise EditRefused("edit_outside_grid", grid=key, place=to_degrees(outside))
    made, inside = _carved(patch, key, drawn, snap_m)
    owners = [tiling.next_key if index in inside else origin for index, origin in enumerate(made.origins)]
    after = assigned(patch, made, owners)
    return proved(tiling, difference_of(tiling, patch, after, {tiling.next_key: (key,)}))


def _read(polygon: Polygon, snap_m: float) -> Polygon:
    if not 0 <= snap_m < float("inf"):
        raise EditRefused("edit_width_unusable", width_m=snap_m)
    return read_polygon(polygon)


def _free_ground(patch: Patch, drawn: Polygon) -> Ground:
    """Return the ground of the frame around `drawn` that no grid of `patch` holds."""
    held = shapely.union_all(list(patch.parts.values()), grid_size=1)
    free = shapely.get_parts(shapely.difference(_frame_through(patch), held, grid_size=1))
    near = [part for part in free if isinstance(part, Polygon) and part.intersects(drawn)]
    if not near:
        raise _overlap(patch, drawn, 0.0)
    return near[0] if len(near) == 1 else shapely.MultiPolygon(near)


def _frame_through(patch: Patch) -> Ground:
    """Return the frame, led through the vertices that grids put on its edges.

    They lie up to 0.71 steps off an edge; where a grid's border leaves the frame at a flat angle, the frame's
    own edge would cross that border some steps away from the vertex in which both should meet.
    """
    outer = {vertex for edge, keys in patch.owners.items() if len(keys) == 1 for vertex in edge}
    vertices = sorted(outer - {vertex for edge in edges_of(patch.frame) for vertex in edge})
    if not vertices:
        return patch.frame
    edges = sorted(set(edges_of(patch.frame)))
    tree = shapely.STRtree(segments(edges))
    row, nearest = tree.query_nearest(points(vertices), max_distance=ON_FRAME_STEPS, all_matches=False)
    put: defaultdict[Edge, list[Vertex]] = defaultdict(list)
    for index, edge in zip(row.tolist(), nearest.tolist(), strict=True):
        put[edges[edge]].append(vertices[index])
    return with_chains(patch.frame, {edge: _in_order(edge, chain) for edge, chain in put.items()})


def _in_order(edge: Edge, chain: Sequence[Vertex]) -> tuple[Vertex, ...]:
    (x, y), (u, v) = edge
    return tuple(sorted(chain, key=lambda vertex: (vertex[0] - x) * (u - x) + (vertex[1] - y) * (v - y)))


def _overlap(patch: Patch, outside: BaseGeometry, snap_m: float) -> EditRefused:
    """Return the refusal of a drawing whose part `outside` (steps) is not free ground."""
    plane = Plane.at(outside)
    covered = {key: shapely.intersection(part, outside) for key, part in patch.parts.items()}
    covered = {key: ground for key, ground in covered.items() if not is_thin(plane.metres(ground), 0)}
    wide = [key for key, ground in covered.items() if not is_thin(plane.metres(ground), snap_m)]
    beyond = shapely.difference(outside, patch.frame)
    if not wide and not is_thin(plane.metres(beyond), snap_m):
        return EditRefused("edit_leaves_frame", place=to_degrees(beyond))
    grids = sorted(wide or covered)
    place = shapely.union_all([covered[key] for key in grids])
    return EditRefused("edit_overlaps", grids=grids, place=to_degrees(place))


def _carved(patch: Patch, key: int, drawn: Polygon, snap_m: float) -> tuple[Cut, set[int]]:
    """Return the ground `key` cut along the fitted drawing, and the faces inside it."""
    shape = fitted(drawn, patch.parts[key], snap_m)
    if shape.is_empty:
        raise EditRefused("edit_part_thin", width_m=snap_m, place=to_degrees(drawn))
    lines = [LineString(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
    made = cut(patch, [key], lines)
    faces = own_faces(made, key)
    # What remains between the drawing and the ground's edge by rounding goes to the drawing.
    part_of = without_slivers(faces, Plane.at(patch.parts[key]), min(snap_m, _CRUMB_M))
    inner = {index for index, face in faces.items() if shape.intersects(face.representative_point())}
    inside = {index for index, part in part_of.items() if part in inner}
    if not inside:
        raise EditRefused("edit_part_thin", width_m=snap_m, place=to_degrees(drawn))
    return made, inside
