"""Publishing an approved change set: boundaries, lineage, staff and rows in one transaction.

Either everything below is true after the commit or nothing is: readers see the old partition with the
old owners or the new partition with the new ones, never a list from which rows have vanished.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import shapely
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy.dialects.postgresql import Range

from core import audit
from core.clock import now, today
from core.db import touch_layer
from core.errors import Conflict
from geo.areas.models import Area, AreaBoundary
from geo.areas.queries import area_by_id, hold_partition
from geo.areas.service import NewArea, as_multipolygon, create_area, end_name, ended, name_area
from geo.boundaries import queries
from geo.boundaries.impact import impact
from geo.boundaries.models import AreaDraft, AreaLineage
from geo.boundaries.moving import COMMUNITY, move_rows, movings
from geo.boundaries.placement_queries import end_with_grids
from geo.boundaries.review import require_current, require_publishable
from geo.boundaries.service import Drafted, load
from geo.boundaries.succession import ending, successions
from geo.shapes.crs import area_m2
from geo.shapes.matching import corners_on, matched
from geo.staff.models import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from geo.boundaries.succession import Succession
    from geo.shapes.tiling import Ground

#: Ground below this changes hands by rounding, not by decision: a lane of 1 m along 10 m of border.
LINEAGE_M2 = 10.0


def publish(session: Session, set_id: int, *, step: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Publish an approved change set as of its day and return what moved (see `impact`).

    `step` hears what is being done. Flushed, not committed.

    Raises
    ------
    Conflict
        ``change_set_closed`` (fields `id`, `state`); ``change_set_not_due`` (field `day`);
        ``boundaries_moved_on`` (field `grids`: names): a grid was published by another change set
        since this one took it; ``partition_broken``.
    """
    tell = step or (lambda _: None)
    # Neighbouring communities share corners, and rows of the county: publications go one after the other,
    # and no import or placement by hand looks up owners in between.
    hold_partition(session, queries.change_set(session, set_id).county_id)
    drafted = _with_frame_corners(load(session, set_id, lock=True))
    row = drafted.row
    if row.state != "approved" or row.effective_on is None:
        raise Conflict("change_set_closed", id=set_id, state=row.state)
    # Asked once: midnight may pass meanwhile, and all of a publication has one day.
    day = today()
    if row.effective_on > day:
        raise Conflict("change_set_not_due", id=set_id, day=row.effective_on.isoformat())
    tell("publish_checks")
    community = area_by_id(session, row.area_id)
    require_current(session, drafted)
    require_publishable(session, drafted)
    found = movings(session, drafted)
    frozen = impact(session, drafted, found)
    tell("publish_boundaries")
    shares = _shares(session, drafted)
    areas = _store_areas(session, drafted, community, day)
    _store_lineage(session, drafted, areas, shares, day=day)
    _match_neighbours(session, drafted, day)
    tell("publish_rows")
    owners = {key: (area.id, area.path) for key, area in areas.items()}
    moved = move_rows(session, found, owners | {COMMUNITY: (community.id, community.path)})
    gone = [draft.grid_id for draft in drafted.grids.values() if draft.ended and draft.grid_id]
    end_with_grids(session, gone)
    _move_staff(session, drafted, areas, day)
    row.state, row.effective_on, row.published_at = "published", day, now()
    row.impact = frozen | {"rows": moved}
    touch_layer(session, "areas", "drafts")
    session.flush()
    audit.record(session, "change_set.publish", subject=row, effective_on=day.isoformat(), rows=moved)
    return row.impact


def _with_frame_corners(drafted: Drafted) -> Drafted:
    """Return the change set with the corners that neighbours have put on the community's boundary since."""
    frame = drafted.tiling.frame
    corners = {key: corners_on(frame, part.boundary) for key, part in drafted.tiling.parts.items()}
    parts = {
        key: matched(part, corners[key]) if len(corners[key]) else part
        for key, part in drafted.tiling.parts.items()
    }
    if not all(part.is_valid for part in parts.values()):
        return drafted
    for key, found in corners.items():
        # Its shape on record changes, so it is stored anew like any edited grid.
        drafted.grids[key].changed |= bool(len(found))
    return replace(drafted, tiling=replace(drafted.tiling, parts=parts))


