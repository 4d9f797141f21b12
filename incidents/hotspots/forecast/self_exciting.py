"""A self-exciting process: every incident raises the risk near it for a while.

The intensity is a standing background plus what past incidents set off:

    lambda(x, t) = m r p(x) + sum over earlier i of theta w exp(-w (t - t_i)) N(x - x_i; s^2)

with p the kernel density of the history, r the incidents a day, and four numbers fitted by EM (Mohler et al.
2011, parametric form; Veen and Schoenberg 2008): the background's share m, the incidents theta each one sets
off, their mean delay 1 / w and their spread s.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from incidents.hotspots.forecast.ground import Ground
from incidents.hotspots.forecast.kernels import Known, gaussian, halves_of, smoothed
from incidents.hotspots.values import Floats, Ints

#: Bandwidth of the standing background.
BACKGROUND_SD_M = 150.0
#: Pairs farther apart or longer after one another are taken as unrelated.
REACH_M = 600.0
REACH_DAYS = 120.0
#: Newest incidents the fit looks at, and the pairs it can afford (about half a second).
MOST_INCIDENTS = 10_000
MOST_PAIRS = 1_000_000
FEWEST_INCIDENTS = 200
STEPS = 30


@dataclass(frozen=True)
class SelfExciting:
    """Fitted numbers: m, theta, 1 / w in days and s in metres; `rate_d` is r."""

    background: float
    offspring: float
    delay_d: float
    spread_m: float
    rate_d: float

    def map(self, known: Known, horizon_d: float, *, ground: Ground, grid: int) -> Floats:
        """Return expected incidents per cell (rows, columns) in the days after the origin.

        Incidents set off by those still to come are left out: in a week they are few and lie where the first
        ones do.
        """
        held = np.exp(-known.age_d / self.delay_d) * -np.expm1(-horizon_d / self.delay_d)
        set_off = smoothed(halves_of(known, held, ground), self.spread_m, ground, grid)
        standing = smoothed(halves_of(known, None, ground), BACKGROUND_SD_M, ground, grid)
        standing *= self.background * self.rate_d * horizon_d / max(len(known.age_d), 1)
        return np.asarray(standing + self.offspring * set_off)


def fit_self_exciting(x_m: Floats, y_m: Floats, *, known: Known, ground: Ground) -> SelfExciting | None:
    """Return the fitted process, None with fewer than `FEWEST_INCIDENTS` incidents.

    Parameters
    ----------
    x_m, y_m : float64, shape (n,)
        In the order of `known`, metric CRS.
    """
    if len(known.age_d) < FEWEST_INCIDENTS:
        return None
    newest = np.argsort(known.age_d, kind="stable")[:MOST_INCIDENTS]
    first, second = _pairs(x_m[newest], y_m[newest], known.age_d[newest])
    newest = newest[: max(int(max(first.max(initial=0), second.max(initial=0))) + 1, FEWEST_INCIDENTS)]
    days = max(float(known.age_d[newest].max()), 1.0)
    rate_d = len(newest) / days
    delay_d = known.age_d[newest][first] - known.age_d[newest][second]
    square_m2 = (x_m[newest][first] - x_m[newest][second]) ** 2
    square_m2 += (y_m[newest][first] - y_m[newest][second]) ** 2
    standing = rate_d * _density(known, newest, ground)
    found = _expect_and_maximise(standing, second, delay_d, square_m2, floor_m=ground.cell_m / 4)
    return SelfExciting(*found, rate_d)


def _pairs(x_m: Floats, y_m: Floats, age_d: Floats) -> tuple[Ints, Ints]:
    """Return (earlier, later) of every related pair of the newest incidents that can be afforded."""
    count = len(age_d)
    while True:
        tree = KDTree(np.column_stack([x_m[:count], y_m[:count]]))
        if tree.count_neighbors(tree, REACH_M) <= 2 * MOST_PAIRS or count <= FEWEST_INCIDENTS:
            break
        count //= 2
    pair = tree.query_pairs(REACH_M, output_type="ndarray").astype(np.int64)
    # Ages ascend, so the first of a pair is the later incident.
    later, earlier = pair.min(axis=1, initial=count), pair.max(axis=1, initial=-1)
    apart = age_d[earlier] - age_d[later] if len(pair) else np.empty(0)
    related = (apart > 0) & (apart <= REACH_DAYS)
    return earlier[related], later[related]


def _density(known: Known, newest: Ints, ground: Ground) -> Floats:
    """Return the density (per m2) of the history at each incident, without the incident itself.

    Divided by the ground the kernel finds, or the rim of the town would seem to need setting off.
    """
    grid, sd_m = 0, max(BACKGROUND_SD_M, ground.cell_m)
    area = np.zeros((ground.rows, ground.columns))
    area.ravel()[ground.used[grid]] = 1.0
    found = np.maximum(gaussian(area, sd_m / ground.cell_m), 0.1).ravel()
    counts = smoothed(halves_of(known, None, ground), sd_m, ground, grid).ravel()
    cell = ground.cell(known.half_cell[newest], grid)
    own = min(ground.cell_m**2 / (2 * np.pi * sd_m**2), 1.0)
    others = np.where(cell >= 0, counts[cell], 0.0) - own
    total = max(len(known.age_d) - 1, 1)
    # A lone incident far from all others: the thousandth part of what its own kernel gives.
    return np.asarray(np.maximum(others, own / 1000) / found[cell] / total / ground.cell_m**2)


def _expect_and_maximise(
    standing: Floats, later: Ints, delay_d: Floats, square_m2: Floats, *, floor_m: float
) -> tuple[float, float, float, float]:
    count = len(standing)
    m, theta, mean_d, sd_m = 0.8, 0.2, 14.0, 200.0
    for _ in range(STEPS):
        kick = theta / mean_d * np.exp(-delay_d / mean_d - square_m2 / (2 * sd_m**2)) / (2 * np.pi * sd_m**2)
        total = m * standing + np.bincount(later, kick, minlength=count)
        part = kick / total[later]
        set_off = float(part.sum())
        m, theta = float((m * standing / total).sum()) / count, set_off / count
        if set_off < 1e-6 * count:
            return 1.0, 0.0, mean_d, sd_m
        # Floors: shorter than half a day or a quarter of a cell is below what registers record.
        mean_d = min(max(float((part * delay_d).sum()) / set_off, 0.5), REACH_DAYS)
        sd_m = max(float(np.sqrt((part * square_m2).sum() / (2 * set_off))), floor_m)
    return m, theta, mean_d, sd_m
