"""The review of a change set: submit, return, approve, discard. Flushes, never commits."""

from datetime import date, timedelta
from typing import Any

import shapely
from sqlalchemy.orm import Session

from core import audit
from core.clock import now, today
from core.db import actor_of, touch_layer
from core.errors import Conflict, Forbidden, InvalidInput
from geo.areas.models import ChangeSet
from geo.areas.queries import area_by_id, dated_grids
from geo.boundaries import queries
from geo.boundaries.code_queries import present_codes
from geo.boundaries.ruling import require_rules
from geo.boundaries.service import Drafted, load
from geo.boundaries.talk import say
from geo.shapes.mending import Finding, find_flaws
from geo.shapes.partition import is_partition

#: A change approved for a later day than this would wait until nobody remembers it [ours].
LATEST = timedelta(days=2 * 366)


def submit(session: Session, set_id: int, *, note: str = "") -> ChangeSet:
    """Hand a draft to a second person; it cannot be edited until it is returned.

    Raises
    ------
    Conflict
        ``change_set_closed`` (fields `id`, `state`); ``boundaries_moved_on`` (field `grids`): it could
        never be published; ``change_set_empty``: no grid differs; ``partition_broken`` (field `flaws`): the
        grids do not tile their community; ``grid_rules_broken`` (fields `number`, `broken`): a changed grid
        breaks a rule that refuses.
    """
    drafted = load(session, set_id, lock=True)
    row = drafted.row
    _require_state(row, "draft")
    require_current(session, drafted)
    require_publishable(session, drafted)
    require_rules(session, drafted)
    row.state, row.submitted_at, row.reviewer_id = "review", now(), None
    say(session, row, kind="submitted", body=note or "—")
    audit.record(session, "change_set.submit", subject=row)
    return row


def require_current(session: Session, drafted: Drafted) -> None:
    """Refuse when another change set has published grids of this community meanwhile.

    Raises
    ------
    Conflict
        ``boundaries_moved_on`` (fields `id`, `grids`: names, see `overtaken_grids`).
    """
    grids = overtaken_grids(session, drafted)
    if grids:
        raise Conflict("boundaries_moved_on", id=drafted.row.id, grids=grids)


def overtaken_grids(session: Session, drafted: Drafted) -> list[str]:
    """Return the names of grids that were published anew, or renamed, since the change set took them.

    The community's name stands for a grid that the change set does not know; none are returned while
    the change set is up to date.
    """
    community = area_by_id(session, drafted.row.area_id)
    present = {grid.area.id: (grid.boundary_id, grid.name_id) for grid in dated_grids(session, community.id)}
    taken = {
        draft.grid_id: (draft.base_id, draft.base_name_id)
        for draft in drafted.grids.values()
        if draft.grid_id
    }
    if present == taken:
        return []
    stale = [
        draft.name
        for draft in drafted.grids.values()
        if draft.grid_id and present.get(draft.grid_id) != taken[draft.grid_id]
    ]
    return stale or [community.name]


def require_publishable(session: Session, drafted: Drafted) -> None:
    """Refuse a change set that changes nothing, has another community's code, or does not tile its own.

    Raises
    ------
    Conflict
        ``change_set_empty``, ``grid_code_taken`` (field `code`: an area beyond the community has got it since
        it was given in the draft), ``partition_broken`` (field `flaws`: with place, point and size).
    """
    row = drafted.row
    if not queries.touched_drafts(session, row.id):
        raise Conflict("change_set_empty", id=row.id)
    codes = {draft.code for draft in drafted.grids.values() if not draft.ended}
    taken = codes & present_codes(session, row.county_id, beyond=row.area_id)
    if taken:
        raise Conflict("grid_code_taken", code=min(taken))
    keys = sorted(drafted.tiling.parts)
    parts = [drafted.tiling.parts[key] for key in keys]
    if is_partition(parts, drafted.tiling.frame):
        return
    found = find_flaws(parts, drafted.tiling.frame)
    names = [drafted.grids[key].name for key in keys]
    raise Conflict("partition_broken", id=drafted.row.id, flaws=[_told(flaw, names) for flaw in found[:50]])


