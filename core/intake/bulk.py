"""Bulk loading: COPY into a temporary table, then one INSERT that leaves existing rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy import Table as SqlTable
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows that came in, were there already, and were there with other values (left as they are)."""

    new: int
    unchanged: int
    kept: int


def hex_wkb(shapes: Any) -> list[str]:
    """Return geometries (EPSG:4326) as hexadecimal EWKB, the form COPY takes."""
    marked = shapely.set_srid(np.asarray(shapes, dtype=object), 4326)
    return [str(text) for text in shapely.to_wkb(marked, hex=True, include_srid=True)]


def expect_many_rows(session: Session) -> None:
    """Let the server keep its plans until the commit: for loaders of thousands of rows.

    Tiles are planned anew each time (core.db). That would plan the check of each foreign key of each row
    too: a million rows took five times as long.
    """
    session.execute(text("SELECT set_config('plan_cache_mode', 'auto', true)"))


def stage(
    session: Session, table: SqlTable, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> tuple[str, int]:
    """COPY rows into a new temporary table shaped like `columns` of `table`; return its name and row count.

    Geometries are passed as hexadecimal EWKB. The table is dropped at the end of the transaction.
    """
    name = f"intake_{table.name}_{next(_numbers)}"
    listed = _listed(columns)
    connection = session.connection()
    expect_many_rows(session)
    connection.execute(
        text(
            f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {listed} FROM {table.name} WITH NO DATA"  # noqa: S608
        )
    )
    driver: Any = connection.connection.driver_connection
    number = 0
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            number += 1
    connection.execute(text(f"ANALYZE {name}"))
    return name, number


def load_new(
    session: Session,
    table: SqlTable,
    *,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    compared: Sequence[str],
) -> Loaded:
    """Insert the rows whose (county_id, source_ref) is not there yet; never change what is.

    Parameters
    ----------
    session : Session
    table : Table
        With a unique index on (county_id, source_ref).
    columns, rows
        Column names and values; county_id and source_ref among them, unique within `rows`.
    compared
        Columns whose values decide whether a row already there is *unchanged* or *kept* (different).
    """
    staged, number = stage(session, table, columns, rows)
    listed = _listed(columns)
    present, same = session.execute(
        text(
            "SELECT count(*), count(*) FILTER (WHERE "  # noqa: S608 - names come from our models
            f"({_listed(compared, 't')}) IS NOT DISTINCT FROM ({_listed(compared, 'i')})) "
            f"FROM {staged} i JOIN {table.name} t USING (county_id, source_ref)"
        )
    ).one()
    if present < number:
        session.execute(
            text(
                f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {staged} "  # noqa: S608
                "ON CONFLICT (county_id, source_ref) DO NOTHING"
            )
        )
    return Loaded(new=number - present, unchanged=same, kept=present - same)


def _listed(columns: Sequence[str], alias: str = "") -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(f'{prefix}"{column}"' for column in columns)
