"""Drawings as they come from hands and files, read or refused with a reason and a place."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import Floats, Vertex, to_degrees, to_steps, vertex_of
from geo.shapes.tiling import EditRefused

#: A hand draws dozens of vertices and a road has hundreds; more is a mistaken file, and costs everybody time.
MOST_VERTICES = 5_000
_WORLD_DEG = np.array([180.0, 90.0])


def read_line(drawing: BaseGeometry) -> LineString:
    """Return a drawn line (EPSG:4326) in steps, without repeated vertices.

    Raises
    ------
    EditRefused
        ``drawing_wrong_kind`` (field `wanted`), ``drawing_empty``, ``drawing_too_long`` (fields `limit`,
        `vertices`), ``drawing_has_height``, ``drawing_not_finite``, ``drawing_off_world``, ``drawing_point``
        (no length), ``drawing_crosses_itself``; the last three with the place.
    """
    if not isinstance(drawing, LineString):
        raise EditRefused("drawing_wrong_kind", wanted="line")
    _refuse_unreadable(drawing)
    vertices = _distinct(shapely.get_coordinates(to_steps(drawing)))
    if len(vertices) < 2:
        raise EditRefused("drawing_point", place=to_degrees(Point(vertices[0])))
    line = LineString(vertices)
    if not line.is_simple:
        raise EditRefused("drawing_crosses_itself", place=to_degrees(_crossings(line)))
    return line


def read_lines(drawings: Sequence[BaseGeometry]) -> list[LineString]:
    """Return drawn lines (EPSG:4326) in steps; the limit of vertices holds for all of them together.

    Raises
    ------
    EditRefused
        As `read_line`; ``drawing_empty`` without a line.
    """
    if not drawings:
        raise EditRefused("drawing_empty")
    vertices = int(sum(shapely.get_num_coordinates(drawing) for drawing in drawings))
    if vertices > MOST_VERTICES:
        raise EditRefused("drawing_too_long", limit=MOST_VERTICES, vertices=vertices)
    return [read_line(drawing) for drawing in drawings]


def read_polygon(drawing: BaseGeometry) -> Polygon:
    """Return a drawn polygon (EPSG:4326) in steps.

    Raises
    ------
    EditRefused
        As `read_line`; ``drawing_point`` means without an area.
    """
    if not isinstance(drawing, Polygon):
        raise EditRefused("drawing_wrong_kind", wanted="polygon")
    _refuse_unreadable(drawing)
    shell, *holes = (
        _distinct(shapely.get_coordinates(ring)) for ring in shapely.get_rings(to_steps(drawing))
    )
    if shapely.convex_hull(MultiPoint(shell)).area == 0:
        raise EditRefused("drawing_point", place=to_degrees(Point(shell[0])))
    polygon = Polygon(shell, [hole for hole in holes if len(hole) >= 4])
    if not polygon.is_valid:
        crossings = shapely.union_all([_crossings(LineString(ring)) for ring in shapely.get_rings(polygon)])
        place = polygon.boundary if crossings.is_empty else crossings
        raise EditRefused("drawing_crosses_itself", place=to_degrees(place))
    return polygon


def read_point(place: Point) -> Vertex:
    """Return a point (EPSG:4326) as the vertex on the nearest whole step.

    Raises
    ------
    EditRefused
        As `read_line`.
    """
    if not isinstance(place, Point):
        raise EditRefused("drawing_wrong_kind", wanted="point")
    _refuse_unreadable(place)
    return vertex_of(shapely.get_coordinates(to_steps(place)))


def _refuse_unreadable(drawing: BaseGeometry) -> None:
    if drawing.is_empty:
        raise EditRefused("drawing_empty")
    vertices = int(shapely.get_num_coordinates(drawing))
    if vertices > MOST_VERTICES:
        raise EditRefused("drawing_too_long", limit=MOST_VERTICES, vertices=vertices)
    if drawing.has_z:
        raise EditRefused("drawing_has_height")
    coordinates = shapely.get_coordinates(drawing)
    if not np.all(np.isfinite(coordinates)):
        raise EditRefused("drawing_not_finite")
    off_world = np.any(np.abs(coordinates) > _WORLD_DEG, axis=1)
    if np.any(off_world):
        raise EditRefused("drawing_off_world", place=Point(coordinates[np.argmax(off_world)]))


def _distinct(vertices: Floats) -> Floats:
    """Return `vertices` without those that repeat the one before."""
    changes = np.any(np.diff(vertices, axis=0) != 0, axis=1)
    return np.asarray(vertices[np.append(True, changes)])


def _crossings(line: LineString) -> MultiPoint:
    """Return the points where `line` meets itself: more than two pieces of the noded line end there."""
    pieces = shapely.get_parts(shapely.node(line))
    ends = Counter(end for piece in pieces for end in (piece.coords[0], piece.coords[-1]))
    return MultiPoint([end for end, count in ends.items() if count > 2])
