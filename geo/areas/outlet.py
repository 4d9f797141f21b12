"""Boundary files going out: any offered format, reference system and encoding; drafts that can come back."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from core.intake.reference import known_crs
from core.intake.vector import Layer
from core.outlet.vector import Format, Target, Written, refuse_target, write_shapes
from geo.areas.inlet import CODE, KEY, NAME, SET, VERSION
from geo.shapes.datum import Datum, from_wgs84

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

_ALIKE = frozenset({4326, 4490})
_AXES = 'PRIMEM["Greenwich",0],CS[ellipsoidal,2],AXIS["longitude",east],AXIS["latitude",north],'
_NOTHING: Mapping[str, str] = MappingProxyType({})
_WARNING = "Coordinates are shifted (%s). Do not overlay on WGS 84 or CGCS2000."


@dataclass(frozen=True, slots=True)
class DraftGrid:
    """A grid of a change set as it is exported: key and version let its own set's import know it again."""

    key: int
    version: int
    code: str
    name: str
    shape: BaseGeometry


def draft_layer(name: str, grids: Sequence[DraftGrid], mark: str) -> Layer:
    """Return the layer of a draft: columns gp_key, gp_version, gp_set, code, name, shapes in EPSG:4326.

    `mark` tells every record's change set (`geo.areas.inlet.set_mark`): keys of another are other grids.
    """
    values: list[NDArray[np.generic]] = [
        np.array([grid.key for grid in grids], np.int64),
        np.array([grid.version for grid in grids], np.int64),
        np.array([mark for _ in grids], dtype=object),
        np.array([grid.code for grid in grids], dtype=object),
        np.array([grid.name for grid in grids], dtype=object),
    ]
    shapes = np.array([grid.shape for grid in grids], dtype=object)
    return Layer(name, shapes, (KEY, VERSION, SET, CODE, NAME), list(values), "EPSG:4326", "utf-8")


def write_layer(
    path: Path,
    features: Layer,
    *,
    form: Format,
    crs: str = "EPSG:4326",
    encoding: str = "utf-8",
    datum: Datum = Datum.WGS84,
    metadata: Mapping[str, str] = _NOTHING,
) -> Written:
    """Write a layer (EPSG:4326) and return what was written, whose path carries the mark of a shifted datum.

    Parameters
    ----------
    path : Path
        Its ending is set to the format's; a shifted datum adds ``_GCJ02`` or ``_BD09`` to its name.
    features : Layer
    form : Format
    crs : str
        EPSG:4326, EPSG:4490 or a projected system such as a CGCS2000 Gauss-Krueger zone.
    encoding : str
        Of a Shapefile's table: ``utf-8``, ``gb18030`` or ``gbk``.
    datum : Datum
        GCJ-02 or BD-09 only as an explicit choice, for a web map that needs it: the file's name and contents
        are marked (the import recognises both), and it is written in degrees whatever `crs` says.
    metadata : mapping of str to str
        Said in the file, where the format has a place for it.

    Raises
    ------
    InvalidInput
        What `write_shapes` raises.
    """
    if datum is Datum.WGS84:
        refuse_target(form, crs, encoding)
        target = Target(_ending(path, form, ""), form, crs, encoding, metadata)
        return write_shapes(features, _projected(features.geometries, crs), target)
    mark = datum.value.upper()
    told = {"datum": datum.value, "warning": _WARNING % mark, **metadata}
    target = Target(_ending(path, form, f"_{mark}"), form, shifted_wkt(datum), encoding, told)
    moved = shapely.transform(features.geometries, lambda xy: from_wgs84(xy, datum))
    return write_shapes(features, np.asarray(moved, dtype=object), target)


def shifted_wkt(datum: Datum) -> str:
    """Return a reference system whose name tells a reader that it is neither WGS 84 nor CGCS2000."""
    name = {Datum.GCJ02: "GCJ-02", Datum.BD09: "BD-09"}[datum]
    return (
        f'GEOGCRS["{name}",DATUM["{name}",ELLIPSOID["WGS 84",6378137,298.257223563]],'
        f'{_AXES}ANGLEUNIT["degree",0.0174532925199433]]'
    )


def _ending(path: Path, form: Format, mark: str) -> Path:
    stem = path.name.removesuffix(path.suffix)
    return path.with_name(f"{stem.removesuffix(mark)}{mark}.{form.value}")


def _projected(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    known = known_crs(crs)
    if known.to_epsg() in _ALIKE:
        return shapes
    change = pyproj.Transformer.from_crs(4326, known, always_xy=True)
    moved = shapely.transform(shapes, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))
    return np.asarray(moved, dtype=object)
