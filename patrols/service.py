"""Patrol plans: load what is known, let the planner decide, store its answer with reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now, today
from core.errors import DomainError, InvalidInput, NotEnough
from core.settings import settings
from geo.areas.models import Area
from geo.roads.network import FloatArray, RoadNetwork, SectionArrays
from geo.roads.queries import load_sections, speed_table
from geo.roads.speed import SPEED_TABLE_VERSION, Mode, SpeedTable
from geo.shapes.crs import metric_epsg, to_lonlat, to_metric
from incidents.queries import hotspot_types, latest_incident
from incidents.tiles import reference_moment
from patrols import queries
from patrols.models import PatrolPlan, PatrolRoute, PatrolStop
from patrols.planning.candidates import Candidate, Spot, candidates
from patrols.planning.ground import STATION_REACH_M, Ground, nearest_roads, networks_of
from patrols.planning.problem import Dropped, Plan, Problem, Route, Stop, TeamShift, Visit, Window
from patrols.planning.repair import Orders
from patrols.question import PlanQuestion, hours_touched

#: Working cameras within this distance count as prevention [ours].
CAMERA_REACH_M = 100.0
#: Incidents of so many days raise a grid's risk [ours].
RECENT = timedelta(days=28)


@dataclass(frozen=True)
class OffRoad:
    """A team that cannot start: its station lies too far from every road it may use.

    Attributes
    ----------
    distance_m
        From the station to the nearest such road; inf when there is none at all.
    road
        (lon, lat) of the nearest place on such a road; None when there is none at all.
    """

    team: queries.TeamStart
    distance_m: float
    road: tuple[float, float] | None

    def error(self) -> DomainError:
        """Return what a plan for this team alone is refused with."""
        if self.road is None:
            return NotEnough("no_roads_for_mode", team=self.team.name, mode=self.team.mode)
        return InvalidInput(
            "team_off_road",
            team=self.team.name,
            mode=self.team.mode,
            distance_m=round(self.distance_m),
            reach_m=round(STATION_REACH_M),
        )

    def told(self) -> dict[str, Any]:
        """Return the reason as JSON values: an error's code and fields, the team's id and where to move."""
        error = self.error()
        return {"code": error.code, **error.fields, "team_id": self.team.id, "road": self.road}


@dataclass(frozen=True)
class Task:
    """Everything the planner needs, loaded in one transaction; coordinates lon/lat unless named metric.

    Teams left out because they cannot start are in ``off_road``, no longer in ``teams``.
    """

    question: PlanQuestion
    shift_from: datetime
    shift_to: datetime
    teams: tuple[queries.TeamStart, ...]
    found: tuple[Candidate, ...]
    sections: SectionArrays
    speeds: SpeedTable
    epsg: int
    off_road: tuple[OffRoad, ...] = ()

    def stops(self) -> list[Stop]:
        """Return the candidates as the solver's stops, in their order."""
        return [
            Stop(f"{one.spot.kind}:{one.spot.ref_id}", one.value, one.dwell_s, modes=None)
            for one in self.found
        ]

    def shifts(self) -> list[TeamShift]:
        """Return the teams as the solver's, second 0 being the start of the shift."""
        length_s = int((self.shift_to - self.shift_from).total_seconds())
        return [TeamShift(team.id, Mode(team.mode), Window(0, length_s)) for team in self.teams]


def load_task(session: Session, area: Area, question: PlanQuestion) -> Task:
    """Return teams, candidates and roads for a plan of ``area``.

    Raises
    ------
    NotEnough
        ``no_teams``, ``no_roads`` or ``no_candidates`` (field `area`).
    NotFound
        ``team_unknown`` (field `id`).
    InvalidInput
        ``road_speeds_unusable``.
    """
    shift_from, shift_to = question.shift()
    teams = queries.team_starts(session, area, question.team_ids)
    if not teams:
        raise NotEnough("no_teams", area=area.name)
    epsg = settings().metric_epsg or metric_epsg(teams[0].lon, teams[0].lat)
    sections = load_sections(session, county_id=area.county_id, epsg=epsg)
    if not len(sections.section_id):
        raise NotEnough("no_roads", area=area.name)
    found = candidates(
        _spots(session, area, epsg),
        weights=question.weights,
        shift_hours=hours_touched(shift_from, shift_to),
        seed=question.seed or 0,
        most=question.most_stops,
    )
    if not found:
        raise NotEnough("no_candidates", area=area.name)
    return Task(
        question=question,
        shift_from=shift_from,
        shift_to=shift_to,
        teams=tuple(teams),
        found=tuple(found),
        sections=sections,
        speeds=speed_table(session),
        epsg=epsg,
    )


