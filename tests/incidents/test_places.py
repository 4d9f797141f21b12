"""From flagged cells to places, and the whole engine from arrays."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from towns import AREA, LATTICE, PARAMS, SIDE, flat, incidents, planted

from incidents.hotspots import (
    HotspotMap,
    HotspotParams,
    Incidents,
    TooFew,
    find_hotspots,
)
from incidents.hotspots.profile import peak_hours
from incidents.hotspots.significance import poisson_interval


def town(seed: int = 1, *, times: float = 4.0) -> Incidents:
    rng = np.random.default_rng(seed)
    rate = flat() * 2.0
    hot = planted(planted(rate, at=(10, 10), size=3, times=times), at=(30, 35), size=4, times=times)
    return incidents(rng.poisson(hot), rng.poisson(rate * 26), seed)


def found(made: Incidents) -> HotspotMap:
    result = find_hotspots(made, AREA, PARAMS, seed=1)
    assert isinstance(result, HotspotMap)
    return result


def shuffled(made: Incidents) -> Incidents:
    order = np.random.default_rng(9).permutation(len(made))
    return Incidents(
        *(getattr(made, name)[order] for name in ("x_m", "y_m", "t_s", "hour_of_week", "type_id"))
    )


def test_two_planted_hotspots_make_two_places_ranked_by_sure_excess() -> None:
    places = found(town()).places
    assert [place.rank for place in places] == [1, 2]
    larger, smaller = (shapely.Point(37 * 200, 32 * 200), shapely.Point(11.5 * 200, 11.5 * 200))
    assert places[0].geom_metric.covers(larger)
    assert places[1].geom_metric.covers(smaller)
    assert places[0].n - places[0].expected > places[1].n - places[1].expected


def test_a_place_counts_exactly_the_incidents_that_lie_in_its_polygon() -> None:
    made = town()
    t_s, period = made.t_s, PARAMS.recent
    recent = (t_s >= period.start_s) & (t_s < period.end_s)
    for place in found(made).places:
        inside = recent & shapely.contains_xy(place.geom_metric, made.x_m, made.y_m)
        hours = made.hour_of_week[inside] % 24
        assert place.n == inside.sum() == sum(n for _, n in place.types) == sum(place.weekdays)
        assert place.hours == tuple(np.bincount(hours, minlength=24))
        assert dict(place.types) == {
            t: (made.type_id[inside] == t).sum() for t in np.unique(made.type_id[inside])
        }
        low, high = poisson_interval(place.n, 0.95)
        assert (place.ratio_low, place.ratio_high) == (low / place.expected, high / place.expected)
        assert place.geom_metric.area == pytest.approx(place.cell_count * 200.0**2)
        assert place.q <= PARAMS.q


def test_the_order_of_the_incidents_and_the_seed_change_nothing() -> None:
    made = town()
    again = find_hotspots(shuffled(made), AREA, PARAMS, seed=77)
    assert isinstance(again, HotspotMap)
    assert again.places == found(made).places


def test_the_background_of_the_tested_period_adds_up_to_its_incidents() -> None:
    result = found(town())
    assert result.cells.expected.sum() == pytest.approx(result.tally.recent)
    assert result.cells.recent.sum() == result.tally.recent


def test_cells_that_touch_at_a_corner_make_one_place() -> None:
    recent = np.full((SIDE, SIDE), 2)
    #   . . X     one window's width apart, the flagged cells meet at corners
    #   . X .
    #   X . .
    for step in range(3):
        recent[20 + step, 20 + step] = 40
    places = found(incidents(recent, np.full((SIDE, SIDE), 52), 1)).places
    assert len(places) == 1
    assert {20 * SIDE + 20, 21 * SIDE + 21, 22 * SIDE + 22} <= _cells_in(places[0].geom_metric)


def _cells_in(geom: shapely.MultiPolygon) -> set[int]:
    row, column = np.indices(LATTICE.shape).reshape(2, -1)
    centres = LATTICE.boxes(row, column)
    return set(np.flatnonzero(shapely.contains(geom, shapely.centroid(centres))).tolist())


def test_places_end_at_the_boundary() -> None:
    cut = shapely.Polygon([(0, 0), (SIDE * 200, 0), (SIDE * 200, 6_250), (0, 6_250)])
    result = find_hotspots(town(), cut, PARAMS, seed=1)
    assert isinstance(result, HotspotMap)
    assert result.tally.outside_area > 0
    for place in result.places:
        assert cut.buffer(1e-6).covers(place.geom_metric)


@pytest.mark.parametrize(
    ("recent", "history", "what"),
    [
        pytest.param(19, 5_000, "recent", id="a quiet month"),
        pytest.param(500, 99, "history", id="a new register"),
    ],
)
def test_too_few_incidents_are_said_and_not_analysed(recent: int, history: int, what: str) -> None:
    counts = np.zeros((2, SIDE, SIDE), dtype=np.int64)
    counts[0, 5, 5], counts[1, 6, 6] = recent, history
    result = find_hotspots(incidents(counts[0], counts[1], 1), AREA, PARAMS, seed=1)
    assert isinstance(result, TooFew)
    assert (result.what, result.found) == (what, min(recent, history))
    assert result.found < result.minimum


def test_incidents_outside_the_two_periods_or_the_area_are_counted_as_left_out() -> None:
    made = town()
    late = replace(made, t_s=made.t_s + (made.t_s == made.t_s.max()) * 10**9)
    moved = replace(late, x_m=np.where(np.arange(len(late)) == 0, -5_000.0, late.x_m))
    tally = found(moved).tally
    assert tally.outside_time == (made.t_s == made.t_s.max()).sum()
    assert tally.outside_area == 1
    assert tally.recent + tally.history + tally.outside_area + tally.outside_time == len(made)


@pytest.mark.parametrize(
    ("hours", "run"),
    [
        pytest.param((0,) * 24, None, id="nothing"),
        pytest.param((1,) * 24, (0, 12), id="evenly"),
        pytest.param((5, *(0,) * 22, 5), (0, 1), id="earliest of equals"),
        pytest.param((3, 1, 1, 1, 1, 1, *(0,) * 16, 2, 3), (22, 1), id="across midnight"),
    ],
)
def test_peak_hours_are_the_shortest_run_with_half_of_the_incidents(
    hours: tuple[int, ...], run: tuple[int, int] | None
) -> None:
    assert peak_hours(hours) == run


@pytest.mark.parametrize("wrong", [{"days": 0}, {"q": 0.0}, {"bandwidth_m": 100.0}, {"history_days": 5}])
def test_a_question_without_an_answer_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HotspotParams(as_of_s=0, **wrong)
