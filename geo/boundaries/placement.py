"""Rows placed by hand: they stay with a grid wherever boundaries run, until somebody or its end says no.

Flushes, never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy import func, literal, select, text, update
from sqlalchemy.orm import aliased

from core import audit
from core.clock import now
from core.db import Base, actor_of, scope_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.listing import Page, Sortable
from geo.areas.locate import NOWHERE, Locator, load_locator
from geo.areas.models import PLACED_KINDS, Area, HandPlacement
from geo.areas.ownership import hand_over
from geo.areas.queries import area_by_id, keep_partition
from geo.staff.models import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row, Select, Table
    from sqlalchemy.orm import Session

#: A reason is a sentence.
REASON_LIMIT = 200
#: What a row of each kind is called in lists.
_LABELS = {"dwelling": "address", "camera": "name", "place": "name", "incident": "address"}
STATES = ("holds", "ended", "all")


@dataclass(frozen=True, slots=True)
class Subject:
    """A row that can be placed: its kind and id, what it is called, its owner, where it lies (EPSG:4326)."""

    kind: str
    id: int
    label: str
    county_id: int
    area_id: int
    lon: float
    lat: float


def subject_of(session: Session, kind: str, subject_id: int, *, lock: bool = False) -> Subject:
    """Return a row that lies in the session's scope; `lock` makes others wait until the transaction ends.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``: rows of this kind are not placed.
    NotFound
        ``subject_unknown``.
    """
    if kind not in PLACED_KINDS:
        raise InvalidInput("parameter_unusable", name="kind", wanted=", ".join(PLACED_KINDS))
    row = session.execute(
        text(
            f"SELECT {_LABELS[kind]}, county_id, area_id, ST_X(geom), ST_Y(geom) "  # noqa: S608 - our own names
            f"FROM {kind} WHERE id = :id" + (" FOR UPDATE" if lock else "")
        ),
        {"id": subject_id},
    ).one_or_none()
    if row is None:
        raise NotFound("subject_unknown", id=subject_id)
    return Subject(kind, subject_id, *row)


def present_placement(session: Session, kind: str, subject_id: int) -> HandPlacement | None:
    """Return the placement that holds a row now."""
    return session.scalar(
        select(HandPlacement).where(
            HandPlacement.subject_kind == kind,
            HandPlacement.subject_id == subject_id,
            HandPlacement.ended_at.is_(None),
        )
    )


def placement_told(session: Session, kind: str, subject_id: int) -> Row[HandPlacement, str, str] | None:
    """Return (placement that holds a row now, author, grid), None where nobody has placed it."""
    return session.execute(
        select(HandPlacement, Account.name.label("author"), Area.name.label("grid"))
        .join(Account, Account.id == HandPlacement.author_id)
        .join(Area, Area.id == HandPlacement.area_id)
        .where(
            HandPlacement.subject_kind == kind,
            HandPlacement.subject_id == subject_id,
            HandPlacement.ended_at.is_(None),
        )
    ).one_or_none()


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
    told = {"kind": kind, "row": subject_id, "from": source.code, "to": grid.code}
    audit.record(session, "placement.make", subject=made, **told)
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
    told = {"kind": subject.kind, "row": subject.id, "to": owner.code if owner else ""}
    audit.record(session, "placement.undo", subject=placement, **told)
    return placement


def owner_by_ground(session: Session, subject: Subject) -> Area | None:
    """Return the deepest present area in which a row lies, None outside all of its county."""
    locator = load_locator(session, subject.county_id, near=(subject.lon, subject.lat))
    (place,) = locator.locate(shapely.points([(subject.lon, subject.lat)]))
    return None if place == NOWHERE else area_by_id(session, locator.owners[place].area_id)


def _end(session: Session, placement: HandPlacement, how: str) -> None:
    placement.ended_at, placement.ended_by, placement.ended_as = now(), actor_of(session), how
    session.flush()


def held_in(session: Session, path: str) -> set[tuple[str, int]]:
    """Return the (kind, id) of every row that is placed by hand at or below the area at `path`."""
    rows = session.execute(
        select(HandPlacement.subject_kind, HandPlacement.subject_id).where(
            text("CAST(:path AS ltree) @> hand_placement.area_path"), HandPlacement.ended_at.is_(None)
        ),
        {"path": path},
    ).all()
    return {(row[0], int(row[1])) for row in rows}


def held_by(session: Session, areas: Sequence[int]) -> Sequence[Row[HandPlacement, str, str]]:
    """Return (placement that holds, what the row is called, author) of the areas, oldest first."""
    return session.execute(
        _told()
        .with_only_columns(HandPlacement, _label().label("label"), Account.name)
        .where(HandPlacement.area_id.in_(areas), HandPlacement.ended_at.is_(None))
        .order_by(HandPlacement.id)
    ).all()


def end_with_grids(session: Session, areas: Sequence[int]) -> int:
    """End the placements of grids that are no more; return how many. Where the rows go, others decide."""
    ended = session.scalars(
        update(HandPlacement)
        .where(HandPlacement.area_id.in_(areas), HandPlacement.ended_at.is_(None))
        .values(ended_at=now(), ended_as="grid_ended", ended_by=actor_of(session))
        .returning(HandPlacement.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(ended)


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


@dataclass(frozen=True, slots=True)
class PlacementFilter:
    """Which placements are listed: of the area at `path`, in a state of `STATES`, of a kind, with words."""

    path: str
    state: str = "holds"
    kind: str = ""
    words: str = ""


def placements_page(session: Session, wanted: PlacementFilter, page: Page) -> Sequence[Row[Any]]:
    """Return (HandPlacement, label, grid, grid_code, author, ender), and one row more when there are more."""
    label = _label()
    listed = Sortable(
        _told().with_only_columns(
            HandPlacement,
            label.label("label"),
            Area.name.label("grid"),
            Area.code.label("grid_code"),
            Account.name.label("author"),
            func.coalesce(_ENDER.name, "").label("ender"),
        ),
        {
            "when": HandPlacement.created_at,
            "what": label,
            "grid": Area.code,
            "who": Account.name,
        },
        HandPlacement.id,
    )
    rows: Sequence[Row[Any]] = session.execute(listed.page(page, _wanted(wanted, label))).all()  # type: ignore[assignment]
    return rows


_ENDER = aliased(Account)


def _told() -> Select[Any]:
    query = (
        select(HandPlacement)
        .join(Area, Area.id == HandPlacement.area_id)
        .join(Account, Account.id == HandPlacement.author_id)
        .outerjoin(_ENDER, _ENDER.id == HandPlacement.ended_by)
    )
    for kind, table in _tables().items():
        mine = (HandPlacement.subject_kind == kind) & (table.c.id == HandPlacement.subject_id)
        query = query.outerjoin(table, mine)
    return query


def _tables() -> dict[str, Table]:
    return {kind: Base.metadata.tables[kind] for kind in PLACED_KINDS if kind in Base.metadata.tables}


def _label() -> ColumnElement[str]:
    return func.coalesce(*(table.c[_LABELS[kind]] for kind, table in _tables().items()), literal(""))


def _wanted(wanted: PlacementFilter, label: ColumnElement[str]) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        text("CAST(:path AS ltree) @> hand_placement.area_path").bindparams(path=wanted.path)  # type: ignore[list-item]
    ]
    if wanted.state not in STATES:
        raise InvalidInput("parameter_unusable", name="state", wanted=", ".join(STATES))
    if wanted.state != "all":
        ended = HandPlacement.ended_at.is_not(None)
        where.append(ended if wanted.state == "ended" else ~ended)
    if wanted.kind:
        where.append(HandPlacement.subject_kind == wanted.kind)
    if wanted.words:
        sought = [label, Area.name, Area.code, HandPlacement.reason, Account.name]
        where.append(func.concat_ws(" ", *sought).icontains(wanted.words, autoescape=True))
    return where
