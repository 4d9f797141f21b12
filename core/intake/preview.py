"""What a stranger's vector file holds, told before anything is read into the house."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.archive import layer_files
from core.intake.encoding import Candidate, EncodingChoice
from core.intake.gdal import pyogrio
from core.intake.reference import CrsGuess, datum_marked, guess_crs, is_flat, known_crs, old_datum
from core.intake.vector import Raw, Reading, read_raw, shaped_layers
from core.intake.weight import refuse_large

if TYPE_CHECKING:
    from pathlib import Path

    from core.intake.coordinate import Box
    from core.intake.report import Notice

_ROWS = 5
# Enough features to tell kinds and encoding by; counts and bounds are of all.
_SCANNED = 20_000
_AS_IT_SAYS = Reading()


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """A layer of the file: name, kind of geometry as GDAL words it, number of features."""

    name: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What is in a file, for a person to confirm.

    Attributes
    ----------
    layers : tuple of LayerSummary
        All layers with geometry.
    layer : str
        The one the rest is about.
    columns, rows
        Column names, and the attributes of the first five features.
    crs : str
        Reference system the file names and its coordinates allow; empty otherwise.
    guesses : tuple of CrsGuess
        Systems the coordinates could be in where `crs` is empty.
    old_datum : str
        ``Beijing 1954`` or ``Xian 1980``: reading needs shift parameters.
    datum_marked : str
        ``gcj02`` or ``bd09`` when the file calls itself so.
    encoding : EncodingChoice
    candidates : tuple of Candidate
        The file's first telling texts as each offered encoding reads them (Shapefile); empty otherwise.
    kinds : mapping
        Features by type of geometry, of the first 20,000.
    bounds : west, south, east, north as the file has them
    notices : tuple of Notice
    """

    layers: tuple[LayerSummary, ...]
    layer: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    crs: str
    guesses: tuple[CrsGuess, ...]
    old_datum: str
    datum_marked: str
    encoding: EncodingChoice
    candidates: tuple[Candidate, ...]
    kinds: dict[str, int]
    count: int
    bounds: tuple[float, float, float, float]
    notices: tuple[Notice, ...]


def preview_layer(
    path: Path, *, layer: str | None = None, near: Box | None = None, how: Reading = _AS_IT_SAYS
) -> Preview:
    """Return what a file holds; of several layers, the one with most polygons unless one is named.

    Raises
    ------
    InvalidInput
        What `read_layer` raises about the file itself; nothing about its reference system.
    """
    with layer_files(refuse_large(path)) as files:
        listed = [(file, *entry) for file in files for entry in shaped_layers(file, path)]
        layers = [LayerSummary(name, kind, _count(file, name)) for file, name, kind in listed]
        place = _place(layers, layer, path)
        source, name, _ = listed[place]
        raw = read_raw(source, name, path, how=how, most=_SCANNED)
        bounds = _bounds(source, name, raw)
    named = _believed(raw.crs, bounds)
    crs = known_crs(named) if named else None
    rows = tuple(
        tuple(_plain(column[row]) for column in raw.values) for row in range(min(_ROWS, len(raw.shapes)))
    )
    return Preview(
        layers=tuple(layers),
        layer=name,
        columns=raw.columns,
        rows=rows,
        crs=named,
        guesses=() if named else tuple(guess_crs(bounds, near)),
        old_datum=old_datum(crs) if crs else "",
        datum_marked=datum_marked(raw.crs, path.name, raw.head),
        encoding=raw.encoding,
        candidates=raw.candidates,
        kinds=dict(Counter(shape.geom_type for shape in raw.shapes if shape is not None)),
        count=layers[place].count,
        bounds=bounds,
        notices=raw.notices,
    )


def _place(layers: list[LayerSummary], layer: str | None, path: Path) -> int:
    names = [entry.name for entry in layers]
    if layer is not None:
        if layer not in names:
            raise InvalidInput("layer_missing", file=path.name, layer=layer, found=names)
        return names.index(layer)
    if not layers or not any(entry.count for entry in layers):
        raise InvalidInput("layer_empty", file=path.name)
    return max(range(len(layers)), key=lambda place: ("Polygon" in layers[place].kind, layers[place].count))


def _count(source: Path, layer: str) -> int:
    # Text of an unknown encoding is of no concern to a count.
    info = pyogrio.read_info(source, layer=layer, encoding=_bytes(source), force_feature_count=True)
    return int(info["features"])


def _bounds(source: Path, layer: str, raw: Raw) -> Box:
    info = pyogrio.read_info(source, layer=layer, encoding=_bytes(source), force_total_bounds=True)
    found = info["total_bounds"] or shapely.total_bounds(raw.shapes)
    west, south, east, north = (float(each) for each in found)
    return west, south, east, north


def _bytes(source: Path) -> str | None:
    return "ISO-8859-1" if source.suffix.lower() == ".shp" else None


def _believed(named: str, bounds: Box) -> str:
    try:
        if not named or not is_flat(named):
            return ""
    except InvalidInput:
        # What nobody knows says nothing; the person chooses.
        return ""
    west, south, east, north = bounds
    possible = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return named if possible or not known_crs(named).is_geographic else ""


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        plain: object = value.item()
        return plain
    return value
