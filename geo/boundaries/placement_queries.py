"""SQL of rows placed by hand: the row itself, the placement that holds it, lists of placements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, text, update
from sqlalchemy.orm import aliased

from core.clock import now
from core.db import Base, actor_of
from core.errors import InvalidInput, NotFound
from core.listing import Page, Sortable
from geo.areas.models import PLACED_KINDS, Area, HandPlacement
from geo.staff.models import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row, Select, Table
    from sqlalchemy.orm import Session

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
