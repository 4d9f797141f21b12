"""Maps of risk as weights in time and kernels in space: the forecasts nobody has to fit.

Every map is a sum over past incidents of (weight of its age) x (kernel of its distance). Sources: counting
and kernel density as in Chainey, Tompson, Uhlig (2008); the prospective kernel of Bowers, Johnson, Pease
(2004).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from incidents.hotspots.forecast.ground import Ground
from incidents.hotspots.values import Floats, Ints

#: Age and distance up to which the prospective kernel lets an incident count (Bowers, Johnson, Pease 2004).
PROSPECTIVE_DAYS = 56.0
PROSPECTIVE_M = 400.0


@dataclass(frozen=True)
class Known:
    """What is known at an origin: incidents on the ground before it, in any order.

    Attributes
    ----------
    half_cell : int64, shape (n,)
        Half cell of each, all >= 0.
    age_d : float64, shape (n,)
        Days from each to the origin, > 0.
    """

    half_cell: Ints
    age_d: Floats


def within_days(known: Known, days: float) -> Floats:
    """Return weight 1 for incidents of the last `days`, else 0."""
    return (known.age_d <= days).astype(np.float64)


def halving(known: Known, half_life_d: float) -> Floats:
    """Return weights that halve with every `half_life_d` days of age."""
    return np.asarray(np.exp2(-known.age_d / half_life_d))


def halves_of(known: Known, weight: Floats | None, ground: Ground) -> Floats:
    """Return the sum of weights (of ones when None) in each half cell."""
    rows, columns = ground.half_shape
    counts = np.bincount(known.half_cell, weight, minlength=rows * columns)
    return np.asarray(counts.reshape(rows, columns), dtype=np.float64)


def smoothed(halves: Floats, sd_m: float, ground: Ground, grid: int) -> Floats:
    """Return cells of a grid origin, smoothed by a Gaussian kernel with a standard deviation of `sd_m`.

    Under a cell's side the kernel works on half cells, from there on, where the difference no longer shows
    and a county would wait, on cells. 0 smooths nothing.
    """
    if sd_m >= ground.cell_m:
        return gaussian(ground.coarse(halves, grid), sd_m / ground.cell_m)
    fine = halves if sd_m == 0 else gaussian(halves, 2 * sd_m / ground.cell_m)
    return ground.coarse(fine, grid)


def prospective(known: Known, ground: Ground, grid: int) -> Floats:
    """Return the prospective map: 1 / (1 + weeks) of age times 1 / (1 + half cells) of distance.

    Incidents older than two months or farther than 400 m do not count (Bowers, Johnson, Pease 2004).
    """
    weight = np.where(known.age_d <= PROSPECTIVE_DAYS, 1.0 / (1.0 + np.floor(known.age_d / 7.0)), 0.0)
    side_m = ground.cell_m / 2
    reach = max(int(PROSPECTIVE_M // side_m), 1)
    step = np.arange(-reach, reach + 1)
    distance = np.hypot(step[:, None], step[None, :])
    kernel = np.where(distance * side_m <= max(PROSPECTIVE_M, side_m), 1.0 / (1.0 + distance), 0.0)
    halves = halves_of(known, weight, ground)
    return ground.coarse(ndimage.convolve(halves, kernel, mode="constant"), grid)


def gaussian(values: Floats, sd_cells: float) -> Floats:
    """Return `values` smoothed by a Gaussian kernel, cut off at three standard deviations."""
    return np.asarray(ndimage.gaussian_filter(values, sd_cells, mode="constant", truncate=3.0))
