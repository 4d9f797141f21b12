"""Vector files (GeoJSON, GeoPackage, Shapefile, KML) as shapely geometries in EPSG:4326."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import pyproj
import shapely

from core.errors import InvalidInput
from core.intake.file import checked_path, container, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

# CGCS2000 geographic; identical to WGS 84 within the product's tolerance (ARCHITECTURE, Coordinates).
_GEOGRAPHIC_ALIKE = frozenset({4326, 4490})
# Stored coordinates lie on a 1e-7 degree grid (about 1 cm).
GRID_DEG = 1e-7


@dataclass(frozen=True, slots=True)
class Layer:
    """Features of one layer: geometry (EPSG:4326, lon lat, None where absent) and attribute columns."""

    name: str
    geometries: NDArray[np.object_]
    columns: tuple[str, ...]
    values: list[NDArray[Any]]
    crs: str
    encoding: str

    def __len__(self) -> int:
        return len(self.geometries)

    def row(self, index: int) -> dict[str, object]:
        """Return the attributes of one feature; missing values are None."""
        return {name: _cell(column[index]) for name, column in zip(self.columns, self.values, strict=True)}

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield the attributes of all features in file order."""
        return (self.row(index) for index in range(len(self)))


def read_layer(path: Path, *, layer: str | None = None, crs: str | None = None) -> Layer:
    """Read one layer and bring it to EPSG:4326.

    Parameters
    ----------
    path : Path
        A file, or a zip archive holding one Shapefile.
    layer : str, optional
        Layer of a file that holds several; the only one with geometry when left out.
    crs : str, optional
        Reference system to assume where the file names none (for example ``EPSG:4547``).

    Raises
    ------
    InvalidInput
        ``file_type_wrong``, ``file_damaged``, ``layer_choice``, ``layer_missing``, ``layer_empty``,
        ``crs_unknown`` or ``crs_missing``.
    """
    source = _source(checked_path(path))
    name = _chosen_layer(source, path.name, layer)
    encoding = _shape_encoding(path)
    try:
        with warnings.catch_warnings():
            # Repeated feature ids (tiles) are no concern here: nothing is known by them.
            warnings.filterwarnings("ignore", "Several features with id", RuntimeWarning)
            meta, _, wkb, values = pyogrio.raw.read(source, layer=name, encoding=encoding, force_2d=True)
    except UnicodeDecodeError as error:
        raise InvalidInput("encoding_unknown", file=path.name) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    if wkb is None or len(wkb) == 0:
        raise InvalidInput("layer_empty", file=path.name)
    geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    found_crs = meta["crs"] or crs or _assumed_crs(geometries, path.name)
    moved = to_geographic(geometries, found_crs)
    columns = tuple(str(field) for field in meta["fields"])
    return Layer(name, moved, columns, list(values), str(found_crs), str(meta["encoding"] or ""))


def to_geographic(geometries: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """Return geometries in EPSG:4326 (lon, lat), on the 1e-7 degree grid of stored coordinates."""
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise InvalidInput("crs_unknown", crs=str(crs)[:80]) from error
    moved = geometries
    if known.to_epsg() not in _GEOGRAPHIC_ALIKE:
        change = pyproj.Transformer.from_crs(known, 4326, always_xy=True)
        moved = shapely.transform(
            geometries, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1]))
        )
    return np.asarray(shapely.transform(moved, lambda xy: np.round(xy, 7)), dtype=object)


def _source(path: Path) -> str:
    kind = container(path)
    if kind == "zip":
        return _zipped_shape(path)
    if kind in {"gzip", "bzip2", "ole", "PDF", "PNG", "JPEG", "RAR", "7z", "RTF"}:
        raise InvalidInput("file_type_wrong", file=path.name, found=kind, wanted="GeoJSON, GPKG, SHP, KML")
    if path.suffix.lower() in {".geojson", ".json", ".kml", ".gml"}:
        read_plain(path)
    return str(path)


def _zipped_shape(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            shapes = [name for name in archive.namelist() if name.lower().endswith((".shp", ".gpkg", ".kml"))]
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    if len(shapes) != 1:
        raise InvalidInput("archive_choice", file=path.name, found=shapes)
    return f"/vsizip/{path.resolve()}/{shapes[0]}"


def _chosen_layer(source: str, name: str, layer: str | None) -> str:
    try:
        listed = pyogrio.list_layers(source)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
        wrong = "file_damaged" if source.lower().endswith(_KNOWN_ENDINGS) else "file_type_wrong"
        raise InvalidInput(wrong, file=name, found="?", wanted="GeoJSON, GPKG, SHP, KML") from error
    shaped = [str(entry[0]) for entry in listed if entry[1] is not None]
    if layer is not None:
        if layer not in shaped:
            raise InvalidInput("layer_missing", file=name, layer=layer, found=shaped)
        return layer
    if not shaped:
        raise InvalidInput("layer_empty", file=name)
    if len(shaped) > 1:
        raise InvalidInput("layer_choice", file=name, found=shaped)
    return shaped[0]


_KNOWN_ENDINGS = (".geojson", ".json", ".gpkg", ".shp", ".kml", ".gml", ".fgb")


def _shape_encoding(path: Path) -> str | None:
    """Return the encoding of a Shapefile's attributes: its .cpg, its language byte, then UTF-8, then GB18030.

    None leaves the choice to GDAL, which honours .cpg and the language byte itself.
    """
    if path.suffix.lower() != ".shp":
        return None
    if any(path.with_suffix(ending).exists() for ending in (".cpg", ".CPG")):
        return None
    table = path.with_suffix(".dbf")
    if not table.exists():
        return None
    content = table.read_bytes()
    if len(content) > 29 and content[29] not in {0, 0x57}:
        return None
    try:
        content[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030" if _decodes(content[int.from_bytes(content[8:10], "little") :], "gb18030") else None
    return "utf-8"


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _assumed_crs(geometries: NDArray[np.object_], name: str) -> str:
    west, south, east, north = shapely.total_bounds(geometries)
    if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return "EPSG:4326"
    raise InvalidInput("crs_missing", file=name)


def _cell(value: Any) -> object:
    if isinstance(value, np.ndarray):
        return ", ".join(str(each) for each in value)
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and np.isnan(plain):
        return None
    return plain
