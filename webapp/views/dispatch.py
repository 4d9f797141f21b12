"""The dispatcher's room: teams, planning a shift, and the plan on map, time line and list."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now
from core.errors import InvalidInput
from core.queries import UNFINISHED, runs_of
from geo.areas.queries import area_by_id
from patrols import queries
from patrols.jobs import PLAN, request_plan
from patrols.models import MODES, PatrolPlan
from patrols.planning.candidates import FORMULA, Weights
from patrols.question import LONGEST_SHIFT, PlanQuestion, evening_shift
from patrols.teams import NAME_LIMIT, TeamDetails, create_team, update_team
from webapp.api.jobs import as_json
from webapp.api.parameter import sent
from webapp.maps import Picker, PlanRoutes
from webapp.permission import requires
from webapp.problem import problem_of_code, require_match
from webapp.sentences.particulars import MODE_NAMES
from webapp.session import request_session
from webapp.sheet_file import csv_answer, file_answer
from webapp.views.map_page import scope_map

blueprint = Blueprint("dispatch", __name__)

#: What a person may set about a plan; the rest keeps its default.
ASKED = ("shift_from", "shift_to", "team_ids", "time_limit_s", "weights", "most_stops")
TABLE_HEAD = (
    "team", "sequence", "name", "kind", "arrive_at", "leave_at", "prize", "dropped", "lon", "lat",
)  # fmt: skip


@blueprint.get("/dispatch")
@requires("patrol.view")
def index() -> str:
    """Show the map of routes with the plan beside it."""
    session = request_session()
    shift_from, shift_to = evening_shift(now())
    return render_template(
        "dispatch/index.html",
        map_parts=scope_map(
            session,
            ("areas", "hotspots", "districts"),
            offered=("listed", "places", "cameras", "incidents", "dwellings"),
            tools=(PlanRoutes(), Picker()),
        ),
        place_name=area_by_id(session, current_user.grants.area_id).name,
        shift_from=shift_from.strftime("%Y-%m-%dT%H:%M"),
        shift_to=shift_to.strftime("%Y-%m-%dT%H:%M"),
        longest_h=LONGEST_SHIFT // timedelta(hours=1),
        weights=Weights(),
        formula=FORMULA,
        modes={mode: gettext(MODE_NAMES[mode]) for mode in MODES},
        name_limit=NAME_LIMIT,
        may_plan=current_user.can("patrol.plan"),
        may_edit=current_user.can("team.edit"),
    )


@blueprint.get("/api/dispatch/state")
@requires("patrol.view")
def state() -> Response:
    """Answer teams, earlier plans, the plan to show, and a run that is under way."""
    session = request_session()
    plans = queries.plans(session, most=20)
    working = next(iter(runs_of(session, PLAN, states=UNFINISHED, most=1)), None)
    shown = _shown(session, plans)
    return jsonify(
        teams=[_team(row) for row in queries.teams(session)],
        plans=[_plan_line(plan) for plan in plans],
        plan=_plan(session, shown) if shown else None,
        working=as_json(working) if working else None,
    )


@blueprint.post("/api/dispatch/runs")
@requires("patrol.plan")
def plan() -> tuple[Response, int]:
    """Start a run that plans patrols for the reader's own area."""
    session = request_session()
    given = sent()
    asked = {name: given[name] for name in ASKED if given.get(name) is not None}
    for name in ("shift_from", "shift_to"):
        asked[name] = _local(asked[name], name) if name in asked else None
    area = area_by_id(session, current_user.grants.area_id)
    run = request_plan(session, area, PlanQuestion.from_params(asked))
    session.refresh(run)
    return jsonify(as_json(run)), 202


@blueprint.get("/api/dispatch/plans/<int:plan_id>.geojson")
@requires("patrol.view")
def shape_file(plan_id: int) -> Response:
    """Answer a plan's routes and stops as GeoJSON (EPSG:4326)."""
    session = request_session()
    found = queries.plan(session, plan_id)
    routes, stops = queries.routes(session, plan_id), queries.stops(session, plan_id)
    content = json.dumps(_features(routes, stops), ensure_ascii=False)
    if "download" not in request.args:
        return Response(content, content_type="application/geo+json; charset=utf-8")
    audit.record(session, "patrol_plan.export", subject=found, form="geojson")
    return file_answer(f"plan-{plan_id}.geojson", content, "application/geo+json")


@blueprint.get("/api/dispatch/plans/<int:plan_id>.csv")
@requires("patrol.view")
def table_file(plan_id: int) -> Response:
    """Answer a plan's stops, served and dropped, as a table."""
    session = request_session()
    found = queries.plan(session, plan_id)
    teams = {row.id: row.team for row in queries.routes(session, plan_id)}
    rows = [
        (teams.get(stop.route_id, ""), stop.sequence or "", stop.name, stop.kind, _minute(stop.arrive_at),
         _minute(stop.leave_at), stop.prize, stop.dropped or "", round(stop.lon, 6), round(stop.lat, 6))
        for stop in queries.stops(session, plan_id)
    ]  # fmt: skip
    audit.record(session, "patrol_plan.export", subject=found, form="csv")
    return csv_answer(f"plan-{plan_id}.csv", TABLE_HEAD, rows)


