"""Places to draw at: lines across grids, sides of boundaries, squares inside them (EPSG:4326 degrees)."""

import itertools
from collections.abc import Iterator

import shapely
from shapely import LineString, Point, Polygon
from shapely.affinity import rotate, scale, translate

type Place = tuple[float, float]
type Grounds = dict[int, Polygon]
#: Lines that a boundary may follow, by "road" and "water".
type Features = dict[str, list[LineString]]

#: About a metre north in degrees; the ground here is small enough to be flat.
METRE = 9e-6


def roomiest(parts: Grounds) -> int:
    """Return the key of the grid with the largest circle inside."""
    return max(parts, key=lambda key: shapely.maximum_inscribed_circle(parts[key]).length)


def across(ground: Polygon, share: float = 0.0) -> list[Place]:
    """Return a level line through a grid's widest place, ending 3 m outside of it.

    `share` lifts it by that part of the largest circle's radius.
    """
    circle = shapely.maximum_inscribed_circle(ground)
    at, (west, _, east, _) = Point(circle.coords[0]), ground.bounds
    y = at.y + share * circle.length
    level = LineString([(west - METRE, y), (east + METRE, y)]).intersection(ground)
    piece = next(one for one in shapely.get_parts(level) if one.distance(Point(at.x, y)) < METRE)
    low, _, high, _ = piece.bounds
    return [(low - 3 * METRE, y), (high + 3 * METRE, y)]


def shared(parts: Grounds) -> Iterator[tuple[int, int, LineString]]:
    """Yield neighbours with the boundary they share, where it is one line."""
    for (one, first), (two, second) in itertools.combinations(parts.items(), 2):
        line = shapely.line_merge(first.boundary & second.boundary)
        if line.geom_type == "LineString" and line.length > 40 * METRE and not line.is_ring:
            yield one, two, line


def longest_side(parts: Grounds) -> tuple[int, int, LineString]:
    """Return two neighbours and the longest straight piece of their boundary."""
    best: tuple[float, int, int, LineString] | None = None
    for (one, first), (two, second) in itertools.combinations(parts.items(), 2):
        if not first.touches(second):
            continue
        for line in shapely.get_parts(shapely.line_merge(first.boundary & second.boundary)):
            places = list(line.coords) if line.geom_type == "LineString" else []
            for start, end in itertools.pairwise(places):
                side = LineString([start, end])
                if best is None or side.length > best[0]:
                    best = (side.length, one, two, side)
    assert best is not None
    return best[1:]


def beside(side: LineString, metres: float) -> LineString:
    """Return a side moved square to itself."""
    (x1, y1), (x2, y2) = side.coords
    long = side.length
    return translate(side, -(y2 - y1) / long * metres * METRE, (x2 - x1) / long * metres * METRE)


def into(side: LineString, ground: Polygon, metres: float) -> LineString:
    """Return a side moved into one of its two grids."""
    one = beside(side, metres)
    return one if ground.contains(one.interpolate(0.5, normalized=True)) else beside(side, -metres)


def middle(line: LineString, share: float = 0.5) -> Place:
    """Return the place at a share of a line's length."""
    place = line.interpolate(share, normalized=True)
    return (place.x, place.y)


def strip_line(line: LineString, giver: Polygon, metres: float) -> list[Place]:
    """Return a line that cuts a strip off a giver along a boundary, longer than it."""
    chord = LineString([line.coords[0], line.coords[-1]])
    return list(scale(into(chord, giver, metres), 1.3, 1.3).coords)


def courtyard(ground: Polygon) -> list[Place]:
    """Return a square in the widest place of a grid."""
    at = shapely.maximum_inscribed_circle(ground)
    half = min(12 * METRE, at.length / 3)
    ring = rotate(Point(at.coords[0]).buffer(half, quad_segs=1), 45)
    return list(ring.exterior.coords)[:-1]


def corners_of(parts: Grounds) -> dict[Place, set[int]]:
    """Return the grids that have each corner, coordinates rounded to the stored 1e-7 degrees."""
    found: dict[Place, set[int]] = {}
    for key, ground in parts.items():
        for x, y in shapely.get_coordinates(ground).tolist():
            found.setdefault((round(x, 7), round(y, 7)), set()).add(key)
    return found
