"""Reads of teams and plans, and of everything a plan is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from core.errors import NotFound
from geo.areas.models import Area
from patrols.models import PatrolDistrict, PatrolPlan, Team
from patrols.planning.candidates import Spot, SpotKind

#: Places that are no patrol targets: teams start there.
NO_TARGETS = ("station", "service_point")

# Of every area the last finished run counts, even one that found nothing, or the one whose answer it took
# over; and no run counts beneath an area with a later one.
_HOTSPOTS = """
WITH finished AS (
    SELECT area_path, max(coalesce((result ->> 'same_as')::bigint, id)) AS run_id FROM job_run
    WHERE county_id = :county AND kind = 'hotspots.find' AND state = 'done' GROUP BY area_path),
current AS (
    SELECT run_id FROM finished AS own WHERE NOT EXISTS (
        SELECT 1 FROM finished AS above
        WHERE above.area_path @> own.area_path AND above.run_id > own.run_id)),
here AS (
    SELECT h.id, h.name, h.observed, h.expected, h.profile -> 'hours' AS hours, h.area_path,
           ST_PointOnSurface(h.geom) AS point
    FROM hotspot AS h JOIN current USING (run_id)
    WHERE h.county_id = :county AND h.expires_at > :at)
SELECT here.id, here.name, here.observed, here.expected, here.hours, leaf.area_id AS grid_id,
       ST_X(here.point) AS lon, ST_Y(here.point) AS lat
FROM here
LEFT JOIN LATERAL (
    SELECT b.area_id FROM area_boundary AS b
    WHERE b.geom && here.point AND ST_Intersects(b.geom, here.point) AND b.valid @> CAST(:on_date AS date)
      AND b.county_id = :county
    ORDER BY nlevel(b.area_path) DESC, b.area_id LIMIT 1) AS leaf ON true
WHERE here.area_path <@ CAST(:path AS ltree) OR EXISTS (
    SELECT 1 FROM area_boundary AS b
    WHERE b.area_id = :area AND b.valid @> CAST(:on_date AS date)
      AND b.geom && here.point AND ST_Intersects(b.geom, here.point))
ORDER BY here.id
"""

_GRIDS = """
SELECT a.id, a.name, ST_X(ST_PointOnSurface(b.geom)) AS lon, ST_Y(ST_PointOnSurface(b.geom)) AS lat
FROM area AS a JOIN area_boundary AS b ON b.area_id = a.id AND b.valid @> CAST(:on_date AS date)
WHERE a.path <@ CAST(:path AS ltree) AND a.level <> 'county' AND a.valid_to IS NULL
  AND NOT EXISTS (SELECT 1 FROM area AS below WHERE below.parent_id = a.id AND below.valid_to IS NULL)
