"""Reads of overlays: layers of their own over the ground that grids divide (S3)."""

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import today
from geo.areas.overlays import overlay_tables
from geo.boundaries.queries import Box


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A piece of an overlay: code, name and shape (EPSG:4326)."""

    code: str
    name: str
    shape: BaseGeometry


def overlay_in(session: Session, overlay: str, county_id: int, box: Box) -> list[Overlaid]:
    """Return the pieces of a county's overlay today whose box meets a box west, south, east, north, by code.

    What an overlay is, see `geo.areas.overlays`.
    """
    west, south, east, north = box
    found: list[Overlaid] = []
    for table in overlay_tables(overlay):
        rows = session.execute(
            text(
                f"SELECT t.code, t.name, ST_AsBinary(t.geom) FROM {table.name} AS t "  # noqa: S608 - our model
                "WHERE t.county_id = :county "
                "AND t.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) "
                "AND t.valid_from <= :today AND (t.valid_to IS NULL OR t.valid_to > :today) ORDER BY t.code"
            ),
            {"county": county_id, "west": west, "south": south, "east": east, "north": north,
             "today": today()},
        ).all()  # fmt: skip
        found += [Overlaid(code, name, shapely.from_wkb(bytes(wkb))) for code, name, wkb in rows]
    return found
