"""The grids of a file against those of a draft: the same, with a corner more, moved, new, gone.

Coordinates that went through a file come back a step of the coordinate grid beside where they were. Corners
that near to a drafted corner are that corner: a grid nobody moved stays as it is to the last digit, and its
neighbours still meet it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from core.errors import InvalidInput
from geo.shapes.crs import metric_epsg, shape_to_metric
from geo.shapes.snap import SETTLE_DEG, snap
from geo.shapes.tiling import as_ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.areas.inlet import ReturnedGrid
    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground

#: A grid of an unknown code belongs here when this share of its ground does.
_BELONGS_SHARE = 0.5


class Touch(StrEnum):
    """What a grid of a file is to the draft."""

    SAME = "same"
    CORNER = "corner"
    MOVED = "moved"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class FileGrid:
    """A grid of a file as it would be in the draft.

    Attributes
    ----------
    line : int
        Number of its record in the file, from 1.
    key : int
        Key in the draft; a fresh one for a new grid.
    touch : Touch
    code, name : str
        As the file says them; empty where it does not.
    moved_m : float
        How far its boundary moves at most, metres; 0 unless it moved.
    shape : Polygon or MultiPolygon, EPSG:4326
    split_from, version : int, optional
        See `geo.areas.inlet.ReturnedGrid`.
    """

    line: int
    key: int
    touch: Touch
    code: str
    name: str
    moved_m: float
    shape: Ground
    split_from: int | None
    version: int | None

    @property
    def is_touched(self) -> bool:
        """Tell whether the draft gets another shape."""
        return self.touch is not Touch.SAME


@dataclass(frozen=True, slots=True)
class Compared:
    """A file's grids and what becomes of the draft.

    Attributes
    ----------
    grids : tuple of FileGrid
    ended : tuple of int
        Keys of drafted grids that the file does not hold.
    names : dict of int to (name, code)
        Where the file says something else than the draft.
    outside : int
        Grids of the file with an unknown code that lie in other communities; they are left out.
    mended : tuple of int
        Lines of grids whose outline crossed itself.
    """

    grids: tuple[FileGrid, ...]
    ended: tuple[int, ...]
    names: dict[int, tuple[str, str]]
    outside: int = 0
    mended: tuple[int, ...] = ()


@dataclass(slots=True)
class _Sheet:
    drafted: Drafted
    corners: cKDTree
    next_key: int
    mended: list[int] = field(default_factory=list)
    outside: int = 0


def compared(drafted: Drafted, found: Sequence[ReturnedGrid], *, by_code: bool) -> Compared:
    """Return what grids of a file, in WGS 84, are to a draft.

    Parameters
    ----------
    drafted : Drafted
    found : sequence of ReturnedGrid
    by_code : bool
        The file has no keys: it may be of the whole county, and grids of other communities are left out.

    Raises
    ------
    InvalidInput
        ``grid_without_ground`` (field `line`): a grid has no ground.
    """
    sheet = _Sheet(drafted, _corners(drafted), drafted.tiling.next_key)
    parts = drafted.tiling.parts
    known = any(grid.key in parts for grid in found)
    if parts and not known:
        return Compared((), (), {}, outside=len(found))
    grids = [one for grid in found if (one := _file_grid(grid, sheet, by_code=by_code or not parts))]
    kept = {grid.key for grid in grids}
    return Compared(
        tuple(grids),
        tuple(key for key in sorted(parts) if key not in kept) if grids else (),
        _names(drafted, grids),
        sheet.outside,
        tuple(sheet.mended),
    )


def _corners(drafted: Drafted) -> cKDTree:
    grounds = np.array([drafted.tiling.frame, *drafted.tiling.parts.values()], dtype=object)
    return cKDTree(np.unique(shapely.get_coordinates(grounds), axis=0))


def _file_grid(grid: ReturnedGrid, sheet: _Sheet, *, by_code: bool) -> FileGrid | None:
    tiling = sheet.drafted.tiling
    shape, mended = _ground(grid, sheet)
    key = grid.key if grid.key in tiling.parts else None
    origin = grid.split_from if grid.split_from in tiling.parts else None
    if key is None and origin is None and by_code and _lies_outside(shape, tiling.frame):
        sheet.outside += 1
        return None
    if mended:
        sheet.mended.append(grid.line)
    touch, moved_m = Touch.NEW, 0.0
    if key is None:
        key, sheet.next_key = sheet.next_key, sheet.next_key + 1
    else:
        touch, moved_m = _touch(tiling.parts[key], shape)
        if touch is Touch.SAME:
            shape = tiling.parts[key]
    return FileGrid(grid.line, key, touch, grid.code, grid.name, moved_m, shape, origin, grid.version)


def _ground(grid: ReturnedGrid, sheet: _Sheet) -> tuple[Ground, bool]:
    """Return a grid's ground on the coordinate grid, and whether its outline crossed itself."""
    valid = bool(grid.shape.is_valid)
    settled = _settled(grid.shape if valid else shapely.make_valid(grid.shape), sheet.corners)
    shape = settled if settled.is_valid else shapely.make_valid(settled)
    whole = as_ground(snap(as_ground(shape)))
    if whole.is_empty:
        raise InvalidInput("grid_without_ground", line=grid.line)
    return whole, not valid


def _settled(shape: BaseGeometry, corners: cKDTree) -> BaseGeometry:
    """Return the shape with every vertex that lies at a drafted corner exactly there."""

    def settle(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        apart, place = corners.query(xy, distance_upper_bound=SETTLE_DEG)
        near = np.isfinite(apart)
        settled = xy.copy()
        settled[near] = np.asarray(corners.data)[np.asarray(place)[near]]
        return settled

    return shapely.transform(shape, settle)


def _lies_outside(shape: Ground, frame: Ground) -> bool:
    return bool(shapely.intersection(shape, frame).area < _BELONGS_SHARE * shape.area)


def _touch(before: Ground, after: Ground) -> tuple[Touch, float]:
    if shapely.equals_exact(shapely.normalize(before), shapely.normalize(after)):
        return Touch.SAME, 0.0
    if is_unmoved(before, after):
        return Touch.CORNER, 0.0
    epsg = metric_epsg(*shapely.get_coordinates(before).mean(axis=0))
    apart = shapely.hausdorff_distance(shape_to_metric(before, epsg), shape_to_metric(after, epsg))
    return Touch.MOVED, round(float(apart), 2)


def is_unmoved(before: BaseGeometry, after: BaseGeometry) -> bool:
    """Tell whether two shapes (EPSG:4326) have the same ground: at most a corner more on the same lines."""
    return bool(shapely.hausdorff_distance(before, after) <= SETTLE_DEG)


def _names(drafted: Drafted, grids: Sequence[FileGrid]) -> dict[int, tuple[str, str]]:
    """Return by key the (name, code) a file brings; what it does not say stays as drafted."""
    names: dict[int, tuple[str, str]] = {}
    for grid in grids:
        draft = drafted.grids.get(grid.key)
        if draft is None:
            if grid.name or grid.code:
                names[grid.key] = (grid.name, grid.code)
        elif (grid.name or draft.name, grid.code or draft.code) != (draft.name, draft.code):
            names[grid.key] = (grid.name or draft.name, grid.code or draft.code)
    return names
