"""Where a camera really hangs: points drawn inside or on a building are moved in front of its wall (pure).

Registers hold the point of the building a camera hangs on as often as the point of the camera. Left
inside, it would see the inside of its own walls and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry import Point
    from shapely.geometry.base import BaseGeometry

    type Floats = NDArray[np.float64]

# A bracket's length; also keeps rounding of stored coordinates (1 cm) from putting a point into the wall.
BRACKET_M = 0.5
# Deeper inside than this a point is no camera on the front but one in a hall or a yard's roof.
DEEPEST_M = 40.0


def mounted(
    points_m: Floats, bearing_deg: Floats, buildings: NDArray[np.object_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the points moved in front of walls, and which of them stand in the open.

    Parameters
    ----------
    points_m : (n, 2)
        Metric coordinates.
    bearing_deg : (n,)
        NaN where unknown. With a bearing the point leaves through the wall it looks at, else through the
        nearest one.
    buildings : (m,)
        Valid metric polygons; touching ones count as one block.

    Returns
    -------
    moved : (n, 2)
        Points nearer than `BRACKET_M` to a wall, or inside, moved to that distance in front of it.
    outdoors : (n,)
        False where no free spot was found within `DEEPEST_M`: the camera films indoors.
    """
    moved = np.array(points_m, dtype=np.float64)
    outdoors = np.ones(len(moved), np.bool_)
    if not len(buildings):
        return moved, outdoors
    tree = shapely.STRtree(buildings)
    camera, _ = tree.query(shapely.points(moved), predicate="dwithin", distance=BRACKET_M)
    for index in np.unique(camera):
        point = shapely.Point(moved[index])
        around = tree.query(point, predicate="dwithin", distance=DEEPEST_M + 2 * BRACKET_M)
        block = shapely.union_all(buildings[np.sort(around)])
        spot = _in_front(point, float(bearing_deg[index]), block)
        outdoors[index] = spot is not None
        if spot is not None:
            moved[index] = spot
    return moved, outdoors


def _in_front(point: Point, bearing_deg: float, block: BaseGeometry) -> Floats | None:
    foot = _foot(point, bearing_deg, block)
    if foot is None:
        return None
    here, wall = np.array(point.coords[0]), np.array(foot.coords[0])
    step = wall - here if block.covers(point) else here - wall
    length = float(np.hypot(*step))
    directions = [step / length] if length > 1e-6 else []
    # On the wall itself the way out is not known: try all sides, the looked-at one first.
    start = 0.0 if np.isnan(bearing_deg) else bearing_deg
    turns = np.radians(start + np.arange(0, 360, 15) * np.resize([1, -1], 24))
    directions += [np.array([np.sin(turn), np.cos(turn)]) for turn in turns]
    for direction in directions:
        spot = wall + direction * BRACKET_M
        # In an inner corner the other wall may be nearer than a bracket; inside it must not be.
        if block.distance(shapely.Point(spot)) >= BRACKET_M / 2:
            return np.asarray(spot)
    return None


def _foot(point: Point, bearing_deg: float, block: BaseGeometry) -> Point | None:
    """Return the place on the wall where the camera hangs, None when it lies too deep inside."""
    walls = block.boundary
    if not np.isnan(bearing_deg) and block.contains(point):
        turn = np.radians(bearing_deg)
        far = (point.x + DEEPEST_M * np.sin(turn), point.y + DEEPEST_M * np.cos(turn))
        met = shapely.intersection(shapely.LineString([(point.x, point.y), far]), walls)
        if not met.is_empty:
            return _nearest(point, met)
    nearest = _nearest(point, walls)
    return nearest if nearest.distance(point) <= DEEPEST_M else None


def _nearest(point: Point, shape: BaseGeometry) -> Point:
    return shapely.Point(shapely.get_coordinates(shapely.shortest_line(point, shape))[-1])
