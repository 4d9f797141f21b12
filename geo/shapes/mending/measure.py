"""Sizes of flaws in metres, and the parts of a geometry that have ground."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.partition import NOISE_DEG

# Halving the interval eight times states a width to 1 %.
_HALVINGS = 8
_NOWHERE = Polygon()
# Metres of a degree of latitude, to choose candidates by.
_DEGREE_M = 111_000.0

type Shapes = NDArray[np.object_]
type Points = NDArray[np.float64]
#: Shapes as a caller gives them.
type Given = Sequence[BaseGeometry | None] | Shapes


def degree_m(lat: float) -> Points:
    """Return the metres of one degree of longitude and of latitude at `lat` on the WGS 84 ellipsoid.

    The usual series (Snyder 1987, p. 25), right to a few centimetres in a degree. A plane scaled by the
    two keeps edges straight, as no projection does: topology found in it is that of the degrees.

    >>> [round(metres) for metres in degree_m(30.0)]
    [96486, 110852]
    """
    phi = np.radians(lat)
    east = 111_412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi) + 0.118 * np.cos(5 * phi)
    north = 111_132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
    return np.array([max(east, 1.0), north])


def scale_of(shapes: Shapes) -> Points:
    """Return the metres of a degree (lon, lat) at the middle of `shapes` (EPSG:4326), of none at 0° N."""
    if not len(shapes):
        return degree_m(0.0)
    bounds = shapely.total_bounds(shapes)
    return degree_m(0.0 if np.isnan(bounds).any() else float(bounds[1] + bounds[3]) / 2)


def polygons_of(shape: BaseGeometry | None) -> list[Polygon]:
    """Return the polygons inside `shape`, which may be a collection; empty ones are left out."""
    if shape is None or shape.is_empty:
        return []
    if isinstance(shape, Polygon):
        return [shape]
    parts = shapely.get_parts(shape)
    if shape.geom_type == "GeometryCollection":
        return [each for part in parts for each in polygons_of(part)]
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def ground(shape: BaseGeometry) -> list[Polygon]:
    """Return the polygons of `shape` (EPSG:4326) that are wider than snapping noise."""
    parts = polygons_of(shape)
    if not parts:
        return []
    thin = shapely.is_empty(shapely.buffer(np.array(parts, object), -NOISE_DEG / 2, quad_segs=1))
    return [part for part, noise in zip(parts, thin, strict=True) if not noise]


def widths_m(places: Sequence[Polygon] | Shapes) -> Points:
    """Return the diameter of the largest circle inside each place (EPSG:4326), in metres, to 1 %.

    Found by halving: a polygon shrunk by the radius of that circle is gone. (GEOS's maximum inscribed
    circle needs seconds for a strip a thousand times longer than wide.)
    """
    flat = as_array(in_plane(place, degree_m(_middle_lat(place))) for place in places)
    area, length = shapely.area(flat), np.maximum(shapely.length(flat), 1e-9)
    # The radius lies above A / P for every polygon without holes, and below that of a circle of area A.
    low, most = area / length, 2 * np.sqrt(area / np.pi)
    high = np.minimum(4 * area / length, most)
    while (short := (high < most) & ~_gone(flat, high)).any():
        low[short] = high[short]
        high[short] = np.minimum(2 * high[short], most[short])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        gone = _gone(flat, middle)
        low, high = np.where(gone, low, middle), np.where(gone, middle, high)
    return np.asarray(high)


def perhaps_narrow(parts: Shapes, sliver_m: float) -> NDArray[np.bool_]:
    """Tell which polygons (EPSG:4326) may be narrower than `sliver_m` metres; the others are not.

    Area over perimeter never exceeds the radius of the largest circle that fits inside.
    Degrees of longitude are taken for as long as those of latitude in the perimeter, which only adds
    candidates; so does asking for the whole width where half of it would do.
    """
    bounds = shapely.bounds(parts)
    shrink = np.cos(np.radians((bounds[:, 1] + bounds[:, 3]) / 2))
    mean_m = shapely.area(parts) * shrink * _DEGREE_M / np.maximum(shapely.length(parts), 1e-12)
    return np.asarray((mean_m < sliver_m) & ~shapely.is_empty(parts), dtype=bool)


def inner_point(place: Polygon) -> Point:
    """Return a point inside `place`, on the 1e-7 degree grid where that lies inside too."""
    inner = place.representative_point()
    rounded = Point(round(inner.x, 7), round(inner.y, 7))
    return rounded if place.contains(rounded) else inner


def in_plane[S: BaseGeometry](shape: S, scale: Points) -> S:
    """Return `shape` (degrees) in the scaled plane, metres."""
    return shapely.transform(shape, lambda points: points * scale)


def from_plane[S: BaseGeometry](shape: S, scale: Points) -> S:
    """Return `shape` (scaled plane, metres) in degrees on the 1e-7 grid."""
    return shapely.transform(shape, lambda points: np.round(points / scale, 7))


def as_array(shapes: Iterable[BaseGeometry]) -> Shapes:
    """Return shapes as an object array of one dimension."""
    listed = list(shapes)
    array = np.empty(len(listed), object)
    array[:] = listed
    return array


def joined(parts: list[Polygon]) -> BaseGeometry:
    """Return polygons that do not overlap as one geometry: a Polygon when there is one."""
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts) if parts else _NOWHERE


def _middle_lat(place: Polygon) -> float:
    return float(place.bounds[1] + place.bounds[3]) / 2


def _gone(flat: Shapes, diameter: Points) -> NDArray[np.bool_]:
    return np.asarray(shapely.is_empty(shapely.buffer(flat, -diameter / 2, quad_segs=1, join_style="mitre")))
