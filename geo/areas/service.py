"""Making areas, giving them boundaries and names."""

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
    above = LEVELS.index(parent.level) if parent else -1
    if new.level not in LEVELS or LEVELS.index(new.level) <= above:
        raise InvalidInput("area_level_wrong", area=new.code, level=new.level)
    # The path holds the area's own id, so the id is drawn from the sequence first.
    area_id: int = session.execute(text("SELECT nextval(pg_get_serial_sequence('area', 'id'))")).scalar_one()
    area = Area(
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
    session.add(area)
    session.flush()
    _call(session, area, day=area.valid_from)
    if new.boundary is not None:
        add_boundary(session, area, new.boundary, kind=new.boundary_kind)
    return area


def add_boundary(
    session: Session, area: Area, shape: BaseGeometry, *, kind: str = "published"
) -> AreaBoundary:
    """Give `area` the boundary `shape` (EPSG:4326), snapped, from its first day on."""
    snapped = as_multipolygon(snap(shape))
    boundary = AreaBoundary(
        county_id=area.county_id,
        area_id=area.id,
        area_path=area.path,
        valid=Range(area.valid_from, None),
        kind=kind,
        geom=from_shape(snapped, srid=4326),
        area_m2=area_m2(snapped),
    )
    session.add(boundary)
    session.flush()
    return boundary


def name_area(session: Session, area: Area, *, code: str, name: str, day: date) -> None:
    """Give an area another code and name from `day` on; what it was called before stays on record."""
    end_name(session, area, day)
    area.code, area.name = code, visible(name)
    session.flush()
    _call(session, area, day=day)


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


def _call(session: Session, area: Area, *, day: date) -> None:
    session.add(
        AreaName(
            county_id=area.county_id,
            area_id=area.id,
            area_path=area.path,
            valid=Range(day, None),
            code=area.code,
            name=area.name,
        )
    )
    session.flush()


def as_multipolygon(shape: BaseGeometry) -> MultiPolygon:
    """Return the polygons of `shape` as one MultiPolygon; lines and points that snapping left are dropped."""
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon)])