ORDER BY a.id
"""


@dataclass(frozen=True)
class Surroundings:
    """What decides the worth of spots besides themselves.

    Attributes
    ----------
    visited_on
        Last visit to any dwelling, by area id.
    incidents
        Incidents in the recent period not found by patrols, by area id.
    """

    visited_on: dict[int, date]
    incidents: dict[int, int]


def surroundings(session: Session, area: Area, *, since: datetime, until: datetime) -> Surroundings:
    """Return last visits and recent incidents of the areas at or below ``area``."""
    visited = session.execute(
        text(
            "SELECT area_id, max(last_visit_on) AS on_date FROM dwelling "
            "WHERE area_path <@ CAST(:path AS ltree) AND last_visit_on IS NOT NULL GROUP BY area_id"
        ),
        {"path": area.path},
    )
    counted = session.execute(
        text(
            "SELECT area_id, count(*) AS n FROM incident "
            "WHERE county_id = :county AND occurred_at >= :since AND occurred_at < :until "
            "AND area_path <@ CAST(:path AS ltree) AND source <> 'patrol' "
            "AND type_code IN (SELECT code FROM incident_type WHERE hotspot_allowed) GROUP BY area_id"
        ),
        {"county": area.county_id, "path": area.path, "since": since, "until": until},
    )
    return Surroundings(
        {row.area_id: row.on_date for row in visited}, {row.area_id: row.n for row in counted}
    )


def spots(
    session: Session, area: Area, *, at: datetime, on: date, around: Surroundings
) -> list[tuple[Spot, date | None]]:
    """Return all spots of an area with the day of the last visit, cameras not yet counted.

    Hotspots are those of the last finished run that have not expired ``at`` the moment; key places leave
    out stations and service points; grids are the lowest areas with a boundary ``on`` the day.
    """
    binds = {"county": area.county_id, "path": area.path, "area": area.id, "at": at, "on_date": on}
    hot = [
        (_hotspot(row), around.visited_on.get(row.grid_id)) for row in session.execute(text(_HOTSPOTS), binds)
    ]
    grids = [
        (
            Spot(
                SpotKind.GRID, row.id, row.name, row.lon, row.lat, incidents=around.incidents.get(row.id, 0)
            ),
            around.visited_on.get(row.id),
        )
        for row in session.execute(text(_GRIDS), binds)
    ]
    return hot + _places(session, area) + grids


def _hotspot(row: Row[Any]) -> Spot:
    return Spot(
        SpotKind.HOTSPOT,
        row.id,
        row.name,
        row.lon,
        row.lat,
        incidents=row.observed,
        expected=row.expected,
        hours=tuple(float(count) for count in row.hours or ()),
    )


def _places(session: Session, area: Area) -> list[tuple[Spot, date | None]]:
    rows = session.execute(
        text(
            "SELECT id, name, kind, last_inspected_on, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM place "
            "WHERE area_path <@ CAST(:path AS ltree) AND kind <> ALL (:left_out) ORDER BY id"
        ),
        {"path": area.path, "left_out": list(NO_TARGETS)},
    )
    return [
        (
            Spot(SpotKind.PLACE, row.id, row.name, row.lon, row.lat, place_kind=row.kind),
            row.last_inspected_on,
        )
        for row in rows
    ]


def working_cameras(session: Session, county_id: int) -> list[tuple[float, float]]:
    """Return (lon, lat) of the county's working cameras the session may see."""
    rows = session.execute(
        text(
            "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM camera "
            "WHERE county_id = :county AND status = 'working'"
        ),
        {"county": county_id},
    )
    return [(row.lon, row.lat) for row in rows]


@dataclass(frozen=True)
class TeamStart:
    """A team as the planner needs it; ``lon``, ``lat`` of its station in EPSG:4326."""

    id: int
    name: str
    mode: str
    lon: float
    lat: float


def team_starts(session: Session, area: Area, team_ids: Sequence[int] = ()) -> list[TeamStart]:
    """Return the active teams that serve an area (its own, those below and those above), by id.

    With ``team_ids`` exactly these teams of the county.

    Raises
    ------
    NotFound
        ``team_unknown`` (field `id`): a wanted team does not exist, is not active or is out of scope.
    """
    rows = session.execute(
        text(
            "SELECT id, name, mode, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM team "
            "WHERE county_id = :county AND active "
            "AND (CASE WHEN :chosen THEN id = ANY (:ids) "
            "ELSE area_path <@ CAST(:path AS ltree) OR area_path @> CAST(:path AS ltree) END) ORDER BY id"
        ),
        {"county": area.county_id, "path": area.path, "ids": list(team_ids), "chosen": bool(team_ids)},
    ).all()
    missing = set(team_ids) - {row.id for row in rows}
    if missing:
        raise NotFound("team_unknown", id=min(missing))
    return [TeamStart(row.id, row.name, row.mode, row.lon, row.lat) for row in rows]


def present_districts(session: Session, county_id: int) -> Sequence[PatrolDistrict]:
    """Return the districts of a county that have not ended, by code."""
    return session.scalars(
        select(PatrolDistrict)
        .where(PatrolDistrict.county_id == county_id, PatrolDistrict.valid_to.is_(None))
        .order_by(PatrolDistrict.code)
    ).all()


def teams(session: Session, area: Area | None = None) -> Sequence[Row[Any]]:
    """Return teams by name: those that serve an area, or all in scope.

    Columns: id, name, mode, size, active, station_name, area_id, version_id, lon, lat.
    """
    return session.execute(
        text(
            "SELECT id, name, mode, size, active, station_name, area_id, version_id, "
            "ST_X(geom) AS lon, ST_Y(geom) AS lat FROM team "
            "WHERE CAST(:path AS ltree) IS NULL OR area_path <@ CAST(:path AS ltree) "
            "OR area_path @> CAST(:path AS ltree) ORDER BY name, id"
        ),
        {"path": area.path if area is not None else None},
    ).all()


def team(session: Session, team_id: int) -> Team:
    """Return one team.

    Raises
    ------
    NotFound
        ``team_unknown`` (field `id`).
    """
    found = session.get(Team, team_id)
    if found is None:
        raise NotFound("team_unknown", id=team_id)
    return found


