"""Checks that a pair of numbers can be a place of this county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Box = tuple[float, float, float, float]

OK = ""
REASONS = (OK, "coordinate_missing", "coordinate_zero", "coordinate_swapped", "coordinate_impossible",
           "coordinate_outside")  # fmt: skip
# Extents grow by this much before a point counts as outside: border streets and block-level rounding lie
# a little beyond a boundary. 0.005 degrees are about 500 m.
MARGIN_DEG = 0.005


def judge_coordinates(
    lon: NDArray[np.float64], lat: NDArray[np.float64], box: Box | None = None
) -> NDArray[np.int8]:
    """Return for each pair an index into `REASONS` (0: usable).

    Parameters
    ----------
    lon, lat : (n,) arrays, degrees, EPSG:4326
        NaN where the cell held no number.
    box : west, south, east, north, optional
        Extent the points should lie in; with it a swapped pair is told from a far-away one.

    Notes
    -----
    A pair is *swapped* when it is impossible or outside as it stands and possible and inside the other way.
    """
    verdict = np.zeros(len(lon), np.int8)
    missing = ~(np.isfinite(lon) & np.isfinite(lat))
    zero = ~missing & (np.abs(lon) < 1e-9) & (np.abs(lat) < 1e-9)
    possible = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    possible_swapped = (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    if box is None:
        inside, inside_swapped = possible, possible_swapped
    else:
        inside = possible & _inside(lon, lat, box)
        inside_swapped = possible_swapped & _inside(lat, lon, box)
    verdict[~inside] = REASONS.index("coordinate_outside")
    verdict[~possible] = REASONS.index("coordinate_impossible")
    verdict[~inside & inside_swapped] = REASONS.index("coordinate_swapped")
    verdict[zero] = REASONS.index("coordinate_zero")
    verdict[missing] = REASONS.index("coordinate_missing")
    return verdict


def _inside(lon: NDArray[np.float64], lat: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    west, south, east, north = box
    east_west = (lon >= west - MARGIN_DEG) & (lon <= east + MARGIN_DEG)
    return np.asarray(east_west & (lat >= south - MARGIN_DEG) & (lat <= north + MARGIN_DEG))
