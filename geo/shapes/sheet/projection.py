"""From the ground to the paper: metric CRS, round scale true at the sheet's middle, millimetres."""

from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import to_lonlat, to_metric
from geo.shapes.sheet.paper import Layout, Size, best_layout

_ELLIPSOID = Geod(ellps="WGS84")
#: Scale factor and direction of north are taken from a line this long: on a sheet they change by less than
#: print shows.
_PROBE_M = 100.0


@dataclass(frozen=True, slots=True)
class Projection:
    """How a sheet shows the ground. `middle` is (easting, northing) in `epsg` under the window's middle.

    `factor` is how many metres of the metric CRS stand for one on the ground there (UTM: 0.9996 to 1.001);
    `north_deg` the bearing of true north on the sheet, clockwise from upwards (meridian convergence).
    """

    epsg: int
    denominator: int
    middle: tuple[float, float]
    window: tuple[float, float]
    factor: float
    north_deg: float

    @classmethod
    def around(cls, ground: BaseGeometry, epsg: int, size: Size) -> tuple[Self, Layout]:
        """Return projection and layout that show `ground` (EPSG:4326) as large as a round scale allows."""
        points = to_metric(shapely.get_coordinates(ground), epsg)
        low, high = points.min(axis=0), points.max(axis=0)
        middle = (low + high) / 2
        factor, north_deg = _local(middle, epsg)
        extent_m = (high - low) / factor
        chosen, denominator = best_layout(size, (float(extent_m[0]), float(extent_m[1])))
        window = (chosen.window.width, chosen.window.height)
        return cls(epsg, denominator, (float(middle[0]), float(middle[1])), window, factor, north_deg), chosen

    @property
    def mm_per_m(self) -> float:
        """Return how many millimetres of paper a metre of the metric CRS takes."""
        return 1000.0 / (self.denominator * self.factor)

    def points_mm(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, 2) paper millimetres, y downwards, for (n, 2) degrees (lon, lat)."""
        metres = to_metric(np.asarray(lonlat, dtype=np.float64).reshape(-1, 2), self.epsg)
        offset = (metres - self.middle) * self.mm_per_m
        return np.asarray(offset * (1.0, -1.0) + np.array(self.window) / 2)

    def points_lonlat(self, paper_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, 2) degrees (lon, lat) for (n, 2) paper millimetres."""
        offset = (np.asarray(paper_mm, dtype=np.float64) - np.array(self.window) / 2) * (1.0, -1.0)
        return to_lonlat(offset / self.mm_per_m + self.middle, self.epsg)

    def shapes_mm(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return shapes in EPSG:4326 as shapes on the paper, one for one."""
        if len(shapes) == 0:
            return shapes
        return np.asarray(shapely.transform(shapes, self.points_mm), dtype=object)

    def shape_mm(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape in EPSG:4326 as a shape on the paper."""
        found: BaseGeometry = shapely.transform(shape, self.points_mm)
        return found

    def extent(self, *, rim_mm: float = 0.0) -> tuple[float, float, float, float]:
        """Return west, south, east, north (degrees) of the ground under the window with a rim around it."""
        width, height = self.window
        across, down = np.linspace(-rim_mm, width + rim_mm, 9), np.linspace(-rim_mm, height + rim_mm, 9)
        # Edges of the window bend on the ground: their ends alone would miss a strip.
        rim = np.vstack(
            [np.column_stack([across, np.full(9, y)]) for y in (-rim_mm, height + rim_mm)]
            + [np.column_stack([np.full(9, x), down]) for x in (-rim_mm, width + rim_mm)]
        )
        lonlat = self.points_lonlat(rim)
        west, south = lonlat.min(axis=0)
        east, north = lonlat.max(axis=0)
        return float(west), float(south), float(east), float(north)


def _local(middle: NDArray[np.float64], epsg: int) -> tuple[float, float]:
    """Return scale factor and bearing of true north (degrees) of a metric CRS at a point."""
    lon, lat = to_lonlat(middle.reshape(1, 2), epsg)[0]
    ahead = _ELLIPSOID.fwd(lon, lat, 0.0, _PROBE_M)[:2]
    east, north = to_metric(np.array([ahead]), epsg)[0] - middle
    return hypot(east, north) / _PROBE_M, degrees(atan2(east, north))
