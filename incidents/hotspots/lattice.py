"""A lattice of cells over a study area, in metres: squares here, hexagons in `hexagon`, streets in `streets`.

Squares and hexagons keep their values in an array of rows (from the south) and columns (from the west), so
that sums over windows and smoothing are convolutions; pieces of streets stand in one row. What depends on the
shape of a cell is a method of its lattice and nowhere else.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy
import shapely
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

type Floats = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]

# 4 million cells are a county of 400 x 400 km at 200 m; a call above it is a unit mistake (degrees taken
# as metres the other way round, or a stray coordinate) and would fill the memory of a small server.
MAX_CELLS = 4_000_000

# Windows up to this many cells are summed directly, which is faster there.
FEW_CELLS = 60

# Where nobody gave a boundary, one like a town would draw is taken: parks, works and waters up to twice this
# wide between the incidents belong to it, and so do holes it surrounds. [ours]
BRIDGED_M = 2_000.0

# Kernel tails beyond four standard deviations hold 0.03 % of its mass.
TRUNCATE_SD = 4.0


@dataclass(frozen=True)
class Lattice(ABC):
    """Places that are counted and tested one by one, with windows around them (lattice data, Cressie 1993).

    Attributes
    ----------
    cell_m : float
        Size of a cell in metres: side of a square, distance of hexagons, longest piece of a street.
    share : float64, shape (rows, columns)
        Ground of each cell in whole cells, 0..1: the part of it in the study area, or a piece's length over
        `cell_m`. Cells with 0 are not of the lattice.
    """

    cell_m: float
    share: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.share.shape
        return rows, columns

    @property
    def inside(self) -> Mask:
        """Cells that belong to the study area."""
        return self.share > 0

    @property
    @abstractmethod
    def cell_area_m2(self) -> float:
        """Area over which `smooth` spreads one: its kernel is the Gaussian density times this area."""

    @abstractmethod
    def cell_index(self, x_m: Floats, y_m: Floats) -> npt.NDArray[np.int64]:
        """Return row * columns + column of the cell of each point, -1 off the lattice."""

    @abstractmethod
    def outlines(self, cells: npt.NDArray[np.integer]) -> npt.NDArray[np.object_]:
        """Return polygons (metric CRS) of cells given as row * columns + column, in the given order."""

    @abstractmethod
    def centres(self, cells: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return x and y (m) of the middles of cells given as row * columns + column."""

    @abstractmethod
    def window_sum[T: np.int64 | np.float64](self, values: npt.NDArray[T], radius_m: float) -> npt.NDArray[T]:
        """Return the sum of `values` over each cell's window; nothing lies beyond the lattice."""

    @abstractmethod
    def within(self, cell: int, radius_m: float) -> npt.NDArray[np.intp]:
        """Return the cells (row * columns + column) of the window around `cell`."""

    @abstractmethod
    def smooth(self, values: Floats, sd_m: float) -> Floats:
        """Return the values spread by a Gaussian kernel of standard deviation `sd_m`."""

    @abstractmethod
    def groups(self, flagged: Mask) -> npt.NDArray[np.int64]:
        """Return the number (from 1) of the group of touching flagged cells each cell is in, else 0."""

    @abstractmethod
    def mostly_among(self, chosen: Mask) -> Mask:
        """Return the cells of whose neighbours more than half are chosen."""


