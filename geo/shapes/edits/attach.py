"""Leading the ends of drawn lines to boundaries that they nearly reach, or overshoot. All in metres."""

from typing import cast

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

#: A hand on a phone misses a line by about this much; no grid has features as small.
REACH_M = 1.0
#: A vertex is preferred to the edge beside it if it is hardly farther away: a line that ends a hand's breadth
#: beside a junction was meant to meet it there.
_VERTEX_BONUS_M = 0.5
#: A tail that overshoots is at most so many times as long as its end is far from the boundary (it meets it
#: at 30 degrees or steeper); a path that crosses flatter runs along it, and its first stretch is meant.
_TAIL = 2.0
#: An end this near lies on the boundary: rounding to whole steps moves it by up to 0.8 cm, the edge too.
_TOUCH_M = 0.02


def touches(point: Point, target: BaseGeometry) -> bool:
    """Tell whether `point` lies on `target` (metres), as near as whole steps allow."""
    return bool(shapely.distance(point, target) <= _TOUCH_M)


def led_to(line: LineString, target: BaseGeometry, reach_m: float) -> LineString:
    """Return `line`, begun on `target` where its start lies within `reach_m` of it (metres).

    The nearest vertex is preferred to a nearest point hardly nearer. A start out of reach stays; one that
    touches is put on the target, for beside it by more than half a step no cut would meet the boundary.
    """
    start = Point(line.coords[0])
    distance_m = shapely.distance(start, target)
    # Written so that no distance at all (NaN, an empty target) is out of reach.
    if not distance_m <= max(reach_m, _TOUCH_M):
        return line
    on_it = distance_m <= _TOUCH_M
    vertices = shapely.get_coordinates(target)
    away_m = np.hypot(*(vertices - line.coords[0]).T)
    if away_m.min() <= (_TOUCH_M if on_it else distance_m + _VERTEX_BONUS_M):
        first = vertices[np.argmin(away_m)]
    else:
        first = shapely.get_coordinates(shapely.shortest_line(start, target))[1]
    return LineString([first, *line.coords[1 if on_it else 0 :]])


def led_or_cut_back(line: LineString, target: BaseGeometry, reach_m: float) -> LineString:
    """Return `line`, begun on `target`: led to it, or cut back to where it first crosses it (metres).

    Cut back is a start out of reach, and a tail of at most `reach_m` that is no more than `REACH_M` longer
    than twice the distance of its end.
    """
    distance_m = shapely.distance(Point(line.coords[0]), target)
    if distance_m <= _TOUCH_M:
        return led_to(line, target, reach_m)
    crossings = shapely.get_coordinates(shapely.intersection(line, target))
    at_m = (
        shapely.line_locate_point(line, shapely.points(crossings)) if len(crossings) else np.array([np.inf])
    )
    first_m = float(at_m.min())
    overshoots = distance_m > reach_m or first_m <= min(reach_m, REACH_M + _TAIL * distance_m)
    if np.isfinite(first_m) and overshoots and first_m < line.length:
        return cast("LineString", substring(line, first_m, line.length))
    return led_to(line, target, reach_m)
