"""Whether counts vary more from month to month than Poisson counts do, and how much more.

Incidents that come in bursts make windows spill over by chance more often than the Poisson law says. With a
variance of mu + phi mu^2 a count is negative binomial (NB2; Cameron and Trivedi 1998, section 3.3), and phi
is estimated by moments over blocks of the history as long as the tested period.
"""

import numpy as np
import scipy

from incidents.hotspots.lattice import Lattice
from incidents.hotspots.values import Floats, Ints

#: Level at which the blocks must say "more than Poisson" before phi is used.
LEVEL = 0.05
FEWEST_BLOCKS = 4


def dispersion(blocks: list[Ints], lattice: Lattice, radius_m: float) -> float:
    """Return phi >= 0 of counts in windows of one radius; 0 when the blocks do not show more than Poisson.

    Each block gives one estimate, sum((y - mu)^2 - y) / sum(mu^2) over all windows, with mu the window's
    share of all blocks times the block's total. The estimates of different blocks are independent, whereas
    overlapping windows are not: so their spread over the blocks tests phi > 0 (one-sided t).

    Parameters
    ----------
    blocks : list of int64, shape (rows, columns)
        Counts per cell in spans of equal length, before the tested period.
    """
    if len(blocks) < FEWEST_BLOCKS:
        return 0.0
    windows = np.stack([lattice.window_sum(block, radius_m)[lattice.inside] for block in blocks])
    return dispersion_of(windows.astype(np.float64), np.array([block.sum() for block in blocks]))


def dispersion_of(windows: Floats, totals: Ints) -> float:
    """Return phi for counts of shape (blocks, windows) whose blocks hold `totals` incidents."""
    blocks, total = len(windows), totals.sum()
    if total == 0 or blocks < FEWEST_BLOCKS:
        return 0.0
    share = totals / total
    expected = windows.sum(axis=0) * share[:, None]
    # The window's own block is in its mean: the squared residual is short by the factor 1 - share.
    square = (windows - expected) ** 2 / (1 - share)[:, None]
    excess = (square - expected).sum(axis=1)
    # The square of a mean is too large by the mean's own variance.
    scale = share**2 * (windows.sum(axis=0) ** 2 - square.sum(axis=0)).sum()
    found = excess[scale > 0] / scale[scale > 0]
    if len(found) < FEWEST_BLOCKS:
        return 0.0
    mean, error = float(found.mean()), float(found.std(ddof=1)) / np.sqrt(len(found))
    return mean if mean > float(scipy.stats.t.ppf(1 - LEVEL, len(found) - 1)) * error and mean > 0 else 0.0
