"""The vector tile of patrol districts, and the district at a point."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import today
from geo.mvt import AROUND, BOUNDS, cut, drawn, drawn_whole, fit, frame, layer
from geo.nearby import NEAR, Spot
from geo.tile_address import Tile

#: Farther out a district is a few pixels.
SHOWN_FROM = 8
_HOLDS = "d.valid_from <= :today AND (d.valid_to IS NULL OR d.valid_to > :today)"
_PRESENT = (
    "WITH present AS MATERIALIZED (SELECT d.id, d.code, d.name, d.geom_tile, d.label_tile "
    f"FROM patrol_district AS d WHERE d.geom_tile && {AROUND} AND {_HOLDS} ORDER BY d.id LIMIT :most)"
)
# Rounding moves a shared border the same way for both neighbours; simplifying would not.
_DISTRICTS = (
    f"SELECT id, code, name, {drawn_whole('geom_tile', column='geom_tile', step=2)} AS geom FROM present"
)
# The one label of a district wider than two tiles may lie far beside the screen: every tile of which the
# district has a tenth shows the name. The browser writes the same name once nearby.
_LABEL = (
    "CASE WHEN greatest(ST_XMax(geom_tile) - ST_XMin(geom_tile), ST_YMax(geom_tile) - ST_YMin(geom_tile)) "
    f"< 2 * :side_m THEN label_tile WHEN ST_Area(ST_Intersection(geom_tile, {BOUNDS})) > 0.1 * :side_m ^ 2 "
    f"THEN ST_PointOnSurface(ST_Intersection(geom_tile, {BOUNDS})) END"
)
_LABELS = f"SELECT id, code, name, {drawn(_LABEL, margin=0)} AS geom FROM present"


def districts_tile(session: Session, tile: Tile) -> bytes:
    """Return districts and district_labels (id, code, name) of today, from zoom 8.

    Labels are points inside the districts: the middle of an L lies outside it. A district wider than two
    tiles has one in each tile that shows much of it.
    """
    if tile.z < SHOWN_FROM:
        return b""
    binds = {**tile.binds(), **frame(tile), "today": today(), "side_m": tile.size_m}
    layers = f"{layer('districts', _DISTRICTS)} || {layer('district_labels', _LABELS)}"

    def cut_share(share: float) -> bytes:
        return cut(session, layers, binds | {"most": int(1_000 * share)}, given=_PRESENT)

    return fit(cut_share)


def has_districts(session: Session) -> bool:
    """Tell whether there are districts of today in the session's scope."""
    found = session.scalar(
        text(f"SELECT EXISTS (SELECT FROM patrol_district AS d WHERE {_HOLDS})"), {"today": today()}
    )
    return bool(found)


def districts_at(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return the districts of today that hold `spot`: one, or two on their common border, by code.

    Columns: id, code, name, force (name, "" without one), geometry (GeoJSON text).
    """
    return session.execute(
        text(
            "SELECT d.id, d.code, d.name, coalesce(f.name, '') AS force, ST_AsGeoJSON(d.geom, 6) AS geometry "
            "FROM patrol_district AS d LEFT JOIN force AS f ON f.id = d.force_id "
            f"WHERE d.geom && {NEAR.point} AND ST_Intersects(d.geom, {NEAR.point}) AND {_HOLDS} "
            "ORDER BY d.code LIMIT :most"
        ),
        {**spot.binds(), "today": today()},
    ).all()
