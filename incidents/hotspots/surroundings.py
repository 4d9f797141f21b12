"""The background where there is no history: what the tested period itself holds around each window.

Given the incidents of a window and its surroundings together, those in the window are binomial with the
window's part of the ground, whatever the rate is (Przyborowski and Wilenski 1940; as a scanning test
Kulldorff 1997). Exact where the rate is even over the surroundings; a steep slope's foot or crest shifts it.
"""

from dataclasses import dataclass

import numpy as np

from incidents.hotspots.lattice import Lattice
from incidents.hotspots.values import Floats, Ints

#: Incidents taken for granted in empty surroundings, so that a ratio exists.
LEAST_COUNT = 0.5


@dataclass(frozen=True)
class Around:
    """Surroundings of every cell's window, shape (rows, columns).

    Attributes
    ----------
    window_expected : float64
        Incidents the surroundings expect in the window.
    count : float64
        Incidents in the surroundings: what the expectation is worth, >= `LEAST_COUNT`.
    density : float64
        Incidents the surroundings expect in the cell alone.
    """

    window_expected: Floats
    count: Floats
    density: Floats


def around(counts: Ints, ground: Floats, lattice: Lattice, *, radius_m: float, outer_m: float) -> Around:
    """Return the surroundings of each window: the ring between one cell beyond it and `outer_m`.

    Parameters
    ----------
    counts : int64, shape (rows, columns)
        Incidents per cell in the tested period.
    ground : float64, shape (rows, columns)
        What incidents are expected in proportion to: share of area, or exposure.
    """
    # The ring begins a cell away: a hotspot rarely ends where its best window does.
    inner_m = radius_m + lattice.cell_m
    outer_m = max(outer_m, inner_m + lattice.cell_m)
    held = counts.astype(np.float64)
    count = lattice.window_sum(held, outer_m) - lattice.window_sum(held, inner_m)
    area = lattice.window_sum(ground, outer_m) - lattice.window_sum(ground, inner_m)
    # A window with no ground around it is held against the whole area.
    alone = area <= 1e-9
    count, area = np.where(alone, held.sum(), count), np.where(alone, ground.sum(), area)
    count = np.maximum(count, LEAST_COUNT)
    rate = count / area
    return Around(rate * lattice.window_sum(ground, radius_m), count, rate * ground)
