"""A change set on its way through a desktop GIS: exported with keys and versions, read back as one edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from core.errors import InvalidInput
from geo.areas.inlet import ReturnedGrid, fit_of, in_wgs84, read_boundaries, returned_grids
from geo.areas.outlet import DraftGrid, draft_layer, write_layer
from geo.boundaries import queries
from geo.shapes.datum import Datum
from geo.shapes.snap import snap
from geo.shapes.tiling import Difference, as_ground

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from core.intake.vector import Layer
    from core.outlet.vector import Format, Written
    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground


#: A community has tens of grids; a file of thousands is of something else.
MOST_GRIDS = 1_000


def export_drafted(
    drafted: Drafted,
    path: Path,
    *,
    form: Format,
    crs: str = "EPSG:4326",
    encoding: str = "utf-8",
    datum: Datum = Datum.WGS84,
) -> Written:
    """Write the grids that stay, with the columns by which `read_back` knows them again.

    Raises
    ------
    InvalidInput
        What `geo.areas.outlet.write_layer` raises.
    """
    grids = [
        DraftGrid(key, draft.version_id, draft.code, draft.name, drafted.tiling.parts[key])
        for key, draft in sorted(drafted.grids.items())
        if not draft.ended
    ]
    layer = draft_layer(f"change_set_{drafted.row.id}", grids)
    return write_layer(path, layer, form=form, crs=crs, encoding=encoding, datum=datum)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a file says about a change set: the edit, the names it brings, and where it came from.

    `origin` (JSON values) holds file, format, encoding, reference system and the decision on the datum;
    `versions` are those of the grids as exported: what somebody has edited since is not overwritten;
    `names` maps keys to (name, code) that differ from the draft's.
    """

    difference: Difference
    names: dict[int, tuple[str, str]]
    versions: dict[int, int]
    origin: dict[str, Any]


def read_back(session: Session, drafted: Drafted, path: Path, *, datum: Datum | None = None) -> ReadBack:
    """Return the edit that makes the drafted grids look like those of a file; nothing is stored.

    A grid of the file with a known key is the next shape of that grid, one without is new, and drafted
    grids that the file no longer has end. Without `datum` the datum is told by the fit of the
    boundaries to the roads.

    Raises
    ------
    InvalidInput
        What reading raises; ``file_of_other_set``: no grid of the file belongs to this change set.
    Conflict
        ``datum_unsure`` (fields `file`, `verdict`): a person must choose.
    """
    layer = read_boundaries(path)
    box = drafted.tiling.frame.bounds
    roads = list(queries.roads_in(session, drafted.row.county_id, box))
    settled = in_wgs84(layer, datum or fit_of(layer, roads))
    found = returned_grids(settled)
    if not any(grid.key in drafted.tiling.parts for grid in found):
        raise InvalidInput("file_of_other_set", file=path.name)
    if len(found) > MOST_GRIDS:
        raise InvalidInput("parameter_unusable", name="file", wanted=f"≤ {MOST_GRIDS}")
    return _compared(drafted, found, settled)


def _compared(drafted: Drafted, found: list[ReturnedGrid], layer: Layer) -> ReadBack:
    parts, after = drafted.tiling.parts, dict[int, "Ground"]()
    lineage: dict[int, tuple[int, ...]] = {}
    names: dict[int, tuple[str, str]] = {}
    next_key = drafted.tiling.next_key
    for grid in found:
        shape = _ground(grid)
        key = grid.key if grid.key in parts else None
        if key is None:
            key, next_key = next_key, next_key + 1
            lineage[key] = tuple(old for old in (grid.split_from,) if old is not None and old in parts)
            if grid.name or grid.code:
                names[key] = (grid.name, grid.code)
        elif (grid.name, grid.code) != (drafted.grids[key].name, drafted.grids[key].code):
            names[key] = (grid.name, grid.code)
        if key not in parts or not shapely.equals(parts[key], shape):
            after[key] = shape
    kept = {grid.key for grid in found}
    before = {key: shape for key, shape in parts.items() if key in after or key not in kept}
    origin = layer.provenance
    told = {} if origin is None else {name: getattr(origin, name) for name in origin.__slots__}
    # A grid that the file does not hold was there when it was written, or was made since.
    versions = {
        grid.key: min(grid.version, drafted.grids[grid.key].version_id)
        for grid in found
        if grid.key is not None and grid.key in parts and grid.version is not None
    }
    versions |= {key: drafted.grids[key].version_id for key in before if key not in versions}
    return ReadBack(Difference(before, after, lineage), names, versions, told)


def _ground(grid: ReturnedGrid) -> Ground:
    """Return a grid's ground on the coordinate grid; refuses (``drawing_unreadable``) what has none."""
    shape = grid.shape if grid.shape.is_valid else shapely.make_valid(grid.shape)
    whole = as_ground(snap(as_ground(shape)))
    if whole.is_empty:
        raise InvalidInput("drawing_unreadable")
    return whole
