"""A made town in which counts do what real ones do: seasons, drifting quarters, and incidents that breed."""

import numpy as np

from incidents.hotspots import Incidents
from incidents.hotspots.values import DAY_S

SIDE_M = 10_000.0
QUARTER_M = 1_000.0
START_S = 1_400_000_000 // DAY_S * DAY_S


def lively_town(seed: int, *, days: int = 5 * 365, per_day: float = 18.0, repeats: float = 0.3) -> Incidents:
    """Return incidents over `days`, in no order.

    Places differ by a lognormal per quarter and street corner; every quarter drifts by a random walk from
    quarter-year to quarter-year; the year has a wave of a third; each incident breeds `repeats` others on
    average, within some weeks and 150 m (Mohler and others 2011).
    """
    rng = np.random.default_rng([seed, 77])
    side = int(SIDE_M / QUARTER_M)
    steps = days // 91 + 1
    drift = np.cumsum(rng.normal(0, 0.08, (steps, side * side)), axis=0)
    usual = rng.normal(0, 0.8, side * side)
    corners = rng.uniform(0, SIDE_M, (3_000, 2))
    corner_weight = rng.lognormal(0, 1.0, len(corners))
    quarter = (corners // QUARTER_M).astype(int) @ (1, side)
    found = []
    for step in range(steps):
        weight = corner_weight * np.exp(usual[quarter] + drift[step, quarter])
        weight /= (corner_weight * np.exp(usual[quarter])).sum()
        season = 1 + np.sin(2 * np.pi * step * 91 / 365) / 3
        count = rng.poisson(per_day * 91 * (1 - repeats) * season * weight.sum())
        corner = rng.choice(len(corners), count, p=weight / weight.sum())
        when = (step * 91 + rng.uniform(0, 91, count)) * DAY_S
        found.append(np.column_stack([corners[corner] + rng.normal(0, 60, (count, 2)), when]))
    born = np.concatenate(found)
    everything = [born]
    while len(born):
        born = born[rng.random(len(born)) < repeats]
        born = born + np.column_stack(
            [rng.normal(0, 100, (len(born), 2)), rng.exponential(20 * DAY_S, len(born))]
        )
        everything.append(born)
    x_m, y_m, t_s = np.concatenate(everything).T
    kept = (
        (t_s < days * DAY_S)
        & (np.abs(x_m - SIDE_M / 2) < SIDE_M / 2)
        & (np.abs(y_m - SIDE_M / 2) < SIDE_M / 2)
    )
    n = int(kept.sum())
    return Incidents(
        x_m[kept],
        y_m[kept],
        START_S + t_s[kept].astype(np.int64),
        np.zeros(n, np.int16),
        np.zeros(n, np.int32),
    )
