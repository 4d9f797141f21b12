"""The test of one window, the correction for many, the interval."""

import numpy as np
import pytest
from scipy import stats

from incidents.hotspots.significance import false_discovery, poisson_interval, upper_tail


def tail(observed: int, expected: float, weight: float) -> float:
    return float(upper_tail(np.array([observed]), np.array([expected]), np.array([weight]))[0])


@pytest.mark.parametrize(
    ("observed", "history", "ratio"), [(5, 3, 0.5), (12, 40, 0.1), (1, 1, 1.0), (0, 7, 0.2)]
)
def test_the_tail_is_the_conditional_binomial_one(observed: int, history: int, ratio: float) -> None:
    total = observed + history
    brute = sum(stats.binom.pmf(k, total, ratio / (1 + ratio)) for k in range(observed, total + 1))
    assert tail(observed, history * ratio, history) == pytest.approx(brute, rel=1e-10)


@pytest.mark.parametrize(("observed", "expected"), [(1, 0.01), (7, 2.5), (95, 60.0), (400, 300.0)])
def test_a_background_known_exactly_gives_the_poisson_tail(observed: int, expected: float) -> None:
    assert tail(observed, expected, 1e12) == pytest.approx(stats.poisson.sf(observed - 1, expected), rel=1e-5)


@pytest.mark.parametrize("rate", [0.3, 2.0, 9.0])
@pytest.mark.parametrize("exposure", [2.0, 26.0])
def test_the_chance_of_a_false_alarm_never_exceeds_the_level_however_short_the_history(
    rate: float, exposure: float
) -> None:
    # Summed over every pair of counts that can occur, so nothing here is left to chance.
    recent, history = np.meshgrid(np.arange(0, 60), np.arange(1, 400), indexing="ij")
    p = upper_tail(recent, history / exposure, history.astype(float))
    weight = stats.poisson.pmf(recent, rate) * stats.poisson.pmf(history, rate * exposure)
    for level in (0.05, 0.001):
        assert weight[p <= level].sum() <= level


def test_taking_a_short_history_for_the_truth_would_exceed_the_level() -> None:
    recent, history = np.meshgrid(np.arange(0, 60), np.arange(1, 400), indexing="ij")
    naive = stats.poisson.sf(recent - 1, history / 2.0)
    weight = stats.poisson.pmf(recent, 9.0) * stats.poisson.pmf(history, 18.0)
    assert weight[naive <= 0.001].sum() > 0.004


def test_false_discovery_flags_what_the_paper_flags() -> None:
    # Benjamini and Hochberg (1995), section 4: 15 comparisons of a heart attack trial, four rejected at 0.05.
    p = np.array(
        [
            0.0001,
            0.0004,
            0.0019,
            0.0095,
            0.0201,
            0.0278,
            0.0298,
            0.0344,
            0.0459,
            0.3240,
            0.4262,
            0.5719,
            0.6528,
            0.7590,
            1.0,
        ]
    )
    assert (false_discovery(p) <= 0.05).tolist() == [True] * 4 + [False] * 11


def test_false_discovery_equals_its_definition() -> None:
    p = np.random.default_rng(3).uniform(size=200) ** 3
    order = np.sort(p)
    brute = [min(order[j] * 200 / (j + 1) for j in range(200) if order[j] >= value) for value in p]
    np.testing.assert_allclose(false_discovery(p), np.minimum(brute, 1.0))


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(0, 0.0, 3.69), (1, 0.03, 5.57), (10, 4.80, 18.39), (100, 81.36, 121.63)],
)
def test_the_interval_is_the_published_one(n: int, low: float, high: float) -> None:
    # Garwood's limits as tabulated for a Poisson count at 95 %.
    assert poisson_interval(n, 0.95) == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))
