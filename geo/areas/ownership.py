"""Giving rows to the area they lie in after boundaries came or moved (touching only what changed)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from geoalchemy2 import Geometry
from sqlalchemy import Table, text

from core.db import Base, touch_layer
from core.intake.bulk import stage
from geo.areas.locate import NOWHERE, Locator, load_locator

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def reown(session: Session, county_id: int) -> dict[str, int]:
    """Move every row of a county that has a point to the deepest area holding that point.

    Rows that are part of such a row (deleted with it: a household of its dwelling, a view of its camera)
    follow. A row outside all boundaries keeps its owner.

    Returns
    -------
    dict
        Table name to number of rows that changed hands, tables without any left out.
    """
    session.flush()
    locator = load_locator(session, county_id)
    moved: dict[str, int] = {}
    # Contacts are invisible but for this switch, and only the owner columns are touched.
    session.execute(text("SELECT set_config('gridpatrol.contacts', 'import', true)"))
    owned = [table for table in Base.metadata.sorted_tables if "area_path" in table.columns]
    leaders: set[str] = set()
    for table in owned:
        if _has_point(table):
            moved[table.name] = _move_points(session, table, locator, county_id)
            leaders.add(table.name)
            continue
        for column, leader in _part_of(table):
            if leader in leaders:
                moved[table.name] = _follow(session, table, column, leader)
                leaders.add(table.name)
    session.execute(text("SELECT set_config('gridpatrol.contacts', '', true)"))
    for mapper in Base.registry.mappers:
        layer = getattr(mapper.class_, "__tile_layer__", None)
        if layer and moved.get(str(getattr(mapper.local_table, "name", ""))):
            touch_layer(session, layer)
    return {name: count for name, count in moved.items() if count}


def _has_point(table: Table) -> bool:
    column = table.columns.get("geom")
    kind: Any = column.type if column is not None else None
    return isinstance(kind, Geometry) and kind.geometry_type == "POINT"


def _part_of(table: Table) -> list[tuple[str, str]]:
    return [
        (str(key.parent.name), key.column.table.name)
        for key in table.foreign_keys
        if key.ondelete == "CASCADE" and key.column.name == "id"
    ]


def _move_points(session: Session, table: Table, locator: Locator, county_id: int) -> int:
    rows = session.execute(
        text(
            f"SELECT id, area_id, ST_X(geom), ST_Y(geom) FROM {table.name} "  # noqa: S608 - our own names
            "WHERE county_id = :county ORDER BY id"
        ),
        {"county": county_id},
    ).all()
    if not rows:
        return 0
    found = locator.locate(shapely.points([(row[2], row[3]) for row in rows]))
    changed = [
        (row[0], locator.owners[place].area_id, locator.owners[place].area_path)
        for row, place in zip(rows, found, strict=True)
        if place != NOWHERE and locator.owners[place].area_id != row[1]
    ]
    if not changed:
        return 0
    staged, count = stage(session, table, ("id", "area_id", "area_path"), changed)
    _update(session, table, f"{staged} AS s WHERE t.id = s.id")
    return count


def _follow(session: Session, table: Table, column: str, leader: str) -> int:
    return _update(
        session, table, f"{leader} AS s WHERE t.{column} = s.id AND t.area_id IS DISTINCT FROM s.area_id"
    )


def _update(session: Session, table: Table, source: str) -> int:
    version = ", version_id = t.version_id + 1" if "version_id" in table.columns else ""
    result: Any = session.execute(
        text(
            f"UPDATE {table.name} AS t SET area_id = s.area_id, area_path = s.area_path{version} "  # noqa: S608
            f"FROM {source}"
        )
    )
    return int(np.int64(result.rowcount))
