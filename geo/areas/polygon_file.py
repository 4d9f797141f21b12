"""A file of polygons with names, read to be checked and written again; needs no database."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.cell import text_of
from core.intake.file import container
from core.intake.gdal import pyogrio
from core.intake.header import find_columns
from core.intake.reference import known_crs
from core.intake.vector import Layer, read_layer
from core.intake.weight import refuse_heavy, refuse_many_vertices
from geo.areas.tree import level_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".shp": "ESRI Shapefile"}
_SHAPE_PARTS = (".dbf", ".shx", ".prj", ".cpg", ".shp")
# A zone of six degrees is used a zone further at most.
_FAR_DEG = 6.0
_POLYGONAL = frozenset({"Polygon", "MultiPolygon", "GeometryCollection"})


@dataclass(frozen=True, slots=True)
class PolygonFile:
    """Polygons of a file.

    Attributes
    ----------
    layer : Layer
        As read: geometries in EPSG:4326 on the 1e-7 degree grid, attributes.
    names : tuple of str
        What a person knows each polygon by: its name, else its code, else its number in the file (``#3``).
    families : tuple of tuple of int
        Indices that should tile the ground together: all, or those of each level where the file holds
        several (a county, its towns, their grids).
    """

    layer: Layer
    names: tuple[str, ...]
    families: tuple[tuple[int, ...], ...]


def read_polygons(path: Path, *, layer: str | None = None, crs: str | None = None) -> PolygonFile:
    """Read a file of polygons that may come from anywhere.

    Raises
    ------
    InvalidInput
        What `refuse_heavy` and `read_layer` raise; ``no_polygons`` (fields `file`, `found`),
        ``file_type_wrong``, ``shape_part_missing`` or ``crs_contradicted``.
    """
    if crs is not None:
        known_crs(crs)
    _refuse_false_name(refuse_heavy(path))
    read = read_layer(path, layer=layer, crs=crs)
    refuse_many_vertices(read.geometries, path.name)
    kinds = Counter(shape.geom_type for shape in read.geometries if shape is not None)
    if not _POLYGONAL & set(kinds):
        raise InvalidInput("no_polygons", file=path.name, found=", ".join(sorted(kinds)) or "-")
    _refuse_far_from_use(read, path.name)
    found = find_columns(read.columns, ("code", "name", "level"), {})
    cells = {field: [text_of(_plain(cell)) for cell in read.values[place]] for field, place in found.items()}
    return PolygonFile(read, _names(cells, len(read)), _families(cells, len(read)))


def _refuse_false_name(path: Path) -> None:
    """Refuse a GeoPackage that is none and a Shapefile without its table."""
    kind, ending = container(path), path.suffix.lower()
    if ending == ".gpkg" and kind != "SQLite":
        raise InvalidInput("file_type_wrong", file=path.name, found=kind, wanted="GPKG, SHP, GeoJSON, KML")
    if kind == "zip":
        with zipfile.ZipFile(path) as archive:
            names = {entry.lower() for entry in archive.namelist()}
    else:
        names = {each.name.lower() for each in path.parent.iterdir()} if ending == ".shp" else set()
        names = {name for name in names if name.startswith(f"{path.stem.lower()}.")}
    for name in names:
        if name.endswith(".shp") and f"{name[:-4]}.dbf" not in names:
            raise InvalidInput("shape_part_missing", file=path.name, part=".dbf")


def _refuse_far_from_use(read: Layer, name: str) -> None:
    """Refuse coordinates that lie far from where their reference system is used: degrees taken for metres."""
    use = known_crs(read.crs).area_of_use
    west, south, east, north = shapely.total_bounds(read.geometries)
    if use is None or not np.isfinite([west, south, east, north]).all() or use.west > use.east:
        return
    lon, lat = (west + east) / 2, (south + north) / 2
    is_near = use.west - _FAR_DEG <= lon <= use.east + _FAR_DEG and use.south - _FAR_DEG <= lat
    if not is_near or lat > use.north + _FAR_DEG:
        extent = [round(float(each), 6) for each in (west, south, east, north)]
        raise InvalidInput("crs_contradicted", file=name, crs=read.crs[:80], extent=extent, guesses=[])


def read_parent(path: Path, *, crs: str | None = None) -> BaseGeometry:
    """Return the ground that a file of one or several polygons covers, EPSG:4326.

    Raises
    ------
    InvalidInput
        What `read_polygons` raises.
    """
    shapes = [shape for shape in read_polygons(path, crs=crs).layer.geometries if shape is not None]
    whole = shapely.union_all(shapely.make_valid(shapes, method="structure", keep_collapsed=False))
    return shapely.transform(whole, lambda points: np.round(points, 7))


def _names(cells: dict[str, list[str]], count: int) -> tuple[str, ...]:
    blank = [""] * count
    names, codes = cells.get("name", blank), cells.get("code", blank)
    often = Counter(names)
    told = []
    for row, (name, code) in enumerate(zip(names, codes, strict=True)):
        if name and often[name] > 1:
            told.append(f"{name} ({code or f'#{row + 1}'})")
        else:
            told.append(name or code or f"#{row + 1}")
    return tuple(told)


def _families(cells: dict[str, list[str]], count: int) -> tuple[tuple[int, ...], ...]:
    blank = [""] * count
    levels = [
        level_of(word, code) or ""
        for word, code in zip(cells.get("level", blank), cells.get("code", blank), strict=True)
    ]
    return tuple(
        tuple(row for row, own in enumerate(levels) if own == level) for level in dict.fromkeys(levels)
    )


def _plain(cell: Any) -> object:
    plain = cell.item() if isinstance(cell, np.generic) else cell
    return None if isinstance(plain, float) and np.isnan(plain) else plain


def write_polygons(
    path: Path, source: PolygonFile, shapes: Sequence[BaseGeometry], *, rows: Sequence[int], over: bool
) -> None:
    """Write `shapes` with the attributes of `source` in EPSG:4326; the format follows the ending of `path`.

    The file appears whole or not at all: it is written into a folder beside its place and moved there.

    Parameters
    ----------
    path : Path
    source : PolygonFile
    shapes : sequence of Polygon or MultiPolygon, EPSG:4326
        One for each polygon of `source`.
    rows : sequence of int
        The polygons to write.
    over : bool
        Replace what stands at `path`.

    Raises
    ------
    InvalidInput
        ``output_type_wrong``, ``output_exists`` or ``output_unwritable`` (field `file`).
    """
    refuse_output(path, over=over)
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".gridpatrol-") as folder:
            written = type(path)(folder) / f"{path.stem}{path.suffix.lower()}"
            _write(written, source.layer, shapes, rows)
            for ending in _endings(path):
                part = written.with_suffix(ending)
                if part.exists():
                    os.replace(part, _beside(path, ending))  # noqa: PTH105 - Path.replace is the same call
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput("output_unwritable", file=str(path), cause=cause) from error


def refuse_output(path: Path, *, over: bool) -> None:
    """Refuse a place that nothing can be written to.

    Raises
    ------
    InvalidInput
        ``output_type_wrong`` (fields `file`, `wanted`), ``output_exists`` or ``output_unwritable``.
    """
    if path.suffix.lower() not in _DRIVERS:
        raise InvalidInput("output_type_wrong", file=path.name, wanted=", ".join(_DRIVERS))
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput(
            "output_unwritable", file=str(path), cause=os.strerror(2 if not path.is_dir() else 21)
        )
    if not over and any(_beside(path, ending).exists() for ending in _endings(path)):
        raise InvalidInput("output_exists", file=path.name)


def _endings(path: Path) -> tuple[str, ...]:
    return _SHAPE_PARTS if path.suffix.lower() == ".shp" else (path.suffix.lower(),)


def _beside(path: Path, ending: str) -> Path:
    return path if path.suffix.lower() == ending else path.with_suffix(ending)


def _write(path: Path, layer: Layer, shapes: Sequence[BaseGeometry], rows: Sequence[int]) -> None:
    chosen = np.array([shapes[row] for row in rows], object)
    kinds = {shape.geom_type for shape in chosen}
    if len(kinds) > 1:
        chosen = np.array([shapely.multipolygons(shapely.get_parts(shape)) for shape in chosen], object)
    driver = _DRIVERS[path.suffix]
    options = {}
    if driver == "GeoJSON":
        options = {"COORDINATE_PRECISION": "7"}
    elif driver == "GPKG":
        taken = {column.lower() for column in layer.columns}
        options = {
            "FID": next(name for name in ("fid", "row_id", "gridpatrol_fid") if name not in taken),
            "GEOMETRY_NAME": next(name for name in ("geom", "shape", "gridpatrol_geom") if name not in taken),
        }
    pyogrio.raw.write(
        path,
        shapely.to_wkb(chosen),
        [_column(values[list(rows)]) for values in layer.values],
        list(layer.columns),
        layer=path.stem,
        driver=driver,
        geometry_type="Polygon" if kinds == {"Polygon"} else "MultiPolygon",
        crs="EPSG:4326",
        encoding="UTF-8",
        layer_options=options,
    )


def _column(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a column that every format can hold: lists become text."""
    if values.dtype != object:
        return values
    plain = [", ".join(map(str, cell)) if isinstance(cell, np.ndarray) else cell for cell in values]
    return np.array(plain, object)
