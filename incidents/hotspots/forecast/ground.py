"""Where forecasts are made: one lattice of half cells, read as four lattices of cells.

The hit rate of a small area hangs on where the lattice happens to begin. Incidents are binned once on half
cells; shifting the cells by half a side in either direction then gives four grid origins for the price of
one, and a backtest takes them in turn.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.lattice import MAX_CELLS, SquareLattice, closed
from incidents.hotspots.values import Floats, Ints

#: Shift of each grid origin in half cells: (rows, columns).
GRID_ORIGINS = ((0, 0), (1, 1), (0, 1), (1, 0))


@dataclass(frozen=True)
class Ground:
    """The study area as cells, once for each grid origin.

    Attributes
    ----------
    west_m, south_m : float
        South-west corner of the half-cell lattice, whole multiples of `cell_m`, in the metric CRS.
    cell_m : float
        Side of a cell.
    rows, columns : int
        Cells of each of the four lattices; the half-cell lattice has 2 rows + 1 and 2 columns + 1.
    used : four int64 arrays
        Cells (row * columns + column) of the study area for each of `GRID_ORIGINS`, ascending.
    """

    west_m: float
    south_m: float
    cell_m: float
    rows: int
    columns: int
    used: tuple[Ints, ...] = ()

    @property
    def half_shape(self) -> tuple[int, int]:
        """Rows and columns of half cells."""
        return 2 * self.rows + 1, 2 * self.columns + 1

    def half_cell(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return the half cell of each point, -1 outside the lattice."""
        rows, columns = self.half_shape
        side = self.cell_m / 2
        column, row = np.floor((x_m - self.west_m) / side), np.floor((y_m - self.south_m) / side)
        # Written so that NaN, which compares false with everything, falls outside.
        within = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        index = np.full(len(x_m), -1, dtype=np.int64)
        index[within] = (row[within] * columns + column[within]).astype(np.int64)
        return index

    def cell(self, half_cell: Ints, grid: int) -> Ints:
        """Return the cell each half cell (>= 0) belongs to under a grid origin, -1 on the cut-off rim."""
        shift_rows, shift_columns = GRID_ORIGINS[grid]
        row, column = np.divmod(half_cell, self.half_shape[1])
        row, column = (row - shift_rows) // 2, (column - shift_columns) // 2
        within = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return np.where(within, row * self.columns + column, -1)

    def boxes(self, cells: Ints, grid: int) -> npt.NDArray[np.object_]:
        """Return the square of each cell of a grid origin, metric CRS."""
        row, column = np.divmod(cells, self.columns)
        shift_rows, shift_columns = GRID_ORIGINS[grid]
        west = self.west_m + (column + shift_columns / 2) * self.cell_m
        south = self.south_m + (row + shift_rows / 2) * self.cell_m
        return np.asarray(shapely.box(west, south, west + self.cell_m, south + self.cell_m))

    def coarse(self, halves: Floats, grid: int) -> Floats:
        """Return the sums over cells, shape (rows, columns), of a map of half cells."""
        row, column = GRID_ORIGINS[grid]
        cut = halves[row : row + 2 * self.rows, column : column + 2 * self.columns]
        return np.asarray(cut.reshape(self.rows, 2, self.columns, 2).sum(axis=(1, 3)))


def ground_of_incidents(x_m: Floats, y_m: Floats, cell_m: float) -> Ground:
    """Return the ground the incidents mark out: the study area when no boundary is given.

    Cells with an incident of any kind and what lies between them (`lattice.closed`). A lake or the fields
    around the town, counted as area, would let every map look good; leaving out every quiet cell, none.

    Parameters
    ----------
    x_m, y_m : float64, shape (n,)
        Incidents known before the first forecast, metric CRS; n >= 1.
    """
    bare = _lattice(float(x_m.min()), float(y_m.min()), (float(x_m.max()), float(y_m.max())), cell_m)
    halves = bare.half_cell(x_m, y_m)
    every = SquareLattice(cell_m, np.ones((bare.rows, bare.columns)), bare.west_m, bare.south_m)
    used = []
    for grid in range(len(GRID_ORIGINS)):
        cell = bare.cell(halves, grid)
        counts = np.bincount(cell[cell >= 0], minlength=every.share.size).reshape(every.shape)
        used.append(np.flatnonzero(closed(counts, every)).astype(np.int64))
    return _with_used(bare, tuple(used))


def ground_of_boundary(boundary: BaseGeometry, cell_m: float) -> Ground:
    """Return the ground of a boundary (metric CRS): the cells whose centres lie in it.

    Raises
    ------
    ValueError
        When no centre lies in it.
    """
    west, south, east, north = boundary.bounds
    bare = _lattice(west, south, (east, north), cell_m)
    row, column = np.indices((bare.rows, bare.columns)).reshape(2, -1)
    shapely.prepare(boundary)
    used = []
    for shift_rows, shift_columns in GRID_ORIGINS:
        x_m = bare.west_m + (column + 0.5 + shift_columns / 2) * cell_m
        y_m = bare.south_m + (row + 0.5 + shift_rows / 2) * cell_m
        used.append(np.flatnonzero(shapely.contains_xy(boundary, x_m, y_m)).astype(np.int64))
    if not all(len(cells) for cells in used):
        raise ValueError("the boundary holds no centre of a cell")
    return _with_used(bare, tuple(used))


def _lattice(west: float, south: float, north_east: tuple[float, float], cell_m: float) -> Ground:
    # One cell more on each side: a cell shifted south or west of the first point must exist.
    x0, y0 = (math.floor(west / cell_m) - 1) * cell_m, (math.floor(south / cell_m) - 1) * cell_m
    columns = math.floor((north_east[0] - x0) / cell_m) + 2
    rows = math.floor((north_east[1] - y0) / cell_m) + 2
    if rows * columns > MAX_CELLS:
        msg = f"{rows} x {columns} cells of {cell_m} m are more than {MAX_CELLS}"
        raise ValueError(msg)
    return Ground(x0, y0, cell_m, rows, columns)


def _with_used(bare: Ground, used: tuple[npt.NDArray[np.int64], ...]) -> Ground:
    return Ground(bare.west_m, bare.south_m, bare.cell_m, bare.rows, bare.columns, used)
