"""Vector files (GeoPackage, Shapefile, GeoJSON, KML, DXF) as shapely geometries in EPSG:4326."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from core.errors import InvalidInput
from core.intake.archive import layer_files
from core.intake.drawing import as_areas
from core.intake.encoding import (
    Candidate,
    EncodingChoice,
    Reason,
    candidates,
    choose_encoding,
    declared_encoding,
    decoded,
)
from core.intake.file import container, head_bytes, refuse_blank
from core.intake.gdal import pyogrio
from core.intake.header import refuse_forbidden
from core.intake.provenance import Provenance, digest
from core.intake.reference import datum_marked, guess_crs, is_flat, known_crs, old_datum, with_shift
from core.intake.report import Notice
from core.intake.weight import refuse_large
from core.intake.whole import refuse_cut_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from core.intake.coordinate import Box

# CGCS2000 geographic; identical to WGS 84 within the product's tolerance (ARCHITECTURE, Coordinates).
_GEOGRAPHIC_ALIKE = frozenset({4326, 4490})
# Stored coordinates lie on a 1e-7 degree grid (about 1 cm).
GRID_DEG = 1e-7
_WANTED = "GPKG, SHP, GeoJSON, KML, KMZ, DXF"
_FOREIGN = frozenset({"gzip", "bzip2", "ole", "PDF", "PNG", "JPEG", "RAR", "7z", "RTF"})
_KNOWN_ENDINGS = (".geojson", ".json", ".gpkg", ".shp", ".kml", ".gml", ".fgb", ".dxf", ".kmz")
# Columns that GDAL's KML reader adds to every placemark; kept only where the file fills them.
_KML_OWN = frozenset({"id", "description", "timestamp", "begin", "end", "altitudeMode", "tessellate",
    "extrude", "visibility", "drawOrder", "icon", "snippet"})  # fmt: skip
# What comes before the features of a text file, and how far that is looked for.
_FIRST_FEATURE = {"GeoJSON": '"features"', "KML": "<Placemark", "LIBKML": "<Placemark"}
_HEAD_BYTES = 16_384
# Every byte has its own character in ISO 8859-1: the stored bytes come through GDAL unharmed.
_BYTES = "ISO-8859-1"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file beyond what it says of itself, as a person chose after a preview.

    Attributes
    ----------
    encoding : str, optional
        Python's name of the attributes' encoding (Shapefile, DXF), against what was detected.
    crs_forced : str, optional
        Reference system to take whatever the file names.
    shift : tuple of float, optional
        Three or seven parameters from Beijing 1954 or Xian 1980 to WGS 84 (see `with_shift`); zeros accept
        an error of some 100 m.
    is_northing_first : bool
        The file's first coordinate is the northing.
    near : west, south, east, north, optional
        Extent the file should lie in, EPSG:4326; narrows the systems proposed when none is named.
    keeps_datum : bool
        Give the coordinates of a file marked GCJ-02 or BD-09 as they are; the caller converts them.
    """

    encoding: str | None = None
    crs_forced: str | None = None
    shift: tuple[float, ...] | None = None
    is_northing_first: bool = False
    near: Box | None = None
    keeps_datum: bool = False


_AS_IT_SAYS = Reading()


