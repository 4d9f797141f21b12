"""Coordinate systems of Chinese files: the Gauss-Krueger zones, and guessing the one a file leaves out.

EPSG numbers the zones in runs: for each datum one run with the zone number before the false easting
(39 500 000 m) and one without (500 000 m), for 3 and for 6 degree zones. Beijing 1954 and Xian 1980 lie
some 60 to 120 m from CGCS2000, by parameters each province keeps for itself: EPSG knows none for a
county, and PROJ would silently take the datums as equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyproj
from pyproj.crs import BoundCRS
from pyproj.crs.coordinate_operation import ToWGS84Transformation

from core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.intake.coordinate import Box

#: Datums whose shift to WGS 84 needs parameters; recognised by the ellipsoid of the coordinate system.
OLD_DATUMS = {"Krassowsky 1940": "Beijing 1954", "Krasovsky 1940": "Beijing 1954",
    "IAG 1975": "Xian 1980", "Xian 1980": "Xian 1980"}  # fmt: skip
# First EPSG code, first zone number (0: no number in the easting), first central meridian, zone width,
# number of zones; read from the EPSG registry and checked against pyproj by a test.
_RUNS = {
    "CGCS2000": ((4513, 25, 75, 3, 21), (4534, 0, 75, 3, 21), (4491, 13, 75, 6, 11), (4502, 0, 75, 6, 11)),
    "Xian 1980": ((2349, 25, 75, 3, 21), (2370, 0, 75, 3, 21), (2327, 13, 75, 6, 11), (2338, 0, 75, 6, 11)),
    "Beijing 1954": (
        (2401, 25, 75, 3, 21), (2422, 0, 75, 3, 21), (21413, 13, 75, 6, 11), (21453, 0, 75, 6, 11),
    ),
}  # fmt: skip
# Half a zone is at most 3 degrees, 334 km at the equator; a file's easting lies that near to 500 000 m.
_REACH_M = 340_000.0
# Northings of China: 18 to 54 degrees, with the sea to the south.
_NORTHINGS_M = (300_000.0, 6_000_000.0)
# A county's file may reach a little beyond the county.
_MARGIN_DEG = 0.2


@dataclass(frozen=True, slots=True)
class CrsGuess:
    """A coordinate system the numbers could be in.

    Attributes
    ----------
    epsg, name : int, str
    why : str
        ``zone_number`` (the easting carries it), ``near`` (it falls into the expected extent),
        ``range`` (only the size of the numbers speaks for it), ``web_mercator``, ``utm``, ``degrees``.
    centre : tuple of float
        Where the middle of the file would lie, degrees (lon, lat).
    is_exact : bool
        False for Beijing 1954 and Xian 1980: some 100 m off unless parameters are given.
    is_northing_first : bool
        The first coordinate is the northing, as surveyors and CAD write it.
    """

    epsg: int
    name: str
    why: str
    centre: tuple[float, float]
    is_exact: bool = True
    is_northing_first: bool = False


def guess_crs(bounds: Sequence[float], near: Box | None = None) -> list[CrsGuess]:
    """Return the coordinate systems that coordinates within `bounds` may be in, likeliest first.

    Parameters
    ----------
    bounds : west, south, east, north as the file has them
    near : west, south, east, north, optional
        Extent the file should lie in, EPSG:4326; only systems that lead there are returned then.

    Notes
    -----
    A 3 degree and a 6 degree zone of one central meridian are the same projection; the first is named.

    >>> [(g.epsg, g.why) for g in guess_crs((500_000, 3_330_000, 510_000, 3_340_000), (118, 29, 121, 31))][:2]
    [(4549, 'near'), (2385, 'near')]
    """
    if not np.isfinite(bounds).all():
        return []
    west, south, east, north = bounds
    plain = list(_guesses((west, south, east, north), near, northing_first=False))
    turned = [] if plain else list(_guesses((south, west, north, east), near, northing_first=True))
    return sorted(plain or turned, key=lambda guess: (not guess.is_exact, guess.why != "zone_number"))


def _guesses(box: Box, near: Box | None, *, northing_first: bool) -> Iterator[CrsGuess]:
    seen: set[tuple[str, bool, int]] = set()
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for epsg, datum, number, meridian in _candidates(box):
        key = (datum, number > 0, meridian)
        centre = _lonlat(epsg, x, y)
        if key in seen or not _fits(centre, near):
            continue
        seen.add(key)
        why = "zone_number" if number else ("near" if near else "range")
        if datum in {"degrees", "web_mercator", "utm"}:
            why = datum
        exact = datum not in OLD_DATUMS.values()
        yield CrsGuess(epsg, _crs(epsg).name, why, centre, exact, northing_first)


def _candidates(box: Box) -> Iterator[tuple[int, str, int, int]]:
    """Yield EPSG code, datum, zone number in the easting and central meridian of possible systems."""
    west, south, east, north = box
    if west >= -180 and east <= 180 and south >= -90 and north <= 90:
        yield 4326, "degrees", 0, 0
        return
    if _NORTHINGS_M[0] <= south <= north <= _NORTHINGS_M[1]:
        for datum, runs in _RUNS.items():
            for epsg, number, meridian, width, count in runs:
                for step in range(count):
                    false_m = 500_000 + (1_000_000 * (number + step) if number else 0)
                    if false_m - _REACH_M <= west and east <= false_m + _REACH_M:
                        yield epsg + step, datum, number, meridian + width * step
        if 500_000 - _REACH_M <= west <= east <= 500_000 + _REACH_M:
            yield from ((32600 + zone, "utm", 0, zone) for zone in range(43, 54))
    if 8_000_000 <= west <= east <= 15_100_000 and 1_800_000 <= south <= north <= 7_200_000:
        yield 3857, "web_mercator", 0, 0


def _fits(centre: tuple[float, float], near: Box | None) -> bool:
    lon, lat = centre
    west, south, east, north = near or (72.0, 3.0, 136.0, 54.5)
    inside = west - _MARGIN_DEG <= lon <= east + _MARGIN_DEG
    return inside and south - _MARGIN_DEG <= lat <= north + _MARGIN_DEG


@lru_cache(maxsize=512)
def _crs(epsg: int) -> pyproj.CRS:
    return pyproj.CRS.from_epsg(epsg)


@lru_cache(maxsize=512)
def _to_geographic(epsg: int) -> pyproj.Transformer:
    # To the system's own latitudes and longitudes: a guess needs no datum shift.
    return pyproj.Transformer.from_crs(_crs(epsg), _crs(epsg).geodetic_crs, always_xy=True)


def _lonlat(epsg: int, x: float, y: float) -> tuple[float, float]:
    lon, lat = _to_geographic(epsg).transform(x, y)
    return round(float(lon), 6), round(float(lat), 6)


def known_crs(name: str) -> pyproj.CRS:
    """Return the coordinate system a name, code or WKT stands for.

    Raises
    ------
    InvalidInput
        ``crs_unknown`` (field `crs`).
    """
    try:
        return pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        raise InvalidInput("crs_unknown", crs=str(name)[:80]) from error


def is_flat(name: str) -> bool:
    """Tell whether a known system has degrees or metres on the ground; a height beside them is no matter.

    >>> is_flat("EPSG:4549"), is_flat("EPSG:4549+5737"), is_flat("EPSG:5737"), is_flat("EPSG:4479")
    (True, True, False, False)
    """
    known = known_crs(name)
    return bool((known.is_geographic or known.is_projected) and not known.is_geocentric)


def flat_crs(name: str) -> pyproj.CRS:
    """Return the system a name stands for if files can be written in it: two axes, on the ground.

    Raises
    ------
    InvalidInput
        ``crs_unknown`` (field `crs`); ``crs_kind_wrong`` (fields `crs`, `kind`) for heights, systems with a
        height, and systems of no place on earth.
    """
    known = known_crs(name)
    if not is_flat(name) or len(known.axis_info) != 2:
        raise InvalidInput("crs_kind_wrong", crs=known.name[:80], kind=known.type_name)
    return known


def old_datum(crs: pyproj.CRS) -> str:
    """Return ``Beijing 1954`` or ``Xian 1980`` when the system has that datum, otherwise an empty string."""
    ellipsoid = crs.ellipsoid.name if crs.ellipsoid else ""
    plain = ellipsoid.replace("_", " ")
    return next((datum for words, datum in OLD_DATUMS.items() if words in plain), "")


def with_shift(crs: pyproj.CRS, shift: Sequence[float]) -> pyproj.CRS:
    """Return the system bound to WGS 84 by three or seven parameters.

    Parameters
    ----------
    shift : dx, dy, dz in metres, then rotations in arc-seconds (position vector) and scale in ppm
    """
    if len(shift) not in {3, 7}:
        raise InvalidInput("datum_shift_unusable", found=len(shift))
    base = crs.geodetic_crs
    if base is None:
        raise InvalidInput("crs_unknown", crs=crs.name[:80])
    seven = (*shift, *([0.0] * (7 - len(shift))))
    return BoundCRS(crs, "EPSG:4326", ToWGS84Transformation(base, *seven))


def datum_marked(*words: str) -> str:
    """Return ``gcj02`` or ``bd09`` when a coordinate system, a file's name or its head says so, else nothing.

    >>> datum_marked("GCS_GCJ-02"), datum_marked("", "grids_BD09.gpkg"), datum_marked("WGS 84")
    ('gcj02', 'bd09', '')
    """
    plain = "\n".join(words).lower().replace("-", "").replace("_", "")
    return next((mark for mark in ("gcj02", "bd09") if mark in plain), "")
