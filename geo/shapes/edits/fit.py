"""Fitting a drawn polygon into ground: corners snap, narrow overhangs are clipped, narrow gaps filled."""

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import Floats
from geo.shapes.edits.plane import Plane, is_thin
from geo.shapes.tiling import Ground

#: Corners sharper than about 23 degrees are blunted when ground is opened, and count as narrow.
_MITRE_LIMIT = 5.0
#: Narrower than this is rounding: whole steps move a vertex by 0.8 cm, the edge it lies on as much.
_ROUNDING_M = 0.02


def fitted(drawn: Polygon, ground: Ground, snap_m: float) -> BaseGeometry:
    """Return `drawn` fitted into `ground` (both steps): one or more polygons inside it.

    First every corner within `snap_m` of the ground's boundary goes to the nearest vertex of it, else to the
    nearest point. What then still lies outside is clipped; ground beside the drawing in which no disc
    `snap_m` wide fits is added (a morphological opening, Serra 1982).
    """
    snap_m = max(snap_m, _ROUNDING_M)
    plane = Plane.at(ground)
    ground_m = plane.metres(ground)
    shape_m = _snapped(plane.metres(drawn), ground_m.boundary, snap_m)
    inside_m = _areas(shape_m.intersection(ground_m))
    rest_m = _areas(ground_m.difference(shape_m))
    narrow_m = shapely.get_parts(_areas(rest_m.difference(_opened(rest_m, snap_m))))
    beside = [piece for piece in narrow_m if _is_between(piece, shape_m, ground_m)]
    return plane.steps(shapely.union_all([inside_m, *beside]))


def overhang(drawn: Polygon, ground: Ground, snap_m: float) -> BaseGeometry | None:
    """Return what of `drawn` lies outside `ground` (steps), or None if that is narrower than `snap_m`."""
    outside = _areas(drawn.difference(ground))
    return None if is_thin(Plane.at(drawn).metres(outside), snap_m) else outside


def _snapped(drawn_m: Polygon, border_m: BaseGeometry, snap_m: float) -> BaseGeometry:
    vertices = shapely.get_coordinates(border_m)
    tree = shapely.STRtree(np.asarray(shapely.points(vertices)))

    def snap(corners: Floats) -> Floats:
        points = np.asarray(shapely.points(corners))
        near = shapely.distance(points, border_m) <= snap_m
        corners[near] = shapely.get_coordinates(shapely.shortest_line(points[near], border_m))[1::2]
        which, vertex = tree.query_nearest(points, max_distance=snap_m, all_matches=False)
        corners[which] = vertices[vertex]
        return corners

    return _areas(shapely.make_valid(shapely.transform(drawn_m, snap)))


def _opened(shape_m: BaseGeometry, width_m: float) -> BaseGeometry:
    """Return the parts of `shape_m` where a disc `width_m` wide fits, corners kept."""
    shrunk = shapely.buffer(shape_m, -width_m / 2, join_style="mitre", mitre_limit=_MITRE_LIMIT)
    return shapely.buffer(shrunk, width_m / 2, join_style="mitre", mitre_limit=_MITRE_LIMIT)


def _is_between(piece_m: BaseGeometry, shape_m: BaseGeometry, ground_m: BaseGeometry) -> bool:
    beside = shapely.distance(piece_m, [shape_m, ground_m.boundary]) <= _ROUNDING_M
    return bool(beside.all()) and not is_thin(piece_m, _ROUNDING_M)


def _areas(shape: BaseGeometry) -> MultiPolygon:
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon)])