@blueprint.post("/api/dispatch/teams")
@requires("team.edit")
def add_team() -> tuple[Response, int]:
    """Store a team of the reader's own area."""
    session = request_session()
    area = area_by_id(session, current_user.grants.area_id)
    team = create_team(session, area, _details(sent()))
    return jsonify(id=team.id, name=team.name), 201


@blueprint.put("/api/dispatch/teams/<int:team_id>")
@requires("team.edit")
def change_team(team_id: int) -> Response:
    """Replace what is known about a team (If-Match: its version); a team that rests is not active."""
    session = request_session()
    require_match(queries.team(session, team_id).version_id)
    team = update_team(session, team_id, _details(sent()))
    return jsonify(id=team.id, name=team.name)


def _shown(session: Session, plans: Sequence[PatrolPlan]) -> PatrolPlan | None:
    plan_id, run_id = request.args.get("plan", type=int), request.args.get("run", type=int)
    if run_id is not None:
        return queries.plan_of_run(session, run_id)
    if plan_id is not None:
        return queries.plan(session, plan_id)
    return plans[0] if plans else None


def _plan(session: Session, found: PatrolPlan) -> dict[str, Any]:
    routes, stops = queries.routes(session, found.id), queries.stops(session, found.id)
    ordinals = {row.id: ordinal for ordinal, row in enumerate(routes)}
    return _plan_line(found) | {
        "weights": found.weights,
        "off_road_teams": [_off_road(told) for told in found.summary.get("off_road_teams", [])],
        "routes": [
            {
                "id": row.id,
                "team_id": row.team_id,
                "team": row.team,
                "station": row.station,
                "ordinal": ordinals[row.id],
                "mode": row.mode,
                "mode_name": gettext(MODE_NAMES.get(row.mode, row.mode)),
                "start_at": row.start_at.isoformat(),
                "end_at": row.end_at.isoformat(),
                "distance_m": row.distance_m,
                "travel_s": row.travel_s,
                "prize": row.prize,
                "stops": [_stop(stop) for stop in stops if stop.route_id == row.id],
            }
            for row in routes
        ],
        "dropped": [_stop(stop) for stop in stops if stop.route_id is None],
        "features": _features(routes, stops),
    }


def _off_road(told: dict[str, Any]) -> dict[str, Any]:
    """Return a team the plan had to leave out, with the reason and what to do in the reader's language."""
    words = problem_of_code(told)
    return {
        "team_id": told["team_id"],
        "team": told["team"],
        "mode_name": gettext(MODE_NAMES.get(told["mode"], told["mode"])),
        "reason": words["title"],
        "advice": words["detail"],
        "road": told["road"],
    }


def _plan_line(found: PatrolPlan) -> dict[str, Any]:
    return {
        "id": found.id,
        "run_id": found.run_id,
        "state": found.state,
        "shift_from": found.shift_from.isoformat(),
        "shift_to": found.shift_to.isoformat(),
        "made_at": found.created_at.isoformat(),
        "summary": found.summary,
    }


def _stop(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "sequence": row.sequence,
        "kind": row.kind,
        "name": row.name,
        "prize": row.prize,
        "why": row.why,
        "dwell_s": row.dwell_s,
        "arrive_at": row.arrive_at.isoformat() if row.arrive_at else None,
        "leave_at": row.leave_at.isoformat() if row.leave_at else None,
        "dropped": row.dropped,
        "lon": row.lon,
        "lat": row.lat,
    }


def _features(routes: Sequence[Row[Any]], stops: Sequence[Row[Any]]) -> dict[str, Any]:
    known = {row.id: (ordinal, row) for ordinal, row in enumerate(routes)}
    lines = [
        {
            "type": "Feature",
            "geometry": json.loads(row.geometry),
            "properties": {
                "kind": "route",
                "team_id": row.team_id,
                "name": row.team,
                "ordinal": ordinal,
                "mode": row.mode,
            },
        }
        for ordinal, row in known.values()
    ]
    points = []
    for stop in stops:
        ordinal, route = known.get(stop.route_id, (None, None))
        properties: dict[str, Any] = {"kind": "dropped", "id": stop.id, "name": stop.name}
        if route is not None:
            properties |= {
                "kind": "stop",
                "team_id": route.team_id,
                "ordinal": ordinal,
                "mode": route.mode,
                "sequence": stop.sequence,
                "arrives_at": stop.arrive_at.isoformat(),
            }
        point = {"type": "Point", "coordinates": [stop.lon, stop.lat]}
        points.append({"type": "Feature", "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "features": lines + points}


def _team(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "mode": row.mode,
        "mode_name": gettext(MODE_NAMES.get(row.mode, row.mode)),
        "size": row.size,
        "active": row.active,
        "version": row.version_id,
        "station_name": row.station_name,
        "lon": row.lon,
        "lat": row.lat,
    }


def _details(given: dict[str, Any]) -> TeamDetails:
    try:
        return TeamDetails(
            name=str(given.get("name", "")),
            mode=str(given.get("mode", "")),
            lon=float(given["lon"]),
            lat=float(given["lat"]),
            size=int(given.get("size", 2)),
            station_name=str(given.get("station_name", "")),
            active=bool(given.get("active", True)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InvalidInput("team_form_unreadable") from error


def _local(text: Any, name: str) -> str:
    """Return the aware form of a form's local time, ``2026-11-22T19:00``."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InvalidInput("time_unreadable", setting=name) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=local_zone())).isoformat()


def _minute(moment: datetime | None) -> str:
    return moment.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M") if moment else ""
