"""How thickly incidents lie: a kernel density as areas between round figures."""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.forecast.bands import outline
from incidents.hotspots.forecast.ground import Ground
from incidents.hotspots.forecast.kernels import gaussian
from incidents.hotspots.values import Floats

#: Standard deviation of the kernel. [ours] Two cells: a street with its neighbours.
SD_M = 200.0
#: Incidents that the ground under one kernel must hold to be drawn: single ones are nobody's picture (S37).
FEWEST = 5
MONTH_DAYS = 365.25 / 12
#: Classes between the lowest and the highest figure; each begins at twice the one below.
CLASSES = 4


@dataclass(frozen=True)
class Level:
    """Ground on which incidents lie at least `least`, and less than `below` (None: no bound), thick.

    Figures are incidents per km² and month; `geom_metric` is in the CRS of the ground. Levels are disjoint.
    """

    least: float
    below: float | None
    geom_metric: shapely.MultiPolygon


def density(x_m: Floats, y_m: Floats, ground: Ground, *, days: float) -> Floats:
    """Return incidents per km² and month in each used cell of the first grid origin (Gaussian kernel)."""
    halves = ground.half_cell(x_m, y_m)
    cell = ground.cell(halves[halves >= 0], 0)
    counts = np.bincount(cell[cell >= 0], minlength=ground.rows * ground.columns).astype(np.float64)
    smooth = gaussian(counts.reshape(ground.rows, ground.columns), SD_M / ground.cell_m)
    km2 = ground.cell_m**2 / 1e6
    return np.asarray(smooth.ravel()[ground.used[0]] / km2 / (days / MONTH_DAYS))


def lowest_drawn(days: float) -> float:
    """Return the density below which the ground under one kernel held fewer than `FEWEST` incidents.

    A Gaussian kernel averages over 4 π sd² (Parzen 1962).
    """
    return FEWEST / (4 * math.pi * (SD_M / 1_000) ** 2) / (days / MONTH_DAYS)


def levels(thick: Floats, ground: Ground, *, days: float, study_area: BaseGeometry) -> list[Level]:
    """Return the levels of a density of the used cells, lowest first; none where nothing may be drawn."""
    if not len(thick) or thick.max() < lowest_drawn(days):
        return []
    least = max(lowest_drawn(days), _round(float(thick.max()) / 2**CLASSES))
    cuts = [_round_up(least) * 2**number for number in range(CLASSES)]
    found = []
    for number, cut in enumerate(cuts):
        below = cuts[number + 1] if number + 1 < len(cuts) else None
        mine = ground.used[0][(thick >= cut) & (thick < (below or np.inf))]
        shape = outline(mine, ground, 0, study_area=study_area)
        if not shape.is_empty:
            found.append(Level(cut, below, shape))
    return found


def _round(value: float) -> float:
    """Return the largest of 1, 2, 5, 10, ... that is not above."""
    ten = 10.0 ** math.floor(math.log10(value))
    return max(step * ten for step in (1, 2, 5) if step * ten <= value * (1 + 1e-9))


def _round_up(value: float) -> float:
    """Return the smallest of 1, 2, 5, 10, ... that is not below."""
    down = _round(value)
    if down >= value * (1 - 1e-9):
        return down
    ten = 10.0 ** math.floor(math.log10(value))
    return min(step * ten for step in (1, 2, 5, 10) if step * ten >= value)
