"""Features of a vector file that have a code and ground: how areas and patrol districts are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely

from core.errors import InvalidInput
from core.intake.cell import text_of
from core.intake.header import find_columns
from core.intake.report import Refusal
from core.intake.vector import read_layer
from core.intake.weight import refuse_heavy, refuse_many_vertices
from core.text import visible
from geo.areas.service import as_multipolygon
from geo.shapes.snap import snap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from core.intake.report import ImportReport

_ALWAYS = ("code", "name")
#: Characters of a code or name in a file: names of places have some twenty, what is longer is another column.
TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class FeatureOptions:
    """How to read the file: layer, CRS to assume, columns by field, leave columns about persons out."""

    layer: str | None = None
    crs: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    drop_forbidden: bool = False


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
        ``column_not_found`` or ``column_forbidden``.
    """
    whole = read_layer(refuse_heavy(path), layer=options.layer, crs=options.crs)
    refuse_many_vertices(whole.geometries, path.name)
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
