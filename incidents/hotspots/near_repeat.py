"""Whether incidents follow each other near by and soon after: the Knox test by permutation.

Pairs of incidents are counted by distance and delay; the times are then shuffled over the places, which keeps
both the map and the calendar, and counted again (Knox 1964; for crime Townsley, Homel, Chaseling 2003;
Johnson et al. 2007).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from incidents.hotspots.values import Floats, Ints

#: [ours]: same address, then steps of 100 m; weeks. Half a metre is "the same place" in any register.
DISTANCES_M = (0.5, 100.0, 200.0, 300.0, 400.0)
DELAYS_D = (7.0, 14.0, 21.0, 28.0)
PERMUTATIONS = 999
#: Newest incidents that are looked at; pairs grow with their square.
MOST_INCIDENTS = 5_000
MOST_PAIRS = 1_000_000


@dataclass(frozen=True)
class NearRepeat:
    """Pairs by distance (rows) and delay (columns).

    Attributes
    ----------
    incidents : int
        Those that were looked at.
    distances_m, delays_d : tuple of float
        Upper ends of the bands, exclusive of the band before.
    observed : int64, shape (distances, delays)
    expected : float64
        Mean over the permutations.
    ratio : float64
        observed / expected (the Knox ratio), NaN where nothing is expected.
    p : float64
        Share of permutations, the observation counted in, with as many pairs or more.
    """

    incidents: int
    distances_m: tuple[float, ...]
    delays_d: tuple[float, ...]
    observed: Ints
    expected: Floats
    ratio: Floats
    p: Floats


def knox(
    x_m: Floats,
    y_m: Floats,
    t_d: Floats,
    *,
    seed: int,
    bands: tuple[tuple[float, ...], tuple[float, ...]] = (DISTANCES_M, DELAYS_D),
    permutations: int = PERMUTATIONS,
) -> NearRepeat:
    """Return the Knox test of incidents (metric CRS, days); the same seed gives the same answer.

    Notes
    -----
    Where there are more than `MOST_INCIDENTS`, or `MOST_PAIRS` near pairs, the newest that can be afforded
    are looked at.
    """
    distances_m, delays_d = (tuple(sorted(band)) for band in bands)
    newest = np.argsort(-t_d, kind="stable")[:MOST_INCIDENTS]
    tree, newest = _affordable(x_m, y_m, newest, distances_m[-1])
    pair = tree.query_pairs(distances_m[-1], output_type="ndarray").astype(np.int64).reshape(-1, 2)
    points = np.column_stack([x_m[newest], y_m[newest]])
    apart_m = np.hypot(*(points[pair[:, 0]] - points[pair[:, 1]]).T)
    band = np.asarray(np.searchsorted(np.array(distances_m), apart_m, side="left"))
    times = t_d[newest]
    shape = (len(distances_m), len(delays_d))

    def counted(when: Floats) -> Ints:
        delay = np.abs(when[pair[:, 0]] - when[pair[:, 1]])
        late = np.asarray(np.searchsorted(np.array(delays_d), delay, side="left"))
        soon = late < len(delays_d)
        cell = band[soon] * len(delays_d) + late[soon]
        return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)

    observed = counted(times)
    rng = np.random.default_rng(seed)
    total, as_many = np.zeros(shape), np.ones(shape)
    for _ in range(permutations):
        shuffled = counted(rng.permutation(times))
        total += shuffled
        as_many += shuffled >= observed
    expected = total / permutations
    ratio = np.divide(observed, expected, out=np.full(shape, np.nan), where=expected > 0)
    return NearRepeat(
        len(newest), distances_m, delays_d, observed, expected, ratio, as_many / (permutations + 1)
    )


def close_pairs_expected(near: int, soon: int, pairs: int) -> float:
    """Return the pairs expected both near and soon when neither tells of the other (Knox 1964).

    Examples
    --------
    Knox's 96 cases of leukaemia: of 4,560 pairs 25 within 1 km, 152 within 60 days; 5 were both.

    >>> round(close_pairs_expected(25, 152, 4560), 2)
    0.83
    """
    return near * soon / pairs


def _affordable(x_m: Floats, y_m: Floats, newest: Ints, reach_m: float) -> tuple[KDTree, Ints]:
    while True:
        tree = KDTree(np.column_stack([x_m[newest], y_m[newest]]))
        if len(newest) < 100 or tree.count_neighbors(tree, reach_m) <= 2 * MOST_PAIRS:
            return tree, newest
        newest = newest[: len(newest) // 2]