def _shares(session: Session, drafted: Drafted) -> list[tuple[int, int, float]]:
    """Return (draft key, area id it takes ground from, m2) of all ground that changes hands."""
    takers = [key for key, draft in drafted.grids.items() if draft.changed and not draft.ended]
    givers = [draft for draft in drafted.grids.values() if draft.changed and draft.grid_id]
    bases = queries.bases_of(session, givers)
    tree = shapely.STRtree([drafted.tiling.parts[key] for key in takers])
    shares = []
    for giver in givers:
        ground = bases[giver.key].shape
        for index in sorted(tree.query(ground, predicate="intersects")):
            taker = drafted.grids[takers[index]]
            if taker.grid_id == giver.grid_id:
                continue
            size_m2 = area_m2(drafted.tiling.parts[taker.key].intersection(ground))
            if size_m2 >= LINEAGE_M2 and giver.grid_id is not None:
                shares.append((taker.key, giver.grid_id, size_m2))
    return shares


def _store_areas(session: Session, drafted: Drafted, community: Area, day: date) -> dict[int, Area]:
    """Store ended, changed and new grids; return the area of every grid that stays, by key."""
    # Codes are unique among present areas, and boundaries of one grid among its days: what ends makes
    # room before anything new comes.
    before = queries.published(session, list(drafted.grids.values()))
    reshaped = {
        key for key, (area, old) in before.items() if _vacate(drafted, drafted.grids[key], area, old, day=day)
    }
    session.flush()
    areas: dict[int, Area] = {}
    for key, draft in sorted(drafted.grids.items()):
        if draft.ended:
            if key in before:
                end_name(session, before[key][0], day)
            continue
        area = before[key][0] if key in before else _found(session, draft, community, day)
        areas[key] = area
        if (area.code, area.name) != (draft.code, draft.name):
            name_area(session, area, code=draft.code, name=draft.name, day=day)
        if key in reshaped or key not in before:
            _add_boundary(
                session, areas[key], drafted.tiling.parts[key], valid_from=day, set_id=drafted.row.id
            )
    session.flush()
    return areas


def _vacate(drafted: Drafted, draft: AreaDraft, area: Area, old: AreaBoundary, *, day: date) -> bool:
    """End what a grid that ends or changes no longer is; tell whether it needs a new boundary."""
    if draft.ended:
        area.valid_to = day
        old.valid = ended(old.valid, day)
        return False
    if not draft.changed:
        return False
    _step_aside(area, draft)
    shape = as_multipolygon(drafted.tiling.parts[draft.key])
    if shapely.equals_exact(shape, to_shape(old.geom)):
        return False
    old.valid = ended(old.valid, day)
    return True


def _step_aside(area: Area, draft: AreaDraft) -> None:
    """Free a code that changes: codes may go round in a circle, and each leaves before any is taken."""
    if area.code != draft.code:
        area.code = f"~{area.id}"


def _found(session: Session, draft: AreaDraft, community: Area, day: date) -> Area:
    """Make the area of a new grid, or bring back the one that it restores."""
    if draft.revives_id is None:
        new = NewArea("grid", draft.code, draft.name, valid_from=day)
        area = create_area(session, new, community)
    else:
        area = area_by_id(session, draft.revives_id)
        # While it is still ended: its last code may be another grid's by now.
        name_area(session, area, code=draft.code, name=draft.name, day=day)
        area.valid_to = None
    draft.grid_id = area.id
    return area


def _add_boundary(session: Session, area: Area, shape: Ground, *, valid_from: date, set_id: int) -> None:
    session.add(
        AreaBoundary(
            county_id=area.county_id,
            area_id=area.id,
            area_path=area.path,
            valid=Range(valid_from, None),
            change_set_id=set_id,
            geom=from_shape(as_multipolygon(shape), srid=4326),
            area_m2=area_m2(shape),
        )
    )


