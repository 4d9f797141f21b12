"""How places develop: the Mann-Kendall test on the cube, and the classes of emerging places.

Mann (1945), Kendall (1975); ties as in Gilbert (1987, 16.4). The classes follow the emerging hot spot
analysis of desktop GIS (Esri 2014, documented definitions), on exact window tests instead of Gi*.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import special

from incidents.hotspots.values import Floats

type Mask = npt.NDArray[np.bool_]

#: Share of the slices in which a place that "always" was hot must have been hot.
MOSTLY = 0.9
TREND_LEVEL = 0.05


class Emerging(StrEnum):
    """What a place has been doing over the slices, the last of which is the newest."""

    NONE = "none"
    NEW = "new"
    INTENSIFYING = "intensifying"
    PERSISTENT = "persistent"
    DIMINISHING = "diminishing"
    SPORADIC = "sporadic"
    OSCILLATING = "oscillating"
    HISTORICAL = "historical"


@dataclass(frozen=True)
class Trend:
    """Mann-Kendall of n series: S, its normal score with continuity correction, two-sided p; shape (n,)."""

    s: Floats
    z: Floats
    p: Floats


def mann_kendall(series: Floats) -> Trend:
    """Return the Mann-Kendall test of each series against no trend.

    Parameters
    ----------
    series : float64, shape (times, n)
        Times ascend.

    Examples
    --------
    >>> mann_kendall(np.array([[10.0], [15.0], [14.0], [20.0]])).s.tolist()
    [4.0]
    """
    times, count = series.shape
    s = np.zeros(count)
    for step in range(1, times):
        s += np.sign(series[step:] - series[:-step]).sum(axis=0)
    variance = times * (times - 1) * (2 * times + 5) / 18 - _tie_correction(series)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
    return Trend(s, z, np.asarray(2 * special.ndtr(-np.abs(z))))


def _tie_correction(series: Floats) -> Floats:
    """Return the sum of t (t - 1) (2 t + 5) / 18 over the groups of t equal values of each series."""
    equal = (series[:, None, :] == series[None, :, :]).sum(axis=0).astype(np.float64)
    # Each of the t members of a group sees t equals: a group's term is shared out among its members.
    return np.asarray(((equal - 1) * (2 * equal + 5)).sum(axis=0) / 18)


def emerging(hot: Mask, cold: Mask, ratio: Floats) -> list[Emerging]:
    """Return the class of each of n places.

    Parameters
    ----------
    hot, cold : bool, shape (slices, n)
        Significantly more, and less, than the background in that slice; slices ascend in time.
    ratio : float64, shape (slices, n)
        Count / background of each slice: what the trend is sought in.
    """
    trend = mann_kendall(ratio)
    return [
        _class(hot[:, place], cold[:, place], float(trend.z[place]), float(trend.p[place]))
        for place in range(hot.shape[1])
    ]


def _class(hot: Mask, cold: Mask, z: float, p: float) -> Emerging:
    if not hot.any():
        return Emerging.NONE
    mostly = math.ceil(MOSTLY * len(hot) - 1e-9)
    always = int(hot.sum()) >= mostly
    if not hot[-1]:
        return Emerging.HISTORICAL if int(hot[:-1].sum()) >= min(mostly, len(hot) - 1) else Emerging.NONE
    if not hot[:-1].any():
        return Emerging.NEW
    if always and p <= TREND_LEVEL:
        return Emerging.INTENSIFYING if z > 0 else Emerging.DIMINISHING
    if always:
        return Emerging.PERSISTENT
    return Emerging.OSCILLATING if cold[:-1].any() else Emerging.SPORADIC
