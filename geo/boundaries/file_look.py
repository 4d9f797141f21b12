"""A look at a file before it is read into a draft: what is in it, where it would lie, what would change.

Nothing is stored here. What the file does not say and the coordinates do not show stays open, and a person
decides; nobody's choice is made for him.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import Conflict, InvalidInput
from core.intake.header import forbidden_columns, normalised
from core.intake.preview import Preview, preview_layer
from core.intake.report import Notice
from core.intake.vector import Reading
from core.intake.weight import refuse_heavy, refuse_many_vertices
from geo.areas.inlet import (
    KEY,
    SET,
    GridColumns,
    fit_of,
    grid_columns,
    in_wgs84,
    other_keys,
    read_boundaries,
    returned_grids,
    set_mark,
)
from geo.boundaries import queries
from geo.boundaries.file_grids import Compared, compared
from geo.boundaries.file_place import DatumSeen, SystemSeen, datum_seen, system_seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy.orm import Session

    from core.intake.coordinate import Box
    from core.intake.vector import Layer
    from geo.boundaries.file_grids import FileGrid
    from geo.boundaries.service import Drafted
    from geo.shapes.datum import Datum
    from geo.shapes.datum_fit import DatumFit

#: Streets are read this far around the community, in degrees: BD-09 puts a file 1.3 km off, and the share of
#: boundaries that lies on streets by chance is only true where streets are known.
ROOM_DEG = 0.03
#: A notice names the change sets of which a file carries keys; most files carry those of one.
MOST_SETS = 3
#: A community has tens of grids; a file of thousands is of something else.
MOST_GRIDS = 1_000


@dataclass(frozen=True, slots=True)
class FileWish:
    """What a person chose for a file; what is None is taken as the file says or as it shows.

    Attributes
    ----------
    layer, encoding, crs : str, optional
    is_northing_first : bool
        The file's first coordinate is the northing.
    shift : tuple of float, optional
        Three or seven parameters of an old datum (see `core.intake.reference.with_shift`).
    datum : Datum, optional
    columns : mapping of str to str
        Column of ``key``, ``code`` and ``name``; empty: none.
    """

    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    is_northing_first: bool = False
    shift: tuple[float, ...] | None = None
    datum: Datum | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


AS_FOUND = FileWish()


@dataclass(frozen=True, slots=True)
class FileLook:
    """What a look at a file shows.

    Attributes
    ----------
    preview : Preview
    system : SystemSeen
    columns : GridColumns
    datum : DatumSeen, optional
        None while the reference system is open.
    compared : Compared, optional
        The file's grids against the drafted ones; None while something is open.
    drawn : sequence of geometry
        The file's polygons near the community in EPSG:4326, as they would be read; where the datum is open,
        as they stand in the file.
    hidden : sequence of str
        Columns that carry attributes of persons: neither shown nor read (docs/imports.md, "Never loaded").
    elsewhere : lon, lat, optional
        Where the file would lie, if that is nowhere near the community: the reference system must be another.
    open : tuple of str
        What a person must choose first: ``crs``, ``shift``, ``datum`` or ``columns`` (no grid of the file is
        known here by its key or code).
    notices : tuple of Notice
        What the file's keys are not used for: ``keys_of_other_set`` (fields `count`, `sets`) or
        ``keys_of_no_set`` (field `column`).
    origin : JSON values
    """

    preview: Preview
    system: SystemSeen
    columns: GridColumns
    file: str
    datum: DatumSeen | None = None
    compared: Compared | None = None
    drawn: Sequence[BaseGeometry] = ()
    hidden: Sequence[str] = ()
    elsewhere: tuple[float, float] | None = None
    open: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def grids(self) -> Sequence[FileGrid]:
        """Return the file's grids with what each is to the draft; empty while something is open."""
        return self.compared.grids if self.compared else ()

    @property
    def names(self) -> dict[int, tuple[str, str]]:
        """Return by key the (name, code) that differ from the draft's."""
        return self.compared.names if self.compared else {}

    def refuse_open(self) -> None:
        """Refuse to go on while a person must choose.

        Raises
        ------
        InvalidInput
            ``crs_missing`` (fields `file`, `guesses`), ``file_elsewhere`` (fields `file`, `crs`, `lon`,
            `lat`), ``crs_needs_shift`` (fields `crs`, `datum`) or ``file_of_other_set`` (field `file`).
        Conflict
            ``datum_unsure`` (fields `file`, `verdict`).
        """
        if self.elsewhere:
            lon, lat = self.elsewhere
            raise InvalidInput("file_elsewhere", file=self.file, crs=self.system.name, lon=lon, lat=lat)
        if "crs" in self.open:
            guesses = [f"EPSG:{guess.epsg} {guess.name}" for guess in self.preview.guesses[:3]]
            raise InvalidInput("crs_missing", file=self.file, guesses=guesses)
        if "shift" in self.open:
            raise InvalidInput("crs_needs_shift", crs=self.system.name, datum=self.system.old_datum)
        if "columns" in self.open:
            raise InvalidInput("file_of_other_set", file=self.file)
        if "datum" in self.open:
            verdict = self.datum.fit.verdict.value if self.datum else ""
            raise Conflict("datum_unsure", file=self.file, verdict=verdict)


