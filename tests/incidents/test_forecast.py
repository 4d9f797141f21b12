"""Forecasts: the score, the parts, the choice, and that nothing is taken from the future."""

import itertools
from dataclasses import fields, replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.hotspots.forecast import (
    Backtest,
    BacktestParams,
    Outlook,
    Past,
    Rhythm,
    TooShort,
    backtest,
    band_cells,
    ground_of_boundary,
    ground_of_incidents,
    outline,
    outlook,
)
from incidents.hotspots.forecast.choose import COUNT, STACK, Trial, choose
from incidents.hotspots.forecast.ground import GRID_ORIGINS
from incidents.hotspots.forecast.kernels import Known, halves_of, smoothed
from incidents.hotspots.forecast.score import hits, perfect_hits, pooled
from incidents.hotspots.forecast.self_exciting import fit_self_exciting
from incidents.hotspots.forecast.stack import mixture_weights
from incidents.hotspots.forecast.walk import walk

RISK = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=5)


@settings(max_examples=50)
@given(RISK, st.data())
def test_hits_are_the_mean_over_all_orders_of_equal_cells(cells: list[tuple[int, int]], data) -> None:
    risk, outcome = np.array(cells, dtype=float).T
    flagged = data.draw(st.integers(0, len(cells)))
    orders = [
        order
        for order in itertools.permutations(range(len(cells)))
        if list(risk[list(order)]) == sorted(risk, reverse=True)
    ]
    brute = np.mean([outcome[list(order[:flagged])].sum() for order in orders])
    found = hits(risk, outcome.astype(np.int64), np.array([float(flagged)]))[0]
    assert found == pytest.approx(brute)
    assert found <= perfect_hits(outcome.astype(np.int64), np.array([float(flagged)]))[0] + 1e-9


def test_the_scores_of_a_map_worked_by_hand() -> None:
    # Ten cells, the two riskiest hold 6 of 12 incidents; the best two would hold 8.
    score = pooled(0.2, np.array([6.0]), np.array([8.0]), np.array([12]))
    assert (score.hit_rate, score.pai, score.pei_star) == (0.5, 2.5, 0.75)


def test_a_map_without_a_preference_hits_in_proportion_to_area() -> None:
    outcome = np.random.default_rng(1).integers(0, 3, 200)
    found = hits(np.ones(200), outcome, np.array([10.0, 40.0]))
    np.testing.assert_allclose(found, outcome.sum() * np.array([0.05, 0.2]))


def test_the_mixture_finds_the_map_that_told_the_truth() -> None:
    rng = np.random.default_rng(2)
    truth = rng.dirichlet(np.full(300, 0.3))
    wrong = rng.dirichlet(np.full(300, 0.3))
    count = rng.multinomial(5_000, truth)
    weight = mixture_weights(np.column_stack([wrong, truth]), count.astype(float))
    assert weight.sum() == pytest.approx(1.0)
    assert weight[1] > 0.97


