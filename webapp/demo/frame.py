"""The metric frame of the demo town and its stored coordinates."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.str_]
GeometryArray = NDArray[np.object_]

# An invented place: no town of this shape lies here.
ORIGIN_LON = 119.20
ORIGIN_LAT = 30.10
# Stored coordinates are snapped to 1e-7 degrees, about one centimetre.
LONLAT_DECIMALS = 7


@cache
def _to_lonlat() -> Transformer:
    # A transverse Mercator centred on the town: scale error below 1e-5 within 30 km of the origin.
    local = f"+proj=tmerc +lat_0={ORIGIN_LAT} +lon_0={ORIGIN_LON} +k=1 +datum=WGS84 +units=m +no_defs"
    return Transformer.from_crs(local, "EPSG:4326", always_xy=True)


def lonlat(points_m: FloatArray) -> FloatArray:
    """Return (n, 2) lon/lat (EPSG:4326, snapped to 1e-7) of (n, 2) local metres."""
    lon, lat = _to_lonlat().transform(points_m[:, 0], points_m[:, 1])
    return np.round(np.column_stack([lon, lat]), LONLAT_DECIMALS)


def to_lonlat(shapes_m: Any) -> GeometryArray:
    """Return an array of shapes in EPSG:4326; shared vertices stay shared, partitions stay partitions."""
    array: GeometryArray = np.asarray(shapes_m, dtype=object)
    moved: GeometryArray = shapely.transform(array, lonlat)
    return moved