def _spots(session: Session, area: Area, epsg: int) -> list[Spot]:
    """Return the area's spots with cameras counted and the days since the last visit."""
    moment = now()
    latest = latest_incident(session, area, types=hotspot_types(session), before=moment)
    # As on the map: a register that ended years ago is read by its own last days, its newest row included.
    until = reference_moment(latest, moment)
    until += timedelta(seconds=1) if until == latest else timedelta()
    around = queries.surroundings(session, area, since=until - RECENT, until=until)
    found = queries.spots(session, area, at=moment, on=today(), around=around)
    if not found:
        return []
    cameras = _metric(queries.working_cameras(session, area.county_id), epsg)
    places = _metric([(spot.lon, spot.lat) for spot, _ in found], epsg)
    near = shapely.STRtree(np.asarray(shapely.points(cameras), dtype=object)).query(
        np.asarray(shapely.points(places)), predicate="dwithin", distance=CAMERA_REACH_M
    )[0]
    counts = np.bincount(near, minlength=len(found))
    return [
        replace(spot, cameras_near=int(count), days_since_visit=_days_since(visited_on))
        for (spot, visited_on), count in zip(found, counts, strict=True)
    ]


def _days_since(visited_on: date | None) -> float | None:
    return None if visited_on is None else float((today() - visited_on).days)


def _metric(lonlat: Sequence[tuple[float, float]], epsg: int) -> FloatArray:
    return to_metric(np.asarray(lonlat, dtype=np.float64).reshape(-1, 2), epsg)


def lay_ground(task: Task, on_mode: Callable[[Mode], None]) -> tuple[Task, Ground]:
    """Return the task of the teams that can start, and the ground it is done on.

    The ground: networks with stops and stations placed on them and travel times searched.

    Raises
    ------
    InvalidInput
        ``team_off_road`` (fields `team`, `mode`, `distance_m`, `reach_m`): the only team's station is too
        far from the nearest road it may use.
    NotEnough
        ``no_roads_for_mode`` (fields `team`, `mode`): no road is open to the only team's mode.
        ``no_team_on_road`` (fields `teams`, `reach_m`): none of several teams can start.
    """
    modes = [Mode(team.mode) for team in task.teams]
    networks = networks_of(task.sections, speeds=task.speeds, modes=modes)
    ready = _ready(task, networks)
    ground = Ground.lay(
        networks,
        stops_m=_metric([(one.spot.lon, one.spot.lat) for one in ready.found], ready.epsg),
        stations_m=_stations_m(ready),
        modes=[Mode(team.mode) for team in ready.teams],
        on_mode=on_mode,
    )
    return ready, ground


def _stations_m(task: Task) -> FloatArray:
    return _metric([(team.lon, team.lat) for team in task.teams], task.epsg)


def _ready(task: Task, networks: Mapping[Mode, RoadNetwork]) -> Task:
    """Return the task with the teams that cannot start set aside."""
    nearest = nearest_roads(networks, _stations_m(task), [Mode(team.mode) for team in task.teams])
    off_road = tuple(
        OffRoad(
            task.teams[team],
            float(nearest.offset_m[team]),
            _lonlat(nearest.places_m[team], task.epsg) if np.isfinite(nearest.offset_m[team]) else None,
        )
        for team in np.flatnonzero(~nearest.reached).tolist()
    )
    if len(off_road) == len(task.teams) == 1:
        raise off_road[0].error()
    if len(off_road) == len(task.teams):
        names = ", ".join(one.team.name for one in off_road)
        raise NotEnough("no_team_on_road", teams=names, reach_m=round(STATION_REACH_M))
    teams = tuple(task.teams[team] for team in np.flatnonzero(nearest.reached).tolist())
    return replace(task, teams=teams, off_road=off_road)


def _lonlat(point_m: FloatArray, epsg: int) -> tuple[float, float]:
    lon, lat = to_lonlat(point_m.reshape(1, 2), epsg)[0]
    return round(float(lon), 7), round(float(lat), 7)


@dataclass(frozen=True)
class Answer:
    """A plan with the ground it was made on."""

    task: Task
    ground: Ground
    problem: Problem
    plan: Plan

    def moment(self, second: int) -> datetime:
        """Return the moment of a second of the plan's clock."""
        return self.task.shift_from + timedelta(seconds=second)


def sketch(task: Task, orders: Orders) -> list[dict[str, Any]]:
    """Return what the search has found so far, as JSON values: who goes where in which order.

    By team name, as the routes of a finished plan; a team without a stop is left out. `line` holds lon/lat of
    the station, the stops and the station again: not the ways between, which are traced once, at the end.
    """
    found = []
    for team, order in sorted(zip(task.teams, orders, strict=False), key=lambda pair: pair[0].name):
        if order:
            station = (team.lon, team.lat)
            stops = [(task.found[stop].spot.lon, task.found[stop].spot.lat) for stop in order]
            line = [[round(lon, 6), round(lat, 6)] for lon, lat in (station, *stops, station)]
            found.append({"team_id": team.id, "team": team.name, "mode": team.mode, "line": line})
    return found


