"""The leader's forecast: what is expected in the next days, and how well such maps have done so far."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext, ngettext
from flask_login import current_user
from sqlalchemy.orm import Session

from core.clock import now
from core.db import scope_of
from core.errors import InvalidInput, NotEnough, NotFound
from core.models import JobRun
from core.queries import UNFINISHED, runs_of
from geo.areas.queries import area_by_id
from incidents.forecasts.jobs import FORECAST, request_forecast
from incidents.forecasts.queries import bands_of_run
from incidents.forecasts.service import ForecastQuestion, expected_s
from incidents.forecasts.tiles import HORIZONS
from incidents.queries import incident_types
from webapp.api.jobs import as_json
from webapp.api.parameter import sent
from webapp.i18n import in_locale
from webapp.permission import requires
from webapp.session import request_session

blueprint = Blueprint("leader_forecast", __name__)

#: Runs looked through for the latest of a horizon.
LOOKED_THROUGH = 60
#: Fewer incidents than this are not told (S37).
SMALLEST_SHOWN = 5


@blueprint.get("/api/leader/forecast")
@requires("hotspot.view")
def state() -> Response:
    """Answer the latest forecast of a horizon (``?horizon=7``), or ``?forecast=ID``, and its accuracy."""
    session = request_session()
    wanted = request.args.get("forecast", type=int)
    horizon = _horizon(request.args.get("horizon", type=int)) if wanted is None else None
    area_id = current_user.grants.area_id
    runs = runs_of(session, FORECAST, states=(*UNFINISHED, "done"), most=LOOKED_THROUGH, area_id=area_id)
    mine = [run for run in runs if run.params.get("horizon_days") == horizon]
    run = _run(session, wanted) if wanted is not None else _latest(mine)
    working = next((one for one in mine if one.state in UNFINISHED), None)
    return jsonify(
        working=as_json(working) if working else None,
        takes_s=_takes_s(session, area_id, horizon),
        **_answer(session, run),
    )


@blueprint.post("/api/leader/forecasts")
@requires("hotspot.run")
def ask() -> tuple[Response, int]:
    """Start a run that forecasts the reader's own area."""
    session = request_session()
    asked = sent()
    types = asked.get("types", [])
    if not isinstance(types, list) or not all(isinstance(code, str) for code in types):
        raise InvalidInput("forecast_question_unusable", horizons=list(HORIZONS))
    question = ForecastQuestion(horizon_days=_horizon(asked.get("horizon_days", 7)), types=tuple(types))
    run = request_forecast(session, area_by_id(session, current_user.grants.area_id), question)
    session.refresh(run)
    return jsonify(as_json(run)), 202


def _horizon(days: Any) -> int:
    if days not in HORIZONS:
        raise InvalidInput("forecast_question_unusable", horizons=list(HORIZONS))
    return int(days)


def _latest(runs: Sequence[JobRun]) -> JobRun | None:
    return next((run for run in runs if run.state == "done"), None)


def _run(session: Session, run_id: int) -> JobRun:
    run = session.get(JobRun, run_id)
    held = run is not None and scope_of(session).holds(run.area_path)
    if run is None or run.kind != FORECAST or run.state != "done" or not held:
        raise NotFound("forecast_unknown", id=run_id)
    return run


def _takes_s(session: Session, area_id: int, horizon: int | None) -> float | None:
    if horizon is None or not current_user.can("hotspot.run"):
        return None
    try:
        return round(
            expected_s(session, area_by_id(session, area_id), ForecastQuestion(horizon_days=horizon)), 1
        )
    except NotEnough:
        return None  # the run itself says what is missing


def _answer(session: Session, run: JobRun | None) -> dict[str, Any]:
    if run is None:
        return {"run": None, "bands": [], "sentence": gettext("Nobody has forecast these days here yet.")}
    result = run.result or {}
    place = area_by_id(session, run.area_id).name
    bands = [
        {
            "percent": round(100 * row.share),
            "expected": row.expected if row.expected >= SMALLEST_SHOWN else None,
            "area_m2": row.area_m2,
            "expires_at": row.expires_at.isoformat(),
            "expired": row.expires_at <= now(),
        }
        for row in bands_of_run(session, result.get("same_as", run.id))
    ]
    told = {name: value for name, value in result.items() if name != "fingerprint"}
    return {
        "run": {
            "id": run.id,
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
            "types": _type_names(session, run.params.get("types") or []),
            "result": told,
        },
        "bands": bands,
        "sentence": _sentence(place, result),
    }


def _type_names(session: Session, codes: Sequence[str]) -> list[str]:
    names = {row.code: in_locale(row.name_zh, row.name_en) for row in incident_types(session)}
    return [names.get(code, code) for code in codes]


def _sentence(place: str, result: dict[str, Any]) -> str:
    if result["outcome"] == "too_few":
        return _too_few(place, result["too_few"])
    days, expected = result["horizon_days"], result["expected"]
    if expected < SMALLEST_SHOWN:
        return str(
            gettext(
                "Fewer than five incidents are to be expected in %(place)s in these %(days)s days.",
                place=place,
                days=days,
            )
        )
    return str(
        ngettext(
            "About %(num)s incident is to be expected in %(place)s in these %(days)s days.",
            "About %(num)s incidents are to be expected in %(place)s in these %(days)s days, "
            "most likely on the dark ground.",
            round(expected),
            place=place,
            days=days,
        )
    )


def _too_few(place: str, few: dict[str, Any]) -> str:
    if few["what"] == "history":
        return str(
            ngettext(
                "Not enough data in %(place)s: %(num)s incident before the time a forecast is tried on; "
                "%(minimum)s are needed to tell one map from another.",
                "Not enough data in %(place)s: %(num)s incidents before the time a forecast is tried on; "
                "%(minimum)s are needed to tell one map from another.",
                few["found"],
                place=place,
                minimum=few["minimum"],
            )
        )
    return str(
        ngettext(
            "Not enough data in %(place)s: %(num)s incident in the time a forecast is tried on; "
            "%(minimum)s are needed to tell one map from another.",
            "Not enough data in %(place)s: %(num)s incidents in the time a forecast is tried on; "
            "%(minimum)s are needed to tell one map from another.",
            few["found"],
            place=place,
            minimum=few["minimum"],
        )
    )
