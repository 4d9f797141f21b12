"""Boundary files coming in: the datum settled once, and the grids of an exported draft recognised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.errors import Conflict
from core.intake.vector import Layer, Reading, read_layer
from geo.shapes.datum import Datum, to_wgs84
from geo.shapes.datum_fit import DatumFit, Verdict, detect_datum

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

#: Columns by which an exported draft's grids are known again after they were edited elsewhere.
KEY, VERSION, CODE, NAME = "gp_key", "gp_version", "code", "name"
_AS_IT_SAYS = Reading()


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
    """A grid of a file that came back: its key and version as exported (None: new), and its boundary.

    `split_from` is the key of the exported grid of which this is a further piece.
    """

    line: int
    key: int | None
    version: int | None
    split_from: int | None
    code: str
    name: str
    shape: BaseGeometry


def returned_grids(layer: Layer) -> list[ReturnedGrid]:
    """Return the polygons of a layer, each known by its key where it has one.

    A desktop GIS that splits a grid leaves the key on both pieces: the largest keeps it, the others are
    new grids split from it. Features without geometry are left out.
    """
    rows = list(layer.rows())
    areas = shapely.area(layer.geometries)
    owner: dict[int, int] = {}
    for line, row in enumerate(rows):
        key = _whole(row.get(KEY))
        if key is not None and (key not in owner or areas[line] > areas[owner[key]]):
            owner[key] = line
    return [
        _returned(line, row, layer.geometries[line], owner)
        for line, row in enumerate(rows)
        if layer.geometries[line] is not None and not layer.geometries[line].is_empty
    ]


def _returned(line: int, row: dict[str, object], shape: BaseGeometry, owner: dict[int, int]) -> ReturnedGrid:
    key = _whole(row.get(KEY))
    keeps = key is not None and owner[key] == line
    return ReturnedGrid(
        line=line + 1,
        key=key if keeps else None,
        version=_whole(row.get(VERSION)) if keeps else None,
        split_from=None if keeps else key,
        code=_text(row.get(CODE)),
        name=_text(row.get(NAME)),
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
    return "" if value is None else str(value).strip()
