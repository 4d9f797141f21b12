"""Giving a shape the corners that its neighbours have put on its edges."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LinearRing, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.snap import GRID_DEG
from geo.shapes.tiling import Ground

type Floats = NDArray[np.float64]

#: A corner put on an edge of the coordinate grid lies within half a diagonal step of it; a second edge
#: that was bent by such a corner before is off by as much again.
NEAR_DEG = 1.5 * GRID_DEG


def corners_on(ground: BaseGeometry, edge: BaseGeometry) -> Floats:
    """Return the (n, 2) corners of `ground` that lie on the line `edge` but are no corners of it, sorted.

    All EPSG:4326. Beside corners that both have, nothing is returned.
    """
    own = {tuple(point) for point in shapely.get_coordinates(edge).tolist()}
    points = np.unique(shapely.get_coordinates(ground), axis=0)
    shapely.prepare(edge)
    near = shapely.dwithin(shapely.points(points), edge, NEAR_DEG)
    kept = [point for point in points[near].tolist() if tuple(point) not in own]
    return np.array(kept, dtype=np.float64).reshape(-1, 2)


def matched(shape: Ground, corners: Floats) -> Ground:
    """Return `shape` (EPSG:4326) with each of the (n, 2) `corners` that lie on one of its edges put there.

    Edges bend by at most half a step of the coordinate grid (0.6 cm); nothing else changes.

    >>> from shapely import box
    >>> square = matched(box(0, 0, 1, 1), np.array([[1.0, 0.5], [3.0, 3.0]]))
    >>> int(shapely.get_num_coordinates(square)), bool(square.equals(box(0, 0, 1, 1)))
    (6, True)
    """
    edge = shape.boundary
    shapely.prepare(edge)
    near = corners[shapely.dwithin(shapely.points(corners), edge, NEAR_DEG)]
    if not len(near):
        return shape
    polygons = [
        Polygon(_with_corners(part.exterior, near), [_with_corners(ring, near) for ring in part.interiors])
        for part in shapely.get_parts(shape)
        if isinstance(part, Polygon)
    ]
    whole: Ground = polygons[0] if isinstance(shape, Polygon) else MultiPolygon(polygons)
    return whole


def _with_corners(ring: LinearRing, corners: Floats) -> Floats:
    """Return the closed ring's (m, 2) points with those of the (n, 2) `corners` that lie on its edges."""
    points = shapely.get_coordinates(ring)
    # Within reach of a vertex a corner is near two edges and would fold the ring; so small an offset is
    # swallowed by the noise of a partition.
    vertices = shapely.STRtree(np.asarray(shapely.points(points), dtype=object))
    beside = vertices.query(shapely.points(corners), predicate="dwithin", distance=NEAR_DEG)[0]
    new = np.delete(corners, beside, axis=0)
    segments = np.asarray(shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)), dtype=object)
    found, edge = shapely.STRtree(segments).query_nearest(
        shapely.points(new), max_distance=NEAR_DEG, all_matches=False
    )
    along = shapely.line_locate_point(segments[edge], shapely.points(new[found]))
    order = np.lexsort((along, edge))
    return np.insert(points, edge[order] + 1, new[found][order], axis=0)
