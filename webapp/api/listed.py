"""The API of listed areas: propose, decide, plan, evaluate, check again; and the list as a table."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import shapely
from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext
from flask_login import current_user
from shapely.errors import ShapelyError

from core import audit
from core.errors import InvalidInput
from core.listing import Order, Page
from geo.areas.queries import area_by_id
from incidents.listed import queries, service
from incidents.listed.jobs import request_evaluation
from incidents.listed.models import ListedArea
from incidents.listed.plan import done_share, read_plan
from incidents.listed.steps import STEPS, Act, Actor
from patrols.queries import minutes_inside
from webapp.api.jobs import as_json
from webapp.api.parameter import day_of, iso, sent, text_of
from webapp.listed_words import due_words, owner_words, states_asked
from webapp.permission import requires
from webapp.problem import etag_of, require_match
from webapp.sentences.listed import STATE_WORDS
from webapp.session import request_session
from webapp.sheet_file import csv_answer

blueprint = Blueprint("api_listed", __name__, url_prefix="/api/listed")

#: Rows of a table; who has more lists too much.
TABLE_MOST = 5_000
#: Corners a hand may draw.
CORNERS_MOST = 500
TABLE_HEAD = (
    "id", "name", "area", "state", "due", "proposed_on", "starts_on", "ends_on", "owner", "measures_done",
    "measures", "dose_minutes_week", "budget_yuan", "verdict", "ratio", "ratio_low", "ratio_high",
    "recheck_on",
)  # fmt: skip


def actor() -> Actor:
    """Return who asks, with his permissions."""
    return Actor(current_user.id, current_user.grants.permissions)


@blueprint.get("/<int:listed_id>")
@requires("listed.view")
def shown(listed_id: int) -> Response:
    """Answer where a listed area stands, with its version, and its ground as GeoJSON (EPSG:4326)."""
    session = request_session()
    row = queries.listed_area(session, listed_id)
    return _state(row, shape=json.loads(queries.shape_of(session, row.id)))


@blueprint.post("")
@requires("listed.propose")
def proposed() -> tuple[Response, int]:
    """Propose a hotspot (``hotspot``), a grid (``area``) or a drawing (``ring``, ``name``), with a reason."""
    session, given = request_session(), sent()
    reason = text_of(given, "reason")
    if given.get("hotspot") is not None:
        row = service.propose_hotspot(session, _whole(given, "hotspot"), actor(), reason)
    elif given.get("area") is not None:
        row = service.propose_area(session, _whole(given, "area"), actor=actor(), reason=reason)
    else:
        area = area_by_id(session, current_user.grants.area_id)
        row = service.propose_drawing(
            session, area, _ring(given.get("ring")), name=text_of(given, "name"), actor=actor(), reason=reason
        )
    return _state(row), 201


@blueprint.post("/<int:listed_id>/confirm")
@requires(STEPS[Act.CONFIRM].permission)
def confirmed(listed_id: int) -> Response:
    """List a proposed area until ``ends_on``, with a reason; not one's own proposal."""
    return _with_day(listed_id, service.confirm)


@blueprint.post("/<int:listed_id>/move-end")
@requires(STEPS[Act.MOVE_END].permission)
def end_moved(listed_id: int) -> Response:
    """Let a listing end on another day, with a reason."""
    return _with_day(listed_id, service.move_end)


@blueprint.post("/<int:listed_id>/decline")
@requires(STEPS[Act.DECLINE].permission)
def declined(listed_id: int) -> Response:
    """Decline a proposal, with a reason; not one's own."""
    return _with_reason(listed_id, service.decline)


@blueprint.post("/<int:listed_id>/withdraw")
@requires(STEPS[Act.WITHDRAW].permission)
def withdrawn(listed_id: int) -> Response:
    """Take one's own proposal back, with a reason."""
    return _with_reason(listed_id, service.withdraw)


@blueprint.post("/<int:listed_id>/end")
@requires(STEPS[Act.END].permission)
def ended(listed_id: int) -> Response:
    """End a listing today, with a reason."""
    return _with_reason(listed_id, service.end)


@blueprint.post("/<int:listed_id>/recheck")
@requires(STEPS[Act.RECHECK].permission)
def rechecked(listed_id: int) -> Response:
    """Write down what the look back found; incidents since the end are counted with it."""
    return _with_reason(listed_id, service.recheck)


