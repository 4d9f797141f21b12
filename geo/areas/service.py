"""Making areas, and saving drawn grids into a change set."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely import MultiPolygon, Polygon
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from core import audit
from core.clock import today
from core.db import actor_of, scope_of
from core.errors import Conflict, InvalidInput, NotFound
from geo.areas.models import LEVELS, Area, AreaBoundary, AreaDraft, ChangeSet
from geo.areas.queries import boundary_shape, draft_shapes, grid_boundaries, open_drafts, owner_chain
from geo.shapes.crs import area_m2
from geo.shapes.partition import Clash, Finding, clashes
from geo.shapes.snap import snap

#: Longer names do not fit a label on the map.
NAME_LIMIT = 40
#: A hand draws dozens of corners; checking a star of 200,000 would hold a web thread for minutes.
MOST_CORNERS = 5_000


@dataclass(frozen=True, slots=True)
class NewArea:
    """What an area is made of. `boundary` is EPSG:4326, None while nobody has drawn it."""

    level: str
    code: str
    name: str
    boundary: BaseGeometry | None = None
    kind: str = ""
    boundary_kind: str = "published"
    valid_from: date | None = None


def create_area(session: Session, new: NewArea, parent: Area | None) -> Area:
    """Store an area below `parent` (None for a county) with its boundary; flushed, not committed.

    Raises
    ------
    InvalidInput
        ``area_level_wrong``: the level does not lie below the parent's.
    """
    above = LEVELS.index(parent.level) if parent else -1
    if new.level not in LEVELS or LEVELS.index(new.level) <= above:
        raise InvalidInput("area_level_wrong", area=new.code, level=new.level)
    # The path holds the area's own id, so the id is drawn from the sequence first.
    area_id: int = session.execute(text("SELECT nextval(pg_get_serial_sequence('area', 'id'))")).scalar_one()
    area = Area(
        id=area_id,
        county_id=parent.county_id if parent else area_id,
        parent_id=parent.id if parent else None,
        path=f"{parent.path}.{area_id}" if parent else str(area_id),
        level=new.level,
        kind=new.kind,
        code=new.code,
        name=new.name,
        valid_from=new.valid_from or today(),
    )
    session.add(area)
    session.flush()
    if new.boundary is not None:
        add_boundary(session, area, new.boundary, kind=new.boundary_kind)
    return area


def add_boundary(
    session: Session, area: Area, shape: BaseGeometry, *, kind: str = "published"
) -> AreaBoundary:
    """Give `area` the boundary `shape` (EPSG:4326), snapped, from its first day on."""
    snapped = as_multipolygon(snap(shape))
    boundary = AreaBoundary(
        county_id=area.county_id,
        area_id=area.id,
        area_path=area.path,
        valid=Range(area.valid_from, None),
        kind=kind,
        geom=from_shape(snapped, srid=4326),
        area_m2=area_m2(snapped),
    )
    session.add(boundary)
    session.flush()
    return boundary


def as_multipolygon(shape: BaseGeometry) -> MultiPolygon:
    """Return the polygons of `shape` as one MultiPolygon; lines and points that snapping left are dropped."""
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon)])


def read_polygon(geojson: Any) -> Polygon:
    """Return the polygon (EPSG:4326, snapped) of a GeoJSON geometry.

    Raises
    ------
    InvalidInput
        ``drawing_unreadable``: no polygon of at least three corners within the world's bounds;
        ``parameter_unusable``: more than `MOST_CORNERS`.
    """
    try:
        shape = shapely.from_geojson(geojson if isinstance(geojson, str) else json.dumps(geojson))
    except (shapely.GEOSException, TypeError, ValueError) as error:
        raise InvalidInput("drawing_unreadable") from error
    if not isinstance(shape, Polygon) or shape.is_empty or shape.has_z:
        raise InvalidInput("drawing_unreadable")
    if len(set(shape.exterior.coords)) < 3:
        raise InvalidInput("drawing_unreadable")
    if shapely.get_num_coordinates(shape) > MOST_CORNERS:
        raise InvalidInput("parameter_unusable", name="geometry", wanted=f"≤ {MOST_CORNERS}")
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput("drawing_unreadable")
    return shape


@dataclass(frozen=True, slots=True)
class DrawingCheck:
    """What the house says to a drawing: its community, its measure, and what forbids saving it.

    `polygon` is EPSG:4326, snapped. Each finding: kind, with (a name), place (GeoJSON), at (lon, lat)
    and size_m2.
    """

    community: Area
    polygon: Polygon
    area_m2: float
    findings: list[dict[str, Any]]


def check_drawing(session: Session, polygon: Polygon) -> DrawingCheck:
    """Return what would happen if `polygon` (EPSG:4326) were saved; stores nothing.

    Raises
    ------
    NotFound
        ``drawing_outside``: no community of the session's scope holds the drawing's inner point.
    """
    if polygon.is_valid:
        polygon = _snapped(polygon)
    community = _community_of(session, polygon)
    known = [(area.name, shape) for area, shape in grid_boundaries(session, community)]
    known += [(draft.name, shape) for draft, shape in draft_shapes(session, community)]
    found = clashes(polygon, [shape for _, shape in known], _boundary_or_fail(session, community))
    names = [name for name, _ in known]
    described = [_described(clash, names, community.name) for clash in found]
    return DrawingCheck(community, polygon, area_m2(polygon), described)


def save_drawing(session: Session, polygon: Polygon, *, name: str) -> AreaDraft:
    """Store a drawn grid (EPSG:4326) in the author's open change set of its community.

    The community is the one the drawing's inner point lies in.

    Raises
    ------
    InvalidInput
        ``draft_name_unusable`` (field `limit`).
    NotFound
        ``drawing_outside``: no community of the session's scope holds the drawing.
    Conflict
        ``drawing_clashes`` (field `clashes`: the findings of `check_drawing`): it overlaps other
        grids or leaves its community. Nothing is stored.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LIMIT:
        raise InvalidInput("draft_name_unusable", limit=NAME_LIMIT)
    _lock(session, _community_of(session, polygon))
    checked = check_drawing(session, polygon)
    community = checked.community
    if checked.findings:
        raise Conflict("drawing_clashes", community=community.name, clashes=checked.findings)
    draft = AreaDraft(
        change_set_id=_open_change_set(session, community).id,
        county_id=community.county_id,
        area_id=community.id,
        area_path=community.path,
        code=_free_code(session, community),
        name=name,
        geom=from_shape(MultiPolygon([checked.polygon]), srid=4326),
        area_m2=checked.area_m2,
    )
    session.add(draft)
    session.flush()
    audit.record(session, "area_draft.save", subject=draft, community=community.code, code=draft.code)
    return draft


