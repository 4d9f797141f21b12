"""How surprising a window's count is, exactly, and which surprises survive testing many windows."""

import numpy as np
import scipy
from scipy import special

from incidents.hotspots.values import Floats, Ints


def upper_tail(observed: Ints, expected: Floats, history_weight: Floats, dispersion: float = 0.0) -> Floats:
    """Return the probability of `observed` or more incidents under the background, any shape.

    The background is itself an estimate. It is worth `history_weight` = k incidents of history when its
    relative variance is 1 / k. Given the sum of both counts, the recent one is binomial whatever the true
    rate (Przyborowski and Wilenski 1940): with c = expected / k,

        P(Binomial(observed + k, c / (1 + c)) >= observed) = I_{c / (1 + c)}(observed, k + 1)

    where I is the regularised incomplete beta function, which also serves a k that is not whole. For a
    large k this is the Poisson tail; taking the Poisson tail for a small k would flag noise.

    A count with variance mu + phi mu^2 is negative binomial of size 1 / phi, its tail I_x(observed, 1 / phi)
    with x = mu / (mu + 1 / phi). Both sources of spread add up: the size is then s = 1 / (1 / k + phi), and
    the one incident that the first formula adds for a history of whole incidents counts in proportion, s / k.

    Parameters
    ----------
    observed : int64
        Incidents in the window.
    expected : float64
        Background of the window, > 0.
    history_weight : float64
        k as above, > 0.
    dispersion : float
        phi as above, >= 0.
    """
    size = history_weight / (1.0 + dispersion * history_weight)
    odds = expected / size
    # I_x(0, b) is the limit 1, which the library does not take.
    tail = special.betainc(np.maximum(observed, 1), size + size / history_weight, odds / (1.0 + odds))
    return np.where(observed == 0, 1.0, tail)


def lower_tail(observed: Ints, expected: Floats, history_weight: Floats, dispersion: float = 0.0) -> Floats:
    """Return the probability of `observed` or fewer incidents, parameters as in `upper_tail`."""
    size = history_weight / (1.0 + dispersion * history_weight)
    odds = expected / size
    return np.asarray(special.betaincc(observed + 1.0, size, odds / (1.0 + odds)))


def false_discovery(p: Floats) -> Floats:
    """Return for each of n tests the smallest false discovery rate at which it is flagged.

    Benjamini and Hochberg (1995); valid here because counts of overlapping windows of independent cells
    rise together (Benjamini and Yekutieli 2001, positive regression dependency). When nothing is special
    anywhere, the chance that any test is flagged at q is at most q.

    Examples
    --------
    >>> false_discovery(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    return np.asarray(scipy.stats.false_discovery_control(p, method="bh")) if p.size else p


def false_places(p: Floats, tests: int) -> Floats:
    """Return for each place, by the p-value of its strongest window, the false discovery rate of places.

    A true place fills many cells and a false one few, so that of places far more may be false than of cells.
    Here every place counts as one discovery among all the windows that were tested (Benjamini and Hochberg
    1995 on the peaks; Chumbley and Friston 2009 on why of peaks).

    Parameters
    ----------
    p : float64, shape (places,)
    tests : int
        Windows tested, at least as many as places.

    Examples
    --------
    >>> false_places(np.array([1e-6, 4e-4, 3e-5]), 1000).round(4).tolist()
    [0.001, 0.1333, 0.015]
    """
    order = np.argsort(p)
    ranked = p[order] * tests / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return adjusted


def poisson_interval(n: int, confidence: float) -> tuple[float, float]:
    """Return the exact two-sided interval for the mean of a Poisson count (Garwood 1936).

    Examples
    --------
    >>> [round(bound, 3) for bound in poisson_interval(10, 0.95)]
    [4.795, 18.39]
    """
    tail = (1.0 - confidence) / 2.0
    low = float(scipy.stats.chi2.ppf(tail, 2 * n)) / 2.0 if n > 0 else 0.0
    return low, float(scipy.stats.chi2.ppf(1.0 - tail, 2 * n + 2)) / 2.0
