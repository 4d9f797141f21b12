"""The shifted datums of Chinese web maps: GCJ-02 and BD-09 to and from WGS 84. Pure.

GCJ-02 displaces WGS 84 by some 100 to 700 m with a smooth function of the place; BD-09 displaces GCJ-02
once more. The formulas were never published officially; what is written here is the form that became
public (the offset polynomial with sine terms on the Krassowsky 1940 ellipsoid, known from the "China map
shift" write-ups since 2010, and Baidu's polar rotation), checked against the npm package gcoord 1.0.7:
equal to 1e-9 degrees. The inverse has no closed form and is iterated here to below 1e-10 degrees (gcoord
stops at 1e-6 degrees, 11 cm, from GCJ-02 and undoes BD-09 by an approximate formula, off by up to 20 cm).

CGCS2000 counts as WGS 84 (see `geo.shapes.crs`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    type Points = NDArray[np.float64]


class Datum(StrEnum):
    """What the numbers of a file or of a base map refer to."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


#: West, south, east, north of the box in which the shift applies. It is wider than China: the rule of the
#: map providers is a box, and so is gcoord's.
SHIFTED_BOX = (72.004, 0.8293, 137.8347, 55.8271)
# The formula's origin and its ellipsoid (Krassowsky 1940).
_ORIGIN = (105.0, 35.0)
_AXIS_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
# Baidu's rotation: frequency of its two sine terms and the constant displacement in degrees.
_BAIDU_FREQUENCY = np.pi * 3000.0 / 180.0
_BAIDU_STEP = np.array([0.0065, 0.006])
# Both shifts change by less than 3 % of a displacement of the point, so every round of the inverse gains
# at least 1.5 digits: from 1e-2 degrees to 1e-11 in six rounds; ten leave room.
_ROUNDS = 10
_CLOSE_DEG = 1e-11


def in_shifted_box(lonlat: Points) -> NDArray[np.bool_]:
    """Return for each of (n, 2) degrees (lon, lat) whether GCJ-02 differs from WGS 84 there.

    >>> in_shifted_box(np.array([[119.2, 30.1], [-87.6, 41.9]])).tolist()
    [True, False]
    """
    west, south, east, north = SHIFTED_BOX
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def gcj02_of_wgs84(lonlat: Points) -> Points:
    """Return (n, 2) GCJ-02 degrees for (n, 2) WGS 84 degrees (lon, lat); outside the box unchanged.

    >>> gcj02_of_wgs84(np.array([[119.2, 30.1], [-87.6, 41.9]])).round(6).tolist()
    [[119.205139, 30.097568], [-87.6, 41.9]]
    """
    return np.asarray(np.where(in_shifted_box(lonlat)[:, None], lonlat + _offset(lonlat), lonlat))


def wgs84_of_gcj02(lonlat: Points) -> Points:
    """Return (n, 2) WGS 84 degrees for (n, 2) GCJ-02 degrees (lon, lat); outside the box unchanged.

    Whether a point lies in the box is decided by its GCJ-02 coordinates, as in gcoord. In the strip of less
    than 1.5 km along the box's edge, where the shift leads across the edge, it cannot be undone.

    >>> there = np.array([[119.2, 30.1]])
    >>> bool(np.abs(wgs84_of_gcj02(gcj02_of_wgs84(there)) - there).max() < 1e-10)
    True
    """
    inside = in_shifted_box(lonlat)
    back = lonlat.copy()
    back[inside] = _undone(lonlat[inside], lambda points: points + _offset(points))
    return back


def bd09_of_gcj02(lonlat: Points) -> Points:
    """Return (n, 2) BD-09 degrees for (n, 2) GCJ-02 degrees (lon, lat), anywhere.

    >>> bd09_of_gcj02(np.array([[119.204739, 30.097463]])).round(6).tolist()
    [[119.211284, 30.103209]]
    """
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_FREQUENCY)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_FREQUENCY)
    turned = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return np.asarray(turned + _BAIDU_STEP)


def gcj02_of_bd09(lonlat: Points) -> Points:
    """Return (n, 2) GCJ-02 degrees for (n, 2) BD-09 degrees (lon, lat): the inverse, iterated.

    >>> there = np.array([[119.204739, 30.097463]])
    >>> bool(np.abs(gcj02_of_bd09(bd09_of_gcj02(there)) - there).max() < 1e-10)
    True
    """
    return _undone(lonlat, bd09_of_gcj02)


def to_wgs84(lonlat: Points, datum: Datum) -> Points:
    """Return (n, 2) WGS 84 degrees for (n, 2) degrees (lon, lat) of `datum`.

    >>> to_wgs84(np.array([[119.2, 30.1]]), Datum.WGS84).tolist()
    [[119.2, 30.1]]
    """
    if datum is Datum.WGS84:
        return lonlat
    return wgs84_of_gcj02(gcj02_of_bd09(lonlat) if datum is Datum.BD09 else lonlat)


def from_wgs84(lonlat: Points, datum: Datum) -> Points:
    """Return (n, 2) degrees (lon, lat) of `datum` for (n, 2) WGS 84 degrees.

    >>> from_wgs84(np.array([[119.2, 30.1]]), Datum.BD09).round(6).tolist()
    [[119.211685, 30.103309]]
    """
    if datum is Datum.WGS84:
        return lonlat
    shifted = gcj02_of_wgs84(lonlat)
    return bd09_of_gcj02(shifted) if datum is Datum.BD09 else shifted


def _undone(target: Points, forward: Callable[[Points], Points]) -> Points:
    """Return the points that `forward` brings to `target`, by fixed-point iteration."""
    found = target.copy()
    for _ in range(_ROUNDS):
        miss = forward(found) - target
        found -= miss
        if not miss.size or np.nanmax(np.abs(miss)) < _CLOSE_DEG:
            break
    return found


def _offset(lonlat: Points) -> Points:
    """Return the displacement WGS 84 to GCJ-02 in degrees, without asking for the box."""
    x, y = (lonlat - _ORIGIN).T
    east_m, north_m = _east_m(x, y), _north_m(x, y)
    latitude = np.radians(lonlat[:, 1])
    flattened = 1.0 - _ECCENTRICITY_2 * np.sin(latitude) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY_2) / flattened**1.5
    parallel_m = _AXIS_M / np.sqrt(flattened) * np.cos(latitude)
    return np.degrees(np.column_stack([east_m / parallel_m, north_m / meridian_m]))


def _east_m(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    smooth = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    waves = _waves(x, ((6, 20), (2, 20), (1, 20), (1 / 3, 40), (1 / 12, 150), (1 / 30, 300)))
    return np.asarray(smooth + waves)


def _north_m(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    smooth = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    waves = _waves(x, ((6, 20), (2, 20))) + _waves(y, ((1, 20), (1 / 3, 40), (1 / 12, 160), (1 / 30, 320)))
    return np.asarray(smooth + waves)


def _waves(turn: NDArray[np.float64], terms: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """Return the sum of sines, each of a frequency (half turns per degree) and an amplitude in metres."""
    heights = [amplitude_m * np.sin(frequency * np.pi * turn) for frequency, amplitude_m in terms]
    return np.asarray(np.sum(heights, axis=0) * 2.0 / 3.0)