@dataclass(frozen=True, slots=True)
class Layer:
    """Features of one layer: geometry (EPSG:4326, lon lat, None where absent) and attribute columns.

    `notices` say what reading changed, `datum_marked` is ``gcj02`` or ``bd09`` when the file calls itself so.
    """

    name: str
    geometries: NDArray[np.object_]
    columns: tuple[str, ...]
    values: list[NDArray[Any]]
    crs: str
    encoding: str
    notices: tuple[Notice, ...] = ()
    datum_marked: str = ""
    provenance: Provenance | None = None

    def __len__(self) -> int:
        return len(self.geometries)

    def row(self, index: int) -> dict[str, object]:
        """Return the attributes of one feature; missing values are None."""
        return {name: _cell(column[index]) for name, column in zip(self.columns, self.values, strict=True)}

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield the attributes of all features in file order."""
        return (self.row(index) for index in range(len(self)))

    def without_forbidden(self, *, drop: bool) -> tuple[Layer, list[str]]:
        """Return the layer without columns that are never kept, and their names; `drop` allows it.

        Raises
        ------
        InvalidInput
            ``column_forbidden`` when there are such columns and `drop` is not set.
        """
        forbidden = refuse_forbidden(self.columns, drop=drop)
        kept = [place for place, name in enumerate(self.columns) if name not in forbidden]
        columns = tuple(self.columns[place] for place in kept)
        return replace(self, columns=columns, values=[self.values[place] for place in kept]), forbidden


@dataclass(frozen=True, slots=True)
class Raw:
    """A layer as stored: geometries in the file's own coordinates (2-D), attributes decoded.

    `candidates` are how each offered encoding reads the texts; empty where the format has one encoding only.
    `head` is what a GeoJSON or KML file says of itself before its first feature: the place where a datum can
    be told that neither standard provides for.
    """

    driver: str
    crs: str
    shapes: NDArray[np.object_]
    columns: tuple[str, ...]
    values: list[NDArray[Any]]
    encoding: EncodingChoice
    notices: tuple[Notice, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    head: str = ""


def read_layer(
    path: Path, *, layer: str | None = None, crs: str | None = None, how: Reading = _AS_IT_SAYS
) -> Layer:
    """Read one layer and bring it to EPSG:4326.

    Parameters
    ----------
    path : Path
        A file, or a zip archive holding one or several layers.
    layer : str, optional
        Layer of a file that holds several; the only one with geometry when left out.
    crs : str, optional
        Reference system to assume where the file names none, or one its coordinates contradict (for
        example ``EPSG:4547``).
    how : Reading
        What a person chose after a preview.

    Raises
    ------
    InvalidInput
        What `refuse_large` raises; ``file_type_wrong``, ``file_damaged``, ``file_truncated``,
        ``shape_part_missing``, ``archive_choice``, ``layer_choice``, ``layer_missing``, ``layer_empty``,
        ``encoding_unknown``, ``crs_unknown``, ``crs_kind_wrong``, ``crs_missing``, ``crs_contradicted``,
        ``crs_needs_shift``, ``datum_shift_unusable`` or ``datum_marked``.
    """
    with layer_files(refuse_large(path)) as files:
        source, name = chosen_layer(files, path, layer)
        raw = read_raw(source, name, path, how=how)
    if not len(raw.shapes):
        raise InvalidInput("layer_empty", file=path.name)
    marked = datum_marked(raw.crs, path.name, raw.head)
    if marked and not how.keeps_datum:
        raise InvalidInput("datum_marked", file=path.name, datum=marked)
    shapes = _turned(raw.shapes) if how.is_northing_first else raw.shapes
    found_crs, told = _settled_crs(raw.crs, shapes, (path.name, crs), how)
    moved = to_geographic(shapes, found_crs, shift=how.shift)
    _refuse_impossible(moved, found_crs, path.name)
    why = raw.encoding.why.value if raw.driver in {"ESRI Shapefile", "DXF"} else ""
    told_crs = known_crs(found_crs).to_string()
    origin = Provenance(path.name, digest(path), raw.driver, name, raw.encoding.encoding, why, told_crs[:200])
    return Layer(
        name, moved, raw.columns, raw.values, str(found_crs), raw.encoding.encoding,
        (*raw.notices, *told), marked, origin,
    )  # fmt: skip


def chosen_layer(files: list[Path], path: Path, layer: str | None) -> tuple[Path, str]:
    """Return the file and the name of the layer asked for, or of the only one with geometry.

    Raises
    ------
    InvalidInput
        ``layer_missing``, ``layer_empty`` or ``layer_choice`` (fields `file`, `found`).
    """
    listed = [(file, name) for file in files for name, _ in shaped_layers(file, path)]
    names = [name for _, name in listed]
    if layer is not None:
        if layer not in names:
            raise InvalidInput("layer_missing", file=path.name, layer=layer, found=names)
        return listed[names.index(layer)]
    if not listed:
        raise InvalidInput("layer_empty", file=path.name)
    if len(listed) > 1:
        raise InvalidInput("layer_choice", file=path.name, found=names)
    return listed[0]


def shaped_layers(source: Path, path: Path) -> list[tuple[str, str]]:
    """Return name and kind of geometry of the layers in a file that have geometry."""
    kind = container(source)
    if kind in _FOREIGN:
        raise InvalidInput("file_type_wrong", file=path.name, found=kind, wanted=_WANTED)
    if source.suffix.lower() in {".geojson", ".json", ".kml", ".gml", ".dxf"}:
        refuse_blank(source)
    refuse_cut_file(source, path.name)
    try:
        listed = pyogrio.list_layers(source)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
        wrong = "file_damaged" if source.name.lower().endswith(_KNOWN_ENDINGS) else "file_type_wrong"
        raise InvalidInput(wrong, file=path.name, found="?", wanted=_WANTED) from error
    return [(str(entry[0]), str(entry[1])) for entry in listed if entry[1] is not None]


def read_raw(
    source: Path, name: str, path: Path, *, how: Reading = _AS_IT_SAYS, most: int | None = None
) -> Raw:
    """Read a layer as stored, text decoded, 3-D dropped, drawings made areas; at most `most` features."""
    is_shape = source.suffix.lower() == ".shp"
    try:
        with warnings.catch_warnings():
            # Repeated feature ids (tiles) are no concern here: nothing is known by them. GDAL's other
            # warnings (a ring closed, a coordinate with an odd value) end in what is checked below.
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            driver = str(
                pyogrio.read_info(source, layer=name, encoding=_BYTES if is_shape else None)["driver"]
            )
            meta, _, wkb, values = pyogrio.raw.read(
                source, layer=name, encoding=_BYTES if is_shape else None, max_features=most
            )
    except UnicodeDecodeError as error:
        raise InvalidInput("encoding_unknown", file=path.name) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    shapes, told = _flattened(shapely.from_wkb([] if wkb is None else wkb, on_invalid="ignore"))
    columns = [str(field) for field in meta["fields"]]
    text = _Text(columns, list(values), EncodingChoice("utf-8", Reason.UTF8))
    if is_shape or driver == "DXF":
        text = _as_text(columns, list(values), source, how.encoding)
    raw = Raw(
        driver, str(meta["crs"] or ""), shapes, tuple(text.columns), text.values, text.encoding,
        told + text.notices, text.candidates, _head(source, driver),
    )  # fmt: skip
    tidy = _tidied(raw)
    return replace(tidy, notices=(*tidy.notices, *_mixed(tidy.shapes)))


def _head(source: Path, driver: str) -> str:
    first = _FIRST_FEATURE.get(driver)
    if first is None or container(source) == "zip":
        return ""
    return head_bytes(source, _HEAD_BYTES).decode(errors="ignore").partition(first)[0]


def _flattened(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], tuple[Notice, ...]]:
    """Return shapes in two dimensions, and what that lost."""
    told: tuple[Notice, ...] = ()
    heights = shapely.get_coordinates(shapes[shapely.has_z(shapes)], include_z=True)
    # KML writes a height of 0 for every point; only heights that say something are worth a word.
    if len(heights) and np.nan_to_num(heights[:, 2]).any():
        told = (Notice("heights_dropped", {"count": int(shapely.has_z(shapes).sum())}),)
    return np.asarray(shapely.force_2d(shapes), dtype=object), told


def _mixed(shapes: NDArray[np.object_]) -> tuple[Notice, ...]:
    """Return a word about a layer that holds more than points, lines or polygons alone."""
    kinds = Counter(shape.geom_type for shape in shapes if shape is not None)
    families = {kind.removeprefix("Multi") for kind in kinds}
    return (Notice("geometry_mixed", {"found": dict(kinds)}),) if len(families) > 1 else ()


@dataclass(frozen=True, slots=True)
class _Text:
    columns: list[str]
    values: list[NDArray[Any]]
    encoding: EncodingChoice
    notices: tuple[Notice, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def _as_text(columns: list[str], values: list[NDArray[Any]], source: Path, chosen: str | None) -> _Text:
    """Decode names and values that came as bytes; a text GDAL decoded itself (a DXF) stays as it is."""
    try:
        stored = [column.encode("latin-1") for column in columns]
        cells = {place: _stored(column) for place, column in enumerate(values) if column.dtype == object}
    except UnicodeEncodeError:
        return _Text(columns, values, EncodingChoice("utf-8", Reason.UTF8))
    every = [*stored, *(cell for column in cells.values() for cell in column if cell is not None)]
    choice = _choice(every, source, chosen)
    names = _unlike([decoded(name, choice.encoding)[0] for name in stored])
    for place, column in cells.items():
        values[place] = np.array(
            [None if cell is None else decoded(cell, choice.encoding)[0] for cell in column], dtype=object
        )
    told: tuple[Notice, ...] = ()
    if choice.why in {Reason.CPG_CONTRADICTED, Reason.LANGUAGE_CONTRADICTED}:
        told += (Notice("encoding_contradicted", {"declared": choice.declared, "taken": choice.encoding}),)
    if choice.misfits:
        told += (Notice("text_replaced", {"count": choice.misfits, "encoding": choice.encoding}),)
    return _Text(names, values, choice, told, candidates(every))


def _stored(column: NDArray[Any]) -> list[bytes | None]:
    return [cell.encode("latin-1") if isinstance(cell, str) else None for cell in column]


def _choice(every: list[bytes], source: Path, chosen: str | None) -> EncodingChoice:
    if chosen:
        wrong = sum(decoded(value, chosen)[1] for value in every)
        return EncodingChoice(chosen, Reason.CHOSEN, misfits=wrong)
    table = source.with_suffix(".dbf")
    declared, by = declared_encoding(table) if table.exists() else ("", None)
    return choose_encoding(every, declared, by)


def _unlike(names: list[str]) -> list[str]:
    """Return the names with those numbered that became alike when a stump was cut off their end."""
    seen: Counter[str] = Counter()
    unlike = []
    for name in names:
        seen[name] += 1
        unlike.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unlike


def _tidied(raw: Raw) -> Raw:
    """Return a drawing as areas, and a KML layer without the reader's own empty columns."""
    if not len(raw.shapes):
        return raw
    if raw.driver == "DXF":
        cells = dict(zip(raw.columns, raw.values, strict=True))
        layers, texts = cells["Layer"], cells["Text"]
        bounds = shapely.total_bounds(raw.shapes)
        drawing = as_areas(raw.shapes, layers, texts, is_metric=bool(np.nanmax(np.abs(bounds)) > 360))
        told = Notice("outlines_filled", {"count": drawing.filled, "labelled": drawing.labelled})
        notices = (*raw.notices, told) if drawing.filled else raw.notices
        return replace(
            raw, shapes=drawing.shapes, columns=drawing.columns, values=drawing.values, notices=notices
        )
    if raw.driver not in {"KML", "LIBKML"}:
        return raw
    names = _unlike([("name" if name == "Name" else name) for name in raw.columns])
    kept = [place for place, name in enumerate(raw.columns) if not _is_kml_filler(name, raw.values[place])]
    return replace(
        raw,
        columns=tuple(names[place] for place in kept),
        values=[raw.values[place] for place in kept],
    )


