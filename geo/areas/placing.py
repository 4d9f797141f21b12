"""Placing the rows of a table: in which county, in which area, or why nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely
from geoalchemy2.shape import to_shape

from core.errors import InvalidInput
from core.intake.bulk import hex_wkb
from core.intake.coordinate import OK, REASONS, judge_coordinates
from geo.areas.county import CountyWish, boundary_of, county_for, robust_box
from geo.areas.locate import NOWHERE, Locator, Owner, load_locator
from geo.areas.queries import counties, keep_partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from core.intake.points import PointTable
    from core.intake.report import ImportReport
    from geo.areas.models import Area


@dataclass(frozen=True, slots=True)
class Placement:
    """Where rows lie: the county, and per row its area (index into the locator) or the reason for none."""

    county: Area
    locator: Locator
    area: NDArray[np.int64]
    reason: NDArray[np.int8]

    def owner(self, index: int) -> Owner | None:
        """Return the owner of a row, None when the row cannot be placed."""
        place = int(self.area[index])
        return None if place == NOWHERE else self.locator.owners[place]

    def why_not(self, index: int) -> str:
        """Return the reason code of a row that cannot be placed."""
        return REASONS[int(self.reason[index])]


class Record(Protocol):
    """What was read from one row of a table; `index` is the row's place in it."""

    @property
    def index(self) -> int:
        """The row's place in the table."""


@dataclass(frozen=True, slots=True)
class Placed[R: Record]:
    """A record with the area that owns it and its point in the form COPY takes."""

    record: R
    owner: Owner
    geom: str


def place_records[R: Record](
    session: Session, points: PointTable, records: Sequence[R], *, wish: CountyWish, report: ImportReport
) -> tuple[Area, list[Placed[R]]]:
    """Return the county of the rows, and the records with their owners; refuse those that lie nowhere.

    Raises
    ------
    InvalidInput
        What `place_rows` raises; ``nothing_usable`` when no record could be placed.
    """
    placement = place_rows(session, points, wish, report)
    where = np.array([record.index for record in records], np.int64)
    geoms = hex_wkb(shapely.points(points.lon[where], points.lat[where]))
    placed: list[Placed[R]] = []
    for record, geom in zip(records, geoms, strict=True):
        owner = placement.owner(record.index)
        if owner is None:
            report.refuse([points.refusal(record.index, placement.why_not(record.index))])
        else:
            placed.append(Placed(record, owner, geom))
    if not placed:
        raise InvalidInput("nothing_usable", **report.why_nothing())
    return placement.county, placed


def place_rows(session: Session, points: PointTable, wish: CountyWish, report: ImportReport) -> Placement:
    """Find the county of the rows and the smallest area of each.

    Raises
    ------
    InvalidInput
        ``nothing_usable`` when no row has a usable coordinate, ``coordinates_swapped`` when the columns of
        longitude and latitude are exchanged throughout, and what `county_for` raises.
    """
    first = judge_coordinates(points.lon, points.lat)
    usable = first == REASONS.index(OK)
    if not usable.any():
        told = {REASONS[code]: int((first == code).sum()) for code in np.unique(first)}
        raise InvalidInput("nothing_usable", file=report.source, refused=told)
    box = robust_box(points.lon[usable], points.lat[usable])
    try:
        county = county_for(session, box, wish, report)
    except InvalidInput:
        _tell_swapped(session, box)
        raise
    boundary = boundary_of(session, county)
    limits = shapely.bounds(to_shape(boundary.geom)) if boundary is not None else None
    frame = None if limits is None else (limits[0], limits[1], limits[2], limits[3])
    reason = judge_coordinates(points.lon, points.lat, frame)
    keep_partition(session, county.id)
    locator = load_locator(session, county.id)
    area = np.full(len(reason), NOWHERE, np.int64)
    inside = np.flatnonzero(reason == REASONS.index(OK))
    area[inside] = locator.locate(
        np.asarray(shapely.points(points.lon[inside], points.lat[inside]), dtype=object)
    )
    reason[inside[area[inside] == NOWHERE]] = REASONS.index("coordinate_outside")
    return Placement(county, locator, area, reason)


def _tell_swapped(session: Session, box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    exchanged = shapely.box(south, west, north, east)
    for county in counties(session):
        boundary = boundary_of(session, county)
        if boundary is not None and to_shape(boundary.geom).intersects(exchanged):
            raise InvalidInput("coordinates_swapped", county=county.name)
