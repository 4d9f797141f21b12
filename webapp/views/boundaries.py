"""The boundary staff's room: which ground is divided, one community's grids on any day, the studio's map."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_login import current_user
from shapely.geometry import mapping
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.clock import today
from core.db import scope_of
from core.errors import NotFound
from core.settings import settings
from geo.areas.models import STATES
from geo.areas.queries import DatedGrid, area_by_id, boundary_shape, dated_grids, divided_ground
from geo.areas.service import NAME_LIMIT
from geo.boundaries.as_of import households_as_of
from geo.boundaries.queries import change_sets, lineage_of
from geo.shapes.crs import area_m2
from geo.shapes.partition import Flaw, flaws
from webapp.api.change_sets import listed_row
from webapp.api.parameter import day_of
from webapp.maps import GridEditor, Picker
from webapp.permission import requires
from webapp.session import request_session
from webapp.views.map_page import place_words, scope_map, twin_map

blueprint = Blueprint("boundaries", __name__)

#: Sums of many snapped areas differ by up to this from the area of their union: 1 m2 in 1 km2, and
#: never less than a garden bed. What is smaller is found when the community is opened.
ROUNDING_SHARE, ROUNDING_M2 = 1e-6, 10.0


@blueprint.get("/boundaries")
@requires("area.review")
def index() -> str:
    """Show the map of grids with the studio."""
    session = request_session()
    key = f"studio.{current_user.id}"
    return render_template(
        "boundaries/index.html",
        map_parts=scope_map(
            session,
            ("areas", "drafts"),
            offered=("districts", "dwellings", "places", "cameras", "incidents"),
            tools=(Picker(), GridEditor(storage_key=key)),
        ),
        twin_parts=twin_map(session, (GridEditor(storage_key=key),)),
        place_name=place_words(session, current_user.grants.area_id),
        name_limit=NAME_LIMIT,
        may_draw=current_user.can("area.draw"),
        today=today().isoformat(),
        upload_limit_mb=settings().upload_limit_mb,
    )


@blueprint.get("/api/boundaries/overview")
@requires("area.review")
def overview() -> Response:
    """Answer the communities with the share of their ground that is divided, and the open change sets."""
    session = request_session()
    return jsonify(
        communities=[_community(row) for row in divided_ground(session)],
        change_sets=[listed_row(row) for row in change_sets(session)],
    )


@blueprint.get("/api/boundaries/communities/<int:area_id>")
@requires("area.review")
def community(area_id: int) -> Response:
    """Answer one community's grids on a day (`on`, today without it), its flaws and its change sets."""
    session = request_session()
    area = area_by_id(session, area_id)
    day = day_of(request.args.get("on"), "on")
    boundary = boundary_shape(session, area.id, on=day)
    if boundary is None or area.level != "community" or not scope_of(session).holds(area.path):
        raise NotFound("area_unknown", area=area.code)
    grids = dated_grids(session, area.id, on=day)
    found = flaws([grid.shape for grid in grids], boundary)
    homes = households_as_of(session, area, day or today())
    return jsonify(
        id=area.id,
        code=area.code,
        name=area.name,
        on=day.isoformat() if day else None,
        area_m2=area_m2(boundary),
        bbox=boundary.bounds,
        frame=mapping(boundary),
        grids=[_grid(grid) | {"households": homes[grid.area.id]} for grid in grids],
        free=[_flaw(flaw) for flaw in found if not flaw.parts],
        overlaps=[
            _flaw(flaw) | {"with": [grids[index].name for index in flaw.parts]}
            for flaw in found
            if flaw.parts
        ],
        change_sets=[listed_row(row) for row in change_sets(session, community_id=area.id, states=STATES)],
    )


@blueprint.get("/api/boundaries/areas/<int:area_id>/lineage")
@requires("area.review")
def lineage(area_id: int) -> Response:
    """Answer from which grids an area took ground and which took ground from it, newest first."""
    session = request_session()
    area = area_by_id(session, area_id)
    if not scope_of(session).holds(area.path):
        raise NotFound("area_unknown", area=area.code)
    return jsonify(code=area.code, name=area.name, lines=_lines(session, area_id))


def _lines(session: Session, area_id: int) -> list[dict[str, Any]]:
    return [
        {
            "kind": row.AreaLineage.kind,
            "on": row.AreaLineage.effective_on.isoformat(),
            "area_m2": round(row.AreaLineage.area_m2, 1),
            "change_set": row.AreaLineage.change_set_id,
            "from": {"code": row.from_code, "name": row.from_name},
            "to": {"code": row.to_code, "name": row.to_name},
        }
        for row in lineage_of(session, area_id)
    ]


def _community(row: Row[Any]) -> dict[str, Any]:
    free_m2 = max(0.0, row.area_m2 - row.grids_m2)
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "town": row.town,
        "area_m2": row.area_m2,
        "free_m2": free_m2,
        "divided": free_m2 <= max(ROUNDING_M2, ROUNDING_SHARE * row.area_m2),
        "grid_count": row.grid_count,
        "open_sets": row.open_sets,
        "bbox": [row.west, row.south, row.east, row.north],
    }


def _grid(grid: DatedGrid) -> dict[str, Any]:
    return {
        "id": grid.area.id,
        "code": grid.code,
        "name": grid.name,
        "area_m2": area_m2(grid.shape),
        "bbox": grid.shape.bounds,
        "geometry": mapping(grid.shape),
    }


def _flaw(flaw: Flaw) -> dict[str, Any]:
    return {
        "place": mapping(flaw.place),
        "at": [round(flaw.at.x, 7), round(flaw.at.y, 7)],
        "size_m2": round(flaw.size_m2, 1),
    }
