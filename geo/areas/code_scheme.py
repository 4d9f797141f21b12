"""How area codes are built (S6): how many digits each level adds, and in which order grids are numbered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

#: From the county down; each level adds its digits to the code above it.
PARTS = ("county", "town", "community", "grid")
#: A level has at least one digit; seven number more areas than there are, and four levels of seven still
#: make a code that people can rename to (geo.boundaries.service.CODE_LIMIT).
FEWEST_DIGITS, MOST_DIGITS = 1, 7


class Sweep(StrEnum):
    """In which order the grids of a community are numbered."""

    #: Rows from north to south, each from west to east: as a page is read.
    ROWS = "rows"
    #: Columns from west to east, each from north to south.
    COLUMNS = "columns"
    #: Rows from north to south, one from west to east and the next back: neighbours have near numbers.
    SNAKE = "snake"


@dataclass(frozen=True, slots=True)
class CodeScheme:
    """Digits that each level adds to a code, and the order of the sweep; 6+3+3+3 is S6's **[text]**."""

    county: int = 6
    town: int = 3
    community: int = 3
    grid: int = 3
    sweep: Sweep = Sweep.ROWS

    def length(self, level: str) -> int:
        """Return how many digits the code of an area of `level` has.

        >>> CodeScheme().length("community"), CodeScheme(grid=2).length("grid")
        (12, 14)
        """
        return sum(getattr(self, part) for part in PARTS[: PARTS.index(level) + 1])

    def level_of(self, code: str) -> str | None:
        """Return the level that the length of a code of digits tells, None where it tells none.

        >>> CodeScheme().level_of("330199001002"), CodeScheme().level_of("33")
        ('community', None)
        """
        lengths = {self.length(level): level for level in PARTS}
        return lengths.get(len(code)) if code.isdigit() else None

    @property
    def most_grids(self) -> int:
        """Return how many grids of one community the digits can number."""
        return int(10**self.grid) - 1

    def grid_code(self, community_code: str, number: int) -> str:
        """Return the code of a community's grid with `number` (from 1).

        >>> CodeScheme(grid=2).grid_code("330199001002", 7)
        '33019900100207'
        """
        return f"{community_code}{number:0{self.grid}d}"


SHIPPED = CodeScheme()


def read_scheme(given: Any) -> CodeScheme:
    """Return the scheme that a form or a stored row holds; what it does not name is as shipped.

    Raises
    ------
    InvalidInput
        ``code_scheme_unusable`` (fields `fewest`, `most`: digits).
    """
    refused = InvalidInput("code_scheme_unusable", fewest=FEWEST_DIGITS, most=MOST_DIGITS)
    # A list, not a set: what is asked for may be a list itself, which has no place in a set.
    if not isinstance(given, Mapping) or given.get("sweep", Sweep.ROWS) not in list(Sweep):
        raise refused
    digits: dict[str, int] = {}
    for part in PARTS:
        value = given.get(part, getattr(SHIPPED, part))
        try:
            digits[part] = -1 if isinstance(value, bool | float) else int(value)
        except (TypeError, ValueError) as error:
            raise refused from error
        if not FEWEST_DIGITS <= digits[part] <= MOST_DIGITS:
            raise refused
    return CodeScheme(**digits, sweep=Sweep(given.get("sweep", Sweep.ROWS)))


def swept(shapes: Mapping[int, BaseGeometry], sweep: Sweep) -> list[int]:
    """Return the keys of `shapes` (EPSG:4326) in the order in which they are numbered.

    A row begins with its northernmost grid and takes in those whose middle lies less than half a grid's
    height (the mean of all) south of it; a column is made from the west in the same way.
    """
    if not shapes:
        return []
    keys = sorted(shapes)
    middles = shapely.get_coordinates(shapely.centroid([shapes[key] for key in keys]))
    west, south, east, north = shapely.bounds([shapes[key] for key in keys]).T
    x, down = middles[:, 0], -middles[:, 1]
    if sweep is Sweep.COLUMNS:
        lines, along = _lines(x, float((east - west).mean()) / 2), down
    else:
        lines, along = _lines(down, float((north - south).mean()) / 2), x
    if sweep is Sweep.SNAKE:
        along = np.where(lines % 2 == 1, -along, along)
    return [keys[index] for index in np.lexsort((np.asarray(keys), along, lines))]


def _lines(across: NDArray[np.float64], room: float) -> NDArray[np.int64]:
    """Return the number of the line that each middle belongs to; a line is narrower than `room`."""
    lines = np.zeros(len(across), dtype=np.int64)
    line, first = -1, -math.inf
    for index in np.argsort(across, kind="stable"):
        if across[index] - first >= room:
            line, first = line + 1, float(across[index])
        lines[index] = line
    return lines


def numbered(
    shapes: Mapping[int, BaseGeometry],
    community_code: str,
    scheme: CodeScheme,
    taken: Collection[str] = (),
) -> dict[int, str] | None:
    """Return the code of each grid of a community by key, None where the digits do not suffice.

    Codes in `taken` (grids that have ended, other areas) are passed over: none is given twice.

    >>> from shapely import box
    >>> numbered({1: box(1, 0, 2, 1), 2: box(0, 0, 1, 1)}, "12", CodeScheme())
    {2: '12001', 1: '12002'}
    """
    numbers = range(1, scheme.most_grids + 1)
    free = (code for n in numbers if (code := scheme.grid_code(community_code, n)) not in taken)
    codes = dict(zip(swept(shapes, scheme.sweep), free, strict=False))
    return codes if len(codes) == len(shapes) else None