def plan(session: Session, plan_id: int) -> PatrolPlan:
    """Return one plan.

    Raises
    ------
    NotFound
        ``plan_unknown`` (field `id`).
    """
    found = session.get(PatrolPlan, plan_id)
    if found is None:
        raise NotFound("plan_unknown", id=plan_id)
    return found


def plan_of_run(session: Session, run_id: int) -> PatrolPlan:
    """Return the plan a run made.

    Raises
    ------
    NotFound
        ``plan_unknown`` (field `id`, the run's).
    """
    found = session.scalar(select(PatrolPlan).where(PatrolPlan.run_id == run_id))
    if found is None:
        raise NotFound("plan_unknown", id=run_id)
    return found


def plans(session: Session, *, most: int = 50) -> Sequence[PatrolPlan]:
    """Return the newest plans of the session's scope that were not withdrawn, newest first."""
    return session.scalars(
        select(PatrolPlan).where(PatrolPlan.state != "withdrawn").order_by(PatrolPlan.id.desc()).limit(most)
    ).all()


def routes(session: Session, plan_id: int) -> Sequence[Row[Any]]:
    """Return a plan's routes by team name; `geometry` is GeoJSON text (EPSG:4326 LineString).

    Columns: id, team_id, team, station, mode, start_at, end_at, distance_m, travel_s, prize, stops, geometry.
    """
    return session.execute(
        text(
            "SELECT r.id, r.team_id, t.name AS team, t.station_name AS station, r.mode, r.start_at, "
            "r.end_at, r.distance_m, r.travel_s, r.prize, "
            "(SELECT count(*) FROM patrol_stop AS s WHERE s.route_id = r.id) AS stops, "
            "ST_AsGeoJSON(r.geom, 6) AS geometry "
            "FROM patrol_route AS r JOIN team AS t ON t.id = r.team_id "
            "WHERE r.plan_id = :plan ORDER BY t.name, r.id"
        ),
        {"plan": plan_id},
    ).all()


def stops(session: Session, plan_id: int) -> Sequence[Row[Any]]:
    """Return a plan's stops: served ones by route and sequence, then dropped ones by prize.

    Columns: id, route_id, sequence, kind, ref_id, name, prize, why, dwell_s, arrive_at, leave_at, dropped,
    lon, lat. `why` holds the parts of the value and, for a dropped stop, what explains it under ``drop``.
    """
    return session.execute(
        text(
            "SELECT id, route_id, sequence, kind, ref_id, name, prize, why, dwell_s, arrive_at, leave_at, "
            "dropped, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM patrol_stop WHERE plan_id = :plan "
            "ORDER BY route_id NULLS LAST, sequence, prize DESC, id"
        ),
        {"plan": plan_id},
    ).all()


def minutes_inside(session: Session, listed_id: int, start: datetime, end: datetime) -> float | None:
    """Return the patrol minutes that published plans of [start, end) spend inside a listed area.

    Minutes at its stops, and of the way as much as lies inside. None without a published plan of that time:
    then nobody knows, which is not zero.
    """
    found = session.execute(text(_MINUTES_INSIDE), {"listed": listed_id, "start": start, "end": end}).one()
    return None if found.plans == 0 else round(float(found.minutes), 1)


_MINUTES_INSIDE = """
WITH ground AS (SELECT geom, county_id FROM listed_area WHERE id = :listed),
plan AS (
    SELECT p.id FROM patrol_plan AS p, ground AS g
    WHERE p.county_id = g.county_id AND p.state = 'published'
      AND p.shift_from >= :start AND p.shift_from < :end),
stood AS (
    SELECT sum(extract(epoch FROM s.leave_at - s.arrive_at)) AS seconds
    FROM patrol_stop AS s JOIN plan ON plan.id = s.plan_id, ground AS g
    WHERE s.route_id IS NOT NULL AND s.geom && g.geom AND ST_Intersects(s.geom, g.geom)),
gone AS (
    SELECT sum(r.travel_s * least(1, ST_Length(ST_Intersection(r.geom, g.geom)::geography)
        / nullif(r.distance_m, 0))) AS seconds
    FROM patrol_route AS r JOIN plan ON plan.id = r.plan_id, ground AS g
    WHERE r.geom && g.geom AND ST_Intersects(r.geom, g.geom))
SELECT (SELECT count(*) FROM plan) AS plans,
       (coalesce((SELECT seconds FROM stood), 0) + coalesce((SELECT seconds FROM gone), 0)) / 60.0 AS minutes
"""
