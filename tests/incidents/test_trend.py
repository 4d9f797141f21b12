"""Mann-Kendall and the classes of emerging places."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from incidents.hotspots.trend import Emerging, emerging, mann_kendall

SERIES = st.lists(st.integers(0, 6), min_size=4, max_size=14)


def test_the_published_example_of_four_years() -> None:
    # Gilbert (1987), 16.4.1: 10, 15, 14, 20 gives S = 4, whose probability under no trend is 0.167.
    assert mann_kendall(np.array([[10.0], [15.0], [14.0], [20.0]])).s[0] == 4
    orders = [np.array(order, dtype=float)[:, None] for order in itertools.permutations([10, 15, 14, 20])]
    assert np.mean([mann_kendall(order).s[0] >= 4 for order in orders]) == pytest.approx(0.167, abs=0.0005)


@given(SERIES)
def test_s_and_its_variance_are_those_of_every_pair_counted_by_hand(series: list[int]) -> None:
    found = mann_kendall(np.array(series, dtype=float)[:, None])
    n = len(series)
    s = sum(np.sign(series[j] - series[i]) for i in range(n) for j in range(i + 1, n))
    ties = [series.count(value) for value in set(series)]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    assert found.s[0] == s
    assert found.z[0] == pytest.approx(0.0 if variance == 0 else (s - np.sign(s)) / np.sqrt(variance))


@given(SERIES)
def test_turning_time_around_turns_the_sign(series: list[int]) -> None:
    column = np.array(series, dtype=float)[:, None]
    there, back = mann_kendall(column), mann_kendall(column[::-1])
    assert (there.s[0], there.p[0]) == (-back.s[0], pytest.approx(back.p[0]))


def test_the_sign_of_s_is_that_of_kendalls_tau() -> None:
    made = np.random.default_rng(3).normal(size=(20, 30)).cumsum(axis=0)
    tau = [stats.kendalltau(np.arange(20), column).statistic for column in made.T]
    np.testing.assert_allclose(mann_kendall(made).s / 190, tau)


def rows(text: str) -> np.ndarray:
    return np.array([mark == "#" for mark in text])[:, None]


@pytest.mark.parametrize(
    ("hot", "cold", "ratio", "name"),
    [
        pytest.param("..........", "..........", "flat", Emerging.NONE, id="never"),
        pytest.param(".........#", "..........", "flat", Emerging.NEW, id="the first time"),
        pytest.param("##########", "..........", "up", Emerging.INTENSIFYING, id="always and rising"),
        pytest.param("##########", "..........", "flat", Emerging.PERSISTENT, id="always"),
        pytest.param("##########", "..........", "down", Emerging.DIMINISHING, id="always and falling"),
        pytest.param("..#..#...#", "..........", "flat", Emerging.SPORADIC, id="on and off"),
        pytest.param("..#..#...#", "...#......", "flat", Emerging.OSCILLATING, id="hot after cold"),
        pytest.param("#########.", "..........", "flat", Emerging.HISTORICAL, id="not any more"),
        pytest.param("#.........", "..........", "flat", Emerging.NONE, id="once, long ago"),
    ],
)
def test_each_class_by_its_drawing(hot: str, cold: str, ratio: str, name: Emerging) -> None:
    slope = {"flat": 0.0, "up": 0.2, "down": -0.2}[ratio]
    wiggle = np.array([0, 1, 0, 1, 1, 0, 1, 0, 0, 1]) * 0.01
    series = (3 + slope * np.arange(10) + wiggle)[:, None]
    assert emerging(rows(hot), rows(cold), series) == [name]
