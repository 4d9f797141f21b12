"""Boundary files coming in: the datum settled once, and the grids of an exported draft recognised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.errors import Conflict, InvalidInput
from core.intake.header import find_columns, normalised
from core.intake.vector import Layer, Reading, read_layer
from geo.shapes.datum import Datum, to_wgs84
from geo.shapes.datum_fit import DatumFit, Verdict, detect_datum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

#: Columns by which an exported draft's grids are known again after they were edited elsewhere. A Shapefile
#: keeps ten letters of a column's name.
KEY, VERSION, SET, CODE, NAME = "gp_key", "gp_version", "gp_set", "code", "name"
_AS_IT_SAYS = Reading()
_NO_CODES: Mapping[str, int] = MappingProxyType({})


def read_boundaries(
    path: Path, *, layer: str | None = None, crs: str | None = None, how: Reading = _AS_IT_SAYS
) -> Layer:
    """Read a layer with its coordinates as they are, whatever datum the file is marked with.

    The caller shows `fit_of` for confirmation and then calls `in_wgs84`. Raises what `read_layer` raises
    except ``datum_marked``.
    """
    return read_layer(path, layer=layer, crs=crs, how=replace(how, keeps_datum=True))


def fit_of(layer: Layer, roads: Sequence[BaseGeometry]) -> DatumFit:
    """Return which datum the layer's coordinates are in, by their fit to `roads` (EPSG:4326)."""
    return detect_datum(list(layer.geometries), roads)


def in_wgs84(layer: Layer, decision: DatumFit | Datum) -> Layer:
    """Return the layer in WGS 84 with its provenance; what is in WGS 84 already is not touched.

    Parameters
    ----------
    decision : DatumFit or Datum
        A fit converts only when it is sure; a datum is a person's choice.

    Raises
    ------
    Conflict
        ``datum_converted`` (fields `file`, `datum`): the layer was converted before.
        ``datum_unsure`` (fields `file`, `verdict`): the fit names no datum; a person must choose.
    """
    origin = layer.provenance
    if origin is not None and origin.converted:
        raise Conflict("datum_converted", file=origin.file, datum=origin.datum)
    datum, why = _decided(layer, decision)
    shapes = layer.geometries
    if datum is not Datum.WGS84:
        moved = shapely.transform(shapes, lambda xy: np.round(to_wgs84(xy, datum), 7))
        shapes = np.asarray(moved, dtype=object)
    converted = datum is not Datum.WGS84
    told = origin and replace(origin, datum=datum.value, datum_why=why, converted=converted)
    return replace(layer, geometries=shapes, datum_marked="", provenance=told)


def _decided(layer: Layer, decision: DatumFit | Datum) -> tuple[Datum, str]:
    if isinstance(decision, Datum):
        return decision, "marked" if decision.value == layer.datum_marked else "chosen"
    if decision.verdict is Verdict.OUTSIDE_CHINA and not layer.datum_marked:
        # There GCJ-02 is WGS 84 by its own rule: nothing can be shifted.
        return Datum.WGS84, decision.verdict.value
    if decision.datum is None:
        raise Conflict("datum_unsure", file=layer.name, verdict=decision.verdict.value)
    return decision.datum, decision.verdict.value


@dataclass(frozen=True, slots=True)
class ReturnedGrid:
    """A grid of a file that came back: its key and version as exported (None: new or unsaid), its boundary.

    `split_from` is the key of the exported grid of which this is a further piece.
    """

    line: int
    key: int | None
    version: int | None
    split_from: int | None
    code: str
    name: str
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class GridColumns:
    """Which column of a file says what of a grid; empty where none does.

    `set` says for each record of which change set its key and version are (`set_mark`).
    """

    key: str = ""
    version: str = ""
    set: str = ""
    code: str = ""
    name: str = ""

    def without_keys(self) -> GridColumns:
        """Return the columns of a file whose grids are known by their codes alone."""
        return replace(self, key="", version="")


def set_mark(number: int, begun_at: datetime) -> str:
    """Return what an export writes beside its keys: which change set they are of, on any installation.

    >>> from datetime import UTC, datetime
    >>> set_mark(12, datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    '12-20261201T093000Z'
    """
    return f"{number}-{begun_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def grid_columns(columns: Sequence[str], chosen: Mapping[str, str] | None = None) -> GridColumns:
    """Return which columns hold key, version, set, code and name, whatever their order and case.

    Keys that name no change set are those of nobody knows which: they count only when a person chose them.

    Parameters
    ----------
    columns : sequence of str
    chosen : mapping of str to str
        Column a person chose for ``key``, ``code`` or ``name``; empty: the file does not say it.

    Raises
    ------
    InvalidInput
        ``column_not_found`` (fields `column`, `found`).

    >>> grid_columns(["fid", "网格名称", "GP_KEY", "GP_SET", "编码"])
    GridColumns(key='GP_KEY', version='', set='GP_SET', code='编码', name='网格名称')
    >>> grid_columns(["gp_key", "code"]).key, grid_columns(["gp_key", "code"], {"key": "gp_key"}).key
    ('', 'gp_key')
    """
    wished = dict(chosen or {})
    named = {field: column for field, column in wished.items() if column and field in {CODE, NAME}}
    found = find_columns(columns, (CODE, NAME), named)
    by_word = {normalised(column): column for column in reversed(columns)}
    owner = by_word.get(normalised(SET), "")
    key = wished.get("key", by_word.get(normalised(KEY), "") if owner else "")
    if key and key not in columns:
        raise InvalidInput("column_not_found", column=key, found=list(columns))
    return GridColumns(
        key=key,
        version=by_word.get(normalised(VERSION), "") if key else "",
        set=owner,
        **{
            field: "" if wished.get(field) == "" or field not in found else columns[found[field]]
            for field in (CODE, NAME)
        },
    )


