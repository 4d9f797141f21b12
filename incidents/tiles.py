"""Vector tiles of incidents and hotspots, and those at a point."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import now
from core.db import scope_of
from geo.mvt import AROUND, CELL_MARGIN, cut, drawn, layer
from geo.nearby import NEAR, Spot
from geo.tile_address import DEEPEST_CELL, WORLD_M, Tile, cell_zoom

#: Periods a reader may choose, in days.
PERIODS_DAYS = (7, 28, 90, 365)
#: From this zoom incidents are drawn one by one, unless a tile holds more than `MOST_POINTS`.
POINTS_FROM = 14
MOST_POINTS = 4_000


def newest_incident(session: Session) -> datetime | None:
    """Return when the newest incident in the session's scope occurred, None without any."""
    found: datetime | None = session.scalar(
        text(
            "SELECT max(newest.occurred_at) FROM unnest(CAST(:counties AS bigint[])) AS county, "
            "LATERAL (SELECT i.occurred_at FROM incident AS i WHERE i.county_id = county "
            "ORDER BY i.occurred_at DESC LIMIT 1) AS newest"
        ),
        {"counties": counties_of(session)},
    )
    return found


def counties_of(session: Session) -> list[int]:
    """Return the ids of the counties the session's scope lies in."""
    paths = scope_of(session).paths
    if "" in paths:
        return list(session.scalars(text("SELECT id FROM area WHERE level = 'county'")))
    return sorted({int(path.partition(".")[0]) for path in paths})


def reference_moment(newest: datetime | None, moment: datetime | None = None) -> datetime:
    """Return the moment "the last days" are counted back from.

    It is now, or the newest incident where the data ended more than 28 days ago: a register of
    past years is then shown by its own last days instead of as an empty map.
    """
    present = moment or now()
    if newest is not None and present - newest > timedelta(days=28):
        return newest
    return present


def incidents_tile(session: Session, tile: Tile, *, until: datetime, days: int) -> bytes:
    """Return incidents (id, group, age_days) of the `days` before `until`, or cells (n) where too many."""
    binds = {
        **tile.binds(),
        "since": until - timedelta(days=days),
        "until": until,
        "counties": counties_of(session),
        "most": MOST_POINTS,
    }
    points = _points(session, binds) if tile.z >= POINTS_FROM else None
    return cut(session, layer("cells", _CELLS), binds | _squares(tile)) if points is None else points


def _squares(tile: Tile) -> dict[str, Any]:
    levels = DEEPEST_CELL - cell_zoom(tile.z)
    return {
        **tile.squares(DEEPEST_CELL, ring=1 << levels),  # one cell more on each side
        "levels": levels,
        "square_m": WORLD_M / (1 << DEEPEST_CELL),
        "half": WORLD_M / 2,
    }


def _points(session: Session, binds: dict[str, Any]) -> bytes | None:
    """Return the tile of single incidents (under 30 bytes each), None when there are too many."""
    few = "(SELECT count(*) FROM near) <= :most"
    points = f"CASE WHEN {few} THEN {layer('incidents', _INCIDENTS)} END"
    found: memoryview | bytes | None = session.scalar(text(f"{_NEAR} SELECT {points}"), binds)
    return None if found is None else bytes(found)