@dataclass(frozen=True)
class SquareLattice(Lattice):
    """Square cells, rows counted from the south, columns from the west.

    Attributes
    ----------
    x0_m, y0_m : float
        South-west corner of cell (0, 0), whole multiples of `cell_m`: two runs over different extents
        of one CRS use the same cells, so their results can be compared.
    """

    x0_m: float
    y0_m: float

    @property
    def cell_area_m2(self) -> float:
        """Area of a whole cell."""
        return self.cell_m**2

    @property
    def touching(self) -> npt.NDArray[np.int64]:
        """Which neighbours touch a cell, at an edge or a corner, as a 3 x 3 structure."""
        return np.ones((3, 3), dtype=np.int64)

    def cell_index(self, x_m: Floats, y_m: Floats) -> npt.NDArray[np.int64]:
        """Return row * columns + column of the cell each point lies in, -1 off the lattice.

        A point on a shared edge belongs to the cell north or east of it.
        """
        row, column = self._place(x_m, y_m)
        rows, columns = self.shape
        # Written so that NaN, which compares false with everything, falls outside.
        within = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        index = np.full(x_m.shape, -1, dtype=np.int64)
        index[within] = (row[within] * columns + column[within]).astype(np.int64)
        index[within] = np.where(self.inside.ravel()[index[within]], index[within], -1)
        return index

    def outlines(self, cells: npt.NDArray[np.integer]) -> npt.NDArray[np.object_]:
        """Return the cells as polygons in the lattice's CRS, in the given order."""
        rows, columns = np.divmod(np.asarray(cells, dtype=np.int64), self.shape[1])
        return self.boxes(rows, columns)

    def boxes(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        """Return the outlines of the given cells as polygons in the lattice's CRS, in the given order."""
        west = self.x0_m + columns * self.cell_m
        south = self.y0_m + rows * self.cell_m
        return np.asarray(shapely.box(west, south, west + self.cell_m, south + self.cell_m))

    def centres(self, cells: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return x and y (m) of the centres of cells given as row * columns + column."""
        row, column = np.divmod(np.asarray(cells), self.shape[1])
        return self.x0_m + (column + 0.5) * self.cell_m, self.y0_m + (row + 0.5) * self.cell_m

    def window(self, radius_m: float) -> Mask:
        """Return the footprint of a window: cells whose centres lie within `radius_m` of its centre cell.

        Odd square array with the centre cell in the middle; a radius under one cell gives one cell.

        Examples
        --------
        >>> import shapely
        >>> lattice_over(shapely.box(0, 0, 1000, 1000), 200.0).window(300.0).astype(int)
        array([[1, 1, 1],
               [1, 1, 1],
               [1, 1, 1]])
        """
        return np.asarray(self._distances(radius_m) <= radius_m)

    def window_sum[T: np.int64 | np.float64](self, values: npt.NDArray[T], radius_m: float) -> npt.NDArray[T]:
        """Return the sum of `values` over each cell's window; nothing lies beyond the array."""
        window = self.window(radius_m)
        if window.size == 1:
            return values
        if window.sum() <= FEW_CELLS or values.dtype.kind != "i":
            summed = ndimage.convolve(values, window.astype(values.dtype), mode="constant", cval=0)
            return np.asarray(summed, dtype=values.dtype)
        # By Fourier transform; rounding restores whole numbers exactly (errors are about 1e-10).
        spread = scipy.signal.oaconvolve(values.astype(np.float64), window.astype(np.float64), mode="same")
        return np.asarray(spread.round(), dtype=values.dtype)

    def within(self, cell: int, radius_m: float) -> npt.NDArray[np.intp]:
        """Return the cells (row * columns + column) of the window around `cell`."""
        step_rows, step_columns = np.nonzero(self.window(radius_m))
        reach = self.window(radius_m).shape[0] // 2
        rows = cell // self.shape[1] + step_rows - reach
        columns = cell % self.shape[1] + step_columns - reach
        on = (rows >= 0) & (rows < self.shape[0]) & (columns >= 0) & (columns < self.shape[1])
        return np.asarray(rows[on] * self.shape[1] + columns[on], dtype=np.intp)

    def smooth(self, values: Floats, sd_m: float) -> Floats:
        """Return the convolution with a Gaussian kernel of standard deviation `sd_m` and sum 1."""
        sd_cells = sd_m / self.cell_m
        smoothed = ndimage.gaussian_filter(values, sd_cells, mode="constant", cval=0.0, truncate=TRUNCATE_SD)
        return np.asarray(smoothed)

    def groups(self, flagged: Mask) -> npt.NDArray[np.int64]:
        """Return the number (from 1) of the group of touching flagged cells each cell is in, else 0."""
        return np.asarray(ndimage.label(flagged, structure=self.touching)[0], dtype=np.int64)

    def mostly_among(self, chosen: Mask) -> Mask:
        """Return the cells of whose neighbours more than half are chosen: 5 of 8 squares, 4 of 6 hexagons."""
        neighbours = ndimage.convolve(chosen.astype(np.int64), self.touching, mode="constant", cval=0)
        return np.asarray(2 * (neighbours - chosen) > self.touching.sum() - 1)

    def band(self, row: int) -> tuple[float, float]:
        """Return south and north (m) of all that the cells of a row cover."""
        south = self.y0_m + row * self.cell_m
        return south, south + self.cell_m

    def _place(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Return row and column of each point, as floats that may lie off the array or be NaN."""
        return np.floor((y_m - self.y0_m) / self.cell_m), np.floor((x_m - self.x0_m) / self.cell_m)

    def _distances(self, radius_m: float) -> Floats:
        """Return the distances (m) of cells around a centre cell, far enough for the radius."""
        step = _steps(math.floor(radius_m / self.cell_m))
        return np.asarray(np.hypot(step[:, None], step[None, :]) * self.cell_m)


def lattice_over(study_area: BaseGeometry, cell_m: float) -> SquareLattice:
    """Return the lattice of every square that overlaps the study area.

    Parameters
    ----------
    study_area : Polygon or MultiPolygon
        In a metric CRS.
    cell_m : float
        Side of a cell in metres.

    Raises
    ------
    ValueError
        When the study area is empty, not valid, or needs more than `MAX_CELLS` cells.
    """
    refuse_area(study_area)
    return with_shares(squares(study_area.bounds, cell_m), study_area)


def refuse_area(study_area: BaseGeometry) -> None:
    """Refuse a study area that is empty or not valid.

    Raises
    ------
    ValueError
        Saying which.
    """
    if study_area.is_empty or study_area.area <= 0:
        raise ValueError("the study area has no surface")
    if not study_area.is_valid:
        msg = f"the study area is not valid: {shapely.is_valid_reason(study_area)}"
        raise ValueError(msg)


def squares(bounds: tuple[float, float, float, float], cell_m: float) -> SquareLattice:
    """Return squares over the bounds (west, south, east, north in metres), none of them inside yet."""
    west, south, east, north = bounds
    x0_m, y0_m = math.floor(west / cell_m) * cell_m, math.floor(south / cell_m) * cell_m
    columns, rows = math.ceil((east - x0_m) / cell_m), math.ceil((north - y0_m) / cell_m)
    refuse_count(rows, columns, cell_m)
    return SquareLattice(cell_m, np.zeros((rows, columns)), x0_m, y0_m)


def refuse_count(rows: int, columns: int, cell_m: float) -> None:
    """Refuse a lattice of more than `MAX_CELLS` cells."""
    if rows * columns > MAX_CELLS:
        msg = f"{rows} x {columns} cells of {cell_m} m are more than {MAX_CELLS}"
        raise ValueError(msg)


def with_shares[L: SquareLattice](lattice: L, study_area: BaseGeometry) -> L:
    """Return the lattice with the share of every cell that lies in the study area."""
    row, column = np.indices(lattice.shape).reshape(2, -1)
    boxes = lattice.boxes(row, column)
    shapely.prepare(study_area)
    share = shapely.contains(study_area, boxes).astype(np.float64)
    border = (share == 0) & shapely.intersects(study_area, boxes)
    west, _, east, _ = study_area.bounds
    for r in np.unique(row[border]):
        # Cutting a strip out first keeps a coast of many thousand vertices from meeting every cell.
        south, north = lattice.band(int(r))
        strip = shapely.intersection(study_area, shapely.box(west, south, east, north))
        here = border & (row == r)
        share[here] = shapely.area(shapely.intersection(strip, boxes[here])) / lattice.cell_area_m2
    return replaced(lattice, np.clip(share, 0.0, 1.0).reshape(lattice.shape))


def replaced[L: SquareLattice](lattice: L, share: Floats) -> L:
    """Return the lattice with other shares."""
    return replace(lattice, share=share)


def lattice_of_incidents(
    x_m: Floats, y_m: Floats, cell_m: float, *, laid: Callable[..., SquareLattice] = squares
) -> SquareLattice:
    """Return the lattice of the ground the incidents mark out, where nobody gave a boundary.

    Cells with incidents, and what lies between them: the mask of such cells is closed (Serra 1982) with a
    disc of `BRIDGED_M`, and its holes are filled.

    Parameters
    ----------
    x_m, y_m : float64, shape (n,)
        Every incident there is, of all types and times, metric CRS; n >= 1.
    cell_m : float
        Side of a cell.
    laid : function
        `squares`, or `hexagon.hexagons`: lays cells over bounds.
    """
    margin_m = 1e-3
    bounds = (x_m.min(), y_m.min(), x_m.max() + margin_m, y_m.max() + margin_m)
    empty = laid(tuple(float(bound) for bound in bounds), cell_m)
    everywhere = replaced(empty, np.ones(empty.shape))
    cell = everywhere.cell_index(x_m, y_m)
    counts = np.bincount(cell[cell >= 0], minlength=empty.share.size).reshape(empty.shape)
    return replaced(empty, closed(counts, everywhere).astype(np.float64))


def closed(counts: npt.NDArray[np.int64], lattice: SquareLattice) -> Mask:
    """Return the cells with incidents and what lies between them, shape (rows, columns).

    Parameters
    ----------
    counts : int64, shape (rows, columns)
        Incidents per cell, at least one.
    lattice : Lattice
        The cells; its shares do not matter.
    """
    near = lattice.window_sum((counts > 0).astype(np.int64), BRIDGED_M) > 0
    far = lattice.window_sum((~near).astype(np.int64), BRIDGED_M) > 0
    # Cells at the rim of the array have nothing beyond them that could wear them away.
    return np.asarray(ndimage.binary_fill_holes((near & ~far) | (counts > 0)))


def _steps(reach: int) -> npt.NDArray[np.int64]:
    return np.arange(-reach, reach + 1)
