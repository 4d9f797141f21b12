"""The long-run background: how many incidents a place expects when nothing special happens there.

The history is smoothed with a Gaussian kernel (Rosenblatt 1956; Parzen 1962), divided by the ground the
kernel finds (edge correction by renormalising, Diggle 1985; Jones 1993) and corrected once for its own
bias by the multiplicative method of Jones, Linton and Nielsen (1995). Without that last step the peak of
a smooth town is under-estimated by some ten per cent, which a test with many incidents takes for a hotspot.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from incidents.hotspots.lattice import Lattice
from incidents.hotspots.values import Floats, Ints

# Kernel tails beyond four standard deviations hold 0.03 % of its mass.
TRUNCATE_SD = 4.0

# Ratio of the integrals of (2K - K*K)^2 and K^2 for the two-dimensional Gaussian: 4 - 8/3 + 1/2. The
# corrected estimate has the kernel 2K - K*K to first order and so this much more variance.
CORRECTION_VARIANCE = 11.0 / 6.0


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
    history: Ints, lattice: Lattice, *, bandwidth_m: float, uniform_share: float
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
    """
    sd_cells = bandwidth_m / lattice.cell_m
    ground = lattice.share * _used_ground(history, lattice)
    found = _smooth(ground, sd_cells)
    reached = found > 0
    counts = history.astype(np.float64)
    pilot = np.divide(_smooth(counts, sd_cells), found, out=np.zeros_like(found), where=reached)
    against_pilot = np.divide(counts, pilot, out=np.zeros_like(found), where=pilot > 0)
    correction = np.divide(_smooth(against_pilot, sd_cells), found, out=np.zeros_like(found), where=reached)
    per_ground = pilot * correction
    learnt = per_ground * ground
    density = (
        1 - uniform_share
    ) * learnt / learnt.sum() + uniform_share * lattice.share / lattice.share.sum()
    # The even part is known, not estimated: it lowers the relative variance where it dominates.
    estimated_part = np.divide(
        (1 - uniform_share) * learnt / learnt.sum(), density, out=np.zeros_like(found), where=density > 0
    )
    variance = _relative_variance(counts, found, per_ground, sd_cells)
    return Background(density, variance * estimated_part**2)


def _used_ground(history: Ints, lattice: Lattice) -> Floats:
    """Return 1 for cells with any incident in or beside them in the history, else 0.

    A lake, a mountain or the sea inside the boundary would otherwise act as an edge nobody corrects:
    the shore's background would be halved and every shore become a hotspot. Leaving unused ground out
    can only raise the background beside it, so it never makes a place significant.
    """
    beside = ndimage.maximum_filter(history, size=3, mode="constant", cval=0)
    return np.asarray((beside > 0) & lattice.inside, dtype=np.float64)


def _smooth(values: Floats, sd_cells: float) -> Floats:
    return np.asarray(
        ndimage.gaussian_filter(values, sd_cells, mode="constant", cval=0.0, truncate=TRUNCATE_SD)
    )


def _relative_variance(counts: Floats, found: Floats, per_ground: Floats, sd_cells: float) -> Floats:
    """Return var / mean^2 of the smoothed history: sum of squared kernel weights times the counts.

    The square of a Gaussian kernel is a Gaussian of sd / sqrt 2 times 1 / (4 pi sd^2).
    """
    squared = _smooth(counts, sd_cells / math.sqrt(2)) / (4 * math.pi * sd_cells**2)
    scale = (found * per_ground) ** 2
    return np.divide(CORRECTION_VARIANCE * squared, scale, out=np.zeros_like(found), where=scale > 0)
