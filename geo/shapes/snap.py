"""The coordinate grid on which everything is stored: 1e-7 degrees (about 1 cm)."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

#: 1e-7 degrees are 1.1 cm along a meridian: finer than any survey of a grid boundary, and coarse
#: enough that a coordinate has one spelling in float64, in text and in PostGIS.
GRID_DEG = 1e-7
#: How far apart two corners may lie and be one, in degrees (about 3 cm): half a step of rounding in a file,
#: half in ours, and two for a datum undone (tests/exchange/test_boundary_files.py measures 2.5 together).
SETTLE_DEG = 3e-7


def snap[S: BaseGeometry](shape: S) -> S:
    """Return `shape` (EPSG:4326) with every vertex on the 1e-7 degree grid, valid again if it was.

    >>> from shapely import Point
    >>> snap(Point(119.12345678, 30.1)).wkt
    'POINT (119.1234568 30.1)'
    """
    snapped = shapely.set_precision(shape, GRID_DEG)
    # set_precision leaves 119.12345680000001-like values where the grid size is no binary fraction.
    return shapely.transform(snapped, _round)


def _round(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(coordinates, 7)
