"""Long lists page by page, under any order, without losing a row or showing one twice.

A page begins after a row, not after a number of rows: what comes in above meanwhile moves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

type Column[T] = ColumnElement[T] | InstrumentedAttribute[T]


@dataclass(frozen=True, slots=True)
class Order:
    """The column a list is sorted by, and whether it falls (newest, largest, last letter first)."""

    column: str
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """At most `most` rows in `order`, those after the row with the id `after` (None: from the top)."""

    order: Order
    most: int
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Sortable[*Columns]:
    """A list that can be sorted: all its rows, the columns it may be sorted by, and its id.

    No column may be NULL, for NULL is neither before nor after anything: give a value instead. `key` is
    unique; it decides where a column says the same.
    """

    rows: Select[*Columns]
    columns: Mapping[str, Column[Any]]
    key: Column[int]

    def page(self, page: Page, where: Sequence[ColumnElement[bool]] = ()) -> Select[*Columns]:
        """Return the rows of `page` that fulfil `where`, and one more when there are more.

        The row a page begins after is looked up without `where`: it may have left the filter meanwhile.
        """
        sort, falling = self.columns[page.order.column], page.order.falling
        ways = (sort.desc(), self.key.desc()) if falling else (sort.asc(), self.key.asc())
        query = self.rows.where(*where).order_by(*ways).limit(page.most + 1)
        return query if page.after is None else query.where(self._beyond(sort, page.after, falling=falling))

    def _beyond(self, sort: Column[Any], after: int, *, falling: bool) -> ColumnElement[bool]:
        if sort is self.key:  # said simply, the index of the key serves
            return self.key < after if falling else self.key > after
        last = self.rows.with_only_columns(sort).where(self.key == after).correlate(None).scalar_subquery()
        here, there = tuple_(sort, self.key), tuple_(last, literal(after))
        return here < there if falling else here > there
