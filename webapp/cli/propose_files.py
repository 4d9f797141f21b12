"""The files of ``gridpatrol areas propose``: streets, households and borders in, a GeoPackage out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.cell import number_of
from core.intake.coordinate import judge_coordinates
from core.intake.file import checked_path
from core.intake.gdal import pyogrio
from core.intake.header import find_columns, normalised
from core.intake.points import TableOptions, read_points
from core.intake.vector import read_layer
from geo.roads.ground import Ground
from geo.roads.lines import read_ground_layer
from geo.roads.osm import looks_like_osm, read_osm
from geo.shapes.proposal import Community, TodayGrid
from geo.shapes.snap import snap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.shapes.proposal import Grid, Proposal

_COUNT_NAMES = ("households", "household_count", "count", "户数", "住户数", "家庭户数", "总户数")
_LAYERED = frozenset({".gpkg", ".gdb", ".kml"})


@dataclass(slots=True)
class Read:
    """What was read from all files; `skipped` counts what was left out, by reason."""

    ground: Ground = field(default_factory=Ground)
    skipped: Counter[str] = field(default_factory=Counter)


def read_ground(paths: Sequence[Path], crs: str | None) -> Ground:
    """Return streets, buildings and water of all files, from every layer of those that hold several.

    Raises
    ------
    InvalidInput
        What `read_osm` and `read_ground_layer` raise.
    """
    whole = Ground()
    for path in paths:
        for part in _parts(checked_path(path), crs):
            whole.sections += part.sections
            whole.footprints += part.footprints
            whole.covers += part.covers
    return whole


def _parts(path: Path, crs: str | None) -> list[Ground]:
    if looks_like_osm(path):
        return [read_osm(path)]
    if path.suffix.lower() not in _LAYERED:
        return [read_ground_layer(path, crs=crs)]
    try:
        names = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    except (pyogrio.errors.DataSourceError, RuntimeError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    if not names:
        raise InvalidInput("layer_empty", file=path.name)
    found = []
    for name in names:
        try:
            found.append(read_ground_layer(path, layer=name, crs=crs))
        except InvalidInput as error:
            # A layer of something else beside the streets is no fault of the file.
            if error.code not in {"nothing_found", "layer_empty"} or len(names) == 1:
                raise
    return found


def read_homes(
    path: Path, options: TableOptions, skipped: Counter[str]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.int64]]]:
    """Return lon, lat (n, 2) and the number of households (n,) of each usable row; no other column is kept.

    Raises
    ------
    InvalidInput
        What `read_points` raises, and ``proposal_count_unreadable`` (fields `file`, `line`, `found`).
    """
    table = read_points(path, wanted=(), required=(), options=options)
    usable = judge_coordinates(table.lon, table.lat) == 0
    skipped["household_without_place"] += int((~usable).sum())
    places = {normalised(name): place for place, name in reversed(list(enumerate(table.table.columns)))}
    column = next((places[key] for key in map(normalised, _COUNT_NAMES) if key in places), None)
    counts = np.ones(len(usable), np.int64)
    if column is not None:
        for row in np.flatnonzero(usable):
            counts[row] = _count(path, table.table.lines[row], table.table.rows[row], column)
    kept = usable & (counts > 0)
    return np.column_stack([table.lon, table.lat])[kept], counts[kept]


def _count(path: Path, line: int, row: Sequence[Any], column: int) -> int:
    cell = row[column] if column < len(row) else None
    if cell is None or cell == "":
        return 0
    number = number_of(cell)
    if number is None or not number.is_integer() or not 0 <= number <= 100_000:
        raise InvalidInput("proposal_count_unreadable", file=path.name, line=line, found=str(cell)[:40])
    return int(number)


def read_communities(path: Path, crs: str | None) -> list[Community]:
    """Return the polygons of a file with their codes (else names, else numbers)."""
    return [Community(code, shape) for code, shape in _coded_polygons(path, crs)]


def read_today(path: Path, communities: Sequence[Community], crs: str | None) -> list[TodayGrid]:
    """Return the grids of a file, each with the community its middle lies in."""
    found = []
    for code, shape in _coded_polygons(path, crs):
        middle = shape.representative_point()
        home = next((each.code for each in communities if each.shape.intersects(middle)), "")
        found.append(TodayGrid(code, shape, home))
    return found


def _coded_polygons(path: Path, crs: str | None) -> list[tuple[str, Any]]:
    layer = read_layer(path, crs=crs)
    columns = find_columns(layer.columns, ("code", "name"), {})
    found = []
    for number, (shape, row) in enumerate(zip(layer.geometries, layer.rows(), strict=True), start=1):
        if shape is None or shapely.get_dimensions(shape) != 2:
            continue
        values = (row[layer.columns[columns[key]]] for key in ("code", "name") if key in columns)
        code = next((str(value).strip() for value in values if value not in {None, ""}), str(number))
        valid = snap(shapely.make_valid(shape))
        parts = [part for part in shapely.get_parts(valid) if part.geom_type == "Polygon"]
        if parts:
            found.append((code, parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)))
    if not found:
        raise InvalidInput("proposal_no_polygons", file=path.name)
    return found


def refuse_place(path: Path, *, force: bool) -> None:
    """Refuse a place no GeoPackage can be written to.

    Raises
    ------
    InvalidInput
        ``output_type_wrong``, ``output_unwritable`` or ``output_exists``.
    """
    if path.suffix.lower() != ".gpkg":
        raise InvalidInput("output_type_wrong", file=path.name, wanted="GeoPackage (.gpkg)")
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput("output_unwritable", file=str(path), cause="no such folder")
    if path.exists() and not force:
        raise InvalidInput("output_exists", file=path.name)


def full_code(grid: Grid) -> str:
    """Return the code of a grid with its community's before it."""
    return f"{grid.community}{grid.code}"


def write_proposals(path: Path, proposals: Sequence[Proposal]) -> None:
    """Write a layer for each proposal, best first, named by its style; the file appears when it is whole.

    Raises
    ------
    InvalidInput
        ``output_unwritable``.
    """
    draft = path.with_name(f".{path.stem}.part.gpkg")
    try:
        draft.unlink(missing_ok=True)
        for proposal in proposals:
            _write_layer(draft, proposal)
        draft.replace(path)
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput("output_unwritable", file=str(path), cause=str(error)) from error


def _write_layer(path: Path, proposal: Proposal) -> None:
    grids = proposal.grids
    shapes = np.array(
        [
            grid.shape if grid.shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([grid.shape])
            for grid in grids
        ],
        dtype=object,
    )
    columns: dict[str, np.ndarray[Any, Any]] = {
        "code": np.array([full_code(grid) for grid in grids], dtype=object),
        "community": np.array([grid.community for grid in grids], dtype=object),
        "households": np.array([grid.households for grid in grids], np.int64),
        "area_m2": np.array([round(grid.area_m2, 1) for grid in grids], np.float64),
        "compactness": np.array([round(grid.compactness, 4) for grid in grids], np.float64),
        "deviation": np.array([round(grid.households / proposal.size - 1, 4) for grid in grids], np.float64),
        "why_outside": np.array([grid.why.value for grid in grids], dtype=object),
    }
    pyogrio.raw.write(
        str(path),
        geometry=shapely.to_wkb(shapes),
        field_data=list(columns.values()),
        fields=list(columns),
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        layer=proposal.style.value,
        driver="GPKG",
    )
