"""A change set on its way through a desktop GIS: exported with keys and versions, read back as one edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geo.areas.inlet import set_mark
from geo.areas.outlet import DraftGrid, draft_layer, write_layer
from geo.shapes.datum import Datum
from geo.shapes.tiling import Difference

if TYPE_CHECKING:
    from pathlib import Path

    from core.outlet.vector import Format, Written
    from geo.boundaries.file_look import FileLook
    from geo.boundaries.service import Drafted


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
    row = drafted.row
    layer = draft_layer(f"change_set_{row.id}", grids, set_mark(row.id, row.created_at))
    return write_layer(path, layer, form=form, crs=crs, encoding=encoding, datum=datum)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a file says about a change set: the edit, the names it brings, and where it came from.

    `origin` (JSON values) holds file, format, encoding, reference system, columns, and the decision on the
    datum with the fit it rests on; `versions` are those of the grids as exported: what somebody has edited
    since is not overwritten; `names` maps keys to (name, code) that differ from the draft's.
    """

    difference: Difference = field(default_factory=Difference)
    names: dict[int, tuple[str, str]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)


def read_back(seen: FileLook, drafted: Drafted) -> ReadBack:
    """Return the edit that makes the drafted grids look like those of a file that was looked at.

    A grid of the file with a known key (code, where the file has no keys of this change set) is the next
    shape of that grid, one without is new, and drafted grids that the file no longer has end. Nothing is
    stored.

    Raises
    ------
    InvalidInput, Conflict
        What `FileLook.refuse_open` raises: a person must choose first.
    """
    seen.refuse_open()
    parts = drafted.tiling.parts
    after = {grid.key: grid.shape for grid in seen.grids if grid.is_touched}
    lineage = {
        grid.key: () if grid.split_from is None else (grid.split_from,)
        for grid in seen.grids
        if grid.key not in parts
    }
    kept = {grid.key for grid in seen.grids}
    before = {key: shape for key, shape in parts.items() if key in after or key not in kept}
    # A grid that the file does not hold was there when it was written, or was made since.
    versions = {
        grid.key: min(grid.version, drafted.grids[grid.key].version_id)
        for grid in seen.grids
        if grid.version is not None and grid.key in parts
    }
    versions |= {key: drafted.grids[key].version_id for key in before if key not in versions}
    return ReadBack(Difference(before, after, lineage), seen.names, versions, seen.origin)
