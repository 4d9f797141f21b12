"""Lines given as a surveyor gives them: a start, then bearings and distances."""

from collections.abc import Sequence

from pyproj import Geod
from shapely import LineString

_ELLIPSOID = Geod(ellps="WGS84")


def traverse(start: tuple[float, float], legs: Sequence[tuple[float, float]]) -> LineString:
    """Return the line (EPSG:4326) from `start` (lon, lat) along legs of (bearing_deg, distance_m).

    Bearings run clockwise from true north; every leg is a geodesic of the WGS 84 ellipsoid (Karney 2013).

    >>> line = traverse((119.2, 30.1), [(90.0, 100.0), (0.0, 50.0)])
    >>> [(round(x, 6), round(y, 6)) for x, y in line.coords]
    [(119.2, 30.1), (119.201037, 30.1), (119.201037, 30.100451)]
    """
    points = [start]
    for bearing_deg, distance_m in legs:
        lon, lat, _ = _ELLIPSOID.fwd(*points[-1], bearing_deg, distance_m)
        points.append((float(lon), float(lat)))
    return LineString(points)
