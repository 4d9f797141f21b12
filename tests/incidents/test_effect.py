"""Did the measures work: the numbers by hand, what must not matter, and planted falls."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from shapely import MultiPolygon, box

from incidents.effect import Dose, Effect, EffectParams, TooFew, Verdict, evaluate
from incidents.effect.contrast import (
    Beside,
    Spread,
    Treated,
    change,
    detectable_fall,
    interval,
    placebo_p,
    spread_of,
)
from incidents.effect.copies import copies_of
from incidents.effect.displacement import Flow, wdq
from incidents.effect.evaluate import kept_free, rings_around
from incidents.effect.matching import aligned
from incidents.effect.values import Counts, Lacking, Uninterpretable
from incidents.hotspots import Incidents
from incidents.hotspots.values import DAY_S, Period

AREA = box(0, 0, 6000, 6000)
PLACE = MultiPolygon([box(2400, 2400, 3000, 3000)])
START_S = 1_500_000_000 // DAY_S * DAY_S
PARAMS = EffectParams(
    before=Period(START_S - 365 * DAY_S, START_S), after=Period(START_S, START_S + 365 * DAY_S)
)


def apiece(before: np.ndarray, after: np.ndarray) -> Beside:
    """Return control places whose incidents come one by one."""
    return Beside(before, after, np.ones(len(before)))


def town(seed: int = 1, count: int = 12_000, days: int = 730) -> Incidents:
    rng = np.random.default_rng(seed)
    x_m, y_m = rng.uniform(0, 6000, (2, count))
    t_s = START_S - 365 * DAY_S + rng.integers(0, days * DAY_S, count)
    return made(x_m, y_m, t_s)


def made(x_m: np.ndarray, y_m: np.ndarray, t_s: np.ndarray) -> Incidents:
    n = len(t_s)
    return Incidents(x_m, y_m, t_s, np.zeros(n, np.int16), np.zeros(n, np.int32))


def kept(incidents: Incidents, mask: np.ndarray) -> Incidents:
    return made(incidents.x_m[mask], incidents.y_m[mask], incidents.t_s[mask])


def thinned(incidents: Incidents, ratio: float, place: MultiPolygon = PLACE, seed: int = 5) -> Incidents:
    there = shapely.contains_xy(place, incidents.x_m, incidents.y_m) & (incidents.t_s >= START_S)
    return kept(incidents, ~there | (np.random.default_rng(seed).random(len(incidents)) < ratio))


def found(incidents: Incidents, params: EffectParams = PARAMS, **more: object) -> Effect:
    answer = evaluate(incidents, PLACE, AREA, params, seed=1, **more)  # type: ignore[arg-type]
    assert isinstance(answer, Effect)
    return answer


def test_the_ratio_is_that_of_the_two_places() -> None:
    # Foot patrol in Philadelphia, worked in Wheeler and Ratcliffe 2018 (Crime Science 7): 207 to 110 crimes
    # in the place, 308 to 318 in its control ground, here divided among three control places.
    before, after = np.array([100, 104, 104]), np.array([104, 108, 106])

    told = change(Treated(207, 110), apiece(before, after), PARAMS)

    assert told.ratio == pytest.approx((110 / 207) / (318 / 308))
    assert told.expected == pytest.approx(207 * 318 / 308)
    assert told.verdict is Verdict.FELL
    assert told.ratio_low < told.ratio < told.ratio_high < 1


def test_displacement_by_hand() -> None:
    # Place, ring and control ground of the same example; the quotient as Bowers and Johnson 2003 define it.
    place, ring, control = Flow(207, 110), Flow(178, 157), Flow(308, 318)

    assert wdq(place, ring, control) == pytest.approx(
        (157 / 318 - 178 / 308) / (110 / 318 - 207 / 308), rel=1e-12
    )
    assert wdq(place, ring, control) == pytest.approx(0.2582, abs=1e-4)


@pytest.mark.parametrize(
    ("ring_after", "quotient"),
    [(120, -0.5), (140, -1.0), (100, 0.0), (60, 1.0)],
    ids=["half moved", "all moved", "nothing moved", "the ring gained as much"],
)
def test_the_quotient_reads_as_its_authors_say(ring_after: int, quotient: float) -> None:
    assert wdq(Flow(100, 60), Flow(100, ring_after), Flow(500, 500)) == pytest.approx(quotient)


def test_tails_are_those_of_the_negative_binomial() -> None:
    spread = Spread(expected=12.0, dispersion=0.2, freedom=10**9)
    law = stats.nbinom(5.0, 5.0 / (5.0 + 0.8 * 12.0))

    for count in (0, 1, 7, 30):
        fewer, more = spread.tails(count, 0.8)
        assert fewer == pytest.approx(law.cdf(count) - law.pmf(count) / 2, rel=1e-6)
        assert fewer + more == pytest.approx(1.0)


def test_the_interval_holds_what_the_test_does_not_reject() -> None:
    spread = Spread(expected=25.0, dispersion=0.05, freedom=59)
    low, high = interval(spread, 14, 0.95)

    assert 2 * spread.tails(14, low)[1] == pytest.approx(0.05, rel=1e-6)
    assert 2 * spread.tails(14, high)[0] == pytest.approx(0.05, rel=1e-6)
    assert interval(spread, 0, 0.95)[0] == 0.0


def test_the_detectable_fall_is_detected_that_often() -> None:
    spread = Spread(expected=40.0, dispersion=0.03, freedom=59)
    fall = detectable_fall(spread, PARAMS)
    assert fall is not None

    rng = np.random.default_rng(3)
    size = 1 / spread.dispersion
    counts = rng.negative_binomial(size, size / (size + (1 - fall) * 40.0), 20_000)
    detected = np.mean([2 * spread.tails(int(n))[0] <= 0.05 for n in range(100)] @ np.eye(100)[:, counts])

    assert detected == pytest.approx(PARAMS.power, abs=0.02)
    assert detectable_fall(Spread(3.0, 0.1, 59), PARAMS) is None


def test_randomisation_counts_places_that_changed_as_much() -> None:
    before = np.full(19, 50)
    after = np.arange(41, 60)

    assert placebo_p(Treated(50, 10), apiece(before, after)) == pytest.approx(2 / 20)
    assert placebo_p(Treated(50, 50), apiece(before, after)) == 1.0


@given(
    before=st.lists(st.integers(20, 60), min_size=5, max_size=20),
    after=st.lists(st.integers(20, 60), min_size=20, max_size=20),
    place=st.tuples(st.integers(20, 60), st.integers(20, 60)),
)
@settings(max_examples=60, deadline=None)
def test_swapping_before_and_after_inverts_the_ratio(
    before: list[int], after: list[int], place: tuple[int, int]
) -> None:
    b, a = np.array(before), np.array(after[: len(before)])

    there = change(Treated(*place), apiece(b, a), PARAMS)
    back = change(Treated(*place[::-1]), apiece(a, b), PARAMS)

    assert there.ratio * back.ratio == pytest.approx(1.0)
    assert there.ratio_low <= there.ratio <= there.ratio_high


@given(
    counts=st.lists(st.tuples(st.integers(5, 60), st.integers(5, 60)), min_size=5, max_size=20),
    seed=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_the_order_of_control_places_does_not_matter(counts: list[tuple[int, int]], seed: int) -> None:
    b, a = np.array(counts).T
    mixed = np.random.default_rng(seed).permutation(len(b))

    one, other = (spread_of(Treated(30, 30), apiece(x, y)) for x, y in ((b, a), (b[mixed], a[mixed])))

    assert one.expected == pytest.approx(other.expected)
    assert one.dispersion == pytest.approx(other.dispersion)


def test_equal_questions_have_equal_answers_in_any_order_of_incidents() -> None:
    incidents = thinned(town(), 0.4)
    mixed = kept(incidents, np.random.default_rng(2).permutation(len(incidents)))

    assert found(incidents) == found(incidents) == found(mixed)


def test_moving_the_world_changes_nothing() -> None:
    incidents = town()
    dx, dy, dt_s = 1_024.0, -2_048.0, 365 * DAY_S
    moved = made(incidents.x_m + dx, incidents.y_m + dy, incidents.t_s + dt_s)
    place, area = (shapely.transform(shape, lambda xy: xy + (dx, dy)) for shape in (PLACE, AREA))  # noqa: RUF005
    later = [Period(span.start_s + dt_s, span.end_s + dt_s) for span in (PARAMS.before, PARAMS.after)]

    there = evaluate(moved, place, area, EffectParams(*later), seed=1)

    assert isinstance(there, Effect)
    assert there.change == found(incidents).change


def test_slower_clocks_change_nothing() -> None:
    incidents = town()
    zero = PARAMS.before.start_s
    slower = made(incidents.x_m, incidents.y_m, zero + 3 * (incidents.t_s - zero))
    spans = [
        Period(zero + 3 * (span.start_s - zero), zero + 3 * (span.end_s - zero))
        for span in (PARAMS.before, PARAMS.after)
    ]
    # The same time of the year is no matter of units; so the half of the year alone is compared.
    there = evaluate(slower, PLACE, AREA, EffectParams(*spans), seed=1)

    assert isinstance(there, Effect)
    assert there.naive.rate_ratio == found(incidents).naive.rate_ratio
    assert there.naive.counts == found(incidents).naive.counts


def test_counts_are_those_of_points_in_polygons() -> None:
    incidents = town(count=3_000)
    place = MultiPolygon([shapely.Point(3000, 3000).buffer(400), box(3500, 2500, 3900, 2800)])
    answer = evaluate(incidents, place, AREA, replace(PARAMS, controls=12), seed=1)
    assert isinstance(answer, Effect)

    for control in answer.controls:
        moved = shapely.transform(place, lambda xy, c=control: xy + np.array([c.dx_m, c.dy_m]))
        inside = shapely.contains_xy(moved, incidents.x_m, incidents.y_m)
        before = int((inside & (incidents.t_s < START_S)).sum())
        assert control.counts == Counts(before, int(inside.sum()) - before)
        assert AREA.contains(moved)


def test_control_places_share_no_ground_and_keep_off_the_place_its_rings_and_other_places() -> None:
    other = MultiPolygon([box(600, 600, 1500, 1500)])
    params = replace(PARAMS, others=(other,), controls=40)
    places = [
        shapely.transform(PLACE, lambda xy, c=control: xy + np.array([c.dx_m, c.dy_m]))
        for control in found(town(), params).controls
    ]

    assert len(places) >= 20
    assert not any(shapely.intersects(kept_free(PLACE, params), places))
    assert shapely.union_all(places).area == pytest.approx(sum(place.area for place in places))


def test_rings_lie_around_the_place_without_other_places() -> None:
    other = MultiPolygon([box(3000, 2400, 3600, 3000)])
    rings = rings_around(PLACE, replace(PARAMS, others=(other,)))

    assert [ring.intersection(PLACE).area + ring.intersection(other).area for ring in rings] == [0, 0]
    assert all(inner.intersection(outer).area == 0 for inner, outer in pairwise(rings))
    assert shapely.union_all([PLACE, *rings]).area == pytest.approx(
        shapely.buffer(PLACE, 400).difference(other).area, rel=1e-9
    )


def test_a_place_too_large_for_the_area_has_no_control_places() -> None:
    answer = evaluate(town(), MultiPolygon([box(500, 500, 5500, 5500)]), AREA, PARAMS, seed=1)

    assert isinstance(answer, TooFew)
    assert answer.what is Lacking.CONTROLS
    assert answer.naive.counts.before > 0


def test_too_few_incidents_are_said() -> None:
    answer = evaluate(town(count=200), PLACE, AREA, PARAMS, seed=1)

    assert isinstance(answer, TooFew)
    assert (answer.what, answer.minimum) == (Lacking.BEFORE, 10)
    assert answer.found == answer.naive.counts.before < 10


def test_copies_cover_a_dense_spot_between_two_of_them() -> None:
    copies = copies_of(PLACE, AREA, box(0, 0, 1, 1), np.random.default_rng(1))
    copy, point = copies.holding(np.array([4_000.0]), np.array([4_000.0]))

    assert len(copy) == 4
    assert set(point.tolist()) == {0}


def test_a_planted_fall_is_found_and_its_size_told() -> None:
    told = found(thinned(town(count=30_000), 0.5)).change

    assert told.verdict is Verdict.FELL
    assert told.ratio_low < 0.5 < told.ratio_high


def test_nothing_done_is_no_detectable_change_and_says_what_could_be_detected() -> None:
    told = found(town())

    assert told.change.verdict is Verdict.NO_DETECTABLE_CHANGE
    assert told.change.detectable_fall is not None
    assert 0.1 < told.change.detectable_fall < 0.6
    assert {ring.why_not for ring in told.displacement} <= {
        Uninterpretable.NO_FALL,
        Uninterpretable.FALL_NOT_DETECTED,
    }


def test_what_moves_next_door_is_seen_in_the_ring() -> None:
    incidents = town(count=30_000)
    there = shapely.contains_xy(PLACE, incidents.x_m, incidents.y_m) & (incidents.t_s >= START_S)
    moved = there & (np.random.default_rng(4).random(len(incidents)) < 0.6)
    x_m = np.where(moved, 3_100.0, incidents.x_m)

    near, far = found(made(x_m, incidents.y_m, incidents.t_s)).displacement

    assert near.why_not is None
    assert near.quotient == pytest.approx(-1.0, abs=0.5)
    assert near.low is not None
    assert near.high is not None
    assert near.low < -1.0 < near.high < 0.2
    assert far.low is not None
    assert far.high is not None
    assert far.low < 0 < far.high


def test_the_window_that_made_the_place_be_proposed_counts_in_neither_span() -> None:
    incidents = town()
    window = Period(START_S - 28 * DAY_S, START_S)
    surge = made(np.full(80, 2_700.0), np.full(80, 2_700.0), np.full(80, window.start_s + 5))
    both = made(
        *(np.concatenate([getattr(i, name) for i in (incidents, surge)]) for name in ("x_m", "y_m", "t_s"))
    )

    left_out = found(both, replace(PARAMS, selection=window))
    used = found(both)

    assert used.naive.counts.before - left_out.naive.counts.before >= 80
    assert used.change.ratio < 0.75 < left_out.change.ratio
    assert left_out.naive.counts.selection >= 80


def test_the_same_months_a_year_before_stand_beside() -> None:
    half = replace(PARAMS, after=Period(START_S + 30 * DAY_S, START_S + 120 * DAY_S))
    span = aligned(half)

    assert span == Period(START_S - 335 * DAY_S, START_S - 245 * DAY_S)
    naive = found(town(), half).naive
    assert naive.aligned is not None
    assert naive.aligned_ratio == naive.aligned.after / naive.aligned.before
    assert aligned(replace(PARAMS, before=Period(START_S - 200 * DAY_S, START_S))) is None


def test_the_dose_is_told_per_week_and_judges_nothing() -> None:
    incidents = town()
    with_dose, without = found(incidents, dose=Dose(5_214.0, 2_607.0)), found(incidents)

    assert with_dose.dose.planned_min_per_week == pytest.approx(5_214 / (365 / 7))
    assert with_dose.dose.delivered_share == 0.5
    assert without.dose.delivered_min_per_week is None
    assert with_dose.change == without.change


@pytest.mark.parametrize(
    "wrong",
    [
        {"after": Period(START_S - 1, START_S + DAY_S)},
        {"before": Period(START_S, START_S)},
        {"selection": Period(START_S - DAY_S, START_S + 1)},
        {"rings_m": (400.0, 200.0)},
        {"rings_m": ()},
        {"confidence": 1.0},
        {"controls": 5},
    ],
    ids=str,
)
def test_questions_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"out of range: .*{next(iter(wrong))}"):
        replace(PARAMS, **wrong)


def test_a_place_without_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="no surface"):
        evaluate(town(), MultiPolygon(), AREA, PARAMS, seed=1)
