"""The grid captain's room: who is due for a visit nearby, the household card, visits."""

import math
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import audit
from core.clock import now, today
from core.db import actor_of, scope_of
from core.errors import InvalidInput, NotFound
from core.settings import settings
from geo.areas.queries import ancestors, scope_extent
from geo.households.queries import (
    DUE_ORDERS,
    DUE_STATES,
    due_export,
    due_list,
    dwelling_card,
    dwellings_at,
    recent_visits,
    visit_tally,
)
from geo.households.service import (
    PURPOSES,
    UNDO_TIME,
    record_visit,
    record_visit_of_gone,
    reveal_contact,
    undo_visit,
)
from webapp.api.parameter import sent
from webapp.i18n import mark
from webapp.maps import Picker
from webapp.permission import requires
from webapp.problem import etag_of
from webapp.session import request_session
from webapp.sheet_file import csv_answer
from webapp.trust import require_contacts_open
from webapp.views.map_page import place_words, scope_map
from webapp.views.placements import placed_words

blueprint = Blueprint("captain", __name__)

PAGE_SIZE = 30
#: A name and phone stay on the screen this long after they were asked for.
SHOWN_S = 60
#: A visit noted without a network is taken when it arrives within a week.
LATE_AT_MOST_S = 7 * 24 * 3600
#: About 5 km: somebody farther from the own area is not on the round.
NEARBY_DEG = 0.05

FILE_HEADINGS = (
    mark("Grid code"), mark("Grid"), mark("Address"), mark("Door plate"), mark("Building"), mark("Unit"),
    mark("Room"), mark("Name (masked)"), mark("Phone (masked)"), mark("People"), mark("Last visit"),
    mark("State"),
)  # fmt: skip
STATE_WORDS = {
    "fresh": mark("Visited in time"),
    "due": mark("Visit due"),
    "overdue": mark("Visit overdue"),
    "vacant": mark("Vacant"),
}


@blueprint.get("/captain")
@requires("household.view")
def index() -> str:
    """Show the map of the own grid with today's visits."""
    session = request_session()
    return render_template(
        "captain/index.html",
        map_parts=scope_map(
            session, ("areas", "dwellings"), offered=("places", "incidents"), tools=(Picker(),)
        ),
        place_name=place_words(session, current_user.grants.area_id),
        interval_days=settings().visit_interval_days,
    )


@blueprint.get("/api/captain/today")
@requires("household.view")
def today_list() -> Response:
    """Answer the count of visits and a page of the list, in the order asked for."""
    session = request_session()
    state = _state()
    offset = request.args.get("offset", 0, type=int)
    lon, lat, origin = _origin(session)
    prefixes = _prefixes(session)
    order = _order()
    rows = due_list(
        session, lon=lon, lat=lat, state=state, order=order, offset=max(0, offset), limit=PAGE_SIZE + 1
    )
    return jsonify(
        tally=_tally(session),
        origin=origin,
        state=state,
        sort=order,
        items=[_item(row, prefixes) | {"distance_m": round(row.distance_m)} for row in rows[:PAGE_SIZE]],
        more=len(rows) > PAGE_SIZE,
    )


@blueprint.get("/api/captain/due.csv")
@requires("household.view")
def due_file() -> Response:
    """Answer the list as a spreadsheet file; names and phones stay masked, the export is logged."""
    session = request_session()
    state = _state()
    rows = due_export(session, state=state, order=_order())
    audit.record(session, "household.export", state=state, rows=len(rows))
    head = [_(heading) for heading in FILE_HEADINGS]
    return csv_answer(f"visits-{state}-{today()}.csv", head, (_file_row(row) for row in rows))


@blueprint.get("/api/captain/dwellings/<int:dwelling_id>")
@requires("household.view")
def card(dwelling_id: int) -> Response:
    """Answer one household card; name and phone masked."""
    return _card_answer(request_session(), dwelling_id)


@blueprint.get("/api/captain/dwellings/<int:dwelling_id>/entrance")
@requires("household.view")
def entrance(dwelling_id: int) -> Response:
    """Answer the dwellings behind the same entrance, by unit and room."""
    session = request_session()
    at = dwelling_card(session, dwelling_id)
    prefixes = _prefixes(session)
    return jsonify(
        id=dwelling_id,
        address=_short(at.address, prefixes),
        lon=at.lon,
        lat=at.lat,
        items=[_item(row, prefixes) for row in dwellings_at(session, dwelling_id)],
    )


@blueprint.post("/api/captain/households/<int:household_id>/reveal")
@requires("household.reveal")
def reveal(household_id: int) -> Response:
    """Answer one household's name and phone for a stated purpose; the asking is logged."""
    require_contacts_open("household.reveal_refused")
    contact = reveal_contact(request_session(), household_id, purpose=str(sent().get("purpose", "")))
    return jsonify(name=contact.head_name, phone=contact.phone, shown_s=SHOWN_S)


