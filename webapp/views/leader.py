"""The leader's room: where incidents stand out, how sure that is, and what makes them up."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext, ngettext
from flask_login import current_user
from shapely.geometry import shape
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now
from core.db import scope_of
from core.errors import InvalidInput, NotFound
from core.models import JobRun
from core.queries import UNFINISHED, runs_of
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from incidents.export import hotspots_package
from incidents.forecasts.tiles import HORIZONS
from incidents.jobs import FIND, request_find
from incidents.listed.service import holders_of
from incidents.queries import (
    hotspot_shapes,
    hotspots_of_run,
    incident_types,
    period_profile,
    places_also_of,
    weekly_counts,
)
from incidents.service import HotspotQuestion
from webapp.api.jobs import as_json
from webapp.api.parameter import sent
from webapp.i18n import choose_locale, in_locale
from webapp.maps import Picker
from webapp.permission import requires
from webapp.print.jobs import request_report
from webapp.session import request_session
from webapp.sheet_file import csv_answer, file_answer
from webapp.views.map_page import scope_map

blueprint = Blueprint("leader", __name__)

PERIODS = (7, 28, 90)
WEEKS = 26
RUNS_LISTED = 20
RUNS_LOOKED_THROUGH = 100


@blueprint.get("/leader")
@requires("hotspot.view")
def index() -> str:
    """Show the map of hotspots with the answer in words."""
    session = request_session()
    return render_template(
        "leader/index.html",
        map_parts=scope_map(
            session,
            ("areas", "hotspots"),
            offered=(
                *(f"forecast_{days}" for days in HORIZONS),
                "listed",
                "districts",
                "incidents",
                "cameras",
                "dwellings",
                "places",
            ),
            tools=(Picker(),),
        ),
        place_name=area_by_id(session, current_user.grants.area_id).name,
        periods=PERIODS,
        horizons=HORIZONS,
        types=[row for row in incident_types(session) if row.hotspot_allowed],
        may_run=current_user.can("hotspot.run"),
    )


@blueprint.get("/api/leader/state")
@requires("hotspot.view")
def state() -> Response:
    """Answer the latest finished run (or ``?run=ID``) with its places, and the runs before it."""
    session = request_session()
    area_id = current_user.grants.area_id
    runs = runs_of(session, FIND, states=(*UNFINISHED, "done"), most=RUNS_LISTED, area_id=area_id)
    shown = _shown(session, runs, request.args.get("run", type=int))
    working = next((run for run in runs if run.state in UNFINISHED), None)
    return jsonify(
        working=as_json(working) if working else None,
        runs=[run_line(run) for run in runs if run.state == "done" and not _refers(run)],
        may_run=current_user.can("hotspot.run"),
        **_answer(session, shown, earlier_answer(session, shown)),
    )


@blueprint.post("/api/leader/runs")
@requires("hotspot.run")
def find() -> tuple[Response, int]:
    """Start a run that looks for hotspots in the reader's own area."""
    session = request_session()
    asked = sent()
    days = asked.get("days", 28)
    types = asked.get("types", [])
    if days not in PERIODS or not isinstance(types, list) or not all(isinstance(t, str) for t in types):
        raise InvalidInput("hotspot_question_unusable", periods=list(PERIODS))
    area = area_by_id(session, current_user.grants.area_id)
    run = request_find(session, area, HotspotQuestion(days=days, valid_days=days, types=tuple(types)))
    session.refresh(run)
    return jsonify(as_json(run)), 202


@blueprint.post("/api/leader/runs/<int:run_id>/report")
@requires("hotspot.view")
def report(run_id: int) -> tuple[Response, int]:
    """Ask for the report of a run as PDF: the answer in the reader's words, the map, every place."""
    session = request_session()
    run = run_of(session, run_id)
    answer = _answer(session, run, earlier_answer(session, run))["sentence"]
    asked = request_report(session, run, answer=answer, locale=choose_locale())
    audit.record(session, "hotspots.export", subject=run, form="pdf")
    return jsonify(as_json(asked)), 202