@dataclass(frozen=True, slots=True)
class OtherKeys:
    """Keys of a file that are not those of the change set it is read into.

    Attributes
    ----------
    count : int
        Records that carry such a key.
    marks : tuple of str
        What they say they are of, as `set_mark` writes it; empty where they say nothing.
    every : bool
        No record carries a key of this change set.
    """

    count: int = 0
    marks: tuple[str, ...] = ()
    every: bool = False


def other_keys(layer: Layer, columns: GridColumns, mark: str) -> OtherKeys:
    """Return which keys of a layer are of another change set than the one of `mark`."""
    if not columns.key:
        return OtherKeys()
    keyed = [row for row in layer.rows() if _whole(row.get(columns.key)) is not None]
    other = [row for row in keyed if not _is_own(row, columns, mark)]
    marks = dict.fromkeys(said for row in other if (said := _text(row.get(columns.set))))
    return OtherKeys(len(other), tuple(marks), every=bool(other) and len(other) == len(keyed))


def returned_grids(
    layer: Layer, columns: GridColumns, mark: str, codes: Mapping[str, int] = _NO_CODES
) -> list[ReturnedGrid]:
    """Return the polygons of a layer, each known by its key where it has one.

    A desktop GIS that splits a grid leaves the key on both pieces: the largest keeps it, the others are
    new grids split from it. In a drawing, which knows no grid of several parts, they are parts of one.
    Features without geometry are left out.

    Parameters
    ----------
    layer : Layer
    columns : GridColumns
    mark : str
        The change set (`set_mark`) whose keys and versions are believed; a record with those of another is
        known by its code.
    codes : mapping of str to int
        Keys of the grids by their code.
    """
    rows = list(layer.rows())
    shapes = layer.geometries
    own = [bool(columns.key) and _is_own(row, columns, mark) for row in rows]
    keys = _keys(rows, own, columns, codes)
    if layer.provenance is not None and layer.provenance.format == "DXF":
        shapes = _joined(shapes, keys)
    areas = shapely.area(shapes)
    owner: dict[int, int] = {}
    for line, key in enumerate(keys):
        if key is not None and (key not in owner or areas[line] > areas[owner[key]]):
            owner[key] = line
    keeping = set(owner.values())
    return [
        _returned(line, row, shapes[line], (keys[line], line in keeping, own[line], columns))
        for line, row in enumerate(rows)
        if shapes[line] is not None and not shapes[line].is_empty
    ]


def _is_own(row: dict[str, object], columns: GridColumns, mark: str) -> bool:
    return not columns.set or _text(row.get(columns.set)) == mark


def _keys(
    rows: Sequence[dict[str, object]], own: Sequence[bool], columns: GridColumns, codes: Mapping[str, int]
) -> list[int | None]:
    """Return each record's key: its own, else that of the grid with its code, unless another has that."""
    keys = [_whole(row.get(columns.key)) if is_own else None for row, is_own in zip(rows, own, strict=True)]
    claimed = set(keys)
    by_code = [codes.get(_text(row.get(columns.code))) for row in rows]
    return [
        key if key is not None or known in claimed else known
        for key, known in zip(keys, by_code, strict=True)
    ]


def _joined(shapes: NDArray[np.object_], keys: Sequence[int | None]) -> NDArray[np.object_]:
    """Return the shapes with those of one key made one, at the place of the first."""
    joined = shapes.copy()
    for key in {key for key in keys if key is not None}:
        lines = [line for line, own in enumerate(keys) if own == key and shapes[line] is not None]
        if len(lines) > 1:
            joined[lines[0]] = shapely.union_all(shapes[lines])
            joined[lines[1:]] = None
    return joined


def _returned(
    line: int, row: dict[str, object], shape: BaseGeometry, known: tuple[int | None, bool, bool, GridColumns]
) -> ReturnedGrid:
    key, keeps, is_own, columns = known
    return ReturnedGrid(
        line=line + 1,
        key=key if keeps else None,
        version=_whole(row.get(columns.version)) if keeps and is_own else None,
        split_from=None if keeps else key,
        code=_text(row.get(columns.code)),
        name=_text(row.get(columns.name)),
        shape=shape,
    )


def _whole(value: object) -> int | None:
    """Return a whole number however the format spelt it (7, 7.0, "7"); None for anything else."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        # A code of digits alone comes as a number from some programs.
        return str(int(value))
    return "" if value is None else str(value).strip()
