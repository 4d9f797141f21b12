"""Giving rows to the area they lie in after boundaries came or moved (touching only what changed)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import shapely
from sqlalchemy import Table, text

from core.db import Base, touch_layer
from core.intake.bulk import stage
from geo.areas.locate import NOWHERE, Locator, load_locator
from geo.columns import has_point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    type NewOwner = tuple[int, int, str]  # id of the row, id and path of its new area


def reown(session: Session, county_id: int) -> dict[str, int]:
    """Move every row of a county that has a point to the deepest area holding that point.

    Rows that are part of such a row (deleted with it: a household of its dwelling, a view of its camera)
    follow. A row outside all boundaries keeps its owner, and so does one that was placed by hand. Whoever
    calls holds the partition (`geo.areas.queries.hold_partition`), or the county is new.

    Returns
    -------
    dict
        Table name to number of rows that changed hands, tables without any left out.
    """
    session.flush()
    locator = load_locator(session, county_id)
    moved: dict[str, int] = {}
    for table in point_tables():
        for name, count in hand_over(session, table, _misplaced(session, table, locator, county_id)).items():
            moved[name] = moved.get(name, 0) + count
    return moved


def point_tables() -> list[Table]:
    """Return the tables whose rows belong to the area that their point lies in.

    A model whose rows belong to an area for another reason (a team serves it, a stop is part of a plan)
    says ``__follows_ground__ = False``.
    """
    apart = {
        getattr(mapper.local_table, "name", "")
        for mapper in Base.registry.mappers
        if not getattr(mapper.class_, "__follows_ground__", True)
    }
    return [
        table
        for table in Base.metadata.sorted_tables
        if {"area_path", "id"} <= set(table.columns.keys()) and has_point(table) and table.name not in apart
    ]


def hand_over(session: Session, table: Table, rows: Sequence[NewOwner]) -> dict[str, int]:
    """Give rows of `table` to their new owners; what is part of them follows.

    Returns
    -------
    dict
        Table name to number of rows that changed hands, tables without any left out.
    """
    if not rows:
        return {}
    with _contacts_open(session):
        staged, count = stage(session, table, ("id", "area_id", "area_path"), rows)
        _update(session, table, f"{staged} AS s WHERE t.id = s.id", {})
        moved = {table.name: count} | _followed(session, table.name, [row[0] for row in rows])
    for mapper in Base.registry.mappers:
        layer: Any = getattr(mapper.class_, "__tile_layer__", None)
        if layer and moved.get(str(getattr(mapper.local_table, "name", ""))):
            touch_layer(session, layer)
    return {name: count for name, count in moved.items() if count}


@contextmanager
def _contacts_open(session: Session) -> Iterator[None]:
    # Contacts are invisible but for this switch, and only the owner columns are touched.
    session.execute(text("SELECT set_config('gridpatrol.contacts', 'import', true)"))
    yield
    session.execute(text("SELECT set_config('gridpatrol.contacts', '', true)"))


def _followed(session: Session, leader: str, ids: Sequence[int]) -> dict[str, int]:
    """Let the rows that are deleted with the leader's rows `ids` follow them, parents before their parts."""
    moved: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        if "area_path" not in table.columns or has_point(table):
            continue
        for column in _part_of(table, leader):
            condition = f"{leader} AS s WHERE t.{column} = s.id AND s.id = ANY (:ids)"
            followers = _update(session, table, condition, {"ids": list(ids)})
            moved[table.name] = moved.get(table.name, 0) + len(followers)
            if "id" in table.columns and followers:
                moved |= _followed(session, table.name, followers)
    return moved


def _part_of(table: Table, leader: str) -> list[str]:
    return [
        str(key.parent.name)
        for key in table.foreign_keys
        if key.ondelete == "CASCADE" and key.column.name == "id" and key.column.table.name == leader
    ]


def _misplaced(session: Session, table: Table, locator: Locator, county_id: int) -> list[NewOwner]:
    rows = session.execute(
        text(
            f"SELECT t.id, t.area_id, ST_X(t.geom), ST_Y(t.geom) FROM {table.name} AS t "  # noqa: S608 - our own names
            "WHERE t.county_id = :county AND NOT EXISTS (SELECT FROM hand_placement AS p JOIN area AS a "
            "ON a.id = p.area_id AND a.valid_to IS NULL WHERE p.subject_kind = :kind "
            "AND p.subject_id = t.id AND p.ended_at IS NULL) ORDER BY t.id"
        ),
        {"county": county_id, "kind": table.name},
    ).all()
    if not rows:
        return []
    found = locator.locate(shapely.points([(row[2], row[3]) for row in rows]))
    return [
        (row[0], locator.owners[place].area_id, locator.owners[place].area_path)
        for row, place in zip(rows, found, strict=True)
        if place != NOWHERE and locator.owners[place].area_id != row[1]
    ]


def _update(session: Session, table: Table, source: str, binds: dict[str, Any]) -> list[int]:
    """Update owners from `source`; return the ids of the rows that changed hands."""
    version = ", version_id = t.version_id + 1" if "version_id" in table.columns else ""
    key = next(iter(table.primary_key.columns)).name
    rows = session.scalars(
        text(
            f"UPDATE {table.name} AS t SET area_id = s.area_id, area_path = s.area_path{version} "  # noqa: S608
            f"FROM {source} AND t.area_id IS DISTINCT FROM s.area_id RETURNING t.{key}"
        ),
        binds,
    ).all()
    return [int(row) for row in rows]
