"""How many rows of each list fit beside the map; what does not fit is counted, never dropped in silence."""

from dataclasses import dataclass

from geo.shapes.sheet.paper import Layout, Size


@dataclass(frozen=True, slots=True)
class Measures:
    """Heights in millimetres: of a row, of a heading with its gap, of the QR code with its words."""

    row: float
    head: float
    qr: float


MEASURES = {Size.A4: Measures(row=4.0, head=7.8, qr=25.0), Size.A3: Measures(row=4.9, head=9.6, qr=31.0)}
#: Area, dwellings, households and people stand in pairs.
FACT_ROWS = 2


@dataclass(frozen=True, slots=True)
class Block:
    """A list of the panel: its name, how many rows it wants, and to how many it may be cut."""

    name: str
    rows: int
    least: int


def fit(blocks: list[Block], height_mm: float, measures: Measures) -> dict[str, int]:
    """Return how many rows each list gets in a column; the last ones are cut first, never below their least.

    >>> fit([Block("a", 3, 3), Block("b", 50, 2)], 60.0, MEASURES[Size.A4])
    {'a': 3, 'b': 8}
    """
    got = {block.name: block.rows for block in blocks}
    for block in reversed(blocks):
        used = sum(measures.head + measures.row * got[one.name] for one in blocks)
        over = max(0, -int(-(used - height_mm) // measures.row))
        got[block.name] = max(min(block.least, block.rows), block.rows - over)
    return got


type Columns = tuple[tuple[str, ...], ...]

#: How the lists of a grid's sheet may be shared out to the columns.
_BESIDE: tuple[Columns, ...] = ((("facts", "holders", "bounds", "streets", "legend", "code"),),)
_BELOW: tuple[Columns, ...] = (
    (("facts", "holders", "legend"), ("bounds",), ("streets", "code")),
    (("facts", "holders", "legend"), ("bounds", "code"), ("streets",)),
    (("facts", "holders", "code"), ("bounds", "legend"), ("streets",)),
)


def grid_columns(blocks: list[Block], layout: Layout, *, code_mm: float) -> tuple[Columns, dict[str, int]]:
    """Return which lists stand in which column of a grid's sheet, so that least is cut, and their rows.

    `blocks` in the order of their urgency; `code_mm` is what the QR code takes, 0 without one.
    """
    shared = [
        (columns, _rows(columns, blocks, layout, code_mm=code_mm))
        for columns in (_BESIDE if layout.landscape else _BELOW)
    ]
    return max(
        shared, key=lambda found: (-_spills(found[0], found[1], layout, code_mm), sum(found[1].values()))
    )


def _rows(columns: Columns, blocks: list[Block], layout: Layout, *, code_mm: float) -> dict[str, int]:
    got: dict[str, int] = {}
    for names, place in zip(columns, layout.columns, strict=True):
        height = place.height - (code_mm if "code" in names else 0.0)
        got |= fit([block for block in blocks if block.name in names], height, MEASURES[layout.size])
    return got


def _spills(columns: Columns, got: dict[str, int], layout: Layout, code_mm: float) -> int:
    """Return how many columns are taller than their place even when cut to the least."""
    measures = MEASURES[layout.size]
    taken = [
        sum(code_mm if name == "code" else measures.head + measures.row * got[name] for name in names)
        for names in columns
    ]
    return sum(height > place.height + 0.1 for height, place in zip(taken, layout.columns, strict=True))


def overview_columns(layout: Layout) -> Columns:
    """Return the names of the lists in each column of an overview."""
    if layout.landscape:
        return (("facts", "index", "legend"),)
    return (("facts", "legend"), ("index",), ("index",))


def room_for_index(layout: Layout, legend_rows: int) -> list[int]:
    """Return how many grids fit into the index in each column of an overview that has a part of it."""
    measures = MEASURES[layout.size]
    room = []
    for names, place in zip(overview_columns(layout), layout.columns, strict=True):
        if "index" in names:
            # One row of the index says what its columns are.
            height = place.height - measures.head - measures.row
            if "facts" in names:
                height -= 2 * measures.head + (FACT_ROWS + legend_rows) * measures.row
            room.append(max(0, int(height // measures.row)))
    return room
