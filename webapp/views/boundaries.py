"""The boundary staff's room: which ground is divided, drawing grids, drafts."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template
from flask_login import current_user
from geoalchemy2.shape import to_shape
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.db import scope_of
from core.errors import NotFound
from geo.areas.models import AreaDraft
from geo.areas.queries import (
    area_by_id,
    boundary_shape,
    divided_ground,
    draft_shapes,
    grid_boundaries,
    open_drafts,
)
from geo.areas.service import NAME_LIMIT, check_drawing, discard_draft, read_polygon, save_drawing
from geo.shapes.crs import area_m2
from geo.shapes.partition import Flaw, flaws
from webapp.api.parameter import sent
from webapp.maps import Picker, PolygonDrawer
from webapp.permission import requires
from webapp.session import request_session
from webapp.views.map_page import place_words, scope_map

blueprint = Blueprint("boundaries", __name__)

#: Sums of many snapped areas differ by up to this from the area of their union: 1 m2 in 1 km2, and
#: never less than a garden bed. What is smaller is found when the community is opened.
ROUNDING_SHARE, ROUNDING_M2 = 1e-6, 10.0


@blueprint.get("/boundaries")
@requires("area.draw")
def index() -> str:
    """Show the map of grids with the tools to draw one."""
    session = request_session()
    drawer = PolygonDrawer(storage_key=f"grid.{current_user.id}")
    return render_template(
        "boundaries/index.html",
        map_parts=scope_map(
            session, ("areas", "drafts"), offered=("dwellings", "places"), tools=(Picker(), drawer)
        ),
        place_name=place_words(session, current_user.grants.area_id),
        name_limit=NAME_LIMIT,
    )


@blueprint.get("/api/boundaries/overview")
@requires("area.draw")
def overview() -> Response:
    """Answer the communities with the share of their ground that is divided, and the own drafts."""
    session = request_session()
    return jsonify(
        communities=[_community(row) for row in divided_ground(session)],
        drafts=[_draft(row[0], row.community) for row in open_drafts(session, current_user.id)],
    )


@blueprint.get("/api/boundaries/communities/<int:area_id>")
@requires("area.draw")
def community(area_id: int) -> Response:
    """Answer one community's grids and drafts, and exactly where they leave ground free or overlap."""
    session = request_session()
    area = area_by_id(session, area_id)
    boundary = boundary_shape(session, area.id)
    if boundary is None or area.level != "community" or not scope_of(session).holds(area.path):
        raise NotFound("area_unknown", area=area.code)
    parts = _parts(session, area_id)
    found = flaws([shape for _, shape in parts], boundary)
    return jsonify(
        id=area.id,
        code=area.code,
        name=area.name,
        area_m2=area_m2(boundary),
        bbox=boundary.bounds,
        parts=[part | {"area_m2": area_m2(shape), "bbox": shape.bounds} for part, shape in parts],
        free=[_flaw(flaw) for flaw in found if not flaw.parts],
        overlaps=[
            _flaw(flaw) | {"with": [parts[index][0]["name"] for index in flaw.parts]}
            for flaw in found
            if flaw.parts
        ],
    )


@blueprint.post("/api/boundaries/check")
@requires("area.draw")
def check() -> Response:
    """Answer whose ground a drawing lies on and what would forbid saving it; nothing is stored."""
    session = request_session()
    checked = check_drawing(session, read_polygon(sent().get("geometry")))
    return jsonify(
        community={"id": checked.community.id, "name": checked.community.name},
        number=len(_parts(session, checked.community.id)) + 1,
        area_m2=checked.area_m2,
        clashes=checked.findings,
    )


@blueprint.post("/api/boundaries/drafts")
@requires("area.draw")
def save() -> tuple[Response, int]:
    """Store a drawn grid as a draft, or refuse it with the places that forbid it."""
    session = request_session()
    given = sent()
    draft = save_drawing(session, read_polygon(given.get("geometry")), name=str(given.get("name", "")))
    place = area_by_id(session, draft.area_id)
    return jsonify(_draft(draft, place.name)), 201


@blueprint.delete("/api/boundaries/drafts/<int:draft_id>")
@requires("area.draw")
def discard(draft_id: int) -> Response:
    """Remove an own draft; the answer holds what is needed to save it again."""
    name, shape = discard_draft(request_session(), draft_id)
    return jsonify(name=name, geometry=_polygon(shape))


def _parts(session: Session, area_id: int) -> list[tuple[dict[str, Any], BaseGeometry]]:
    area = area_by_id(session, area_id)
    grids = [
        ({"code": grid.code, "name": grid.name, "draft": False}, shape)
        for grid, shape in grid_boundaries(session, area)
    ]
    drafts = [
        ({"code": draft.code, "name": draft.name, "draft": True}, shape)
        for draft, shape in draft_shapes(session, area)
    ]
    return grids + drafts


def _community(row: Row[Any]) -> dict[str, Any]:
    free_m2 = max(0.0, row.area_m2 - row.grids_m2 - row.drafts_m2)
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "town": row.town,
        "area_m2": row.area_m2,
        "free_m2": free_m2,
        "divided": free_m2 <= max(ROUNDING_M2, ROUNDING_SHARE * row.area_m2),
        "grid_count": row.grid_count,
        "draft_count": row.draft_count,
        "bbox": [row.west, row.south, row.east, row.north],
    }


def _draft(draft: AreaDraft, community_name: str) -> dict[str, Any]:
    return {
        "id": draft.id,
        "code": draft.code,
        "name": draft.name,
        "community_id": draft.area_id,
        "community": community_name,
        "area_m2": draft.area_m2,
        "bbox": to_shape(draft.geom).bounds,
        "created_at": draft.created_at.isoformat(),
    }


def _flaw(flaw: Flaw) -> dict[str, Any]:
    return {
        "place": mapping(flaw.place),
        "at": [round(flaw.at.x, 7), round(flaw.at.y, 7)],
        "size_m2": round(flaw.size_m2, 1),
    }


def _polygon(shape: BaseGeometry) -> dict[str, Any]:
    """Return the one polygon of a draft as GeoJSON: drafts are drawn as one ring."""
    first: dict[str, Any] = mapping(shape.geoms[0] if shape.geom_type == "MultiPolygon" else shape)  # type: ignore[attr-defined]
    return first