@blueprint.get("/api/leader/charts")
@requires("hotspot.view")
def charts() -> Response:
    """Answer counts by week for the area of a run, or for one of its hotspots (``?hotspot=ID``)."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    window = (run.result or {}).get("window")
    if window is None:
        raise NotFound("hotspot_run_unknown", id=run.id)
    area = area_by_id(session, run.area_id)
    start, end = (datetime.fromisoformat(window[name]) for name in ("from", "to"))
    weeks = weekly_counts(
        session, area, until=end, weeks=WEEKS, hotspot_id=request.args.get("hotspot", type=int)
    )
    profile = period_profile(session, area, start=start, end=end, zone=settings().time_zone)
    return jsonify(
        weeks=[{"ago": row.week, "n": row.n} for row in weeks],
        hours=[profile.by_hour.get(str(hour), 0) for hour in range(24)],
        types=_shares(session, profile.by_type),
        total=profile.total,
    )


@blueprint.get("/api/leader/hotspots.csv")
@requires("hotspot.view")
def table_file() -> Response:
    """Answer the places of a run as a table."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    names = (
        "rank", "name", "window_from", "window_to", "observed", "expected", "ratio", "ratio_low",
        "ratio_high", "p_value", "q_value", "area_m2", "expires_at", "lon", "lat",
    )  # fmt: skip
    found = hotspots_of_run(session, run.id)
    audit.record(session, "hotspots.export", subject=run, form="csv")
    return csv_answer(
        f"hotspots-{run.id}.csv", names, ([getattr(row, name) for name in names] for row in found)
    )


@blueprint.get("/api/leader/hotspots.gpkg")
@requires("hotspot.view")
def package_file() -> Response:
    """Answer the places of a run as a GeoPackage (EPSG:4326)."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    content = hotspots_package(hotspots_of_run(session, run.id), hotspot_shapes(session, run.id))
    audit.record(session, "hotspots.export", subject=run, form="gpkg")
    return file_answer(f"hotspots-{run.id}.gpkg", content, "application/geopackage+sqlite3")


@blueprint.get("/api/leader/hotspots.geojson")
@requires("hotspot.view")
def shape_file() -> Response:
    """Answer the places of a run as GeoJSON (EPSG:4326)."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    shapes = hotspot_shapes(session, run.id)
    features = [
        {
            "type": "Feature",
            "geometry": shapes[row.id],
            "properties": {
                "rank": row.rank,
                "name": row.name,
                "observed": row.observed,
                "expected": row.expected,
                "ratio": row.ratio,
                "q_value": row.q_value,
                "expires_at": row.expires_at.isoformat(),
            },
        }
        for row in hotspots_of_run(session, run.id)
    ]
    audit.record(session, "hotspots.export", subject=run, form="geojson")
    content = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return file_answer(f"hotspots-{run.id}.geojson", content, "application/geo+json")


def earlier_answer(session: Session, run: JobRun | None) -> JobRun | None:
    """Return the newest run that answered the same question for its area about an earlier day, or None.

    Pressing twice a day is no second look: all places of the first stand in the second.
    """
    if run is None or (run.result or {}).get("outcome") == "too_few":
        return None
    runs = runs_of(session, FIND, states=("done",), most=RUNS_LOOKED_THROUGH, area_id=run.area_id)
    asked = _question(run)
    same = (one for one in runs if _question(one) == asked and not _refers(one))
    return next((one for one in same if _told_of(one) and _last_day(one) < _last_day(run)), None)


def _told_of(run: JobRun) -> bool:
    return (run.result or {}).get("outcome") in ("found", "none")


def _last_day(run: JobRun) -> date:
    """Return the day on the deployment's clocks on which a run's tested period ended."""
    return datetime.fromisoformat((run.result or {})["window"]["to"]).astimezone(local_zone()).date()


def _question(run: JobRun) -> dict[str, Any]:
    """Return what makes two runs comparable: all that was asked but the moment and how long answers stay."""
    return {name: value for name, value in run.params.items() if name not in ("as_of", "valid_days")}


def _shown(session: Session, runs: Sequence[JobRun], run_id: int | None) -> JobRun | None:
    if run_id is None:
        run_id = next((run.id for run in runs if run.state == "done"), None)
    return None if run_id is None else run_of(session, run_id)


def run_of(session: Session, run_id: int | None) -> JobRun:
    """Return a finished run in the reader's scope, or the one whose answer it took over.

    Raises
    ------
    NotFound
        ``hotspot_run_unknown`` (field `id`).
    """
    run = session.get(JobRun, run_id) if run_id is not None else None
    if run is None or run.kind != FIND or run.state != "done" or not scope_of(session).holds(run.area_path):
        raise NotFound("hotspot_run_unknown", id=run_id)
    return run_of(session, run.result["same_as"]) if run.result and _refers(run) else run


def _refers(run: JobRun) -> bool:
    """Tell whether a run took over the answer of an earlier one."""
    return "same_as" in (run.result or {})


