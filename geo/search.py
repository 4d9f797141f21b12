"""Finding a place by words: areas, streets, key places and dwellings, inside the reader's scope."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import today

MOST_OF_A_KIND = 8


def _pattern(words: str) -> str:
    return "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def find_areas(session: Session, words: str) -> Sequence[Row[Any]]:
    """Return (id, level, code, name, above, lon, lat, west, south, east, north) by name or code.

    Whole names and beginnings come first, then larger areas.
    """
    return session.execute(
        text(
            "SELECT a.id, a.level, a.code, a.name, p.name AS above, "
            "ST_X(ST_PointOnSurface(b.geom)) AS lon, ST_Y(ST_PointOnSurface(b.geom)) AS lat, "
            "ST_XMin(b.geom) AS west, ST_YMin(b.geom) AS south, ST_XMax(b.geom) AS east, "
            "ST_YMax(b.geom) AS north FROM (SELECT a.* FROM area AS a WHERE a.valid_to IS NULL "
            "AND (a.name ILIKE :pattern OR a.code LIKE :start) "
            "ORDER BY a.name = :words OR a.code = :words DESC, nlevel(a.path), a.code LIMIT :most) AS a "
            "JOIN area_boundary AS b ON b.area_id = a.id AND b.valid @> CAST(:today AS date) "
            "LEFT JOIN area AS p ON p.id = a.parent_id "
            "ORDER BY a.name = :words OR a.code = :words DESC, nlevel(a.path), a.code"
        ),
        {
            "pattern": _pattern(words),
            "start": _pattern(words)[1:],
            "words": words,
            "today": today(),
            "most": MOST_OF_A_KIND,
        },
    ).all()


def find_roads(session: Session, words: str) -> Sequence[Row[Any]]:
    """Return (id, name, lon, lat, west, south, east, north) of streets in the counties of the scope.

    Sections of one name in one county are one street; the point is the middle of its longest section.
    """
    return session.execute(
        text(
            "SELECT id, name, ST_X(middle) AS lon, ST_Y(middle) AS lat, ST_XMin(box) AS west, "
            "ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north FROM ("
            "SELECT min(r.id) AS id, r.name, ST_Extent(r.geom) AS box, "
            "(array_agg(ST_LineInterpolatePoint(r.geom, 0.5) ORDER BY r.length_m DESC))[1] AS middle "
            "FROM road_section AS r WHERE r.name ILIKE :pattern "
            "AND r.county_id IN (SELECT id FROM area WHERE level = 'county') "
            "GROUP BY r.county_id, r.name ORDER BY r.name = :words DESC, length(r.name), r.name LIMIT :most"
            ") AS street"
        ),
        {"pattern": _pattern(words), "words": words, "most": MOST_OF_A_KIND},
    ).all()


def find_places(session: Session, words: str) -> Sequence[Row[Any]]:
    """Return (id, kind, name, address, lon, lat) of key places by name."""
    return session.execute(
        text(
            "SELECT id, kind, name, address, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM place "
            "WHERE name ILIKE :pattern ORDER BY name = :words DESC, length(name), name LIMIT :most"
        ),
        {"pattern": _pattern(words), "words": words, "most": MOST_OF_A_KIND},
    ).all()


def find_dwellings(session: Session, words: str) -> Sequence[Row[Any]]:
    """Return (id, address, plate, grid, lon, lat) of dwellings by door plate or part of the address."""
    return session.execute(
        text(
            "SELECT d.id, d.address, d.plate, a.name AS grid, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat "
            "FROM search_dwelling(:words, 50) AS d JOIN area AS a ON a.path = d.area_path "
            "ORDER BY d.plate = :words DESC, length(d.address), d.address, d.id LIMIT :most"
        ),
        {"words": words, "most": MOST_OF_A_KIND},
    ).all()
