"""Copies of the treated shape all over the study area, and the incidents in each of them."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.values import Floats, Ints

#: Copies are laid this many to a width and to a height, so that a dense spot between two of them is met too.
PHASES = 2
# More copies than this add nothing to the choice of some dozens.
MOST_COPIES = 20_000


@dataclass(frozen=True)
class Copies:
    """Places of the treated shape moved by multiples of half its width and height.

    Attributes
    ----------
    treated : MultiPolygon
        Metric CRS.
    column, row : int64, shape (n,)
        Copy i is moved by column[i] half widths to the east and row[i] half heights to the north.
    """

    treated: MultiPolygon
    column: Ints
    row: Ints

    def __len__(self) -> int:
        return len(self.column)

    @property
    def step_m(self) -> tuple[float, float]:
        """Half the width and half the height of the treated shape."""
        west, south, east, north = self.treated.bounds
        return (east - west) / PHASES, (north - south) / PHASES

    @property
    def offsets_m(self) -> tuple[Floats, Floats]:
        """How far each copy is moved to the east and to the north."""
        step_x, step_y = self.step_m
        return np.asarray(self.column * step_x), np.asarray(self.row * step_y)

    def apart(self, order: npt.NDArray[np.intp], most: int | None = None) -> npt.NDArray[np.intp]:
        """Return the copies met in this order that share no ground with one met before, at most so many."""
        # Shifted so that a slice around any copy stays in the table.
        row, column = self.row - self.row.min() + PHASES, self.column - self.column.min() + PHASES
        taken = np.zeros((row.max() + PHASES, column.max() + PHASES), dtype=bool)
        chosen: list[int] = []
        for copy in order.tolist():
            if len(chosen) == most:
                break
            r, c = row[copy], column[copy]
            if not taken[r, c]:
                chosen.append(copy)
                taken[r - PHASES + 1 : r + PHASES, c - PHASES + 1 : c + PHASES] = True
        return np.array(chosen, dtype=np.intp)

    def only(self, chosen: npt.NDArray[np.intp]) -> "Copies":
        """Return some of the copies."""
        return Copies(self.treated, self.column[chosen], self.row[chosen])

    def holding(self, x_m: Floats, y_m: Floats) -> tuple[Ints, Ints]:
        """Return pairs of copy and point, the point being inside the copy; a point may be in several."""
        west, south, _, _ = self.treated.bounds
        step_x, step_y = self.step_m
        half_x, half_y = np.floor((x_m - west) / step_x), np.floor((y_m - south) / step_y)
        rest_x, rest_y = x_m - half_x * step_x, y_m - half_y * step_y
        number = _Numbers(self)
        shapely.prepare(self.treated)
        found = []
        for dx in range(PHASES):
            for dy in range(PHASES):
                copy = number.of(half_x - dx, half_y - dy)
                there = np.flatnonzero(copy >= 0)
                inside = shapely.contains_xy(
                    self.treated, rest_x[there] + dx * step_x, rest_y[there] + dy * step_y
                )
                found.append((copy[there[inside]], there[inside]))
        copies, points = zip(*found, strict=True)
        return np.concatenate(copies), np.concatenate(points)


class _Numbers:
    """The number of the copy at a column and row, -1 where there is none."""

    def __init__(self, copies: Copies) -> None:
        self.column0, self.row0 = copies.column.min(), copies.row.min()
        shape = (copies.row.max() - self.row0 + 1, copies.column.max() - self.column0 + 1)
        self.table = np.full(shape, -1, dtype=np.int64)
        self.table[copies.row - self.row0, copies.column - self.column0] = np.arange(len(copies))

    def of(self, column: Floats, row: Floats) -> Ints:
        c, r = column - self.column0, row - self.row0
        on = (c >= 0) & (r >= 0) & (r < self.table.shape[0]) & (c < self.table.shape[1])
        found = np.full(len(column), -1, dtype=np.int64)
        found[on] = self.table[r[on].astype(np.int64), c[on].astype(np.int64)]
        return found


def copies_of(
    treated: MultiPolygon, study_area: BaseGeometry, kept_free: BaseGeometry, rng: np.random.Generator
) -> Copies:
    """Return the copies of a shape that lie inside the study area and touch nothing that is kept free.

    Parameters
    ----------
    treated, study_area, kept_free : Polygon or MultiPolygon
        One metric CRS.
    rng : numpy.random.Generator
        Draws among the copies when there are more than `MOST_COPIES`.
    """
    west, south, east, north = treated.bounds
    step_x, step_y = (east - west) / PHASES, (north - south) / PHASES
    area_west, area_south, area_east, area_north = study_area.bounds
    columns = _steps((area_west - west) / step_x, (area_east - east) / step_x)
    rows = _steps((area_south - south) / step_y, (area_north - north) / step_y)
    column, row = (axis.ravel() for axis in np.meshgrid(columns, rows))
    if len(column) > MOST_COPIES:
        drawn = np.sort(rng.choice(len(column), MOST_COPIES, replace=False))
        column, row = column[drawn], row[drawn]
    copies = Copies(treated, column, row)
    fits = _fits(copies, study_area, kept_free)
    return Copies(treated, column[fits], row[fits])


def _steps(first: float, last: float) -> Ints:
    return np.arange(math.ceil(first), math.floor(last) + 1, dtype=np.int64)


def _fits(copies: Copies, study_area: BaseGeometry, kept_free: BaseGeometry) -> npt.NDArray[np.bool_]:
    dx, dy = copies.offsets_m
    west, south, east, north = copies.treated.bounds
    boxes = shapely.box(west + dx, south + dy, east + dx, north + dy)
    shapely.prepare([study_area, kept_free])
    inside = shapely.contains(study_area, boxes)
    free = ~shapely.intersects(kept_free, boxes)
    # Only where the box does not settle it, the shape itself is asked.
    for i in np.flatnonzero(~(inside & free) & shapely.intersects(study_area, boxes)):
        moved = shapely.transform(copies.treated, partial(np.add, (dx[i], dy[i])))
        inside[i] = inside[i] or shapely.contains(study_area, moved)
        free[i] = free[i] or not shapely.intersects(kept_free, moved)
    return np.asarray(inside & free)