def _is_kml_filler(name: str, column: NDArray[Any]) -> bool:
    if name == "Name":
        return all(cell is None for cell in column)
    # Only the description is ever written by a person; the others steer Google Earth.
    return name in _KML_OWN and (name != "description" or all(cell is None for cell in column))


def _turned(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(shapes, lambda xy: xy[:, ::-1]), dtype=object)


def _settled_crs(
    named: str, shapes: NDArray[np.object_], context: tuple[str, str | None], how: Reading
) -> tuple[str, tuple[Notice, ...]]:
    """Return the reference system to take and what must be said about it."""
    file, assumed = context
    if how.crs_forced:
        return how.crs_forced, (Notice("crs_forced", {"named": named[:80], "taken": how.crs_forced}),)
    bounds = shapely.total_bounds(shapes)
    if not np.isfinite(bounds).all():
        raise InvalidInput("layer_empty", file=file)
    if named and is_flat(named) and (not known_crs(named).is_geographic or _are_degrees(bounds)):
        return named, ()
    if assumed:
        return assumed, (Notice("crs_assumed", {"taken": assumed}),)
    if not named and _are_degrees(bounds):
        return "EPSG:4326", ()
    guesses = [
        {"epsg": guess.epsg, "name": guess.name, "northing_first": guess.is_northing_first}
        for guess in guess_crs(bounds.tolist(), how.near)[:6]
    ]
    code = "crs_contradicted" if named else "crs_missing"
    extent = [round(float(each), 3) for each in bounds]
    raise InvalidInput(code, file=file, crs=named[:80], extent=extent, guesses=guesses)


