"""Gradient boosting on lags, neighbours and season: what the simple maps miss, learnt from earlier origins.

Trees are fitted to counts with the Poisson deviance (Friedman 2001; scikit-learn's
HistGradientBoostingRegressor) as a correction of a mixed map: the target is count / expected with the
expected count as weight, which is the Poisson likelihood with the mixed map as exposure. Where there is
nothing to learn the correction stays near 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from incidents.hotspots.forecast.stack import mixture_weights
from incidents.hotspots.values import Floats, Ints

#: Rows the fit looks at; cells without incidents are drawn at random and weighted up to fill them.
MOST_ROWS = 250_000
FEWEST_INCIDENTS = 300
#: Bins of a feature, equally full.
BINS = 64
#: Below a thousandth of the even share a density is raised to it: the logarithm of nothing is not a feature.
FLOOR = 1e-3


@dataclass(frozen=True)
class Example:
    """One earlier origin: densities (cells, maps), lags (cells, features) and outcome (cells,)."""

    density: Floats
    lags: Floats
    outcome: Ints


@dataclass(frozen=True)
class Boosting:
    """A fitted correction: map weights of the exposure, edges of the bins of each feature, the trees."""

    weight: Floats
    edges: tuple[Floats, ...]
    trees: Any

    def density(self, density: Floats, lags: Floats) -> Floats:
        """Return the corrected density per cell, sum 1, for maps (cells, maps) and lags (cells, features)."""
        base = _mixed(density, self.weight)
        with _one_thread():
            risk = base * self.trees.predict(_binned(_features(density, base, lags), self.edges))
        return np.asarray(risk / risk.sum())


def fit_boosting(examples: list[Example], seed: int) -> Boosting | None:
    """Return the correction learnt from the examples, None with fewer than `FEWEST_INCIDENTS` incidents."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - loads for a second, see webapp.handlers

    if sum(int(each.outcome.sum()) for each in examples) < FEWEST_INCIDENTS:
        return None
    weight = exposure_weights(examples)
    rng = np.random.default_rng(seed)
    rows = [_rows(each, weight, keep=_keep(examples), rng=rng) for each in examples]
    features, target, exposure = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    edges = tuple(np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])) for column in features.T)
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.06,
        max_iter=80,
        max_leaf_nodes=12,
        min_samples_leaf=200,
        # Counts in expected incidents: a leaf moves half-way to its ratio when it expects as many.
        l2_regularization=20.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )
    with _one_thread():
        trees.fit(_binned(features, edges), target, sample_weight=exposure)
    return Boosting(weight, edges, trees)


def _binned(features: Floats, edges: tuple[Floats, ...]) -> Floats:
    """Return the number of the bin of each value.

    The trees would find bins themselves, by weighted quantiles that take longer than the trees do.
    """
    columns = [np.searchsorted(edge, column) for edge, column in zip(edges, features.T, strict=True)]
    return np.asarray(np.column_stack(columns), dtype=np.float32)


def _one_thread() -> threadpool_limits:
    """Return a context in which trees use one thread: sums in one order, hence one answer on every machine.

    Threads that wait for each other by spinning also slow a busy server down more than they gain.
    """
    return threadpool_limits(1, user_api="openmp")


def exposure_weights(examples: list[Example]) -> Floats:
    """Return the mixture weights of the maps over the outcomes of the examples."""
    density = np.concatenate([each.density[each.outcome > 0] for each in examples]).astype(np.float64)
    count = np.concatenate([each.outcome[each.outcome > 0] for each in examples]).astype(np.float64)
    return mixture_weights(density, count)


def _keep(examples: list[Example]) -> float:
    """Return the share of the cells without incidents that is drawn."""
    empty = sum(int((each.outcome == 0).sum()) for each in examples)
    full = sum(int((each.outcome > 0).sum()) for each in examples)
    return min(max((MOST_ROWS - full) / max(empty, 1), 0.02), 1.0)


def _rows(
    each: Example, weight: Floats, *, keep: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    happened = each.outcome > 0
    drawn = happened | (rng.random(len(happened)) < keep)
    base = _mixed(each.density, weight)
    expected = base * each.outcome.sum()
    features = _features(each.density, base, each.lags)[drawn]
    exposure = np.where(happened, expected, expected / keep)[drawn]
    return features, each.outcome[drawn] / expected[drawn], exposure


def _mixed(density: Floats, weight: Floats) -> Floats:
    even = FLOOR / len(density)
    mixed = np.maximum(density.astype(np.float64) @ weight, even)
    return np.asarray(mixed / mixed.sum())


def _features(density: Floats, base: Floats, lags: Floats) -> Floats:
    even = 1.0 / len(base)
    ratio = np.log(np.maximum(density, FLOOR * even) / base[:, None])
    return np.column_stack([np.log(base / even), ratio, lags]).astype(np.float32)
