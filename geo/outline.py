"""Boundaries as GeoJSON, to snap drawings to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import today

MOST = 400


def boundaries_in(
    session: Session, bbox: tuple[float, float, float, float], *, levels: Sequence[str]
) -> Sequence[Row[Any]]:
    """Return (id, level, code, name, geometry) of present boundaries that meet `bbox`.

    `bbox` is west, south, east, north (EPSG:4326); geometry is GeoJSON text with the stored seven
    decimals; smaller areas first; at most `MOST` + 1 rows, so that a reader can tell there are more.
    """
    west, south, east, north = bbox
    return session.execute(
        text(
            "SELECT a.id, a.level, a.code, a.name, ST_AsGeoJSON(b.geom, 7) AS geometry "
            "FROM area_boundary AS b JOIN area AS a ON a.id = b.area_id "
            "WHERE b.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) "
            "AND b.valid @> CAST(:today AS date) AND a.valid_to IS NULL AND a.level = ANY (:levels) "
            "ORDER BY nlevel(a.path) DESC, a.code LIMIT :most"
        ),
        {
            "west": west,
            "south": south,
            "east": east,
            "north": north,
            "today": today(),
            "levels": list(levels),
            "most": MOST + 1,
        },
    ).all()
