"""Maps mixed into one: weights under which what happened was most likely.

A linear pool of densities whose weights are the maximum of the likelihood on a simplex, found by EM
(Dempster, Laird, Rubin 1977; the "linear opinion pool" of Genest and Zidek 1986). A map that adds nothing
gets the weight nothing; no weight can be negative, so a mixture is never wilder than its parts.
"""

import numpy as np

from incidents.hotspots.values import Floats

#: Incidents of each part shared out evenly beforehand: with few incidents the mixture stays near the mean
#: map.
PRIOR_INCIDENTS = 1.0
STEPS = 200
TOLERANCE = 1e-7


def mixture_weights(density: Floats, count: Floats) -> Floats:
    """Return the weight of each map, shape (maps,), >= 0 with sum 1.

    Parameters
    ----------
    density : float64, shape (n, maps)
        Share each map gave to the cell of each outcome, before it was known.
    count : float64, shape (n,)
        Incidents that happened there.
    """
    maps = density.shape[1]
    weight = np.full(maps, 1.0 / maps)
    total = count.sum() + PRIOR_INCIDENTS * maps
    for _ in range(STEPS):
        earned = (count / np.maximum(density @ weight, 1e-300)) @ density
        new = (weight * earned + PRIOR_INCIDENTS) / total
        if np.abs(new - weight).max() < TOLERANCE:
            return np.asarray(new)
        weight = new
    return weight
