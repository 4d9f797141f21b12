"""The vector tile of listed areas, and those at a point."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo.mvt import AROUND, cut, drawn, layer
from geo.nearby import NEAR, Spot
from geo.tile_address import Tile
from incidents.listed.steps import HOLDING

#: What is declined, withdrawn, closed or carried on by a renewal leaves the map.
_SHOWN = "l.state IN ({})".format(", ".join(f"'{state.value}'" for state in HOLDING))


def listed_tile(session: Session, tile: Tile) -> bytes:
    """Return listed (id, state) and listed_labels (id, name, state), from the proposal to the re-check.

    Labels are points inside the areas: the middle of an L lies outside it.
    """
    return cut(session, f"{layer('listed', _LISTED)} || {layer('listed_labels', _LABELS)}", tile.binds())


_FROM = f"FROM listed_area AS l WHERE l.geom_tile && {AROUND} AND {_SHOWN} ORDER BY l.id LIMIT 500"
_LISTED = f"SELECT l.id, l.state, {drawn('l.geom_tile')} AS geom {_FROM}"
_LABELS = f"SELECT l.id, l.name, l.state, {drawn('l.label_tile', margin=0)} AS geom {_FROM}"


def listed_at(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return the listed areas on the map that hold `spot`.

    Columns: id, name, state, ends_on, geometry (GeoJSON text).
    """
    return session.execute(
        text(
            "SELECT l.id, l.name, l.state, l.ends_on, ST_AsGeoJSON(l.geom, 6) AS geometry "
            "FROM listed_area AS l "
            f"WHERE l.geom && {NEAR.point} AND ST_Intersects(l.geom, {NEAR.point}) AND {_SHOWN} "
            "ORDER BY l.id LIMIT :most"
        ),
        spot.binds(),
    ).all()
