"""Two looks at the same ground: which places stayed, which are new, which are gone."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext
from sqlalchemy import Row

from core.errors import InvalidInput
from incidents.queries import hotspot_shapes, hotspots_of_run, places_also_of
from webapp.permission import requires
from webapp.session import request_session
from webapp.views.leader import run_line, run_of

blueprint = Blueprint("leader_compare", __name__)


@blueprint.get("/api/leader/compare")
@requires("hotspot.view")
def compare() -> Response:
    """Answer the places of two runs (``?run=ID&other=ID``), told apart by the ground they share."""
    session = request_session()
    run = run_of(session, request.args.get("run", type=int))
    other = run_of(session, request.args.get("other", type=int))
    if run.area_id != other.area_id or run.id == other.id:
        raise InvalidInput("runs_not_comparable")
    stayed = places_also_of(session, run.id, other.id)
    known = places_also_of(session, other.id, run.id)
    shapes = hotspot_shapes(session, run.id) | hotspot_shapes(session, other.id)
    places = [
        _place(row, shapes[row.id], "stayed" if row.id in stayed else "new")
        for row in hotspots_of_run(session, run.id)
    ]
    places += [
        _place(row, shapes[row.id], "gone")
        for row in hotspots_of_run(session, other.id)
        if row.id not in known
    ]
    counts = {fate: sum(place["fate"] == fate for place in places) for fate in ("stayed", "new", "gone")}
    sentence = gettext("%(stayed)s stayed, %(new)s new, %(gone)s gone.", **counts)
    return jsonify(run=run_line(run), other=run_line(other), places=places, sentence=sentence)


def _place(row: Row[Any], shape: dict[str, Any], fate: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "rank": row.rank,
        "name": row.name,
        "observed": row.observed,
        "bbox": [row.west, row.south, row.east, row.north],
        "shape": shape,
        "fate": fate,
    }
