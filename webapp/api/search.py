"""The search box: areas, streets, key places, and dwellings for those who see them."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, jsonify
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Row

from geo.search import find_areas, find_dwellings, find_places, find_roads
from webapp.api.parameter import words
from webapp.permission import requires
from webapp.sentences.geo import LEVEL_NAMES, PLACE_NAMES
from webapp.session import request_session

blueprint = Blueprint("api_search", __name__, url_prefix="/api/search")

MOST = 20


@blueprint.get("")
@requires("search.use")
def search() -> Any:
    """Find what the words name; at most 20 results, grouped by kind, best first."""
    wanted = words()
    if not wanted:
        return jsonify(results=[])
    session = request_session()
    results = [_area(row) for row in find_areas(session, wanted)]
    for permission, find, show in _MORE:
        if permission is None or current_user.can(permission):
            results += [show(row) for row in find(session, wanted)]
    return jsonify(results=_fair_share(results))


def _fair_share(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return at most `MOST` results in their order, taking from each kind in turn what fits."""
    kinds = list(dict.fromkeys(result["kind"] for result in results))
    by_kind = {kind: [result for result in results if result["kind"] == kind] for kind in kinds}
    ranked = sorted(
        (place, kinds.index(kind), index)
        for kind, found in by_kind.items()
        for index, place in enumerate(range(len(found)))
    )[:MOST]
    return [by_kind[kinds[kind]][index] for _, kind, index in sorted(ranked, key=lambda r: (r[1], r[2]))]


def _area(row: Row[Any]) -> dict[str, Any]:
    level = gettext(LEVEL_NAMES.get(row.level, row.level))
    return {
        "kind": "grid" if row.level == "grid" else "area",
        "id": str(row.id),
        "label": row.name,
        "detail": " · ".join(part for part in (level, row.code, row.above) if part),
        "code": row.code,
        **_place(row),
    }


def _road(row: Row[Any]) -> dict[str, Any]:
    return {"kind": "road", "id": str(row.id), "label": row.name, "detail": gettext("Street"), **_place(row)}


def _key_place(row: Row[Any]) -> dict[str, Any]:
    kind = gettext(PLACE_NAMES[row.kind]) if row.kind in PLACE_NAMES else row.kind
    detail = " · ".join(part for part in (kind, row.address) if part)
    return {"kind": "place", "id": str(row.id), "label": row.name, "detail": detail, **_place(row)}


def _dwelling(row: Row[Any]) -> dict[str, Any]:
    detail = " · ".join(part for part in (row.plate, row.grid) if part)
    return {"kind": "dwelling", "id": str(row.id), "label": row.address, "detail": detail, **_place(row)}


def _place(row: Row[Any]) -> dict[str, Any]:
    place: dict[str, Any] = {"lon": row.lon, "lat": row.lat}
    if hasattr(row, "west"):
        place["bbox"] = [row.west, row.south, row.east, row.north]
    return place


type Finder = Callable[[Any, str], Sequence[Row[Any]]]
type Shower = Callable[[Row[Any]], dict[str, Any]]
_MORE: tuple[tuple[str | None, Finder, Shower], ...] = (
    (None, find_roads, _road),
    ("place.view", find_places, _key_place),
    ("dwelling.map", find_dwellings, _dwelling),
)
