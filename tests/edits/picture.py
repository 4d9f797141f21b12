"""Tilings drawn as letters: each letter is a grid, a dot free ground, a blank lies outside the frame.

A picture's squares are 0.001 degrees wide (about 100 m). Places in it are (column, row) from its lower left
corner, so `at(1.5, 0.5)` is the middle of the second square of the lowest line.
"""

from collections.abc import Callable
from textwrap import dedent

import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from geo.shapes.snap import GRID_DEG, snap
from geo.shapes.tiling import Difference, EditRefused, Tiling, apply

WEST, SOUTH, SQUARE = 119.2, 30.1, 0.001


def tiling(picture: str) -> Tiling:
    """Return the tiling of a picture; the key of A is 1, of B 2 and so on."""
    squares: dict[str, list[Polygon]] = {}
    for row, line in enumerate(reversed(_lines(picture))):
        for column, letter in enumerate(line):
            squares.setdefault(letter, []).append(_square(column, row))
    squares.pop(" ", None)
    frame = shapely.union_all([square for found in squares.values() for square in found])
    squares.pop(".", None)
    parts = {ord(letter) - 64: shapely.coverage_union_all(found) for letter, found in sorted(squares.items())}
    return Tiling(snap(frame), parts, next_key=1 + max(parts, default=0))


def picture(of: Tiling) -> str:
    """Return the picture of a tiling: for the middle of each square the letter of its grid."""
    _, _, east, north = of.frame.bounds
    columns, rows = round((east - WEST) / SQUARE), round((north - SOUTH) / SQUARE)
    lines = [
        "".join(_letter(of, column + 0.5, row + 0.5) for column in range(columns)) for row in range(rows)
    ]
    return "\n".join(line.rstrip() for line in reversed(lines))


def same(drawn: str) -> str:
    """Return a picture as `picture` writes it."""
    return "\n".join(line.rstrip() for line in _lines(drawn))


def at(column: float, row: float) -> Point:
    return Point(round(WEST + column * SQUARE, 7), round(SOUTH + row * SQUARE, 7))


def line(*places: tuple[float, float]) -> LineString:
    return LineString([at(*place) for place in places])


def shape(*places: tuple[float, float]) -> Polygon:
    return Polygon([at(*place) for place in places])


def _lines(drawn: str) -> list[str]:
    return [line for line in dedent(drawn).split("\n") if line.strip()]


def _square(column: int, row: int) -> Polygon:
    lower, upper = at(column, row), at(column + 1, row + 1)
    return box(lower.x, lower.y, upper.x, upper.y)


def _letter(of: Tiling, column: float, row: float) -> str:
    middle = at(column, row)
    owners = [chr(64 + key) for key, part in of.parts.items() if part.contains(middle)]
    if len(owners) > 1:
        return "!"
    return owners[0] if owners else "." if of.frame.contains(middle) else " "


def after(of: Tiling, difference: Difference) -> Tiling:
    """Return the tiling after an edit, which must be sound and possible to take back."""
    edited = apply(of, difference)
    parts = list(edited.parts.values())
    assert shapely.coverage_is_valid(parts, gap_width=2 * GRID_DEG)
    assert all(part.is_valid for part in parts)
    assert shapely.coverage_union_all(parts).difference(of.frame).buffer(-GRID_DEG).is_empty
    back = apply(edited, difference.reversed())
    assert all(back.parts[key].equals_exact(part) for key, part in of.parts.items())
    return edited


def refusal(edit: Callable[[], Difference]) -> EditRefused:
    """Return how an edit is refused."""
    with pytest.raises(EditRefused) as refused:
        edit()
    return refused.value
