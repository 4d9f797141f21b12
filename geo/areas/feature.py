"""Features of a vector file that have a code and ground: how areas and patrol districts are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.cell import text_of
from core.intake.header import find_columns
from core.intake.reference import known_crs
from core.intake.report import Refusal
from core.intake.weight import refuse_heavy, refuse_many_vertices
from core.text import visible
from geo.areas.inlet import fit_of, in_wgs84, read_boundaries
from geo.areas.service import as_multipolygon
from geo.shapes.datum import Datum
from geo.shapes.datum_fit import Verdict
from geo.shapes.snap import snap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from core.intake.coordinate import Box
    from core.intake.report import ImportReport
    from core.intake.vector import Layer
    from geo.shapes.datum_fit import DatumFit

    type StreetsIn = Callable[[Box], NDArray[np.object_]]

_ALWAYS = ("code", "name")
#: Streets are asked for this far around the file: BD-09 puts it 1.3 km off.
_ROOM_DEG = 0.03
#: Characters of a code or name in a file: names of places have some twenty, what is longer is another column.
TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class FeatureOptions:
    """How to read the file: layer, CRS to assume, columns by field, leave columns about persons out.

    `datum` is what a person says the coordinates are in; None leaves it to the file and to its fit to the
    streets (EPSG:4326) that `streets` gives for a box.
    """

    layer: str | None = None
    crs: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    drop_forbidden: bool = False
    datum: Datum | None = None
    streets: StreetsIn = lambda _box: np.empty(0, object)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature; `shape` is valid ground in EPSG:4326, `cells` its other fields (empty where absent)."""

    line: int
    code: str
    name: str
    cells: Mapping[str, str]
    shape: shapely.MultiPolygon
    row: Mapping[str, object]


def read_features(
    path: Path, options: FeatureOptions, report: ImportReport, *, more: Sequence[str], own: str = ""
) -> Iterator[Feature]:
    """Yield the features of a vector file that can be used, in file order, each code once.

    `more` names the fields wanted beside code and name. Columns of the fields ``<own>_code`` and
    ``<own>_name`` come before the plain ones, which may be those of another thing. `report` is told the
    features that are none, columns left out and what reading changed.

    Raises
    ------
    InvalidInput
        What `refuse_heavy`, `refuse_many_vertices` and `read_layer` raise, ``columns_missing``,
        ``column_not_found`` or ``column_forbidden``; ``datum_shifted`` (fields `file`, `datum`, `near`,
        `near_as_is`: percent of the boundaries on streets) where the streets say that the file is shifted and
        nobody has said so; ``datum_marked``.
    """
    as_stored = read_boundaries(refuse_heavy(path), layer=options.layer, crs=options.crs)
    refuse_many_vertices(as_stored.geometries, path.name)
    whole = _settled(as_stored, options, report)
    layer, dropped = whole.without_forbidden(drop=options.drop_forbidden)
    report.notices.extend(layer.notices)
    if dropped:
        report.notice("columns_dropped", columns=dropped)
    found = _columns(layer.columns, options.columns, more, own)
    seen: set[str] = set()
    for index, row in enumerate(layer.rows()):
        cells = dict.fromkeys((*_ALWAYS, *more), "")
        cells |= {name: visible(text_of(row[layer.columns[place]])) for name, place in found.items()}
        outcome = _feature(index + 1, cells, layer.geometries[index], row)
        if isinstance(outcome, Feature) and outcome.code in seen:
            outcome = Refusal(outcome.line, "code_twice", {"code": outcome.code}, row)
        if isinstance(outcome, Refusal):
            report.refuse([outcome])
        else:
            seen.add(outcome.code)
            yield outcome


def _settled(layer: Layer, options: FeatureOptions, report: ImportReport) -> Layer:
    """Return the layer in WGS 84, converted at most once and only where a person said from what."""
    if options.datum is not None:
        if options.datum is not Datum.WGS84:
            report.notice("datum_converted", datum=options.datum.value)
        settled = in_wgs84(layer, options.datum)
    elif layer.datum_marked:
        raise InvalidInput("datum_marked", file=report.source, datum=layer.datum_marked)
    else:
        settled = _as_told(layer, fit_of(layer, list(options.streets(_around(layer)))), report)
    report.origin = {} if settled.provenance is None else settled.provenance.as_json()
    return settled


def _as_told(layer: Layer, fit: DatumFit, report: ImportReport) -> Layer:
    """Return a layer that says nothing of its datum as WGS 84, unless the streets contradict."""
    if fit.is_sure and fit.datum is not Datum.WGS84:
        near = {one.datum: round(100 * one.near_share) for one in fit.ranking}
        best = fit.ranking[0].datum
        raise InvalidInput(
            "datum_shifted",
            file=report.source,
            datum=best.value,
            near=near[best],
            near_as_is=near[Datum.WGS84],
        )
    if fit.is_sure or fit.verdict is Verdict.OUTSIDE_CHINA:
        return in_wgs84(layer, fit)
    # Eastings and northings are a survey's: no web map gives any.
    if known_crs(layer.crs).is_geographic:
        report.notice("datum_untold")
    return in_wgs84(layer, Datum.WGS84)


def _around(layer: Layer) -> Box:
    west, south, east, north = shapely.total_bounds(layer.geometries)
    return west - _ROOM_DEG, south - _ROOM_DEG, east + _ROOM_DEG, north + _ROOM_DEG


def _columns(
    columns: Sequence[str], chosen: Mapping[str, str], more: Sequence[str], own: str
) -> dict[str, int]:
    """Return the place of each field in a row; what the user chose wins, then the columns of its own."""
    named = {f"{own}_{name}": name for name in _ALWAYS} if own else {}
    found = find_columns(columns, (*named, *_ALWAYS, *more), chosen)
    for own_name, name in named.items():
        place = found.pop(own_name, None)
        if place is not None and name not in chosen:
            found[name] = place
    if not found.keys() & {*_ALWAYS}:
        raise InvalidInput("columns_missing", missing=list(_ALWAYS), found=list(columns))
    return found


def _feature(
    line: int, cells: dict[str, str], geometry: BaseGeometry | None, row: Mapping[str, object]
) -> Feature | Refusal:
    name, code = cells.pop("name"), cells.pop("code")
    code = code or name
    if not code:
        return Refusal(line, "code_missing", {}, row)
    length = max(len(code), len(name))
    if length > TEXT_LIMIT:
        return Refusal(line, "name_too_long", {"length": length, "limit": TEXT_LIMIT}, row)
    ground = _ground(geometry)
    if isinstance(ground, shapely.MultiPolygon):
        return Feature(line, code, name or code, cells, ground, row)
    reason, told = ground
    return Refusal(line, reason, {"code": code, **told}, row)


def _ground(geometry: BaseGeometry | None) -> shapely.MultiPolygon | tuple[str, dict[str, str]]:
    """Return a geometry as snapped ground (EPSG:4326), or why it is none."""
    if geometry is None or geometry.is_empty:
        return "geometry_missing", {}
    if geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        return "geometry_not_polygon", {"found": geometry.geom_type}
    if not geometry.is_valid:
        return "geometry_invalid", {"where": shapely.is_valid_reason(geometry)}
    shape = as_multipolygon(snap(geometry))
    return ("geometry_missing", {}) if shape.is_empty else shape
