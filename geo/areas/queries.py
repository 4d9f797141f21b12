"""Reads of areas and boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import NotFound
from geo.areas.code_scheme import CodeScheme, read_scheme
from geo.areas.models import Area, AreaBoundary, AreaName, GridRuleSet


def area_by_code(session: Session, code: str) -> Area:
    """Return the present area with `code`.

    Raises
    ------
    NotFound
        ``area_unknown`` (field `area`).
    """
    area = session.scalar(select(Area).where(Area.code == code, Area.valid_to.is_(None)).order_by(Area.id))
    if area is None:
        raise NotFound("area_unknown", area=code)
    return area


def area_by_id(session: Session, area_id: int) -> Area:
    """Return the area with `area_id`.

    Raises
    ------
    NotFound
        ``area_unknown`` (field `area` carries the id).
    """
    area = session.get(Area, area_id)
    if area is None:
        raise NotFound("area_unknown", area=str(area_id))
    return area


def counties(session: Session) -> Sequence[Area]:
    """Return the present counties the session may see, by code."""
    return session.scalars(
        select(Area).where(Area.level == "county", Area.valid_to.is_(None)).order_by(Area.code)
    ).all()


def hold_partition(session: Session, county_id: int) -> None:
    """Let all others who move boundaries of a county, or give its rows to areas, wait until the commit."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), _lock_of(county_id))


def keep_partition(session: Session, county_id: int) -> None:
    """Let the boundaries of a county stay as they are until the commit.

    Asked before an owner is looked up: a row stored under the owner of a moment ago would be seen by nobody
    whose it is. Those who ask do not wait for each other.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:what, 0))"), _lock_of(county_id)
    )


def _lock_of(county_id: int) -> dict[str, str]:
    return {"what": f"partition {county_id}"}


def code_scheme_of(session: Session, county_id: int) -> CodeScheme:
    """Return how codes are built in a county: by its rules in force, 6+3+3+3 where nobody has set any."""
    rules = session.scalar(
        select(GridRuleSet.rules)
        .where(GridRuleSet.area_id == county_id)
        .order_by(GridRuleSet.number.desc())
        .limit(1)
    )
    return read_scheme((rules or {}).get("codes", {}))


def grids_by_county(session: Session) -> dict[int, int]:
    """Return how many present grids the session sees, by county id; counties without grids are absent."""
    rows = session.execute(
        select(Area.county_id, func.count())
        .where(Area.level == "grid", Area.valid_to.is_(None))
        .group_by(Area.county_id)
    ).all()
    return {county: int(count) for county, count in rows}


def children(session: Session, area: Area) -> Sequence[Area]:
    """Return the present areas directly below `area`, by code."""
    return session.scalars(
        select(Area).where(Area.parent_id == area.id, Area.valid_to.is_(None)).order_by(Area.code)
    ).all()


def child_boundaries(session: Session, area: Area) -> list[tuple[Area, BaseGeometry]]:
    """Return the present areas directly below `area` with their boundaries (EPSG:4326), by code."""
    rows = session.execute(
        select(Area, func.ST_AsBinary(AreaBoundary.geom))
        .join(AreaBoundary, (AreaBoundary.area_id == Area.id) & AreaBoundary.valid.contains(today()))
        .where(Area.parent_id == area.id, Area.valid_to.is_(None))
        .order_by(Area.code)
    ).all()
    return [(child, shapely.from_wkb(bytes(wkb))) for child, wkb in rows]


def ancestors(session: Session, path: str) -> Sequence[Area]:
    """Return the areas along `path` from the county down, the last being the area itself."""
    ids = [int(label) for label in path.split(".")]
    found = {area.id: area for area in session.scalars(select(Area).where(Area.id.in_(ids)))}
    return [found[area_id] for area_id in ids if area_id in found]


def boundary_shape(session: Session, area_id: int, *, on: date | None = None) -> BaseGeometry | None:
    """Return the boundary (EPSG:4326 MultiPolygon) of an area as of a date, None when it has none."""
    element = session.scalar(
        select(AreaBoundary.geom).where(
            AreaBoundary.area_id == area_id, AreaBoundary.valid.contains(on or today())
        )
    )
    return to_shape(element) if element is not None else None


@dataclass(frozen=True, slots=True)
class DatedGrid:
    """A grid as of a date: code, name and ground (EPSG:4326) of that day, and the rows that say so."""

    area: Area
    code: str
    name: str
    shape: BaseGeometry
    boundary_id: int
    name_id: int


def dated_grids(session: Session, community_id: int, *, on: date | None = None) -> list[DatedGrid]:
    """Return the grids of a community as of a date, today without one, by the codes they had then."""
    day = on or today()
    rows = session.execute(
        select(
            Area,
            AreaName.code,
            AreaName.name,
            func.ST_AsBinary(AreaBoundary.geom),
            AreaBoundary.id,
            AreaName.id,
        )
        .join(AreaBoundary, (AreaBoundary.area_id == Area.id) & AreaBoundary.valid.contains(day))
        .join(AreaName, (AreaName.area_id == Area.id) & AreaName.valid.contains(day))
        .where(Area.parent_id == community_id, Area.level == "grid")
        .order_by(AreaName.code, Area.id)
    ).all()
    return [
        DatedGrid(row[0], row[1], row[2], shapely.from_wkb(bytes(row[3])), row[4], row[5]) for row in rows
    ]


def present_boundaries(
    session: Session, county_id: int, *, levels: Sequence[str]
) -> list[tuple[Area, BaseGeometry]]:
    """Return the present areas of a county at `levels` with their boundaries (EPSG:4326), deepest first."""
    rows = session.execute(
        select(Area, func.ST_AsBinary(AreaBoundary.geom))
        .join(AreaBoundary, AreaBoundary.area_id == Area.id)
        .where(
            Area.county_id == county_id,
            Area.level.in_(levels),
            Area.valid_to.is_(None),
            AreaBoundary.valid.contains(today()),
        )
        .order_by(func.nlevel(Area.path).desc(), Area.code)
    ).all()
    return [(area, shapely.from_wkb(bytes(wkb))) for area, wkb in rows]


def owner_chain(session: Session, lon: float, lat: float) -> Sequence[Row[Any]]:
    """Return (id, level, code, name, path) of the areas that hold the point, from the county down."""
    return session.execute(
        text(
            "SELECT a.id, a.level, a.code, a.name, a.path::text AS path "
            "FROM area_boundary AS b JOIN area AS a ON a.id = b.area_id, "
            "LATERAL (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point) AS p "
            "WHERE b.geom && p.point AND ST_Intersects(b.geom, p.point) AND b.valid @> :today "
            "AND a.valid_to IS NULL ORDER BY nlevel(a.path), a.code"
        ),
        {"lon": lon, "lat": lat, "today": today()},
    ).all()


def grids_near(session: Session, lon: float, lat: float, *, most: int) -> Sequence[Row[Any]]:
    """Return (id, code, name, community) of the present grids of the session's scope, nearest first."""
    return session.execute(
        text(
            "SELECT a.id, a.code, a.name, c.name AS community "
            "FROM area_boundary AS b JOIN area AS a ON a.id = b.area_id JOIN area AS c ON c.id = a.parent_id "
            "WHERE a.level = 'grid' AND a.valid_to IS NULL AND b.valid @> :today "
            "AND (SELECT app_scope()) @> a.path "
            "ORDER BY b.geom <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), a.id LIMIT :most"
        ),
        {"lon": lon, "lat": lat, "today": today(), "most": most},
    ).all()