@blueprint.post("/<int:listed_id>/close")
@requires(STEPS[Act.CLOSE].permission)
def closed(listed_id: int) -> Response:
    """Take an area off the list, with a reason."""
    return _with_reason(listed_id, service.close)


@blueprint.post("/<int:listed_id>/renew")
@requires(STEPS[Act.RENEW].permission)
def renewed(listed_id: int) -> tuple[Response, int]:
    """Propose the ground of a listing anew, with a reason; answers the new proposal."""
    session = request_session()
    _matched(listed_id)
    return _state(service.renew(session, listed_id, actor(), text_of(sent(), "reason"))), 201


@blueprint.put("/<int:listed_id>/plan")
@requires(STEPS[Act.PLAN].permission)
def planned(listed_id: int) -> Response:
    """Put a plan in the place of the one there is."""
    _matched(listed_id)
    return _state(service.save_plan(request_session(), listed_id, actor(), read_plan(sent())))


@blueprint.post("/<int:listed_id>/evaluate")
@requires(STEPS[Act.EVALUATE].permission)
def evaluated(listed_id: int) -> tuple[Response, int]:
    """Start the job that tells whether the measures worked."""
    session = request_session()
    row = _matched(listed_id)
    service.require_step(row, Act.EVALUATE, actor())
    delivered_min = minutes_inside(session, row.id, *service.spans_of(row).after)
    run = request_evaluation(session, row, actor(), delivered_min=delivered_min)
    session.refresh(run)
    return jsonify(as_json(run)), 202


@blueprint.get("/table.csv")
@requires("listed.view")
def table_file() -> Response:
    """Answer the list as a table, filtered as the page is."""
    session = request_session()
    page = Page(Order("proposed", falling=True), TABLE_MOST)
    rows = queries.listed_page(session, page, states_asked(request.args.get("state", "all")))[:TABLE_MOST]
    owners = queries.owner_names(session, [row.ListedArea for row in rows])
    audit.record(
        session, "listed.export", subject=area_by_id(session, current_user.grants.area_id), rows=len(rows)
    )
    return csv_answer(
        "listed-areas.csv", TABLE_HEAD, (_line(row.ListedArea, row.area, owners) for row in rows)
    )


def _line(row: ListedArea, area: str, owners: dict[int, str]) -> tuple[Any, ...]:
    effect, (done, all_of_them) = row.evaluation or {}, done_share(row.measures)
    return (
        row.id, row.name, area, gettext(STATE_WORDS[row.state]), due_words(service.due(row)),
        iso(row.proposed_at.date()), iso(row.starts_on), iso(row.ends_on), owner_words(row, owners), done,
        all_of_them, row.dose_minutes_week, row.budget_yuan, effect.get("verdict"), effect.get("ratio"),
        effect.get("ratio_low"), effect.get("ratio_high"), iso(row.recheck_on),
    )  # fmt: skip


def _with_reason(listed_id: int, step: Callable[..., ListedArea]) -> Response:
    _matched(listed_id)
    return _state(step(request_session(), listed_id, actor(), text_of(sent(), "reason")))


def _with_day(listed_id: int, step: Callable[..., ListedArea]) -> Response:
    given = sent()
    _matched(listed_id)
    day: date | None = day_of(given.get("ends_on"), "ends_on")
    reason = text_of(given, "reason")
    return _state(step(request_session(), listed_id, actor(), reason, ends_on=day))


def _matched(listed_id: int) -> ListedArea:
    """Return a listed area, locked; refused when the page was made from another version of it."""
    row = queries.listed_area(request_session(), listed_id, lock=True)
    require_match(row.version_id)
    return row


def _state(row: ListedArea, **more: Any) -> Response:
    request_session().flush()
    response = jsonify(id=row.id, name=row.name, state=row.state, version=row.version_id, **more)
    response.headers["ETag"] = etag_of(row.version_id)
    return response


def _whole(given: dict[str, Any], name: str) -> int:
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise InvalidInput("parameter_unusable", name=name, wanted="id")
    return value


def _ring(value: Any) -> shapely.Polygon:
    """Return the ground inside a ring of [lon, lat]."""
    if not isinstance(value, list) or not 3 <= len(value) <= CORNERS_MOST:
        raise InvalidInput("listed_ground_unusable")
    try:
        return shapely.Polygon([(float(lon), float(lat)) for lon, lat in value])
    except (TypeError, ValueError, ShapelyError) as error:
        raise InvalidInput("listed_ground_unusable") from error