def _match_neighbours(session: Session, drafted: Drafted, day: date) -> None:
    """Put the corners that edits set on the community's boundary into all others that have that edge.

    The community itself, those above it and the grids beyond keep their ground (an edge bends by half a
    step of the coordinate grid), so their present boundary row is completed, not replaced.
    """
    frame = drafted.tiling.frame
    own = shapely.multipolygons(
        [part for shape in drafted.tiling.parts.values() for part in shapely.get_parts(shape)]
    )
    corners = corners_on(own, frame.boundary)
    if not len(corners):
        return
    grids = {draft.grid_id for draft in drafted.grids.values()}
    for boundary in queries.boundaries_near(session, drafted.row.county_id, corners, on=day):
        old = as_multipolygon(to_shape(boundary.geom))
        new = matched(old, corners)
        grown = shapely.get_num_coordinates(new) > shapely.get_num_coordinates(old)
        if boundary.area_id not in grids and grown and new.is_valid:
            boundary.geom = from_shape(new, srid=4326)
    session.flush()


def _store_lineage(
    session: Session,
    drafted: Drafted,
    areas: Mapping[int, Area],
    shares: list[tuple[int, int, float]],
    *,
    day: date,
) -> None:
    ending = [draft for draft in drafted.grids.values() if draft.ended]
    # What it had before the change set: a draft may have given ground away before it ended.
    bases = queries.bases_of(session, ending)
    gone_m2 = {drafted.grids[key].grid_id: base.area_m2 for key, base in bases.items()}
    for key, from_id, size_m2 in shares:
        kind = _kind_of(drafted.grids[key], size_m2, gone_m2.get(from_id))
        area = areas[key]
        session.add(
            AreaLineage(
                from_area_id=from_id, change_set_id=drafted.row.id, kind=kind, effective_on=day,
                area_m2=size_m2, county_id=area.county_id, area_id=area.id, area_path=area.path,
            )
        )  # fmt: skip


def _kind_of(taker: AreaDraft, size_m2: float, gone_m2: float | None) -> str:
    """Tell how a grid came to ground of another one, which had `gone_m2` if it is no more.

    A new grid is split from the one that ends in several new ones, and takes over one whose ground is mostly
    its own now.
    """
    is_new = taker.base_id is None and taker.revives_id is None
    if gone_m2 is not None and not (is_new and size_m2 <= gone_m2 / 2):
        return "merged_into"
    return "split_from" if is_new else "took_from"


def _move_staff(session: Session, drafted: Drafted, areas: Mapping[int, Area], day: date) -> None:
    """Let posts and roles on grids that end go to the grid that takes over most of the ground."""
    for one in successions(session, drafted):
        one.post.valid_to = day
        if one.fills is not None:
            one.fills.valid_to = day
        # What ends makes room: a grid has one captain.
        session.flush()
        if one.kind:
            session.add(_post_at(areas[one.target.key], one, day))
            session.flush()
    for ended_id, target in ending(drafted):
        _move_roles(session, ended_id, areas[target.key])


def _post_at(area: Area, one: Succession, day: date) -> Post:
    return Post(
        kind=one.kind,
        account_id=one.post.account_id,
        holder_name=one.post.holder_name,
        full_time=one.post.full_time,
        insurance_expires_on=one.post.insurance_expires_on,
        valid_from=day,
        county_id=area.county_id,
        area_id=area.id,
        area_path=area.path,
    )


def _move_roles(session: Session, ended_id: int, area: Area) -> None:
    """Let roles follow: a second captain reads on where his households went; his post says worker."""
    held = {(role.account_id, role.role_code) for role in queries.roles_on(session, area.id)}
    for role in queries.roles_on(session, ended_id):
        if (role.account_id, role.role_code) in held:
            session.delete(role)
        else:
            role.area_id, role.area_path = area.id, area.path
    session.flush()
