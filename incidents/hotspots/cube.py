"""Incidents binned once in space, counted by any span of time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from incidents.hotspots.lattice import Lattice
from incidents.hotspots.values import Incidents, Ints, Period, Tally


@dataclass(frozen=True)
class Cube:
    """Each incident's cell and time: a space-time cube kept sparse.

    A dense cube of 104 weeks over a large county would be mostly zeros; every slice a method needs is one
    `bincount` away.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the lattice.
    cell : int64, shape (n,)
        row * columns + column, -1 outside the study area; in the order of the incidents.
    t_s : int64, shape (n,)
        Seconds since 1970-01-01 UTC, in the order of the incidents.
    """

    shape: tuple[int, int]
    cell: npt.NDArray[np.int64]
    t_s: npt.NDArray[np.int64]

    def within(self, period: Period) -> npt.NDArray[np.bool_]:
        """Return which incidents lie in the study area and in the period."""
        return (self.cell >= 0) & (self.t_s >= period.start_s) & (self.t_s < period.end_s)

    def counts(self, period: Period) -> Ints:
        """Return incidents per cell in the period, shape (rows, columns)."""
        rows, columns = self.shape
        used = self.cell[self.within(period)]
        return np.bincount(used, minlength=rows * columns).astype(np.int64).reshape(self.shape)

    def slices(self, end_s: int, span_s: int, count: int) -> Ints:
        """Return incidents per cell in `count` spans that end at `end_s`, oldest first.

        Shape (count, rows, columns); one pass over the incidents, however many slices.
        """
        rows, columns = self.shape
        size = rows * columns
        number = (self.t_s - (end_s - count * span_s)) // span_s
        used = (self.cell >= 0) & (number >= 0) & (number < count)
        place = number[used] * size + self.cell[used]
        return np.bincount(place, minlength=count * size).astype(np.int64).reshape(count, rows, columns)

    def tally(self, recent: Period, history: Period) -> Tally:
        """Return how many incidents the two periods use and how many neither does."""
        in_time = (self.t_s >= history.start_s) & (self.t_s < recent.end_s)
        return Tally(
            recent=int(self.within(recent).sum()),
            history=int(self.within(history).sum()),
            outside_area=int((in_time & (self.cell < 0)).sum()),
            outside_time=int((~in_time).sum()),
        )


def bin_incidents(incidents: Incidents, lattice: Lattice) -> Cube:
    """Return the cube of the incidents over the lattice; order is kept."""
    return Cube(lattice.shape, lattice.cell_index(incidents.x_m, incidents.y_m), incidents.t_s)
