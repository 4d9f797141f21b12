"""Reads of dwellings and households: due lists, cards, counts. Nothing here reads a name or phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import NotFound
from core.settings import settings

_COUNTED_ZOOM = 8


@dataclass(frozen=True, slots=True)
class VisitTally:
    """How the dwellings of a scope stand: all that are lived in, those due, those seen in time."""

    total: int
    due: int
    overdue: int
    fresh: int


def visit_tally(session: Session) -> VisitTally:
    """Count the inhabited dwellings of the session's scope by the age of their last visit.

    Due: the visit interval (setting ``visit_interval_days``) has passed; overdue: twice that, or never seen.
    """
    row = session.execute(
        text(
            "SELECT count(*) AS total, "
            "count(*) FILTER (WHERE last_visit_on < :due_before "
            "AND last_visit_on >= :overdue_before) AS due, "
            "count(*) FILTER (WHERE last_visit_on IS NULL OR last_visit_on < :overdue_before) AS overdue "
            "FROM dwelling WHERE tenure <> 'vacant'"
        ),
        visit_limits(),
    ).one()
    return VisitTally(row.total, row.due, row.overdue, row.total - row.due - row.overdue)


def dwellings_by_county(session: Session) -> dict[int, int]:
    """Return how many dwellings the session sees, by county id; counties without dwellings are absent."""
    # Counted in the squares of one zoom, not row by row: a county has up to a million dwellings.
    rows = session.execute(
        text(
            "SELECT county_id, sum(dwelling_count) AS n FROM dwelling_cell WHERE zoom = :zoom "
            "GROUP BY county_id"
        ),
        {"zoom": _COUNTED_ZOOM},
    ).all()
    return {row.county_id: int(row.n) for row in rows}


def due_list(
    session: Session,
    *,
    lon: float,
    lat: float,
    state: str = "all_due",
    order: str = "nearest",
    offset: int = 0,
    limit: int = 30,
) -> Sequence[Row[Any]]:
    """Return dwellings, each with its household's masked head and its distance from (lon, lat).

    `state` is one of `DUE_STATES`, `order` one of `DUE_ORDERS`. Distances are metres on the sphere.
    """
    return session.execute(
        text(
            "SELECT d.id, d.address, d.plate, d.building_no, d.unit_no, d.room_no, d.tenure, "
            "d.last_visit_on, h.head_masked, h.occupant_count, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat, "
            "ST_DistanceSphere(d.geom, p.point) AS distance_m, "
            f"{_STATE} AS state "
            "FROM dwelling AS d LEFT JOIN household AS h ON h.dwelling_id = d.id AND h.moved_out_on IS NULL, "
            "LATERAL (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point) AS p "
            f"WHERE d.tenure <> 'vacant' AND {_CONDITIONS[state]} "
            f"ORDER BY {_ORDERS[order]} LIMIT :limit OFFSET :offset"
        ),
        {"lon": lon, "lat": lat, "limit": min(limit, 200), "offset": offset, **visit_limits()},
    ).all()


def due_export(
    session: Session, *, state: str, order: str = "address", limit: int = 50_000
) -> Sequence[Row[Any]]:
    """Return the rows of `due_list` for a file, by grid and then in `order`; distance is none for a file."""
    within = _ORDERS["address" if order == "nearest" else order]
    return session.execute(
        text(
            "SELECT a.code AS grid_code, a.name AS grid, d.address, d.plate, d.building_no, d.unit_no, "
            "d.room_no, h.head_masked, h.phone_masked, h.occupant_count, d.last_visit_on, "
            f"{_STATE} AS state "
            "FROM dwelling AS d JOIN area AS a ON a.id = d.area_id "
            "LEFT JOIN household AS h ON h.dwelling_id = d.id AND h.moved_out_on IS NULL "
            f"WHERE d.tenure <> 'vacant' AND {_CONDITIONS[state]} "
            f"ORDER BY a.code, {within} LIMIT :limit"
        ),
        {"limit": limit, **visit_limits()},
    ).all()


def dwelling_card(session: Session, dwelling_id: int) -> Row[Any]:
    """Return one dwelling with its household (masked), grid, state and version.

    Raises
    ------
    NotFound
        ``dwelling_unknown``: it does not exist or lies outside the session's scope.
    """
    row = session.execute(
        text(
            "SELECT d.id, d.address, d.plate, d.building_no, d.unit_no, d.room_no, d.tenure, d.rooms, "
            "d.last_visit_on, d.version_id, a.name AS grid, a.code AS grid_code, a.path::text AS path, "
            "h.id AS household_id, h.head_masked, h.phone_masked, h.occupant_count, h.moved_in_on, "
            f"ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat, {_STATE} AS state "
            "FROM dwelling AS d JOIN area AS a ON a.id = d.area_id "
            "LEFT JOIN household AS h ON h.dwelling_id = d.id AND h.moved_out_on IS NULL WHERE d.id = :id"
        ),
        {"id": dwelling_id, **visit_limits()},
    ).one_or_none()
    if row is None:
        raise NotFound("dwelling_unknown", id=dwelling_id)
    return row


def gone_dwelling(session: Session, dwelling_id: int) -> Row[Any] | None:
    """Return (area_path, code, name, gone_at) of a dwelling that left the session's scope, else None.

    `code` and `name` are of the grid it belongs to; `gone_at` is when a publication, or somebody by hand,
    gave it there. The database answers only where the dwelling was in the scope before.
    """
    return session.execute(
        text("SELECT area_path::text, code, name, gone_at FROM gone_dwelling(:id)"), {"id": dwelling_id}
    ).one_or_none()


def dwellings_at(session: Session, dwelling_id: int) -> Sequence[Row[Any]]:
    """Return the dwellings that share the entrance point of `dwelling_id`, by unit and room."""
    return session.execute(
        text(
            "SELECT d.id, d.address, d.plate, d.unit_no, d.room_no, d.tenure, d.last_visit_on, "
            f"h.head_masked, h.occupant_count, {_STATE} AS state "
            "FROM dwelling AS d LEFT JOIN household AS h ON h.dwelling_id = d.id AND h.moved_out_on IS NULL "
            "WHERE d.geom && (SELECT geom FROM dwelling WHERE id = :id) "
            "AND d.geom = (SELECT geom FROM dwelling WHERE id = :id) "
            "ORDER BY length(d.unit_no), d.unit_no, length(d.room_no), d.room_no, d.id LIMIT 500"
        ),
        {"id": dwelling_id, **visit_limits()},
    ).all()


def recent_visits(session: Session, dwelling_id: int) -> Sequence[Row[Any]]:
    """Return the ten latest visits: (id, visited_at, created_at, outcome, note, actor_id, by)."""
    return session.execute(
        text(
            "SELECT v.id, v.visited_at, v.created_at, v.outcome, v.note, v.actor_id, a.name AS by "
            "FROM visit AS v "
            "JOIN account AS a ON a.id = v.actor_id WHERE v.dwelling_id = :id "
            "ORDER BY v.visited_at DESC, v.id DESC LIMIT 10"
        ),
        {"id": dwelling_id},
    ).all()


#: What each filter of the due list asks of a dwelling.
_CONDITIONS = {
    "all_due": "(d.last_visit_on IS NULL OR d.last_visit_on < :due_before)",
    "overdue": "(d.last_visit_on IS NULL OR d.last_visit_on < :overdue_before)",
    "due": "d.last_visit_on < :due_before AND d.last_visit_on >= :overdue_before",
    "fresh": "d.last_visit_on >= :due_before",
    "all": "TRUE",
}
DUE_STATES = tuple(_CONDITIONS)

#: How the due list may be sorted; the id decides where nothing else does, so that pages do not overlap.
_ORDERS = {
    "nearest": "d.geom <-> p.point, d.id",
    "longest": "d.last_visit_on NULLS FIRST, d.id",
    "address": "d.address, length(d.unit_no), d.unit_no, length(d.room_no), d.room_no, d.id",
}
DUE_ORDERS = tuple(_ORDERS)

_STATE = (
    "CASE WHEN d.tenure = 'vacant' THEN 'vacant' "
    "WHEN d.last_visit_on IS NULL OR d.last_visit_on < :overdue_before THEN 'overdue' "
    "WHEN d.last_visit_on < :due_before THEN 'due' ELSE 'fresh' END"
)


def visit_limits() -> dict[str, Any]:
    """Return the dates before which a last visit makes a dwelling due and overdue."""
    interval = timedelta(days=settings().visit_interval_days)
    return {"due_before": today() - interval, "overdue_before": today() - 2 * interval}
