"""The long-run background: how many incidents a place expects when nothing special happens there.

The history is smoothed with a Gaussian kernel (Rosenblatt 1956; Parzen 1962), divided by the ground the
kernel finds (edge correction by renormalising, Diggle 1985; Jones 1993) and corrected for its own bias by the
multiplicative method of Jones, Linton and Nielsen (1995), applied twice (repeating it is the boosting of
Di Marzio and Taylor 2004). Without it the peak of a smooth town is under-estimated by ten per cent or more,
which a test with many incidents takes for a hotspot.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from incidents.hotspots.lattice import Lattice
from incidents.hotspots.values import Floats, Ints

# One correction leaves a bias of order h^4: a town centre with a standard deviation of
# 1.5 km and 60 incidents per window was still flagged in 4 maps of 10; two corrections brought that to 5 %.
CORRECTIONS = 2

# To first order the estimate with two corrections has the kernel 3K - 3K*K + K*K*K. Its square integrates to
# 73 / 30 times that of K for the two-dimensional Gaussian, and the variance is that much larger.
CORRECTION_VARIANCE = 73.0 / 30.0


@dataclass(frozen=True)
class Background:
    """Background of one tested period; arrays of shape (rows, columns).

    Attributes
    ----------
    density : float64
        Share of all incidents each cell expects; sums to 1.
    relative_variance : float64
        Variance of the density's estimate divided by its square, for a window centred on the cell.
    """

    density: Floats
    relative_variance: Floats


def long_run_background(
    history: Ints,
    lattice: Lattice,
    *,
    bandwidth_m: float,
    uniform_share: float,
    exposure: Floats | None = None,
) -> Background:
    """Return where incidents are expected, learnt from the history alone.

    Parameters
    ----------
    history : int64, shape (rows, columns)
        Incidents per cell before the tested period; at least one.
    lattice : Lattice
        The cells and their share inside the study area.
    bandwidth_m : float
        Standard deviation of the kernel in metres.
    uniform_share : float
        Part spread evenly over the study area, so that no place expects exactly nothing.
    exposure : float64, shape (rows, columns), optional
        What incidents are expected in proportion to (households, shops); the ground itself when left out.
    """
    counts = history.astype(np.float64)
    spread = lattice.share if exposure is None else np.where(lattice.inside, exposure, 0.0)
    ground = spread * _used_ground(counts, lattice, spread, bandwidth_m)
    found = lattice.smooth(ground, bandwidth_m)
    rate = _corrected_rate(counts, found, lattice, bandwidth_m)
    learnt = (1 - uniform_share) * _normalised(rate * ground)
    even = uniform_share * _normalised(lattice.share)
    # The even part is known, not estimated: it lowers the relative variance where it dominates.
    estimated_part = _divide(learnt, learnt + even)
    variance = _relative_variance(counts, found * rate, lattice, bandwidth_m)
    return Background(learnt + even, variance * estimated_part**2)


def _corrected_rate(counts: Floats, found: Floats, lattice: Lattice, bandwidth_m: float) -> Floats:
    """Return incidents per whole cell of ground: smoothed, then multiplied by what smoothing missed."""
    rate = _divide(lattice.smooth(counts, bandwidth_m), found)
    for _ in range(CORRECTIONS):
        rate = rate * _divide(lattice.smooth(_divide(counts, rate), bandwidth_m), found)
    return rate


def _used_ground(
    counts: Floats, lattice: Lattice, spread: Floats, bandwidth_m: float
) -> npt.NDArray[np.bool_]:
    """Return the cells that are not empty beyond chance.

    A lake, a mountain or the sea inside the boundary would otherwise act as an edge nobody corrects:
    the shore's background would be halved and every shore become a hotspot. A cell is left out when it,
    or the window of one or two rings around it, held nothing although the smoothed history expects so many
    there that not one such cell is likely in a map without empty ground. Leaving ground out raises the
    background beside it and so never makes a neighbour significant.
    """
    smoothed = lattice.smooth(counts, bandwidth_m)
    expected = _divide(smoothed, lattice.smooth(spread, bandwidth_m)) * spread
    # exp(-limit) times the number of cells is exp(-3): 5 % of maps lose one cell by chance.
    limit = math.log(lattice.inside.sum()) + 3.0
    used = lattice.inside
    # Of squares these are the cell, 3 x 3 and 5 x 5.
    for rings in (0.0, 1.5, 2.9):
        radius_m = rings * lattice.cell_m
        around = lattice.window_sum(expected, radius_m)
        used = used & ~((lattice.window_sum(counts, radius_m) == 0) & (around >= limit))
    return used


def _relative_variance(counts: Floats, total: Floats, lattice: Lattice, bandwidth_m: float) -> Floats:
    """Return var / mean^2 of the smoothed history: sum of squared kernel weights times the counts.

    The square of a Gaussian kernel is a Gaussian of sd / sqrt 2 times 1 / (4 pi sd^2), here per cell.
    """
    peak = lattice.cell_area_m2 / (4 * math.pi * bandwidth_m**2)
    squared = lattice.smooth(counts, bandwidth_m / math.sqrt(2)) * peak
    return _divide(CORRECTION_VARIANCE * squared, total**2)


def _normalised(values: Floats) -> Floats:
    return np.asarray(values / values.sum(), dtype=np.float64)


def _divide(above: Floats, below: Floats) -> Floats:
    """Return above / below, and 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)
