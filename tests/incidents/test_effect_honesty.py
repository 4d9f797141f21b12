"""Where nothing was done the evaluation says so about 95 times of 100; where something was, it finds it."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from incidents.effect.baseline import COUNTED, Counted, level_of
from incidents.effect.contrast import Beside, Treated, clumps_of, spread_of
from incidents.effect.ground import ground_of
from incidents.effect.placebo import Placebo, PlaceboKind, PlaceboParams, run_placebo
from incidents.hotspots import Incidents
from incidents.register import Reading, read_register
from tests.incidents.lively_town import lively_town

BURGLARIES = Path(os.environ.get("GRIDPATROL_TEST_DATA", "../shared/data")) / (
    "chicago_crimes/chicago_burglary_2011_2018.csv.gz"
)


@pytest.fixture(scope="module")
def town() -> Incidents:
    return lively_town(5)


def run(incidents: Incidents, kind: PlaceboKind, **params: object) -> Placebo:
    asked = PlaceboParams(**{"hotspot_history_days": 365, **params})  # type: ignore[arg-type]
    return run_placebo(incidents, ground_of(incidents.x_m, incidents.y_m), asked, kind=kind, seed=1)


def is_level(found: Placebo, most: float = 0.05) -> bool:
    """Return whether so many rejections are likely (one in a thousand) where `most` are allowed."""
    return found.fell + found.rose <= stats.binom.isf(0.001, found.evaluated, most)


@pytest.mark.parametrize("kind", PlaceboKind)
def test_seasons_drift_and_repeats_make_no_effect(town: Incidents, kind: PlaceboKind) -> None:
    found = run(town, kind, count=60)

    assert found.evaluated == 60
    assert is_level(found)
    assert found.covered_share >= 0.85


def test_the_test_is_not_deaf(town: Incidents) -> None:
    """Not fewer than one in a thousand would be: a test that never rejects holds its level, too."""
    found = run(town, PlaceboKind.RANDOM, count=150, sizes_m=(800.0,))

    assert found.fell + found.rose >= stats.binom.ppf(0.001, found.evaluated, 0.05)


def test_planted_falls_are_found_and_told(town: Incidents) -> None:
    half = run(town, PlaceboKind.RANDOM, count=60, ratio=0.5, sizes_m=(1_500.0,), after_days=365)

    assert half.fell >= 40
    assert half.rose == 0
    assert half.covered_share >= 0.85
    assert half.median_ratio == pytest.approx(0.5, abs=0.07)


def test_equal_runs_are_equal(town: Incidents) -> None:
    assert run(town, PlaceboKind.RANDOM, count=5) == run(town, PlaceboKind.RANDOM, count=5)


def test_a_register_that_is_too_short_gives_no_trial(town: Incidents) -> None:
    for kind in PlaceboKind:
        found = run(town, kind, count=5, before_days=1_500, after_days=600)
        assert found.evaluated == 0
        assert np.isnan(found.rejected_share)


@pytest.mark.shared
@pytest.mark.skipif(not BURGLARIES.exists(), reason=f"{BURGLARIES} is absent")
def test_real_burglaries_make_no_effect() -> None:
    register = read_register(BURGLARIES, Reading("lon", "lat", "datetime", {}))

    found = run(register.incidents, PlaceboKind.RANDOM, count=30)

    assert is_level(found, 0.07)


def chance(seed: int, lasting: float, count: int = 4_000) -> Counted:
    """Return places of unequal rates; in one of ten the window has three times its rate, which may last."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 10.0, count)
    surge = np.where(rng.random(count) < 0.1, 3.0, 1.0)
    lasts = 1 + (surge - 1) * (rng.random(count) < lasting)
    return Counted(rng.poisson(rate), rng.poisson(rate * lasts), rng.poisson(rate * surge / 13))


def test_without_a_window_the_level_is_the_count() -> None:
    counted = Counted(np.array([5, 9]), np.array([4, 2]), np.array([0, 0]))

    assert level_of([counted]) is COUNTED
    assert COUNTED.of(np.array([5, 9]), np.array([0, 3])).tolist() == [5, 9]
    assert COUNTED.doubt(5, 0) == 0


@pytest.mark.parametrize(("lasting", "worse"), [(0.0, False), (0.8, True)], ids=["passes", "lasts"])
def test_a_bad_month_raises_the_level_as_far_as_bad_months_last(lasting: float, worse: bool) -> None:
    level = level_of([chance(1, lasting), chance(2, lasting)])
    usual, bad = level.of(np.array([26, 26]), np.array([2, 8]))

    assert (bad > 1.5 * usual) == worse
    assert bad < 1.15 * usual or worse


def test_where_some_bad_months_last_and_others_do_not_the_level_is_less_sure() -> None:
    never, sometimes = level_of([chance(1, 0.0)]), level_of([chance(1, 0.5)])

    assert sometimes.unsettled > 5 * never.unsettled
    assert sometimes.doubt(26, 10) > sometimes.doubt(26, 2)


def test_levels_are_in_incidents_before() -> None:
    counted = chance(3, 0.3)

    assert level_of([counted]).of(counted.before, counted.selection).sum() == pytest.approx(
        counted.before.sum(), rel=0.02
    )


def test_ten_lockers_in_one_night_are_one_event() -> None:
    rng = np.random.default_rng(2)
    apart = rng.poisson(0.5, (2_000, 26))
    by_tens = 10 * rng.poisson(0.05, (2_000, 26))

    assert clumps_of(apart).mean() == pytest.approx(1.1, abs=0.1)
    assert np.median(clumps_of(by_tens)[by_tens.any(axis=1)]) == pytest.approx(10, abs=0.6)


def test_clumps_make_a_fall_less_sure() -> None:
    beside = Beside(np.full(40, 30.0), np.tile([26, 34], 20), np.ones(40))

    singly, by_tens = (spread_of(Treated(30.0, 12, clump=clump), beside) for clump in (1.0, 10.0))

    assert by_tens.tails(12)[0] > 5 * singly.tails(12)[0]