def _answer(session: Session, run: JobRun | None, before: JobRun | None) -> dict[str, Any]:
    if run is None:
        return {"run": None, "places": [], "sentence": gettext("Nobody has looked for hotspots here yet.")}
    result = run.result or {}
    shapes = hotspot_shapes(session, run.id)
    names = _type_names(session)
    stayed = None if before is None else places_also_of(session, run.id, before.id)
    rows = hotspots_of_run(session, run.id)
    held = holders_of(session, run.county_id, [shape(shapes[row.id]) for row in rows])
    places = [
        {
            "id": row.id,
            "rank": row.rank,
            "name": row.name,
            "is_new": None if stayed is None else row.id not in stayed,
            "observed": row.observed,
            "expected": row.expected,
            "ratio": row.ratio,
            "ratio_low": row.ratio_low,
            "ratio_high": row.ratio_high,
            "p_value": row.p_value,
            "q_value": row.q_value,
            "area_m2": row.area_m2,
            "expires_at": row.expires_at.isoformat(),
            "expired": row.expires_at <= now(),
            "bbox": [row.west, row.south, row.east, row.north],
            "shape": shapes[row.id],
            "types": [
                kind | {"name": names.get(kind["code"], kind["code"])} for kind in row.profile["types"]
            ],
            "hours": row.profile["hours"],
            "peak_hours": row.profile["peak_hours"],
            "listed": None if holder is None else {"id": holder.id, "name": holder.name},
        }
        for row, holder in zip(rows, held, strict=True)
    ]
    told = {name: value for name, value in result.items() if name != "fingerprint"}
    return {
        "run": run_line(run) | {"result": told, "params": run.params},
        "places": places,
        "before": run_line(before) if before else None,
        "sentence": _sentence(area_by_id(session, run.area_id), result, places) + _news(places, before),
    }


def _sentence(area: Area, result: dict[str, Any], places: list[dict[str, Any]]) -> str:
    counted = result["incidents"]["recent"]
    if result["outcome"] == "too_few":
        return str(
            gettext(
                "Not enough data in %(place)s: too few incidents to tell chance from change.", place=area.name
            )
        )
    period = _period(result)
    if not places:
        return str(
            ngettext(
                "%(period)s no place in %(place)s stood out: %(num)s incident.",
                "%(period)s no place in %(place)s stood out: %(num)s incidents, spread as usual.",
                counted,
                period=period,
                place=area.name,
            )
        )
    share = round(100 * sum(place["observed"] for place in places) / counted) if counted else 0
    return str(
        ngettext(
            "%(period)s one place in %(place)s stood out: %(name)s. "
            "It held %(share)s %% of %(count)s incidents.",
            "%(period)s %(num)s places in %(place)s stood out, first %(name)s. "
            "Together they held %(share)s %% of %(count)s incidents.",
            len(places),
            period=period,
            place=area.name,
            name=places[0]["name"],
            share=share,
            count=counted,
        )
    )


def _news(places: list[dict[str, Any]], before: JobRun | None) -> str:
    """Return how many of the places stood in no place of the run before, as a sentence; empty without any."""
    if before is None or not places:
        return ""
    day = _last_day(before).isoformat()
    fresh = sum(place["is_new"] for place in places)
    if fresh == len(places):
        words = ngettext(
            "It is new since the look at the days to %(day)s.",
            "All are new since the look at the days to %(day)s.",
            len(places),
            day=day,
        )
    elif fresh == 0:
        words = ngettext(
            "It stood out in the days to %(day)s too.",
            "All stood out in the days to %(day)s too.",
            len(places),
            day=day,
        )
    else:
        words = ngettext(
            "%(num)s is new since the look at the days to %(day)s.",
            "%(num)s are new since the look at the days to %(day)s.",
            fresh,
            day=day,
        )
    return " " + str(words) if choose_locale() == "en" else str(words)


def _period(result: dict[str, Any]) -> str:
    """Return the tested days in words; those of a register that ended long ago are not the last ones."""
    days = result["params"]["days"]
    if result["as_of_source"] == "now":
        return str(ngettext("In the last day", "In the last %(num)s days", days))
    end = datetime.fromisoformat(result["window"]["to"]).astimezone(local_zone())
    return str(
        ngettext(
            "In the day to %(day)s", "In the %(num)s days to %(day)s", days, day=end.strftime("%Y-%m-%d")
        )
    )


def run_line(run: JobRun) -> dict[str, Any]:
    """Return what a list of runs tells about one."""
    result = run.result or {}
    return {
        "id": run.id,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "window": result.get("window"),
        "place_count": result.get("place_count", 0),
        "outcome": result.get("outcome"),
        "days": run.params.get("days"),
    }


def _type_names(session: Session) -> dict[str, str]:
    return {row.code: in_locale(row.name_zh, row.name_en) for row in incident_types(session)}


def _shares(session: Session, counts: dict[str, int]) -> list[dict[str, Any]]:
    names = _type_names(session)
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:8]
    return [{"code": code, "name": names.get(code, code), "n": n} for code, n in largest]