def look(session: Session, drafted: Drafted, path: Path, wish: FileWish = AS_FOUND) -> FileLook:
    """Return what a file holds and what it would change in a draft.

    Raises
    ------
    InvalidInput
        What `preview_layer`, `read_boundaries` and `grid_columns` raise about the file itself;
        ``no_polygons`` (fields `file`, `found`), ``file_grids_many`` (fields `file`, `count`, `limit`).
    """
    refuse_heavy(path)
    near = _around(drafted.tiling.frame.bounds)
    seen = preview_layer(path, layer=wish.layer, near=near, how=Reading(encoding=wish.encoding, near=near))
    if not any("Polygon" in kind or kind == "GeometryCollection" for kind in seen.kinds):
        raise InvalidInput("no_polygons", file=path.name, found=", ".join(sorted(seen.kinds)) or "-")
    columns = grid_columns(seen.columns, wish.columns)
    roads = list(queries.roads_in(session, drafted.row.county_id, near))

    def read(crs: str, *, northing_first: bool) -> Layer:
        how = Reading(
            encoding=wish.encoding,
            crs_forced=crs if crs != seen.crs else None,
            shift=wish.shift,
            is_northing_first=northing_first,
        )
        return read_boundaries(path, layer=seen.layer, how=how)

    def fit(crs: str, *, northing_first: bool) -> DatumFit:
        return fit_of(_near(read(crs, northing_first=northing_first), near), roads)

    system = system_seen(seen, (wish.crs, wish.is_northing_first), fit)
    shown = FileLook(seen, system, columns, path.name, hidden=tuple(forbidden_columns(seen.columns)))
    if not system.taken:
        return replace(shown, open=("crs",))
    if system.old_datum and wish.shift is None:
        return replace(shown, open=("shift",))
    layer = read(system.taken, northing_first=system.is_northing_first)
    refuse_many_vertices(layer.geometries, path.name)
    return _placed(shown, layer, drafted, (wish.datum, roads, near))


def _placed(
    shown: FileLook, layer: Layer, drafted: Drafted, ground: tuple[Datum | None, Sequence[BaseGeometry], Box]
) -> FileLook:
    """Return the look with datum and grids, as far as they can be told."""
    chosen, roads, near = ground
    local = _near(layer, near)
    if not len(local):
        west, south, east, north = shapely.total_bounds(layer.geometries)
        middle = (round((west + east) / 2, 4), round((south + north) / 2, 4))
        return replace(shown, elsewhere=middle, open=("crs",))
    datum = datum_seen(local, fit_of(local, roads), chosen)
    if datum.taken is None:
        drawn = [shape for shape in local.geometries if shape is not None]
        return replace(shown, datum=datum, drawn=drawn, open=("datum",))
    settled = in_wgs84(layer, datum.taken)
    shown, by_code = _with_own_keys(shown, settled, mark := _mark(drafted))
    codes = {draft.code: key for key, draft in drafted.grids.items() if not draft.ended}
    found = returned_grids(settled, shown.columns, mark, codes)
    told = compared(drafted, found, by_code=by_code)
    if not told.grids:
        # Perhaps another column holds the keys or codes: the person sees the columns and chooses.
        drawn = [shape for shape in _near(settled, near).geometries if shape is not None]
        return replace(shown, datum=datum, drawn=drawn, open=("columns",))
    if len(told.grids) > MOST_GRIDS:
        raise InvalidInput("file_grids_many", file=shown.file, count=len(told.grids), limit=MOST_GRIDS)
    return replace(
        shown,
        datum=datum,
        compared=told,
        drawn=[grid.shape for grid in told.grids],
        origin=_origin(settled, shown.columns, datum),
    )


def _mark(drafted: Drafted) -> str:
    return set_mark(drafted.row.id, drafted.row.created_at)


def _with_own_keys(shown: FileLook, layer: Layer, mark: str) -> tuple[FileLook, bool]:
    """Return the look with the keys left out that are not this change set's, and whether codes tell some."""
    columns, seen = shown.columns, shown.preview.columns
    other = other_keys(layer, columns, mark)
    told: tuple[Notice, ...] = ()
    if other.count:
        sets = [one.partition("-")[0][:20] for one in other.marks[:MOST_SETS]]
        told = (Notice("keys_of_other_set", {"count": other.count, "sets": sets}),)
    elif not columns.key and not columns.set and normalised(KEY) in map(normalised, seen):
        told = (Notice("keys_of_no_set", {"column": SET}),)
    kept = columns.without_keys() if other.every else columns
    return replace(shown, columns=kept, notices=told), not kept.key or other.count > 0


def _origin(settled: Layer, columns: GridColumns, datum: DatumSeen) -> dict[str, Any]:
    told = {} if settled.provenance is None else settled.provenance.as_json()
    return told | {
        "datum_why": datum.why,
        "columns": {name: getattr(columns, name) for name in ("key", "code", "name")},
        "fit": datum.as_json(),
    }


def _around(box: Box) -> Box:
    west, south, east, north = box
    return (west - ROOM_DEG, south - ROOM_DEG, east + ROOM_DEG, north + ROOM_DEG)


def _near(layer: Layer, box: Box) -> Layer:
    """Return the layer's features that meet a box: streets are known only there."""
    bounds = shapely.bounds(layer.geometries)
    west, south, east, north = box
    meets = (
        (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    )
    rows = np.flatnonzero(meets)
    values = [column[rows] for column in layer.values]
    return replace(layer, geometries=layer.geometries[rows], values=values)