def divided_ground(session: Session) -> Sequence[Row[Any]]:
    """Return the present communities of the session's scope with how much of each is divided, by code.

    Columns: id, code, name, town, area_m2, grid_count, grids_m2, open_sets (change sets not yet
    published), and the extent west, south, east, north. Sums of areas: quick for a whole county, but
    a gap and an overlap of the same size cancel out; geo.shapes.partition.flaws tells exactly.
    """
    return session.execute(
        text(
            "SELECT c.id, c.code, c.name, town.name AS town, b.area_m2, "
            "g.n AS grid_count, g.m2 AS grids_m2, s.n AS open_sets, "
            "ST_XMin(b.geom) AS west, ST_YMin(b.geom) AS south, "
            "ST_XMax(b.geom) AS east, ST_YMax(b.geom) AS north "
            "FROM area AS c JOIN area_boundary AS b ON b.area_id = c.id AND b.valid @> :today "
            "LEFT JOIN area AS town ON town.id = c.parent_id, "
            "LATERAL (SELECT count(*) AS n, coalesce(sum(gb.area_m2), 0) AS m2 FROM area AS ga "
            "JOIN area_boundary AS gb ON gb.area_id = ga.id AND gb.valid @> :today "
            "WHERE ga.parent_id = c.id AND ga.valid_to IS NULL) AS g, "
            "LATERAL (SELECT count(*) AS n FROM change_set AS cs WHERE cs.area_id = c.id "
            "AND cs.state IN ('draft', 'review', 'approved')) AS s "
            "WHERE c.level = 'community' AND c.valid_to IS NULL AND (SELECT app_scope()) @> c.path "
            "ORDER BY c.code"
        ),
        {"today": today()},
    ).all()


def tree(session: Session) -> Sequence[Row[Any]]:
    """Return (id, parent_id, level, code, name, path, west, south, east, north) of all present areas."""
    return session.execute(
        text(
            "SELECT a.id, a.parent_id, a.level, a.code, a.name, a.path::text AS path, "
            "ST_XMin(b.geom) AS west, ST_YMin(b.geom) AS south, "
            "ST_XMax(b.geom) AS east, ST_YMax(b.geom) AS north "
            "FROM area AS a LEFT JOIN area_boundary AS b ON b.area_id = a.id AND b.valid @> :today "
            "WHERE a.valid_to IS NULL ORDER BY a.path"
        ),
        {"today": today()},
    ).all()


def scope_extent(session: Session, paths: Sequence[str]) -> tuple[float, float, float, float] | None:
    """Return (west, south, east, north) of the boundaries of the areas at `paths`, None without any."""
    row = session.execute(
        text(
            "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM ("
            "SELECT ST_Extent(geom) AS box FROM area_boundary "
            "WHERE valid @> :today AND (area_path = ANY (CAST(:paths AS ltree[])) "
            "OR '' = ANY (:paths))) AS whole"
        ),
        {"today": today(), "paths": list(paths)},
    ).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])