def _are_degrees(bounds: NDArray[np.float64]) -> bool:
    west, south, east, north = bounds
    return bool(-180 <= west <= east <= 180 and -90 <= south <= north <= 90)


def _refuse_impossible(shapes: NDArray[np.object_], crs: str, file: str) -> None:
    """Refuse coordinates that the reference system leads to no place on earth."""
    bounds = shapely.total_bounds(shapes)
    if not np.isfinite(shapely.get_coordinates(shapes)).all() or not _are_degrees(bounds):
        extent = [float(each) for each in bounds]
        raise InvalidInput("crs_contradicted", file=file, crs=str(crs)[:80], extent=extent, guesses=[])


def to_geographic(
    geometries: NDArray[np.object_], crs: str, *, shift: Sequence[float] | None = None
) -> NDArray[np.object_]:
    """Return geometries in EPSG:4326 (lon, lat), on the 1e-7 degree grid of stored coordinates.

    Raises
    ------
    InvalidInput
        ``crs_unknown``; ``crs_kind_wrong`` (fields `crs`, `kind`) for heights and systems of no place on
        earth; ``crs_needs_shift`` (fields `crs`, `datum`) for Beijing 1954 and Xian 1980 without `shift`;
        ``datum_shift_unusable``.
    """
    known = known_crs(crs)
    if not is_flat(crs):
        raise InvalidInput("crs_kind_wrong", crs=known.name[:80], kind=known.type_name)
    datum = old_datum(known)
    if datum and shift is None and not known.is_bound:
        raise InvalidInput("crs_needs_shift", crs=known.name[:80], datum=datum)
    if datum and shift is not None:
        known = with_shift(known, shift)
    moved = geometries
    if known.to_epsg() not in _GEOGRAPHIC_ALIKE:
        change = pyproj.Transformer.from_crs(known, 4326, always_xy=True)
        moved = shapely.transform(
            geometries, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1]))
        )
    return np.asarray(shapely.transform(moved, lambda xy: np.round(xy, 7)), dtype=object)


def _cell(value: Any) -> object:
    if isinstance(value, np.ndarray):
        return ", ".join(str(each) for each in value)
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and np.isnan(plain):
        return None
    return plain
