"""Making areas, giving them boundaries and names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import InvalidInput
from core.text import visible
from geo.areas.models import LEVELS, Area, AreaBoundary, AreaName
from geo.shapes.crs import area_m2
from geo.shapes.snap import snap

#: Longer names do not fit a label on the map.
NAME_LIMIT = 40


@dataclass(frozen=True, slots=True)
class NewArea:
    """What an area is made of. `boundary` is EPSG:4326, None while nobody has drawn it."""

    level: str
    code: str
    name: str
    boundary: BaseGeometry | None = None
    kind: str = ""
    boundary_kind: str = "published"
    valid_from: date | None = None


def create_area(session: Session, new: NewArea, parent: Area | None) -> Area:
    """Store an area below `parent` (None for a county) with its boundary; flushed, not committed.

    Raises
    ------
    InvalidInput
        ``area_level_wrong``: the level does not lie below the parent's.
    """
    return create_areas(session, [(new, parent)])[0]


def create_areas(session: Session, wanted: Sequence[tuple[NewArea, Area | None]]) -> list[Area]:
    """Store areas below parents that are stored, as `create_area` does one, in few statements."""
    for new, parent in wanted:
        above = LEVELS.index(parent.level) if parent else -1
        if new.level not in LEVELS or LEVELS.index(new.level) <= above:
            raise InvalidInput("area_level_wrong", area=new.code, level=new.level)
    # The path holds the area's own id, so the ids are drawn from the sequence first.
    ids = session.scalars(
        text("SELECT nextval(pg_get_serial_sequence('area', 'id')) FROM generate_series(1, :count)"),
        {"count": len(wanted)},
    ).all()
    areas = [_area(int(area_id), new, parent) for area_id, (new, parent) in zip(ids, wanted, strict=True)]
    session.add_all(areas)
    session.flush()
    session.add_all(_called(area, day=area.valid_from) for area in areas)
    session.add_all(
        _boundary(area, new.boundary, new.boundary_kind)
        for area, (new, _) in zip(areas, wanted, strict=True)
        if new.boundary is not None
    )
    session.flush()
    return areas


def _area(area_id: int, new: NewArea, parent: Area | None) -> Area:
    return Area(
        id=area_id,
        county_id=parent.county_id if parent else area_id,
        parent_id=parent.id if parent else None,
        path=f"{parent.path}.{area_id}" if parent else str(area_id),
        level=new.level,
        kind=new.kind,
        code=new.code,
        name=visible(new.name),
        valid_from=new.valid_from or today(),
    )


def add_boundary(
    session: Session, area: Area, shape: BaseGeometry, *, kind: str = "published"
) -> AreaBoundary:
    """Give `area` the boundary `shape` (EPSG:4326), snapped, from its first day on."""
    boundary = _boundary(area, shape, kind)
    session.add(boundary)
    session.flush()
    return boundary


def _boundary(area: Area, shape: BaseGeometry, kind: str) -> AreaBoundary:
    snapped = as_multipolygon(snap(shape))
    return AreaBoundary(
        county_id=area.county_id,
        area_id=area.id,
        area_path=area.path,
        valid=Range(area.valid_from, None),
        kind=kind,
        geom=from_shape(snapped, srid=4326),
        area_m2=area_m2(snapped),
    )


def name_area(session: Session, area: Area, *, code: str, name: str, day: date) -> None:
    """Give an area another code and name from `day` on; what it was called before stays on record."""
    end_name(session, area, day)
    area.code, area.name = code, visible(name)
    session.flush()
    session.add(_called(area, day=day))
    session.flush()


def end_name(session: Session, area: Area, day: date) -> None:
    """End what an area is called now before `day`: it gets another name, or is no more."""
    for row in session.scalars(
        select(AreaName).where(AreaName.area_id == area.id, func.upper_inf(AreaName.valid))
    ):
        row.valid = ended(row.valid, day)
    session.flush()


def ended(valid: Range[date], day: date) -> Range[date]:
    """Return a range that ends before `day`; what began that very day was never valid: an empty range."""
    return Range(valid.lower, day) if valid.lower is None or valid.lower < day else Range(empty=True)


def _called(area: Area, *, day: date) -> AreaName:
    return AreaName(
        county_id=area.county_id,
        area_id=area.id,
        area_path=area.path,
        valid=Range(day, None),
        code=area.code,
        name=area.name,
    )


def as_multipolygon(shape: BaseGeometry) -> MultiPolygon:
    """Return the polygons of `shape` as one MultiPolygon; lines and points that snapping left are dropped."""
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon)])
