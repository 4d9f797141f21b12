"""What is here: the things under a finger, and who answers for the ground."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, request
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Row
from sqlalchemy.orm import Session

from cameras.tiles import cameras_near
from geo.areas.queries import owner_chain
from geo.nearby import Spot, drafts_at, dwellings_near, places_near
from incidents.listed.tiles import listed_at
from incidents.tiles import hotspots_at, incidents_near
from patrols.districts.tiles import districts_at
from webapp.api.parameter import number
from webapp.i18n import choose_locale
from webapp.permission import requires
from webapp.sentences.geo import CAMERA_STATUS, LEVEL_NAMES, PLACE_NAMES, VISIT_STATES
from webapp.sentences.listed import STATE_WORDS
from webapp.session import request_session
from webapp.tiles.layer import LAYERS, days_of, incidents_until, tile_key

blueprint = Blueprint("api_here", __name__, url_prefix="/api/here")


@blueprint.get("")
@requires("area.view")
def here() -> Any:
    """Tell what lies within a finger's width of a point, nearest first, and its owners from the top."""
    spot = Spot.pressed(number("lon"), number("lat"), zoom=number("zoom", default=17))
    session = request_session()
    features: list[dict[str, Any]] = []
    for name in _layers():
        features += _FINDERS[name](session, spot)
    owners = [
        {"id": row.id, "level": row.level, "code": row.code, "name": row.name, "path": row.path}
        for row in owner_chain(session, spot.lon, spot.lat)
    ]
    if owners:
        features.append(_owner(owners[-1], spot))
    return jsonify(features=features, owners=owners, tolerance_m=round(spot.tolerance_m, 1))


def _layers() -> list[str]:
    """Return the layers to look in, points before areas, leaving out what the reader may not see."""
    asked = request.args.get("layers")
    wanted = set(_FINDERS) if asked is None else set(asked.split(","))
    return [name for name in _FINDERS if name in wanted and current_user.can(LAYERS[name].permission)]


def _point(kind: str, row: Row[Any], **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": row.id,
        "lon": row.lon,
        "lat": row.lat,
        "distance_m": round(row.distance_m, 1),
        "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
        **more,
    }


def _dwellings(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _point(
            "dwelling",
            row,
            label=row.address,
            detail=" · ".join(part for part in (row.plate, gettext(VISIT_STATES[row.state])) if part),
            n=row.n,
            state=row.state,
        )
        for row in dwellings_near(session, spot)
    ]


def _cameras(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _point("camera", row, label=row.name, detail=gettext(CAMERA_STATUS[row.status]), status=row.status)
        for row in cameras_near(session, spot)
    ]


def _incidents(session: Session, spot: Spot) -> list[dict[str, Any]]:
    days = days_of(request.args.get("days"))
    until = incidents_until(session, tile_key(LAYERS["incidents"], session, days))
    name = "name_zh" if choose_locale() == "zh" else "name_en"
    return [
        _point(
            "incident",
            row,
            label=getattr(row, name),
            detail=row.occurred_at.isoformat(),
            type=row.type_code,
            occurred_at=row.occurred_at.isoformat(),
            state=row.state,
        )
        for row in incidents_near(session, spot, until=until, days=days)
    ]


def _places(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _point(
            "place",
            row,
            label=row.name,
            detail=gettext(PLACE_NAMES[row.kind]) if row.kind in PLACE_NAMES else row.kind,
            place_kind=row.kind,
        )
        for row in places_near(session, spot)
    ]


def _hotspots(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _shape(
            "hotspot",
            row,
            spot,
            detail=gettext(
                "%(observed)s instead of %(expected)s", observed=row.observed, expected=f"{row.expected:.1f}"
            ),
            rank=row.rank,
        )
        for row in hotspots_at(session, spot)
    ]


def _listed(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _shape(
            "listed",
            row,
            spot,
            detail=" · ".join(
                part
                for part in (
                    gettext(STATE_WORDS[row.state]),
                    gettext("until %(day)s", day=row.ends_on) if row.ends_on else "",
                )
                if part
            ),
            state=row.state,
        )
        for row in listed_at(session, spot)
    ]


def _drafts(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _shape("draft", row, spot, detail=gettext("Draft, not published")) for row in drafts_at(session, spot)
    ]


def _districts(session: Session, spot: Spot) -> list[dict[str, Any]]:
    return [
        _shape(
            "district",
            row,
            spot,
            detail=" · ".join(part for part in (gettext("Patrol district"), row.code, row.force) if part),
            code=row.code,
            force=row.force,
        )
        for row in districts_at(session, spot)
    ]


def _shape(kind: str, row: Row[Any], spot: Spot, *, detail: str, **more: Any) -> dict[str, Any]:
    """Return a thing that covers the spot, with its outline."""
    return {
        "kind": kind,
        "id": row.id,
        "label": row.name,
        "detail": detail,
        "lon": spot.lon,
        "lat": spot.lat,
        "geometry": json.loads(row.geometry),
        **more,
    }


def _owner(area: dict[str, Any], spot: Spot) -> dict[str, Any]:
    level = gettext(LEVEL_NAMES[area["level"]])
    return {
        "kind": "area",
        "id": area["id"],
        "label": area["name"],
        "detail": f"{level} · {area['code']}",
        "level": area["level"],
        "code": area["code"],
        "lon": spot.lon,
        "lat": spot.lat,
        "geometry": None,
    }


_FINDERS: dict[str, Callable[[Session, Spot], list[dict[str, Any]]]] = {
    "dwellings": _dwellings,
    "cameras": _cameras,
    "incidents": _incidents,
    "places": _places,
    "hotspots": _hotspots,
    "listed": _listed,
    "drafts": _drafts,
    "districts": _districts,
}
