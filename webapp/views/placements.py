"""Rows placed by hand: the action on a thing of the map, and the list of what was placed, by whom and why."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, today
from core.db import scope_of
from core.errors import InvalidInput, NotFound
from core.listing import Page
from geo.areas.models import PLACED_KINDS, Area, HandPlacement
from geo.areas.queries import area_by_id, grids_near
from geo.boundaries.placement import owner_by_ground, place_by_hand, undo_placement
from geo.boundaries.placement_queries import (
    STATES,
    PlacementFilter,
    Subject,
    placement_told,
    placements_page,
    subject_of,
)
from webapp.api.parameter import sent, text_of, words
from webapp.i18n import mark
from webapp.permission import requires
from webapp.sentences.rules import END_WORDS, PLACED_WORDS
from webapp.session import request_session
from webapp.sheet_file import csv_answer
from webapp.sorting import address, headings, order_asked, page_asked

blueprint = Blueprint("placements", __name__)

PAGE_SIZE, EXPORT_MOST = 50, 10_000
SORTS = {"when": True, "what": False, "grid": False, "who": False}
STATE_WORDS = {"holds": mark("in force"), "ended": mark("ended"), "all": mark("all")}
#: The grid somebody means is seldom farther than some blocks; the list is searched as it is typed.
OFFERED = 40


@blueprint.get("/boundaries/placed")
@requires("area.review")
def page() -> str:
    """Show what was placed by hand in an area (`area`, the reader's own without it)."""
    session = request_session()
    area = _area(session)
    shown = page_asked(SORTS, PAGE_SIZE)
    rows = placements_page(session, _filter(area), shown)
    return render_template(
        "boundaries/placed.html",
        area=area,
        rows=rows[:PAGE_SIZE],
        next_after=rows[PAGE_SIZE - 1][0].id if len(rows) > PAGE_SIZE else None,
        heads=headings(SORTS, shown.order),
        kinds={code: _(word) for code, word in PLACED_WORDS.items()},
        ends={code: _(word) for code, word in END_WORDS.items()},
        states={code: _(word) for code, word in STATE_WORDS.items()},
        may_place=current_user.can("area.place"),
        address=address,
        local=_local,
    )


@blueprint.get("/api/placements.csv")
@requires("area.review")
def placed_file() -> Response:
    """Answer what was placed by hand as a table."""
    session = request_session()
    area = _area(session)
    rows = placements_page(session, _filter(area), Page(order_asked(SORTS), EXPORT_MOST))[:EXPORT_MOST]
    audit.record(session, "placement.export", subject=area, rows=len(rows))
    head = [
        _("Kind"),
        _("What"),
        _("Grid code"),
        _("Grid"),
        _("Placed on"),
        _("Placed by"),
        _("Why"),
        _("Ended on"),
        _("Ended because"),
    ]
    return csv_answer(f"placed-by-hand-{today()}.csv", head, (_line(row) for row in rows))


@blueprint.get("/api/placements")
@requires("area.review")
def counted() -> Response:
    """Answer how many rows are held by hand in an area, up to the size of a page."""
    session = request_session()
    area = _area(session)
    rows = placements_page(session, PlacementFilter(area.path), Page(order_asked(SORTS), PAGE_SIZE))
    return jsonify(count=len(rows), more=len(rows) > PAGE_SIZE)


@blueprint.get("/api/placements/<kind>/<int:subject_id>")
@requires("area.place")
def subject(kind: str, subject_id: int) -> Response:
    """Answer whose a thing is, whose it would be by where it lies, and the grids it may be given to."""
    session = request_session()
    return jsonify(_told(session, subject_of(session, kind, subject_id)))


@blueprint.post("/api/placements")
@requires("area.place")
def placed() -> tuple[Response, int]:
    """Give a thing to a grid by hand, saying why."""
    session, given = request_session(), sent()
    kind = text_of(given, "kind")
    place_by_hand(
        session, kind, _id(given, "id"), grid_id=_id(given, "grid"), reason=text_of(given, "reason")
    )
    return jsonify(_told(session, subject_of(session, kind, _id(given, "id")))), 201


@blueprint.post("/api/placements/<int:placement_id>/undo")
@requires("area.place")
def undone(placement_id: int) -> Response:
    """Let a thing go back to the grid in which it lies."""
    session = request_session()
    ended = undo_placement(session, placement_id)
    return jsonify(_told(session, subject_of(session, ended.subject_kind, ended.subject_id)))


def _id(given: dict[str, Any], name: str) -> int:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput("parameter_unusable", name=name, wanted="1, 2, …")
    return value


def _area(session: Session) -> Area:
    wanted = request.args.get("area", type=int) or current_user.grants.area_id
    if wanted is None:
        raise NotFound("area_unknown", area="")
    area = area_by_id(session, wanted)
    if not scope_of(session).holds(area.path):
        raise NotFound("area_unknown", area=area.code)
    return area


def _filter(area: Area) -> PlacementFilter:
    state, kind = request.args.get("state", "holds"), request.args.get("kind", "")
    if state not in STATES or (kind and kind not in PLACED_KINDS):
        raise InvalidInput("filter_unknown", state=f"{state} {kind}".strip())
    return PlacementFilter(area.path, state, kind, words())


def _told(session: Session, found: Subject) -> dict[str, Any]:
    ground = owner_by_ground(session, found)
    return {
        "kind": found.kind,
        "id": found.id,
        "label": found.label,
        "owner": _named(area_by_id(session, found.area_id)),
        "by_ground": _named(ground) if ground else None,
        "placement": placed_words(session, found.kind, found.id),
        "grids": [
            {"id": row.id, "code": row.code, "name": row.name, "community": row.community}
            for row in grids_near(session, found.lon, found.lat, most=OFFERED)
        ],
    }


def placed_words(session: Session, kind: str, subject_id: int) -> dict[str, Any] | None:
    """Return by whom, when and why a row is held in its grid, as cards show it; None where nobody does."""
    told = placement_told(session, kind, subject_id)
    if told is None:
        return None
    held: HandPlacement = told[0]
    return {
        "id": held.id,
        "at": held.created_at.isoformat(),
        "by": told.author,
        "grid": told.grid,
        "reason": held.reason,
    }


def _named(area: Area) -> dict[str, Any]:
    return {"id": area.id, "code": area.code, "name": area.name}


def _line(row: Row[Any]) -> Sequence[Any]:
    one: HandPlacement = row[0]
    return (
        _(PLACED_WORDS[one.subject_kind]),
        row.label,
        row.grid_code,
        row.grid,
        _local(one.created_at),
        row.author,
        one.reason,
        _local(one.ended_at),
        _(END_WORDS[one.ended_as]) if one.ended_as else "",
    )


def _local(moment: Any) -> str:
    return "" if moment is None else str(moment.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M"))