@blueprint.post("/api/captain/dwellings/<int:dwelling_id>/visits")
@requires("visit.record")
def store_visit(dwelling_id: int) -> tuple[Response, int]:
    """Store a visit, once however often it is sent, and answer the card as it stands then.

    Of a dwelling that went to another grid after the visit, answer that grid.
    """
    session = request_session()
    said = _said(sent())
    try:
        visit = record_visit(session, dwelling_id, **said)
    except NotFound:
        code, name = record_visit_of_gone(session, dwelling_id, **said)
        return jsonify(gone_to={"code": code, "name": name}), 201
    response = _card_answer(session, visit.dwelling_id)
    response.headers["X-Visit"] = str(visit.id)
    return response, 201


@blueprint.post("/api/captain/visits/<int:visit_id>/undo")
@requires("visit.record")
def take_back(visit_id: int) -> Response:
    """Take back a visit stored by mistake and answer the card as it stands then."""
    session = request_session()
    return _card_answer(session, undo_visit(session, visit_id))


def _said(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "outcome": str(given.get("outcome", "")),
        "note": str(given.get("note", "")),
        "visited_at": now() - timedelta(seconds=_age_s(given)),
        "client_ref": _client_ref(given),
    }


def _state() -> str:
    state = request.args.get("state", "all_due")
    if state not in DUE_STATES:
        raise InvalidInput("filter_unknown", state=state)
    return state


def _order() -> str:
    order = request.args.get("sort", "nearest")
    if order not in DUE_ORDERS:
        raise InvalidInput("parameter_unusable", name="sort", wanted=", ".join(DUE_ORDERS))
    return order


def _origin(session: Session) -> tuple[float, float, str]:
    """Return (lon, lat) the list starts from: where the browser is, else the middle of the own area.

    From far away every household is equally far: a place well outside the area is not used.
    """
    west, south, east, north = scope_extent(session, scope_of(session).paths) or (-180, -90, 180, 90)
    lon, lat = (request.args.get(name, math.nan, type=float) for name in ("lon", "lat"))
    inside_lon = west - NEARBY_DEG <= lon <= east + NEARBY_DEG
    if inside_lon and south - NEARBY_DEG <= lat <= north + NEARBY_DEG:
        return lon, lat, "here"
    return (west + east) / 2, (south + north) / 2, "area"


def _tally(session: Session) -> dict[str, int]:
    tally = visit_tally(session)
    return {"total": tally.total, "fresh": tally.fresh, "due": tally.due, "overdue": tally.overdue}


def _prefixes(session: Session) -> tuple[str, ...]:
    """Return the names every address of the own area begins with, from the county down."""
    paths = scope_of(session).paths
    return tuple(area.name for area in ancestors(session, paths[0])) if paths and paths[0] else ()


def _short(address: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        address = address.removeprefix(prefix) or address
    return address


def _item(row: Row[Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": row.id,
        "address": row.address,
        "short": _short(row.address, prefixes),
        "plate": row.plate,
        "building_no": getattr(row, "building_no", ""),
        "unit_no": row.unit_no,
        "room_no": row.room_no,
        "tenure": row.tenure,
        "head": row.head_masked or "",
        "people": row.occupant_count,
        "state": row.state,
        "last_visit_on": _day(row.last_visit_on),
        "days_since": _days_since(row.last_visit_on),
    }


def _card_answer(session: Session, dwelling_id: int) -> Response:
    row = dwelling_card(session, dwelling_id)
    response = jsonify(_card(session, row))
    response.headers["ETag"] = etag_of(row.version_id)
    return response


def _card(session: Session, row: Row[Any]) -> dict[str, Any]:
    interval = timedelta(days=settings().visit_interval_days)
    return _item(row, _prefixes(session)) | {
        "rooms": row.rooms,
        "grid": row.grid,
        "grid_code": row.grid_code,
        "household_id": row.household_id,
        "phone": row.phone_masked or "",
        "moved_in_on": _day(row.moved_in_on),
        "due_on": _day(row.last_visit_on + interval if row.last_visit_on else None),
        "interval_days": interval.days,
        "lon": row.lon,
        "lat": row.lat,
        "neighbours": len(dwellings_at(session, row.id)),
        "placed": placed_words(session, "dwelling", row.id),
        "purposes": list(PURPOSES),
        "visits": [_visit(visit, actor_of(session)) for visit in recent_visits(session, row.id)],
    }


def _visit(row: Row[Any], actor_id: int | None) -> dict[str, Any]:
    left = UNDO_TIME - (now() - row.created_at) if row.actor_id == actor_id else timedelta()
    return {
        "id": row.id,
        "visited_at": row.visited_at.isoformat(),
        "outcome": row.outcome,
        "note": row.note,
        "by": row.by,
        "undo_s": max(0, int(left.total_seconds())),
    }


def _file_row(row: Row[Any]) -> list[Any]:
    return [*row[:-2], _day(row.last_visit_on), _(STATE_WORDS[row.state])]


def _age_s(given: dict[str, Any]) -> float:
    # The browser says how long ago, not when: clocks of phones go wrong.
    age = given.get("age_s", 0)
    if not isinstance(age, int | float) or not 0 <= age <= LATE_AT_MOST_S:
        raise InvalidInput("visit_too_late", days=LATE_AT_MOST_S // 86400)
    return float(age)


def _client_ref(given: dict[str, Any]) -> str | None:
    ref = given.get("client_ref")
    return str(ref)[:64] if ref else None


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _days_since(value: date | None) -> int | None:
    return (today() - value).days if value else None
