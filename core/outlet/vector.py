"""Writing a layer as GeoPackage, Shapefile, GeoJSON, KML, KMZ or DXF: whole or not at all."""

from __future__ import annotations

import json
import warnings
import zipfile
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from core.errors import InvalidInput
from core.intake.gdal import pyogrio
from core.intake.reference import flat_crs, known_crs, old_datum
from core.intake.report import Notice
from core.outlet.dxf import write_drawing
from core.outlet.naming import TEXT_BYTES, cut_text, short_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from core.intake.vector import Layer


class Format(StrEnum):
    """The formats a layer can be written in; the value is the file's ending."""

    GEOPACKAGE = "gpkg"
    SHAPEFILE = "zip"
    GEOJSON = "geojson"
    KML = "kml"
    KMZ = "kmz"
    DXF = "dxf"


#: Formats that know degrees only.
_DEGREES_ONLY = frozenset({Format.GEOJSON, Format.KML, Format.KMZ})
#: Encodings of a Shapefile's table: Python's name and what .cpg and GDAL call it.
ENCODINGS = {"utf-8": "UTF-8", "gb18030": "GB18030", "gbk": "GBK"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how a layer is to be written, and what its coordinates are in.

    Attributes
    ----------
    path : Path
    format : Format
    crs : str
        Reference system written into the file: a code or a WKT.
    encoding : str
        Of a Shapefile's attributes: ``utf-8``, ``gb18030`` or ``gbk``.
    metadata : mapping of str to str
        Written into the file where the format has a place for it, beside it in a Shapefile's archive.
    """

    path: Path
    format: Format
    crs: str = "EPSG:4326"
    encoding: str = "utf-8"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the file, columns whose names were shortened, and what the format could not keep."""

    path: Path
    renamed: Mapping[str, str]
    notices: tuple[Notice, ...]


def refuse_target(form: Format, crs: str, encoding: str) -> None:
    """Refuse a combination that cannot be written.

    Raises
    ------
    InvalidInput
        ``crs_not_in_format`` (fields `crs`, `format`), ``crs_kind_wrong``, ``crs_needs_shift``,
        ``crs_unknown`` or ``encoding_not_offered`` (fields `encoding`, `found`).
    """
    known = flat_crs(crs)
    if form in _DEGREES_ONLY and not known.is_geographic:
        raise InvalidInput("crs_not_in_format", crs=known.name, format=form.value)
    if old_datum(known):
        raise InvalidInput("crs_needs_shift", crs=known.name, datum=old_datum(known))
    if encoding not in ENCODINGS:
        raise InvalidInput("encoding_not_offered", encoding=encoding, found=list(ENCODINGS))


def write_shapes(layer: Layer, shapes: NDArray[np.object_], target: Target) -> Written:
    """Write the attributes of `layer` with `shapes`, which are in the coordinates of `target.crs`.

    Written to a temporary folder beside the file and renamed: the path holds the old file or the whole new.

    Raises
    ------
    InvalidInput
        What `refuse_target` raises; ``text_not_in_encoding`` (fields `encoding`, `column`, `value`);
        ``output_unwritable`` (fields `file`, `cause`).
    """
    refuse_target(target.format, target.crs, target.encoding)
    writer = _WRITERS[target.format]
    try:
        with TemporaryDirectory(prefix=".gridpatrol-", dir=target.path.parent) as folder:
            made = Path(folder) / f"{_stem(target.path)}.{target.format.value}"
            renamed, notices = writer(layer, shapes, target, made)
            made.replace(target.path)
    except OSError as error:
        raise InvalidInput("output_unwritable", file=str(target.path), cause=error.strerror or "") from error
    return Written(target.path, renamed, notices)


type _Outcome = tuple[dict[str, str], tuple[Notice, ...]]


def _stem(path: Path) -> str:
    return path.name.split(".")[0] or "layer"


def _through_gdal(
    layer: Layer,
    shapes: NDArray[np.object_],
    made: Path,
    options: dict[str, Any],
    *,
    names: list[str] | None = None,
) -> None:
    values = [_writable(column) for column in layer.values]
    kinds = {shape.geom_type for shape in shapes if shape is not None}
    single = {kind.removeprefix("Multi") for kind in kinds}
    many = any(kind.startswith("Multi") for kind in kinds)
    kind = (
        f"Multi{single.pop()}"
        if many and len(single) == 1
        else (single.pop() if len(single) == 1 else "Unknown")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        pyogrio.raw.write(
            made, shapely.to_wkb(shapes), [column for column, _ in values], names or list(layer.columns),
            field_mask=[mask for _, mask in values], geometry_type=kind,
            promote_to_multi=kind.startswith("Multi"), **{"layer": _stem(made), **options},
        )  # fmt: skip


def _writable(column: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return a column as GDAL takes it, and where it has no value."""
    if column.dtype != object:
        return column, None
    missing = np.array([cell is None or cell != cell for cell in column], dtype=bool)  # noqa: PLR0124
    present = list(column[~missing])
    if present and all(
        isinstance(cell, (int, np.integer)) and not isinstance(cell, bool) for cell in present
    ):
        numbers = np.zeros(len(column), np.int64)
        numbers[~missing] = present
        return numbers, missing
    texts = np.full(len(column), None, dtype=object)
    texts[~missing] = [str(cell) for cell in present]
    return texts, None


def _geopackage(layer: Layer, shapes: NDArray[np.object_], target: Target, made: Path) -> _Outcome:
    options = {"driver": "GPKG", "crs": _wkt(target.crs), "layer_metadata": dict(target.metadata) or None}
    _through_gdal(layer, shapes, made, options)
    return {}, ()


def _shapefile(layer: Layer, shapes: NDArray[np.object_], target: Target, made: Path) -> _Outcome:
    short = short_names(layer.columns, target.encoding)
    fitted, cut = _fitted(layer, target.encoding)
    with TemporaryDirectory(dir=made.parent) as folder:
        shape = Path(folder) / f"{_stem(target.path)}.shp"
        options = {
            "driver": "ESRI Shapefile",
            "crs": _wkt(target.crs),
            "encoding": ENCODINGS[target.encoding],
        }
        _through_gdal(fitted, shapes, shape, options, names=[short[name] for name in layer.columns])
        shape.with_suffix(".cpg").write_text(ENCODINGS[target.encoding], encoding="ascii")
        renamed = {name: new for name, new in short.items() if name != new}
        if target.metadata or renamed:
            told = {"columns": renamed, **target.metadata}
            text = json.dumps(told, ensure_ascii=False, indent=1)
            shape.with_suffix(".txt").write_text(text, encoding="utf-8")
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
    notices = (Notice("text_shortened", {"columns": cut, "most": TEXT_BYTES}),) if cut else ()
    return renamed, notices


def _fitted(layer: Layer, encoding: str) -> tuple[Layer, list[str]]:
    """Return the layer with texts that a table field can hold, and the columns that lost an end."""
    cut: list[str] = []
    values = []
    for name, column in zip(layer.columns, layer.values, strict=True):
        fitted = column
        if column.dtype == object:
            fitted = np.array([_fitted_cell(cell, name, encoding) for cell in column], dtype=object)
            if any(new != old for new, old in zip(fitted, column, strict=True) if isinstance(old, str)):
                cut.append(name)
        values.append(fitted)
    return replace(layer, values=values), cut


def _fitted_cell(cell: object, column: str, encoding: str) -> object:
    if not isinstance(cell, str):
        return cell
    try:
        return cut_text(cell, encoding, TEXT_BYTES)
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "text_not_in_encoding", encoding=encoding, column=column, value=cell[:80]
        ) from error


def _geojson(layer: Layer, shapes: NDArray[np.object_], target: Target, made: Path) -> _Outcome:
    options = {"driver": "GeoJSON", "crs": "EPSG:4326", "layer_options": {"RFC7946": "YES"}}
    _through_gdal(layer, shapes, made, options)
    if target.metadata:
        content = json.loads(made.read_bytes())
        # RFC 7946, section 6.1: a foreign member, which other readers pass over.
        told = {"type": content.pop("type"), "metadata": dict(target.metadata), **content}
        made.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return {}, ()


def _kml(layer: Layer, shapes: NDArray[np.object_], target: Target, made: Path) -> _Outcome:
    told = "; ".join(f"{key}: {value}" for key, value in target.metadata.items())
    options = {
        "driver": "LIBKML",
        "crs": "EPSG:4326",
        "layer_options": {"DESCRIPTION": told} if told else None,
    }
    _through_gdal(layer, shapes, made, options)
    return {}, ()


def _kmz(layer: Layer, shapes: NDArray[np.object_], target: Target, made: Path) -> _Outcome:
    # One doc.kml, as the format describes it; GDAL would make a file of links, which few programs follow.
    whole = made.with_suffix(".kml")
    outcome = _kml(layer, shapes, target, whole)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(whole, "doc.kml")
    return outcome


def _dxf(layer: Layer, shapes: NDArray[np.object_], target: Target, made: Path) -> _Outcome:
    rows = list(layer.rows())
    columns = {name: [row[name] for row in rows] for name in layer.columns}
    # A tenth of a millimetre, in metres or in degrees: finer than the stored grid.
    decimals = 9 if known_crs(target.crs).is_geographic else 4
    write_drawing(made, shapes, columns, decimals=decimals)
    return {}, (Notice("crs_not_in_file", {"crs": known_crs(target.crs).name}),)


def _wkt(crs: str) -> str:
    known: pyproj.CRS = known_crs(crs)
    authority = known.to_authority()
    return ":".join(authority) if authority else known.to_wkt("WKT1_GDAL")


_WRITERS: dict[Format, Callable[[Layer, NDArray[np.object_], Target, Path], _Outcome]] = {
    Format.GEOPACKAGE: _geopackage,
    Format.SHAPEFILE: _shapefile,
    Format.GEOJSON: _geojson,
    Format.KML: _kml,
    Format.KMZ: _kmz,
    Format.DXF: _dxf,
}
