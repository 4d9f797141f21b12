"""A lattice of regular hexagons: six neighbours at one distance, where squares have four near and four far.

Hexagons stand on a corner; rows run east. A cell is named by axial coordinates (row, column), column 0 of a
row lying half a cell farther east than that of the row south of it, so that windows are the same footprint in
every row and stay convolutions (Birch, Oom, Beecham 2007 on why hexagons; Sahr, White, Kimerling 2003 on
axes).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.lattice import (
    TRUNCATE_SD,
    Floats,
    SquareLattice,
    refuse_area,
    refuse_count,
    with_shares,
)

_ROW_STEP = math.sqrt(3) / 2


@dataclass(frozen=True)
class HexagonLattice(SquareLattice):
    """Hexagons; `cell_m` is the distance between neighbours' centres, `x0_m`, `y0_m` the centre of (0, 0)."""

    @property
    def cell_area_m2(self) -> float:
        """Area of a whole cell."""
        return _ROW_STEP * self.cell_m**2

    @property
    def touching(self) -> npt.NDArray[np.int64]:
        """The six neighbours, in axial coordinates."""
        return np.array([[0, 1, 1], [1, 1, 1], [1, 1, 0]], dtype=np.int64)

    def boxes(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        """Return the outlines of the given cells as polygons in the lattice's CRS, in the given order."""
        x_m, y_m = self._middle(rows, columns)
        # Corners clockwise from the north, written with one arithmetic so that neighbours share them to the
        # bit often enough for a union without slivers: `places` unites on a grid of a millimetre.
        half, quarter = self.cell_m / math.sqrt(3), self.cell_m / math.sqrt(3) / 2
        side = self.cell_m / 2
        east = np.array([0.0, side, side, 0.0, -side, -side])
        north = np.array([half, quarter, -quarter, -half, -quarter, quarter])
        corners = np.stack([x_m[:, None] + east, y_m[:, None] + north], axis=-1).round(3)
        return np.asarray(shapely.polygons(corners))

    def centres(self, cells: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return x and y (m) of the centres of cells given as row * columns + column."""
        row, column = np.divmod(np.asarray(cells), self.shape[1])
        return self._middle(row, column)

    def smooth(self, values: Floats, sd_m: float) -> Floats:
        """Return the convolution with a Gaussian kernel of standard deviation `sd_m` and sum 1."""
        distance_m = self._distances(TRUNCATE_SD * sd_m)
        kernel = np.where(distance_m <= TRUNCATE_SD * sd_m, np.exp(-(distance_m**2) / (2 * sd_m**2)), 0.0)
        smoothed = scipy.signal.oaconvolve(values, kernel / kernel.sum(), mode="same")
        # Fourier rounding leaves about 1e-16 of the largest value where nothing is.
        return np.asarray(np.where(smoothed > 1e-13 * smoothed.max(initial=0.0), smoothed, 0.0))

    def band(self, row: int) -> tuple[float, float]:
        """Return south and north (m) of all that the cells of a row cover."""
        middle = self.y0_m + row * _ROW_STEP * self.cell_m
        return middle - self.cell_m / math.sqrt(3), middle + self.cell_m / math.sqrt(3)

    def _middle(self, row: npt.NDArray[np.integer], column: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
        north = row.astype(np.float64)
        x_m = self.x0_m + (column + north / 2) * self.cell_m
        return np.asarray(x_m), np.asarray(self.y0_m + north * _ROW_STEP * self.cell_m)

    def _place(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Return row and column of the nearest centre, by rounding in cube coordinates."""
        row = (y_m - self.y0_m) / (_ROW_STEP * self.cell_m)
        column = (x_m - self.x0_m) / self.cell_m - row / 2
        third = -row - column
        near_row, near_column, near_third = np.round(row), np.round(column), np.round(third)
        off_row, off_column = np.abs(near_row - row), np.abs(near_column - column)
        off_third = np.abs(near_third - third)
        # The three must sum to nothing; the one rounded most is taken from the other two.
        by_column = (off_column > off_row) & (off_column > off_third)
        by_row = ~by_column & (off_row > off_third)
        return (
            np.where(by_row, -near_column - near_third, near_row),
            np.where(by_column, -near_row - near_third, near_column),
        )

    def _distances(self, radius_m: float) -> Floats:
        # A step of one row is 0.87 cells north: more rows than cells are needed to reach a radius.
        reach = math.floor(radius_m / (_ROW_STEP * self.cell_m))
        step = np.arange(-reach, reach + 1)
        row, column = step[:, None], step[None, :]
        return np.asarray(np.sqrt(row**2 + row * column + column**2) * self.cell_m)


def hexagons(bounds: tuple[float, float, float, float], cell_m: float) -> HexagonLattice:
    """Return hexagons over the bounds (west, south, east, north in metres), none of them inside yet.

    Centres stand on whole multiples of the spacing, so that runs over different extents use the same cells.
    """
    west, south, east, north = bounds
    row_m = _ROW_STEP * cell_m
    first, last = math.floor(south / row_m) - 1, math.ceil(north / row_m) + 1
    # Rows shift east as they go north, hence the columns of the last row begin farthest west.
    start = math.floor(west / cell_m - last / 2) - 1
    end = math.ceil(east / cell_m - first / 2) + 1
    rows, columns = last - first + 1, end - start + 1
    refuse_count(rows, columns, cell_m)
    return HexagonLattice(cell_m, np.zeros((rows, columns)), (start + first / 2) * cell_m, first * row_m)


def hexagon_lattice_over(study_area: BaseGeometry, cell_m: float) -> HexagonLattice:
    """Return the lattice of every hexagon that overlaps the study area (metric CRS).

    Raises
    ------
    ValueError
        When the study area is empty, not valid, or needs more than `MAX_CELLS` cells.
    """
    refuse_area(study_area)
    return with_shares(hexagons(study_area.bounds, cell_m), study_area)