def store_plan(session: Session, run_id: int, area: Area, answer: Answer) -> PatrolPlan:
    """Store plan, routes and stops of an answer; a team without any stop gets no route.

    Flushed, not committed.
    """
    task = answer.task
    plan = PatrolPlan(
        **_owner(area),
        run_id=run_id,
        shift_from=task.shift_from,
        shift_to=task.shift_to,
        weights=task.question.weights.shown() | {"speeds": SPEED_TABLE_VERSION},
        summary=summary(answer),
    )
    session.add(plan)
    session.flush()
    for route in answer.plan.routes:
        if route.visits:
            _store_route(session, plan, area=area, answer=answer, route=route)
    session.add_all(
        PatrolStop(
            **_stop_columns(plan, area, task.found[drop.stop]),
            why=_why(task.found[drop.stop], drop),
            dropped=drop.reason.value,
            geom=_point(task.found[drop.stop].spot.lon, task.found[drop.stop].spot.lat),
        )
        for drop in answer.plan.dropped
    )
    session.flush()
    audit.record(session, "patrol_plan.made", subject=plan, run=run_id)
    return plan


def _store_route(session: Session, plan: PatrolPlan, *, area: Area, answer: Answer, route: Route) -> None:
    team = answer.task.teams[route.team]
    drawn = to_lonlat(answer.ground.drawn(answer.problem, route), answer.task.epsg)
    row = PatrolRoute(
        **_owner(area),
        plan_id=plan.id,
        team_id=team.id,
        mode=team.mode,
        start_at=answer.moment(route.start_s),
        end_at=answer.moment(route.end_s),
        distance_m=route.distance_m,
        travel_s=route.travel_s,
        prize=route.value,
        geom=from_shape(shapely.LineString(np.round(drawn, 7)), srid=4326),
    )
    session.add(row)
    session.flush()
    session.add_all(
        _served(plan, row, area=area, answer=answer, number=number, visit=visit)
        for number, visit in enumerate(route.visits, start=1)
    )


def _served(
    plan: PatrolPlan, route: PatrolRoute, *, area: Area, answer: Answer, number: int, visit: Visit
) -> PatrolStop:
    found = answer.task.found[visit.stop]
    place_m = answer.ground.place_of(Mode(route.mode), visit.stop)
    return PatrolStop(
        **_stop_columns(plan, area, found),
        route_id=route.id,
        sequence=number,
        why=_why(found, None) | {"travel_s": visit.travel_s, "distance_m": round(visit.distance_m, 1)},
        arrive_at=answer.moment(visit.arrive_s),
        leave_at=answer.moment(visit.leave_s),
        geom=_point(*_lonlat(place_m, answer.task.epsg)),
    )


def _owner(area: Area) -> dict[str, Any]:
    return {"county_id": area.county_id, "area_id": area.id, "area_path": area.path}


def _stop_columns(plan: PatrolPlan, area: Area, found: Candidate) -> dict[str, Any]:
    return _owner(area) | {
        "plan_id": plan.id,
        "kind": found.spot.kind.value,
        "ref_id": found.spot.ref_id,
        "name": found.spot.name,
        "prize": found.value,
        "dwell_s": found.dwell_s,
    }


def _why(found: Candidate, drop: Dropped | None) -> dict[str, Any]:
    return dict(found.why) if drop is None else {**found.why, "drop": dict(drop.explained_by)}


def _point(lon: float, lat: float) -> Any:
    return from_shape(shapely.Point(round(lon, 7), round(lat, 7)), srid=4326)


def summary(answer: Answer) -> dict[str, Any]:
    """Return the plan in figures, as JSON values: what a person reads first."""
    plan, task = answer.plan, answer.task
    visits = [visit for route in plan.routes for visit in route.visits]
    offered = plan.offered_value
    return {
        "shift_from": task.shift_from.astimezone(local_zone()).isoformat(),
        "shift_to": task.shift_to.astimezone(local_zone()).isoformat(),
        "teams": len(task.teams),
        "off_road_teams": [one.told() for one in task.off_road],
        "idle_teams": [task.teams[route.team].name for route in plan.routes if not route.visits],
        "stops_offered": len(task.found),
        "stops_served": len(visits),
        "stops_dropped": dict(Counter(drop.reason.value for drop in plan.dropped)),
        "offered_by_kind": dict(Counter(one.spot.kind.value for one in task.found)),
        "served_by_kind": dict(Counter(task.found[visit.stop].spot.kind.value for visit in visits)),
        "value": round(plan.value, 1),
        "offered_value": round(offered, 1),
        "value_share": round(plan.value / offered, 4) if offered else 0.0,
        "distance_m": round(sum(route.distance_m for route in plan.routes), 1),
        "travel_s": sum(route.travel_s for route in plan.routes),
        "dwell_s": sum(visit.leave_s - visit.begin_s for visit in visits),
        "arcs": answer.ground.arc_count(),
        "seed": task.question.seed,
        "iterations": plan.iterations,
    }
