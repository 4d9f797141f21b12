"""Into which county a file goes; without any, one is made whose boundary is only the file's extent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy import select

from core.clock import today
from core.errors import InvalidInput
from geo.areas.models import Area, AreaBoundary
from geo.areas.queries import counties
from geo.areas.service import NewArea, as_multipolygon, create_area
from geo.shapes.crs import area_m2
from geo.shapes.snap import snap

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry
    from sqlalchemy.orm import Session

    from core.intake.report import ImportReport

    type Box = tuple[float, float, float, float]

# A provisional boundary stands about 200 m off the outermost thing, so that a second file of the same
# town (cameras beside the last street) still falls inside.
_ROOM_DEG = 0.002


@dataclass(frozen=True, slots=True)
class CountyWish:
    """What the user said: a county by code, a new one by name, or nothing."""

    code: str | None = None
    new_name: str | None = None


def county_for(session: Session, box: Box, wish: CountyWish, report: ImportReport) -> Area:
    """Return the county a file with extent `box` (EPSG:4326) belongs to, made or grown when provisional.

    Raises
    ------
    InvalidInput
        ``county_unknown``, ``file_outside_county`` or ``file_outside_counties``.
    """
    known = list(counties(session))
    if wish.code is not None:
        return _chosen(session, known, wish.code, box=box, report=report)
    if wish.new_name is not None or not known:
        name = wish.new_name or _stem(report.source)
        same = next((county for county in known if county.name == name), None)
        if same is None:
            return _make(session, known, name, box=box, report=report)
        return _grown(session, same, box, report)
    near = [(county, _overlap(boundary_of(session, county), box)) for county in known]
    best, share = max(near, key=lambda pair: pair[1])
    if share <= 0:
        raise InvalidInput("file_outside_counties", extent=_told(box), counties=[each.name for each in known])
    return _grown(session, best, box, report)


def boundary_of(session: Session, area: Area) -> AreaBoundary | None:
    """Return the present boundary row of an area."""
    return session.scalar(
        select(AreaBoundary).where(AreaBoundary.area_id == area.id, AreaBoundary.valid.contains(today()))
    )


def is_provisional(boundary: AreaBoundary | None) -> bool:
    """Tell whether an area has no boundary that anybody drew."""
    return boundary is None or boundary.kind == "provisional"


def replace_boundary(boundary: AreaBoundary, shape: BaseGeometry, *, kind: str) -> None:
    """Give a provisional boundary row its shape (EPSG:4326); a published one goes through a change set."""
    snapped = as_multipolygon(snap(shape))
    boundary.geom = from_shape(snapped, srid=4326)
    boundary.area_m2 = area_m2(snapped)
    boundary.kind = kind


def robust_box(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Box:
    """Return the extent of points (degrees) without far strays.

    A stray lies farther beyond the 0.1 and 99.9 per cent quantiles than a quarter of their distance plus
    0.02 degrees (2 km): one mistyped coordinate shall not make a county of half a continent.
    """
    inside = np.ones(len(lon), np.bool_)
    for values in (lon, lat):
        low, high = np.quantile(values, [0.001, 0.999])
        room = (high - low) / 4 + 0.02
        inside &= (values >= low - room) & (values <= high + room)
    east_west, north_south = lon[inside], lat[inside]
    return float(east_west.min()), float(north_south.min()), float(east_west.max()), float(north_south.max())


def _chosen(session: Session, known: list[Area], code: str, *, box: Box, report: ImportReport) -> Area:
    county = next((county for county in known if code in {county.code, county.name}), None)
    if county is None:
        raise InvalidInput("county_unknown", county=code, found=[each.code for each in known])
    boundary = boundary_of(session, county)
    if not is_provisional(boundary) and _overlap(boundary, box) <= 0:
        raise InvalidInput("file_outside_county", county=county.name, extent=_told(box))
    return _grown(session, county, box, report)


def _overlap(boundary: AreaBoundary | None, box: Box) -> float:
    """Return how much of the box lies inside the boundary, 0..1; a box of no area counts by touching."""
    if boundary is None:
        return 0.0
    extent = shapely.box(*box)
    shape = to_shape(boundary.geom)
    if not shape.intersects(extent):
        return 0.0
    return max(shape.intersection(extent).area / extent.area if extent.area else 1.0, 1e-9)


def _make(session: Session, known: list[Area], name: str, *, box: Box, report: ImportReport) -> Area:
    taken = {county.code for county in known}
    # Codes beginning with 9 are given to no province.
    code = next(free for number in range(1, 100_000) if (free := f"9{number:05d}") not in taken)
    boundary = _roomy(box)
    new = NewArea(level="county", code=code, name=name, boundary=boundary, boundary_kind="provisional")
    county = create_area(session, new, None)
    report.loaded["area"] += 1
    report.notice("county_made", name=name, code=code, extent=_told(boundary.bounds))
    return county


def _grown(session: Session, county: Area, box: Box, report: ImportReport) -> Area:
    boundary = boundary_of(session, county)
    if not is_provisional(boundary) or boundary is None:
        return county
    present = to_shape(boundary.geom)
    if not present.covers(shapely.box(*box)):
        west, south, east, north = shapely.union(present, _roomy(box)).bounds
        replace_boundary(boundary, shapely.box(west, south, east, north), kind="provisional")
        session.flush()
        report.notice("county_grown", name=county.name, extent=_told((west, south, east, north)))
    return county


def _roomy(box: Box) -> BaseGeometry:
    west, south, east, north = box
    return shapely.box(west - _ROOM_DEG, south - _ROOM_DEG, east + _ROOM_DEG, north + _ROOM_DEG)


def _stem(source: str) -> str:
    return source.split(".", maxsplit=1)[0] or source


def _told(box: Box) -> list[float]:
    return [round(value, 4) for value in box]
