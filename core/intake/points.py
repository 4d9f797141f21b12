"""Tables whose rows stand at a point: from spreadsheets, or from vector files of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.cell import number_of, text_of
from core.intake.header import find_columns, normalised, refuse_forbidden, require_columns
from core.intake.report import ImportReport, Refusal
from core.intake.table import Table, read_table
from core.intake.vector import Layer, read_layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from core.intake.table import Cell

_VECTOR_ENDINGS = frozenset({".geojson", ".json", ".gpkg", ".shp", ".kml", ".gml", ".fgb", ".zip"})


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How to read a table: sheet or layer, CRS to assume, columns by field, forbidden columns left out."""

    sheet: str | None = None
    crs: str | None = None
    columns: Mapping[str, str] | None = None
    drop_forbidden: bool = False


@dataclass(frozen=True, slots=True)
class PointTable:
    """A table with its columns known by field, and the coordinates of every row (NaN where unreadable)."""

    table: Table
    found: dict[str, int]
    dropped: list[str]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def cell(self, index: int, field: str) -> Cell:
        """Return a cell by field, None when the table has no such column."""
        place = self.found.get(field)
        row = self.table.rows[index]
        return row[place] if place is not None and place < len(row) else None

    def text(self, index: int, field: str) -> str:
        """Return a cell as trimmed text, empty when there is none."""
        return text_of(self.cell(index, field))

    def refusal(self, index: int, code: str, /, **fields: object) -> Refusal:
        """Return the refusal of one row, holding the row itself so that it can be handed back."""
        return Refusal(self.table.lines[index], code, fields, self.table.as_mapping(index))

    def report(self, kind: str, path: Path, refusals: Iterable[Refusal]) -> ImportReport:
        """Return the report of an import that has read the table: what was refused and left out so far."""
        report = ImportReport(kind, path.name)
        report.refuse(refusals)
        if self.dropped:
            report.notice("columns_dropped", columns=self.dropped)
        return report

    def unused(self) -> list[str]:
        """Return the columns no field was found in."""
        used = set(self.found.values())
        return [name for place, name in enumerate(self.table.columns) if place not in used and name]


def read_points(
    path: Path, *, wanted: Sequence[str], required: Sequence[str], options: TableOptions
) -> PointTable:
    """Read a table or a vector file of points.

    Parameters
    ----------
    path : Path
    wanted, required : sequence of str
        Fields of `core.intake.header.SYNONYMS`; lon and lat are always wanted and required.
    options : TableOptions

    Raises
    ------
    InvalidInput
        What `read_table` and `read_layer` raise; ``columns_missing``, ``column_not_found``,
        ``column_forbidden``.
    """
    table = _as_table(path, options)
    dropped = refuse_forbidden(table.columns, drop=options.drop_forbidden)
    if dropped:
        table = _without(table, dropped)
    found = find_columns(table.columns, ("lon", "lat", *wanted), options.columns or {})
    require_columns(found, ("lon", "lat", *required), table.columns)
    return PointTable(table, found, dropped, _numbers(table, found["lon"]), _numbers(table, found["lat"]))


def _as_table(path: Path, options: TableOptions) -> Table:
    if path.suffix.lower() in _VECTOR_ENDINGS:
        return table_of(read_layer(path, layer=options.sheet, crs=options.crs), path.name)
    return read_table(path, sheet=options.sheet)


def table_of(layer: Layer, name: str) -> Table:
    """Return a layer of points as a table with columns lon and lat; other shapes give their inner point."""
    shapes = layer.geometries
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.all():
        raise InvalidInput("layer_empty", file=name)
    points = np.where(shapely.get_type_id(shapes) == 0, shapes, shapely.point_on_surface(shapes))
    lon = np.where(missing, np.nan, shapely.get_x(points))
    lat = np.where(missing, np.nan, shapely.get_y(points))
    kept = [column for column in layer.columns if normalised(column) not in {"lon", "lat", "x", "y"}]
    rows: list[list[Cell]] = []
    for index, attributes in enumerate(layer.rows()):
        cells: list[Cell] = [float(lon[index]), float(lat[index])]
        rows.append(cells + [attributes[column] for column in kept])  # type: ignore[misc]
    return Table(("lon", "lat", *kept), rows, list(range(1, len(rows) + 1)), layer.encoding)


def _without(table: Table, dropped: list[str]) -> Table:
    places = [place for place, name in enumerate(table.columns) if name not in dropped]
    rows = [[row[place] for place in places if place < len(row)] for row in table.rows]
    return Table(tuple(table.columns[place] for place in places), rows, table.lines, table.encoding)


def _numbers(table: Table, place: int) -> NDArray[np.float64]:
    values = (number_of(row[place]) if place < len(row) else None for row in table.rows)
    numbers = np.array([np.nan if value is None else value for value in values], np.float64)
    return np.round(numbers, 7)