def past_of_town(
    *, days: int = 300, per_day: float = 12.0, repeats: float = 0.0, seed: int = 1, size_m: float = 4_000.0
) -> Past:
    """Return a town of a dense and a thin half, with incidents that set off others if asked."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(per_day * days)
    t = rng.uniform(0, days, n)
    x = size_m * rng.beta(1, 3, n)
    y = size_m * rng.uniform(0, 1, n)
    start = 0
    while start < len(t) and repeats > 0:
        parent = start + np.flatnonzero(rng.random(len(t) - start) < repeats)
        start = len(t)
        t = np.append(t, t[parent] + rng.exponential(6.0, len(parent)))
        x = np.append(x, x[parent] + rng.normal(0, 80.0, len(parent)))
        y = np.append(y, y[parent] + rng.normal(0, 80.0, len(parent)))
    keep = np.flatnonzero((t < days) & (x > 0) & (x < size_m) & (y > 0) & (y < size_m))
    keep = keep[np.argsort(t[keep], kind="stable")]
    ground = ground_of_incidents(x[keep], y[keep], 200.0)
    return Past(t[keep], ground.half_cell(x[keep], y[keep]), x[keep], y[keep])


def ground_of(past: Past):
    return ground_of_incidents(past.x_m, past.y_m, 200.0)


def test_every_grid_origin_counts_every_incident_once() -> None:
    past = past_of_town(days=30)
    ground = ground_of(past)
    halves = halves_of(Known(past.half_cell, np.ones(len(past.t_d))), None, ground)
    for grid in range(len(GRID_ORIGINS)):
        assert ground.coarse(halves, grid).sum() == len(past.t_d)
        cell = ground.cell(past.half_cell, grid)
        counts = np.bincount(cell, minlength=ground.rows * ground.columns)
        np.testing.assert_array_equal(ground.coarse(halves, grid).ravel(), counts)
        assert set(np.flatnonzero(counts)) <= set(ground.used[grid])


@pytest.mark.parametrize("sd_m", [0.0, 100.0, 200.0, 500.0])
def test_smoothing_keeps_the_sum_away_from_the_rim(sd_m: float) -> None:
    past = past_of_town(days=5)
    ground = ground_of(past)
    one = np.zeros(ground.half_shape)
    one[20, 20] = 3.0
    assert smoothed(one, sd_m, ground, 0).sum() == pytest.approx(3.0, rel=0.01)


def test_the_self_exciting_process_recovers_what_was_planted() -> None:
    past = past_of_town(repeats=0.25, seed=4, days=500)
    known = Known(past.half_cell, 500.0 - past.t_d)
    found = fit_self_exciting(past.x_m, past.y_m, known=known, ground=ground_of(past))
    assert found is not None
    assert found.offspring == pytest.approx(0.25, abs=0.08)
    assert found.delay_d == pytest.approx(6.0, rel=0.4)
    assert found.spread_m == pytest.approx(80.0, rel=0.25)


def test_without_repeats_hardly_anything_is_set_off() -> None:
    past = past_of_town(seed=5, days=500)
    known = Known(past.half_cell, 500.0 - past.t_d)
    found = fit_self_exciting(past.x_m, past.y_m, known=known, ground=ground_of(past))
    assert found is not None
    assert found.offspring < 0.1


def trial(gain: float, stack: float = 0.0, n: int = 50) -> Trial:
    count = np.array([5.0, 20.0])
    return Trial({COUNT: count, STACK: count * (1 + stack), "kde": count * (1 + gain)}, n)


def test_counting_is_used_where_nothing_beats_it() -> None:
    rng = np.random.default_rng(1)
    trials = [trial(-0.1 + rng.normal(0, 0.01), -0.05 + rng.normal(0, 0.01)) for _ in range(12)]
    assert choose(trials).method == COUNT


def test_a_map_that_beats_the_mixture_by_more_than_chance_is_used() -> None:
    rng = np.random.default_rng(1)
    clear = [trial(0.2 + rng.normal(0, 0.02), 0.05) for _ in range(12)]
    assert choose(clear).method == "kde"
    blurred = [trial(0.06 + rng.normal(0, 0.4), 0.05) for _ in range(12)]
    assert choose(blurred).method == STACK


#: A short rhythm: the walk is the same, the town learns from fewer weeks.
RHYTHM = Rhythm(late_d=0.0, training=10, refit=5, fewest=4)
QUESTION = BacktestParams(first_d=250.0, last_d=250.0 + 6 * 7, rhythm=RHYTHM, warm_up=5)


def test_a_backtest_scores_every_candidate_over_every_origin_and_is_deterministic() -> None:
    past = past_of_town(repeats=0.25)
    one, two = (backtest(past, ground_of(past), QUESTION, seed=3) for _ in range(2))
    assert isinstance(one, Backtest)
    assert isinstance(two, Backtest)
    assert len(one.origins_d) == len(one.choices) == 6
    assert {"count", "kde_200m", "prospective", "self_exciting", "boosting", "stack"} <= set(one.scores)
    total = ((past.t_d >= 250) & (past.t_d < 292)).sum()
    assert all(score.incidents == total for scores in one.scores.values() for score in scores)
    np.testing.assert_array_equal(one.origins_d, two.origins_d)
    others = [field.name for field in fields(one) if field.name != "origins_d"]
    assert [getattr(one, name) for name in others] == [getattr(two, name) for name in others]
    rates = [score.hit_rate for score in one.chosen]
    assert rates == sorted(rates)


def test_a_map_that_can_be_drawn_only_late_does_not_end_the_mixture() -> None:
    # The self-exciting process needs 200 incidents, which this town has only within the scored weeks.
    past = past_of_town(days=400, per_day=0.6)
    reached_d = float(past.t_d[200])
    question = BacktestParams(reached_d - 30, reached_d + 30, rhythm=RHYTHM, warm_up=5)
    found = backtest(past, ground_of(past), question, seed=1)
    assert isinstance(found, Backtest)
    assert "self_exciting" not in found.scores
    assert "stack" in found.scores


def test_nothing_at_an_origin_is_taken_from_after_it() -> None:
    past = past_of_town(repeats=0.25)
    ground = ground_of(past)
    origins_d = 200.0 + 7.0 * np.arange(8)
    cut_d = float(origins_d[-1])
    rng = np.random.default_rng(0)
    # A future in which all incidents happen elsewhere must change no map before it.
    later = past.t_d >= cut_d
    x = np.where(later, rng.uniform(0, 4_000, len(later)), past.x_m)
    other = Past(past.t_d, ground.half_cell(x, past.y_m), x, past.y_m)
    one, two = (
        list(walk(each, ground, origins_d, rhythm=RHYTHM, fit_from=5, seed=1))[-1] for each in (past, other)
    )
    assert one.density.keys() == two.density.keys()
    for name in one.density:
        np.testing.assert_array_equal(one.density[name], two.density[name], err_msg=name)
    assert not np.array_equal(one.outcome, two.outcome)


def test_late_reports_are_unknown_to_every_map() -> None:
    past = past_of_town()
    ground = ground_of(past)
    rhythm = replace(RHYTHM, late_d=5.0)
    origins_d = 200.0 + 7.0 * np.arange(4)
    end_d = float(origins_d[-1])
    known = ~((past.t_d >= end_d - 5.0) & (past.t_d < end_d))
    fewer = Past(past.t_d[known], past.half_cell[known], past.x_m[known], past.y_m[known])
    one, two = (
        list(walk(each, ground, origins_d, rhythm=rhythm, fit_from=99, seed=1))[-1] for each in (past, fewer)
    )
    for name in one.density:
        np.testing.assert_array_equal(one.density[name], two.density[name], err_msg=name)


def test_a_forecast_expects_as_many_incidents_as_the_last_weeks_held() -> None:
    past = past_of_town()
    ground = ground_of(past)
    found = outlook(past, ground, replace(QUESTION, first_d=300.0 - 42, last_d=300.0), seed=1)
    assert isinstance(found, Outlook)
    made = found.forecast
    assert made.origin_d == 300.0
    assert made.expected.sum() == pytest.approx(12.0 * 7, rel=0.15)
    assert (made.expected >= 0).all()
    assert len(made.expected) == len(ground.used[made.grid])


def test_an_outlook_scores_as_the_backtest_does_and_tells_each_origin() -> None:
    past = past_of_town(repeats=0.25)
    told: list[tuple[int, int]] = []
    found = outlook(
        past, ground_of(past), QUESTION, seed=3, on_origin=lambda done, of: told.append((done, of))
    )
    alone = backtest(past, ground_of(past), QUESTION, seed=3)
    assert isinstance(found, Outlook)
    assert isinstance(alone, Backtest)
    assert (found.backtest.chosen, found.backtest.scores) == (alone.chosen, alone.scores)
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]


def test_an_origin_whose_outcome_late_reports_may_change_is_not_scored() -> None:
    past = past_of_town()
    late = replace(QUESTION, rhythm=replace(RHYTHM, late_d=3.0))
    found = outlook(past, ground_of(past), late, seed=1)
    assert isinstance(found, Outlook)
    assert found.backtest.origins_d.max() + 7 <= late.last_d - 3
    assert len(found.backtest.choices) == len(found.backtest.origins_d) == 5


def test_who_hears_of_an_origin_may_end_the_walk() -> None:
    class Enough(Exception):
        pass

    def stop(done: int, _of: int) -> None:
        if done == 2:
            raise Enough

    past = past_of_town(days=270)
    with pytest.raises(Enough):
        outlook(past, ground_of(past), replace(QUESTION, last_d=264.0), seed=1, on_origin=stop)


def test_bands_are_disjoint_and_the_riskiest_come_first() -> None:
    risk = np.random.default_rng(1).random(1_000)
    bands = band_cells(risk, (0.01, 0.05, 0.1, 0.2), seed=1)
    assert [len(cells) for cells in bands] == [10, 40, 50, 100]
    assert len(set(np.concatenate(bands).tolist())) == 200
    for better, worse in itertools.pairwise(bands):
        assert risk[better].min() >= risk[worse].max()


def test_equal_cells_are_not_taken_from_one_corner() -> None:
    (first,) = band_cells(np.zeros(10_000), (0.05,), seed=1)
    assert first.mean() == pytest.approx(5_000, rel=0.1)


def test_an_outline_covers_its_cells_within_the_study_area() -> None:
    area = shapely.box(0, 0, 1_000, 1_000)
    ground = ground_of_boundary(area, 200.0)
    for grid, used in enumerate(ground.used):
        shape = outline(used, ground, grid, study_area=area)
        x, y = shapely.get_coordinates(shapely.centroid(ground.boxes(used, grid))).T
        np.testing.assert_array_equal(ground.cell(ground.half_cell(x - 1, y - 1), grid), used)
        assert shape.is_valid
        assert 0.6 < shape.area / area.area <= 1.0


@pytest.mark.parametrize(
    ("first_d", "what"),
    [pytest.param(3.0, "history", id="no past"), pytest.param(292.0, "scored", id="no days")],
)
def test_too_few_incidents_are_said_and_not_scored(first_d: float, what: str) -> None:
    past = past_of_town(per_day=1.0)
    question = BacktestParams(first_d=first_d, last_d=first_d + 8, rhythm=RHYTHM)
    found = backtest(past, ground_of(past), question, seed=1)
    assert isinstance(found, TooShort)
    assert found.what == what


@pytest.mark.parametrize("shares", [(), (0.0, 0.1), (0.2, 0.1), (1.5,)])
def test_shares_of_area_that_mean_nothing_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="shares"):
        BacktestParams(first_d=0, last_d=10, area_shares=shares)