# The county is named for the index on (county_id, occurred_at); policies would hide other counties anyway.
_WHEN = "i.county_id = ANY (:counties) AND i.occurred_at > :since AND i.occurred_at <= :until"
_IN_TILE = f"i.geom_tile && {AROUND} AND {_WHEN}"
# The mean of the squares of zoom 20 (33 m wide), which is within two pixels of that of the incidents.
_MEAN = (
    "ST_SetSRID(ST_MakePoint((sum(square_x)::float / count(*) + 0.5) * :square_m - :half, "
    ":half - (sum(square_y)::float / count(*) + 0.5) * :square_m), 3857)"
)
# Nothing but what ix_incident_time holds: the table itself is not read.
_CELLS = (
    f"SELECT count(*)::int AS n, {drawn(_MEAN, margin=CELL_MARGIN)} AS geom FROM incident AS i "
    f"WHERE {_WHEN} AND square_x BETWEEN :west AND :east AND square_y BETWEEN :north AND :south "
    "GROUP BY square_x >> :levels, square_y >> :levels ORDER BY 1 DESC LIMIT 5000"
)
# One more than can be drawn, to know that they are too many. The groups of types are looked up in one value:
# the planner takes what it finds for few rows and would go through all types for each.
_NEAR = (
    "WITH near AS MATERIALIZED (SELECT i.id, i.type_code, i.occurred_at, i.geom_tile FROM incident AS i "
    f"WHERE {_IN_TILE} LIMIT :most + 1), "
    "kind AS MATERIALIZED (SELECT jsonb_object_agg(code, coalesce(parent_code, code)) AS groups "
    "FROM incident_type)"
)
_INCIDENTS = (
    'SELECT id, (SELECT groups FROM kind) ->> type_code AS "group", '
    "floor(extract(epoch FROM CAST(:until AS timestamptz) - occurred_at) / 86400)::int AS age_days, "
    f"{drawn('geom_tile')} AS geom FROM near ORDER BY occurred_at DESC"
)


def hotspots_tile(session: Session, tile: Tile) -> bytes:
    """Return hotspots (id, rank, certainty) and hotspot_labels (id, rank) that have not expired.

    Certainty is 1 - q. Labels are points inside the places: the middle of an L lies outside it.
    """
    layers = f"{layer('hotspots', _HOTSPOTS)} || {layer('hotspot_labels', _HOTSPOT_LABELS)}"
    return cut(session, layers, {**tile.binds(), "now": now()})


_HOTSPOTS = (
    "SELECT h.id, h.rank, round((1 - h.q_value)::numeric, 4)::float AS certainty, "
    f"{drawn('h.geom_tile')} AS geom FROM hotspot AS h "
    f"WHERE h.geom_tile && {AROUND} AND h.expires_at > :now ORDER BY h.rank, h.id LIMIT 500"
)

_HOTSPOT_LABELS = (
    f"SELECT h.id, h.rank, {drawn('ST_PointOnSurface(h.geom_tile)')} AS geom FROM hotspot AS h "
    f"WHERE h.geom_tile && {AROUND} AND h.expires_at > :now ORDER BY h.rank, h.id LIMIT 500"
)


def incidents_near(session: Session, spot: Spot, *, until: datetime, days: int) -> Sequence[Row[Any]]:
    """Return incidents at `spot` of the `days` before `until`, nearest first.

    Columns: id, type_code, name_zh, name_en, occurred_at, state, source, lon, lat, distance_m.
    """
    return session.execute(
        text(
            "SELECT t.id, t.type_code, k.name_zh, k.name_en, t.occurred_at, t.state, t.source, "
            f"ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat, {NEAR.distance} AS distance_m "
            "FROM incident AS t JOIN incident_type AS k ON k.code = t.type_code "
            f"WHERE {NEAR.condition} AND t.occurred_at > :since AND t.occurred_at <= :until "
            "ORDER BY distance_m, t.occurred_at DESC, t.id LIMIT :most"
        ),
        {**spot.binds(), "since": until - timedelta(days=days), "until": until},
    ).all()


def hotspots_at(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return the present hotspots that hold `spot`, best first.

    Columns: id, rank, name, observed, expected, q_value, geometry (GeoJSON text).
    """
    return session.execute(
        text(
            "SELECT t.id, t.rank, t.name, t.observed, t.expected, t.q_value, "
            "ST_AsGeoJSON(t.geom, 6) AS geometry FROM hotspot AS t "
            f"WHERE t.geom && {NEAR.point} AND ST_Intersects(t.geom, {NEAR.point}) AND t.expires_at > :now "
            "ORDER BY t.rank, t.id LIMIT :most"
        ),
        {**spot.binds(), "now": now()},
    ).all()
