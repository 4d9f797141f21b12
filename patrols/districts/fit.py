"""Whether patrol districts fit together: inside their county, and nowhere two at one place (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.shapes.crs import area_m2
from geo.shapes.partition import beyond, flaws, is_noise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

_NOTHING = shapely.MultiPolygon()


@dataclass(frozen=True, slots=True)
class Misfit:
    """A place where districts do not fit: `code` is ``districts_overlap`` or ``district_outside``.

    `first` and `second` are codes of districts; `second` is empty where one leaves the county. `at` is
    (lon, lat) in EPSG:4326.
    """

    code: str
    first: str
    second: str
    at: tuple[float, float]
    size_m2: float


def misfits(
    new: Mapping[str, BaseGeometry], beside: Mapping[str, BaseGeometry], county: BaseGeometry | None
) -> list[Misfit]:
    """Return where `new` districts overlap each other or those `beside` them, or leave `county`.

    All EPSG:4326, by code; largest first. Ground that no district covers is no misfit, and neither is what is
    nowhere wider than snapping noise (`NOISE_DEG`). A county without a boundary (None) is left by nobody.

    >>> from shapely import box
    >>> county = box(0, 0, 4, 1)
    >>> [(m.code, m.first, m.second) for m in misfits({"a": box(0, 0, 2, 1)}, {"b": box(1, 0, 3, 1)}, county)]
    [('districts_overlap', 'a', 'b')]
    >>> [(m.code, m.first) for m in misfits({"a": box(3, 0, 5, 1)}, {}, county)]
    [('district_outside', 'a')]
    """
    found = [*_overlaps(new, beside), *_outside(new, county)]
    return sorted(found, key=lambda misfit: -misfit.size_m2)


def _overlaps(new: Mapping[str, BaseGeometry], beside: Mapping[str, BaseGeometry]) -> list[Misfit]:
    every = {**beside, **new}
    codes = list(every)
    return [
        Misfit("districts_overlap", *_new_first(codes, flaw.parts, new), _at(flaw.at), round(flaw.size_m2, 1))
        # Without a parent nothing is free ground: only overlaps are found.
        for flaw in flaws(list(every.values()), _NOTHING)
        if new.keys() & {codes[part] for part in flaw.parts}
    ]


def _new_first(
    codes: Sequence[str], parts: Sequence[int], new: Mapping[str, BaseGeometry]
) -> tuple[str, str]:
    one, other = sorted((codes[part] for part in parts), key=lambda code: (code not in new, code))
    return one, other


def _outside(new: Mapping[str, BaseGeometry], county: BaseGeometry | None) -> list[Misfit]:
    codes = list(new)
    left = {} if county is None else beyond(list(new.values()), county)
    places = [(codes[row], place) for row, place in left.items() if not is_noise(place)]
    return [
        Misfit("district_outside", code, "", _at(place.representative_point()), round(area_m2(place), 1))
        for code, place in places
    ]


def _at(point: shapely.Point) -> tuple[float, float]:
    return round(point.x, 6), round(point.y, 6)
