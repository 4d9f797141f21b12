"""What lies behind the places of a run: the year month by month, and how thickly incidents lie."""

from datetime import datetime

import shapely
from flask import Blueprint, Response, jsonify, request

from core.errors import NotFound
from core.models import JobRun
from core.settings import settings
from geo.areas.queries import area_by_id
from incidents.heat import heat_of
from incidents.months import SQUARE_ZOOM, year_of
from incidents.queries import hotspot_types
from webapp.permission import requires
from webapp.session import request_session
from webapp.views.leader import run_of

blueprint = Blueprint("leader_year", __name__)


@blueprint.get("/api/leader/months")
@requires("hotspot.view")
def months() -> Response:
    """Answer the twelve months that end with a run's tested period: totals, and squares with five or more."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    year = year_of(
        session,
        area_by_id(session, run.area_id),
        types=hotspot_types(session, tuple(run.params.get("types") or ())),
        until=_window(run)[1],
        zone=settings().time_zone,
    )
    return jsonify(
        months=year.months,
        totals=year.totals,
        zoom=SQUARE_ZOOM,
        squares=[[x, y, counts] for (x, y), counts in year.squares.items()],
    )


@blueprint.get("/api/leader/heat")
@requires("hotspot.view")
def heat() -> Response:
    """Answer how thickly the incidents of a run's period lie, as classes with their ground (GeoJSON)."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    start, end = _window(run)
    area = area_by_id(session, run.area_id)
    found = heat_of(session, area, types=tuple(run.params.get("types") or ()), start=start, end=end)
    return jsonify(
        classes=[
            {"least": one.least, "below": one.below, "shape": shapely.geometry.mapping(one.shape)}
            for one in found
        ]
    )


def _window(run: JobRun) -> tuple[datetime, datetime]:
    window = (run.result or {}).get("window")
    if window is None:
        raise NotFound("hotspot_run_unknown", id=run.id)
    return datetime.fromisoformat(window["from"]), datetime.fromisoformat(window["to"])
