"""Rows placed by hand: they stay with a grid wherever boundaries run, until somebody or its end says no.

Flushes, never commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core import audit
from core.clock import now
from core.db import Base, actor_of, scope_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from geo.areas.locate import NOWHERE, Locator, load_locator
from geo.areas.models import Area, HandPlacement
from geo.areas.ownership import hand_over
from geo.areas.queries import area_by_id, keep_partition
from geo.boundaries.placement_queries import Subject, present_placement, subject_of

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.orm import Session

#: A reason is a sentence.
REASON_LIMIT = 200


def place_by_hand(
    session: Session, kind: str, subject_id: int, *, grid_id: int, reason: str
) -> HandPlacement:
    """Give a row to a grid wherever it lies; it stays there when boundaries move.

    Raises
    ------
    InvalidInput
        ``reason_missing``, ``reason_too_long`` (field `limit`), ``not_a_grid`` (field `name`),
        ``nothing_changes``: somebody has placed it there already; ``actor_missing``.
    NotFound
        ``subject_unknown``, ``area_unknown``.
    Forbidden
        ``grid_outside_area`` (field `name`).
    """
    reason, actor_id = " ".join(reason.split()), actor_of(session)
    if not reason:
        raise InvalidInput("reason_missing")
    if len(reason) > REASON_LIMIT:
        raise InvalidInput("reason_too_long", limit=REASON_LIMIT)
    if actor_id is None:
        raise InvalidInput("actor_missing")
    subject = _held_subject(session, kind, subject_id)
    grid = _grid(session, grid_id, subject)
    old = present_placement(session, kind, subject_id)
    if old is not None:
        if old.area_id == grid.id:
            raise InvalidInput("nothing_changes")
        _end(session, old, "placed_anew")
    hand_over(session, _table(kind), [(subject_id, grid.id, grid.path)])
    made = HandPlacement(
        subject_kind=kind, subject_id=subject_id, reason=reason, author_id=actor_id,
        county_id=grid.county_id, area_id=grid.id, area_path=grid.path,
    )  # fmt: skip
    session.add(made)
    session.flush()
    source = area_by_id(session, subject.area_id)
    audit.record(
        session, "placement.make", subject=made,
        thing=kind, row=subject_id, grid_before=source.code, grid=grid.code,
    )  # fmt: skip
    return made


def _held_subject(session: Session, kind: str, subject_id: int) -> Subject:
    """Return a row that nobody else gives away until the transaction ends.

    A publication decides first which rows move and which are held: no placement may come in between.
    """
    keep_partition(session, subject_of(session, kind, subject_id).county_id)
    return subject_of(session, kind, subject_id, lock=True)


def _grid(session: Session, grid_id: int, subject: Subject) -> Area:
    grid = area_by_id(session, grid_id)
    if grid.valid_to is not None or grid.county_id != subject.county_id:
        raise NotFound("area_unknown", area=grid.code)
    if grid.level != "grid":
        raise InvalidInput("not_a_grid", name=grid.name)
    if not scope_of(session).holds(grid.path):
        raise Forbidden("grid_outside_area", name=grid.name)
    return grid


def _table(kind: str) -> Table:
    return Base.metadata.tables[kind]


def undo_placement(session: Session, placement_id: int) -> HandPlacement:
    """Let a row go back to the area in which its point lies.

    Raises
    ------
    NotFound
        ``placement_unknown`` (field `id`).
    Conflict
        ``placement_over`` (field `id`): it does not hold any more.
    Forbidden
        ``grid_outside_area`` (field `name`): the point lies outside the actor's own area.
    """
    placement = session.get(HandPlacement, placement_id)
    if placement is None:
        raise NotFound("placement_unknown", id=placement_id)
    subject = _held_subject(session, placement.subject_kind, placement.subject_id)
    session.refresh(placement, with_for_update=True)
    if placement.ended_at is not None:
        raise Conflict("placement_over", id=placement_id)
    owner = owner_by_ground(session, subject)
    if owner is not None and not scope_of(session).holds(owner.path):
        raise Forbidden("grid_outside_area", name=owner.name)
    _end(session, placement, "undone")
    if owner is not None:
        hand_over(session, _table(subject.kind), [(subject.id, owner.id, owner.path)])
    grid = owner.code if owner else ""
    audit.record(session, "placement.undo", subject=placement, thing=subject.kind, row=subject.id, grid=grid)
    return placement


def owner_by_ground(session: Session, subject: Subject) -> Area | None:
    """Return the deepest present area in which a row lies, None outside all of its county."""
    locator = load_locator(session, subject.county_id, near=(subject.lon, subject.lat))
    (place,) = locator.locate(shapely.points([(subject.lon, subject.lat)]))
    return None if place == NOWHERE else area_by_id(session, locator.owners[place].area_id)


def _end(session: Session, placement: HandPlacement, how: str) -> None:
    placement.ended_at, placement.ended_by, placement.ended_as = now(), actor_of(session), how
    session.flush()


def owners_elsewhere(
    session: Session, county_id: int, lonlat: np.ndarray[Any, Any], *, apart: str
) -> list[tuple[int, str] | None]:
    """Return the (id, path) of each point's owner (n, 2), None inside the area at `apart` or nowhere."""
    locator: Locator = load_locator(session, county_id)
    found = locator.locate(np.asarray(shapely.points(lonlat), dtype=object))
    owners = [None if place == NOWHERE else locator.owners[place] for place in found]
    return [
        None
        if owner is None or f"{owner.area_path}.".startswith(f"{apart}.")
        else (owner.area_id, owner.area_path)
        for owner in owners
    ]
