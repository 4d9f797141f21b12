"""A square lattice of cells over a study area, in metres."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

type Floats = npt.NDArray[np.float64]

# 4 million cells are a county of 400 x 400 km at 200 m; a call above it is a unit mistake (degrees taken
# as metres the other way round, or a stray coordinate) and would fill the memory of a small server.
MAX_CELLS = 4_000_000


@dataclass(frozen=True)
class Lattice:
    """Square cells, rows counted from the south, columns from the west.

    Attributes
    ----------
    x0_m, y0_m : float
        South-west corner of cell (0, 0), whole multiples of `cell_m`: two runs over different extents
        of one CRS use the same cells, so their results can be compared.
    cell_m : float
        Side of a cell in metres.
    share : float64, shape (rows, columns)
        Part of each cell that lies in the study area, 0..1; cells with 0 are not of the lattice.
    """

    x0_m: float
    y0_m: float
    cell_m: float
    share: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.share.shape
        return rows, columns

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Cells that overlap the study area."""
        return self.share > 0

    def cell_index(self, x_m: Floats, y_m: Floats) -> npt.NDArray[np.int64]:
        """Return row * columns + column of the cell each point lies in, -1 off the lattice.

        A point on a shared edge belongs to the cell north or east of it.
        """
        rows, columns = self.shape
        column = np.floor((x_m - self.x0_m) / self.cell_m)
        row = np.floor((y_m - self.y0_m) / self.cell_m)
        # Written so that NaN, which compares false with everything, falls outside.
        within = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        index = np.full(x_m.shape, -1, dtype=np.int64)
        index[within] = row[within].astype(np.int64) * columns + column[within].astype(np.int64)
        index[within] = np.where(self.inside.ravel()[index[within]], index[within], -1)
        return index

    def boxes(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        """Return the squares of the given cells as polygons in the lattice's CRS, in the given order."""
        west = self.x0_m + columns * self.cell_m
        south = self.y0_m + rows * self.cell_m
        return np.asarray(shapely.box(west, south, west + self.cell_m, south + self.cell_m))

    def window(self, radius_m: float) -> npt.NDArray[np.bool_]:
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
        reach = math.floor(radius_m / self.cell_m)
        step = np.arange(-reach, reach + 1)
        return np.asarray(np.hypot(step[:, None], step[None, :]) * self.cell_m <= radius_m)


def lattice_over(study_area: BaseGeometry, cell_m: float) -> Lattice:
    """Return the lattice of every cell that overlaps the study area.

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
    if study_area.is_empty or study_area.area <= 0:
        raise ValueError("the study area has no surface")
    if not study_area.is_valid:
        msg = f"the study area is not valid: {shapely.is_valid_reason(study_area)}"
        raise ValueError(msg)
    west, south, east, north = study_area.bounds
    x0_m, y0_m = math.floor(west / cell_m) * cell_m, math.floor(south / cell_m) * cell_m
    columns, rows = math.ceil((east - x0_m) / cell_m), math.ceil((north - y0_m) / cell_m)
    if rows * columns > MAX_CELLS:
        msg = f"{rows} x {columns} cells of {cell_m} m are more than {MAX_CELLS}"
        raise ValueError(msg)
    empty = Lattice(x0_m, y0_m, cell_m, np.zeros((rows, columns)))
    return Lattice(x0_m, y0_m, cell_m, _shares(study_area, empty))


def _shares(study_area: BaseGeometry, lattice: Lattice) -> Floats:
    row, column = np.indices(lattice.shape).reshape(2, -1)
    boxes = lattice.boxes(row, column)
    shapely.prepare(study_area)
    share = shapely.contains(study_area, boxes).astype(np.float64)
    border = (share == 0) & shapely.intersects(study_area, boxes)
    for r in np.unique(row[border]):
        # Cutting a strip out first keeps a coast of many thousand vertices from meeting every cell.
        south = lattice.y0_m + r * lattice.cell_m
        west, _, east, _ = study_area.bounds
        strip = shapely.intersection(study_area, shapely.box(west, south, east, south + lattice.cell_m))
        here = border & (row == r)
        share[here] = shapely.area(shapely.intersection(strip, boxes[here])) / lattice.cell_m**2
    return np.clip(share, 0.0, 1.0).reshape(lattice.shape)
