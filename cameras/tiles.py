"""Vector tiles of cameras and what they see, and the cameras near a point."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo.mvt import AROUND, AROUND_CELLS, BY_SQUARE, MEAN_POINT, XY, cut, drawn, fit, layer
from geo.nearby import NEAR, Spot
from geo.tile_address import WORLD_M, Tile, cell_zoom

#: From this zoom cameras are drawn one by one.
POINTS_FROM = 13
VIEWS_FROM = 14


def cameras_tile(session: Session, tile: Tile) -> bytes:
    """Return cameras (id, status, kind, bearing, fov), below zoom 13 cells (n)."""
    if tile.z < POINTS_FROM:
        binds = {**tile.binds(), "square_m": WORLD_M / (1 << cell_zoom(tile.z)), "half": WORLD_M / 2}
        return cut(session, layer("cells", _CELLS), binds)

    def cut_share(share: float) -> bytes:
        return cut(session, layer("cameras", _CAMERAS), {**tile.binds(), "most": int(4_000 * share)})

    return fit(cut_share)


_CELLS = (
    f"SELECT count(*)::int AS n, {MEAN_POINT} AS geom "
    f"FROM (SELECT {XY} FROM camera WHERE geom_tile && {AROUND_CELLS} OFFSET 0) AS point "
    f"GROUP BY {BY_SQUARE} ORDER BY 1 DESC LIMIT 5000"
)
_CAMERAS = (
    "SELECT id, status, kind, round(bearing_deg::numeric, 1)::float AS bearing, "
    f"round(view_angle_deg::numeric, 1)::float AS fov, {drawn('geom_tile')} AS geom "
    f"FROM camera WHERE geom_tile && {AROUND} ORDER BY id LIMIT :most"
)


def camera_views_tile(session: Session, tile: Tile) -> bytes:
    """Return camera_views (id of the camera) of working cameras, from zoom 14."""
    if tile.z < VIEWS_FROM:
        return b""
    binds = {**tile.binds(), "tolerance": tile.pixel_m / 2}

    def cut_share(share: float) -> bytes:
        return cut(session, layer("camera_views", _VIEWS), binds | {"most": int(2_000 * share)})

    return fit(cut_share)


_VIEWS = (
    f"SELECT v.camera_id AS id, {drawn('ST_Simplify(v.geom_tile, :tolerance)')} AS geom "
    "FROM camera_view AS v JOIN camera AS c ON c.id = v.camera_id "
    f"WHERE v.geom_tile && {AROUND} AND c.status = 'working' ORDER BY v.area_m2 DESC LIMIT :most"
)


def cameras_near(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return cameras at `spot`, nearest first.

    Columns: id, name, kind, status, bearing, fov (degrees), lon, lat, distance_m.
    """
    return session.execute(
        text(
            "SELECT t.id, t.name, t.kind, t.status, t.bearing_deg AS bearing, t.view_angle_deg AS fov, "
            f"ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat, {NEAR.distance} AS distance_m "
            f"FROM camera AS t WHERE {NEAR.condition} ORDER BY distance_m, t.id LIMIT :most"
        ),
        spot.binds(),
    ).all()
