"""The candidate maps of one origin, and the lags the boosting learns from."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from incidents.hotspots.forecast.ground import Ground
from incidents.hotspots.forecast.kernels import (
    Known,
    halves_of,
    halving,
    prospective,
    smoothed,
    within_days,
)
from incidents.hotspots.forecast.self_exciting import SelfExciting
from incidents.hotspots.values import Floats, Ints

COUNT = "count"
SELF_EXCITING = "self_exciting"
PROSPECTIVE = "prospective"

#: Name, days of history (None: all), bandwidth in metres. What a planner could do by hand: the baselines.
SIMPLE: tuple[tuple[str, float | None, float], ...] = (
    (COUNT, None, 0.0),
    ("count_365d", 365.0, 0.0),
    ("count_90d", 90.0, 0.0),
    ("kde_100m", None, 100.0),
    ("kde_200m", None, 200.0),
    ("kde_400m", None, 400.0),
    ("kde_200m_365d", 365.0, 200.0),
    ("kde_500m_365d", 365.0, 500.0),
)
#: Name, half-life in days, bandwidth in metres.
DECAYING: tuple[tuple[str, float, float], ...] = (
    ("decay_15d_250m", 15.0, 250.0),
    ("decay_100d", 100.0, 0.0),
    ("decay_400d", 400.0, 0.0),
    ("decay_60d_150m", 60.0, 150.0),
    ("decay_60d_500m", 60.0, 500.0),
    ("decay_200d_100m", 200.0, 100.0),
    ("decay_200d_300m", 200.0, 300.0),
    ("decay_400d_100m", 400.0, 100.0),
    ("decay_700d_200m", 700.0, 200.0),
    ("decay_1000d_800m", 1000.0, 800.0),
)
LAGS_D = (7, 14, 28, 56, 112, 224, 448)
YEAR_D = 365.25
SEASON_HALF_WIDTH_D = 28.0
SEASON_SD_M = 500.0


@dataclass(frozen=True)
class Maps:
    """Maps of one origin over the used cells of one grid origin.

    Attributes
    ----------
    density : dict of float32, shape (cells,)
        By candidate; each sums to 1.
    lags : float32, shape (cells, features)
        What `lag_features` returns.
    """

    density: dict[str, Floats]
    lags: Floats


def candidate_maps(
    known: Known, ground: Ground, grid: int, *, horizon_d: float, process: SelfExciting | None
) -> dict[str, Floats]:
    """Return the density of each candidate that needs no other origin, in the order of the tables above."""
    used = ground.used[grid]
    found: dict[str, Floats] = {}
    halves: dict[float | None, Floats] = {}
    for name, days, sd_m in SIMPLE:
        if days not in halves:
            weight = None if days is None else within_days(known, days)
            halves[days] = halves_of(known, weight, ground)
        found[name] = _density(smoothed(halves[days], sd_m, ground, grid), used)
    decayed: dict[float, Floats] = {}
    for name, half_life_d, sd_m in DECAYING:
        if half_life_d not in decayed:
            decayed[half_life_d] = halves_of(known, halving(known, half_life_d), ground)
        found[name] = _density(smoothed(decayed[half_life_d], sd_m, ground, grid), used)
    found[PROSPECTIVE] = _density(prospective(known, ground, grid), used)
    if process is not None:
        found[SELF_EXCITING] = _density(process.map(known, horizon_d, ground=ground, grid=grid), used)
    return found


def lag_features(known: Known, ground: Ground, grid: int, *, origin_d: float, horizon_d: float) -> Floats:
    """Return lags, neighbours and season per used cell, float32, shape (cells, features).

    Counts of the last days in the cell and in the 3 x 3 square around it, days since the last incident, what
    part of the history around fell into this time of the year, and where in the year the forecast lies.
    """
    used = ground.used[grid]
    columns = []
    for days in LAGS_D:
        cells = ground.coarse(halves_of(known, within_days(known, float(days)), ground), grid)
        around = ndimage.uniform_filter(cells, 3, mode="constant") * 9
        columns += [cells.ravel()[used], around.ravel()[used]]
    columns.append(_days_since(known, ground, grid))
    columns.append(_season(known, ground, grid, horizon_d))
    angle = 2 * np.pi * (origin_d + horizon_d / 2) / YEAR_D
    columns += [np.full(len(used), np.cos(angle)), np.full(len(used), np.sin(angle))]
    return np.asarray(np.column_stack(columns), dtype=np.float32)


def _days_since(known: Known, ground: Ground, grid: int) -> Floats:
    last = np.full(ground.rows * ground.columns, np.inf)
    cell = ground.cell(known.half_cell, grid)
    within = cell >= 0
    np.minimum.at(last, cell[within], known.age_d[within])
    return np.asarray(np.minimum(last[ground.used[grid]], 3_650.0))


def _season(known: Known, ground: Ground, grid: int, horizon_d: float) -> Floats:
    """Return the share of the whole years' incidents around each cell that fell near this season."""
    years = np.floor(known.age_d.max(initial=0.0) / YEAR_D)
    whole = known.age_d <= years * YEAR_D
    phase = (known.age_d + horizon_d / 2 + YEAR_D / 2) % YEAR_D - YEAR_D / 2
    near = whole & (np.abs(phase) <= SEASON_HALF_WIDTH_D)
    sd_m = max(SEASON_SD_M, ground.cell_m)
    part, all_ = (
        smoothed(halves_of(known, mask.astype(np.float64), ground), sd_m, ground, grid).ravel()[
            ground.used[grid]
        ]
        for mask in (near, whole)
    )
    # One incident of the usual seasonal share is added, so that an empty neighbourhood says "as usual".
    usual = 2 * SEASON_HALF_WIDTH_D / YEAR_D
    return np.asarray((part + usual) / (all_ + 1.0))


def _density(values: Floats, used: Ints) -> Floats:
    mine = values.ravel()[used]
    total = mine.sum()
    # Nothing known yet, or nothing recent: then no cell is preferred.
    share = mine / total if total > 0 else np.full(len(mine), 1.0 / len(mine))
    # Single precision: a hundred origins of twenty maps are kept, and ranks need no more.
    return np.asarray(share, dtype=np.float32)
