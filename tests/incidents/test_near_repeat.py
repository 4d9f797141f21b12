"""The Knox test."""

import numpy as np
import pytest

from incidents.hotspots.near_repeat import close_pairs_expected, knox

BANDS = ((1.0, 200.0, 400.0), (7.0, 14.0))


def made(repeats: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return incidents at random, some of which are followed by another 50 m away after three days."""
    rng = np.random.default_rng(seed)
    x, y, t = rng.uniform(0, 5_000, 400), rng.uniform(0, 5_000, 400), rng.uniform(0, 365, 400)
    first = slice(0, repeats)
    return (
        np.append(x, x[first] + 50),
        np.append(y, y[first]),
        np.append(t, t[first] + 3),
    )


def test_knoxs_own_table() -> None:
    # Knox (1964): childhood leukaemia in Northumberland and Durham, 96 cases.
    assert close_pairs_expected(25, 152, 96 * 95 // 2) == pytest.approx(0.83, abs=0.005)


def test_pairs_are_those_counted_by_hand() -> None:
    x, y, t = made(20, 1)
    found = knox(x, y, t, seed=1, bands=BANDS, permutations=9)
    brute = np.zeros((3, 2), dtype=int)
    for i in range(len(x)):
        for j in range(i):
            far, late = np.hypot(x[i] - x[j], y[i] - y[j]), abs(t[i] - t[j])
            if far <= 400 and late <= 14:
                brute[np.searchsorted(BANDS[0], far), np.searchsorted(BANDS[1], late)] += 1
    np.testing.assert_array_equal(found.observed, brute)


def test_planted_repeats_are_found_where_and_when_they_were_planted() -> None:
    found = knox(*made(60, 2), seed=1, bands=BANDS, permutations=199)
    assert found.p[1, 0] == 1 / 200
    assert found.ratio[1, 0] > 3
    assert found.p[2, 1] > 0.01


def test_without_repeats_the_level_is_kept() -> None:
    p = [knox(*made(0, seed), seed=seed, bands=BANDS, permutations=99).p[1, 0] for seed in range(60)]
    # Of 60 towns 3 are expected at 5 %; ten or more would happen once in a thousand.
    assert sum(value <= 0.05 for value in p) < 10


def test_the_seed_decides_and_the_order_does_not_change_what_was_observed() -> None:
    x, y, t = made(10, 3)
    one, two = (knox(x, y, t, seed=5, bands=BANDS, permutations=19) for _ in range(2))
    np.testing.assert_array_equal(one.expected, two.expected)
    order = np.random.default_rng(0).permutation(len(x))
    again = knox(x[order], y[order], t[order], seed=5, bands=BANDS, permutations=19)
    np.testing.assert_array_equal(one.observed, again.observed)