def _told(flaw: Finding, names: list[str]) -> dict[str, Any]:
    return {
        "kind": flaw.kind.value,
        "grids": [names[index] for index in flaw.parts],
        "place": shapely.geometry.mapping(flaw.place),
        "at": [round(flaw.at.x, 7), round(flaw.at.y, 7)],
        "size_m2": round(flaw.size_m2, 1),
    }


def send_back(session: Session, set_id: int, *, note: str) -> ChangeSet:
    """Give a change set under review back to its editors, saying why; its author needs no words for that.

    Raises
    ------
    InvalidInput
        ``comment_missing``, ``comment_too_long`` (field `limit`).
    Conflict
        ``change_set_closed``.
    """
    row = queries.change_set(session, set_id, lock=True)
    _require_state(row, "review", "approved")
    row.state, row.effective_on = "draft", None
    is_own = row.author_id == actor_of(session)
    say(session, row, kind="returned", body=note or "—" if is_own else note)
    row.reviewer_id = None
    audit.record(session, "change_set.return", subject=row)
    return row


def approve(session: Session, set_id: int, *, effective_on: date | None = None, note: str = "") -> ChangeSet:
    """Let a change set be published on a day, today unless said otherwise; a second person does this.

    Raises
    ------
    Forbidden
        ``own_change_set``: its author, or somebody who edited it, cannot approve it.
    InvalidInput
        ``effective_in_past`` (field `day`), ``effective_too_far`` (fields `day`, `last`).
    Conflict
        ``change_set_closed``, ``boundaries_moved_on``, ``partition_broken``, ``change_set_empty``,
        ``grid_rules_broken``.
    """
    drafted = load(session, set_id, lock=True)
    row = drafted.row
    _require_state(row, "review")
    if not is_second_person(session, row):
        raise Forbidden("own_change_set", id=set_id)
    day = effective_on or today()
    if day < today():
        raise InvalidInput("effective_in_past", day=day.isoformat())
    last = today() + LATEST
    if day > last:
        raise InvalidInput("effective_too_far", day=day.isoformat(), last=last.isoformat())
    # What was overtaken would fail in the job, hours or days after somebody has said yes.
    require_current(session, drafted)
    require_publishable(session, drafted)
    # Here and not at the publishing: sizes are a matter of judgement, and this is where people judge.
    require_rules(session, drafted)
    row.state, row.reviewer_id, row.effective_on = "approved", actor_of(session), day
    say(session, row, kind="approved", body=note or "—")
    audit.record(session, "change_set.approve", subject=row, effective_on=day.isoformat())
    return row


def is_second_person(session: Session, row: ChangeSet) -> bool:
    """Tell whether the acting person has neither opened nor edited a change set."""
    actor_id = actor_of(session)
    return actor_id is not None and actor_id not in {row.author_id, *queries.editors_of(session, row.id)}


def discard(session: Session, set_id: int) -> ChangeSet:
    """Put a change set away; its log and comments stay.

    Raises
    ------
    Conflict
        ``change_set_closed``: it is published or already discarded.
    """
    row = queries.change_set(session, set_id, lock=True)
    _require_state(row, "draft", "review", "approved")
    row.state = "discarded"
    session.flush()
    # Its grids stay as they are, but the map of drafts shows them no longer.
    touch_layer(session, "drafts")
    audit.record(session, "change_set.discard", subject=row)
    return row


def bring_back(session: Session, set_id: int) -> ChangeSet:
    """Make a discarded change set a draft again: discarding can be undone.

    Raises
    ------
    Conflict
        ``change_set_closed``.
    """
    row = queries.change_set(session, set_id, lock=True)
    _require_state(row, "discarded")
    row.state, row.reviewer_id, row.effective_on = "draft", None, None
    session.flush()
    touch_layer(session, "drafts")
    audit.record(session, "change_set.bring_back", subject=row)
    return row


def _require_state(row: ChangeSet, *allowed: str) -> None:
    if row.state not in allowed:
        raise Conflict("change_set_closed", id=row.id, state=row.state)
