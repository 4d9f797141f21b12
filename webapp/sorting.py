"""Sorted lists: the order a page's address asks for, and where the headings of its table lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from core.errors import InvalidInput
from core.listing import Order, Page


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: its id, where a press leads, and how the list is sorted by it (aria-sort) or ""."""

    id: str
    href: str
    state: str


def order_asked(falls: Mapping[str, bool]) -> Order:
    """Return the order that ``?sort=`` asks for: a column, with ``-`` before it when it falls.

    `falls` names the columns a list may be sorted by, and which of them fall when first pressed; the
    first one sorts a list whose address asks for nothing.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``: there is no such column.
    """
    word = request.args.get("sort", "")
    if not word:
        column = next(iter(falls))
        return Order(column, falls[column])
    column = word.removeprefix("-")
    if column not in falls:
        raise InvalidInput("parameter_unusable", name="sort", wanted=", ".join(falls))
    return Order(column, word.startswith("-"))


def page_asked(falls: Mapping[str, bool], most: int) -> Page:
    """Return the page that ``?sort=`` and ``?after=`` (an id) ask for."""
    return Page(order_asked(falls), most, request.args.get("after", type=int))


def headings(falls: Mapping[str, bool], order: Order) -> dict[str, Heading]:
    """Return the headings of a table by column; pressing the one it is sorted by turns the order round."""
    return {column: _heading(column, order, falling=falls[column]) for column in falls}


def _heading(column: str, order: Order, *, falling: bool) -> Heading:
    chosen = order.column == column
    turned = not order.falling if chosen else falling
    state = ("descending" if order.falling else "ascending") if chosen else ""
    # The page comes back with this heading in view, and the next press of Tab goes on from it.
    href = f"{address(sort=f'-{column}' if turned else column, after=None)}#sort-{column}"
    return Heading(f"sort-{column}", href, state)


def address(**changes: Any) -> str:
    """Return this page's address with some parameters changed; None takes one away."""
    kept = {name: value for name, value in request.args.items() if value} | changes
    return "?" + urlencode({name: value for name, value in kept.items() if value is not None})