def discard_draft(session: Session, draft_id: int) -> tuple[str, BaseGeometry]:
    """Remove a draft of the acting account; return its name and shape, from which it can be saved again.

    Raises
    ------
    NotFound
        ``draft_unknown``: no such draft, or another author's.
    """
    author_id = actor_of(session)
    if author_id is None or all(row[0].id != draft_id for row in open_drafts(session, author_id)):
        raise NotFound("draft_unknown", id=draft_id)
    draft = session.get_one(AreaDraft, draft_id)
    audit.record(session, "area_draft.discard", subject=draft, code=draft.code)
    kept = draft.name, to_shape(draft.geom)
    session.delete(draft)
    session.flush()
    return kept


def _snapped(polygon: Polygon) -> Polygon:
    parts = as_multipolygon(snap(polygon)).geoms
    if not parts:
        raise InvalidInput("drawing_unreadable")
    return max(parts, key=lambda part: part.area)


def _community_of(session: Session, polygon: Polygon) -> Area:
    at = polygon.representative_point() if polygon.is_valid else polygon.envelope.centroid
    for row in owner_chain(session, at.x, at.y):
        if row.level == "community" and scope_of(session).holds(row.path):
            return session.get_one(Area, row.id)
    raise NotFound("drawing_outside", lon=round(at.x, 6), lat=round(at.y, 6))


def _boundary_or_fail(session: Session, community: Area) -> BaseGeometry:
    shape = boundary_shape(session, community.id)
    if shape is None:
        raise NotFound("area_without_boundary", name=community.name)
    return shape


def _lock(session: Session, community: Area) -> None:
    # Two people who save at once are checked one after the other: the second sees the first's draft.
    session.execute(select(Area.id).where(Area.id == community.id).with_for_update(key_share=True))


def _open_change_set(session: Session, community: Area) -> ChangeSet:
    author_id = actor_of(session)
    if author_id is None:
        raise InvalidInput("actor_missing")
    found = session.scalar(
        select(ChangeSet).where(
            ChangeSet.area_id == community.id, ChangeSet.author_id == author_id, ChangeSet.state == "draft"
        )
    )
    if found is None:
        found = ChangeSet(
            county_id=community.county_id,
            area_id=community.id,
            area_path=community.path,
            title=community.name,
            author_id=author_id,
        )
        session.add(found)
        session.flush()
    return found


def _free_code(session: Session, community: Area) -> str:
    """Return the next free code of the 6+3+3+3 scheme below the community's twelve digits (S6)."""
    used = {area.code for area, _ in grid_boundaries(session, community)}
    used |= {draft.code for draft, _ in draft_shapes(session, community)}
    free = next((code for n in range(1, 1000) if (code := f"{community.code}{n:03d}") not in used), None)
    if free is None:
        raise Conflict("codes_used_up", community=community.name)
    return free


def _described(clash: Clash, names: list[str], community: str) -> dict[str, Any]:
    return {
        "kind": clash.finding.value,
        "with": names[clash.sibling] if clash.finding is Finding.OVERLAP else community,
        "place": mapping(clash.place),
        "at": [round(clash.at.x, 7), round(clash.at.y, 7)],
        "size_m2": round(clash.size_m2, 1),
    }
