"""What a visit is worth, and that the worth is explained."""

from __future__ import annotations

import dataclasses

import pytest

from patrols.planning.candidates import PLACE_RISK, Spot, SpotKind, Weights, candidates, timeliness, worth

EVENING = (19, 20, 21, 22)
HOT = Spot(SpotKind.HOTSPOT, 1, "桥东路", 119.0, 30.0, incidents=30, expected=10.0)


def value_of(spot: Spot, **changes: float) -> float:
    return worth(spot, weights=Weights(**changes), shift_hours=EVENING)[0]


def test_the_value_is_the_weighted_sum_of_the_parts_it_shows() -> None:
    spot = dataclasses.replace(HOT, cameras_near=1, days_since_visit=30.0)
    value, why = worth(spot, weights=Weights(), shift_hours=EVENING)
    risk = 20 / 30 * 0.75
    assert value == pytest.approx(100 * (0.6 * risk + 0.15 * 0.5 + 0.25 * 0.5), abs=0.05)
    assert why == {
        "formula": "v1",
        "risk": 0.5,
        "thin": 0.5,
        "stale": 0.5,
        "cameras_near": 1,
        "days_since_visit": 30.0,
        "incidents": 30,
        "expected": 10.0,
        "timely": 0.5,
    }


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param({"incidents": 40}, {"incidents": 30}, id="more incidents"),
        pytest.param({"expected": 5.0}, {"expected": 10.0}, id="further above expectation"),
        pytest.param({"cameras_near": 0}, {"cameras_near": 3}, id="fewer cameras"),
        pytest.param({"days_since_visit": 50.0}, {"days_since_visit": 3.0}, id="longer unvisited"),
        pytest.param({"days_since_visit": None}, {"days_since_visit": 3.0}, id="never visited"),
        pytest.param(
            {"hours": tuple(1.0 * (hour in EVENING) for hour in range(24))},
            {"hours": tuple(1.0 * (hour not in EVENING) for hour in range(24))},
            id="incidents in the hours of the shift",
        ),
    ],
)
def test_a_visit_is_worth_more_where_it_is_needed_more(
    better: dict[str, object], worse: dict[str, object]
) -> None:
    assert value_of(dataclasses.replace(HOT, **better)) > value_of(dataclasses.replace(HOT, **worse))


def test_a_hazardous_store_outranks_an_office_and_an_unknown_kind_is_not_lost() -> None:
    store, office, other = (
        Spot(SpotKind.PLACE, 1, "x", 0, 0, place_kind=kind)
        for kind in ("hazardous_store", "government", "lighthouse")
    )
    assert value_of(store) > value_of(office) >= value_of(other) > 0
    assert max(PLACE_RISK.values()) <= 1


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param((1.0,) * 24, 0.5, id="even"),
        pytest.param((), 0.5, id="unknown"),
        pytest.param((0.0,) * 24, 0.5, id="no incident"),
        pytest.param((0.0,) * 19 + (1.0,) * 4 + (0.0,), 1.0, id="all in the shift"),
        pytest.param((1.0,) * 19 + (0.0,) * 4 + (1.0,), 0.0, id="none in the shift"),
    ],
)
def test_timeliness_compares_the_shift_with_the_hours_of_incidents(
    hours: tuple[float, ...], expected: float
) -> None:
    assert timeliness(hours, EVENING) == pytest.approx(expected)


def test_candidates_come_by_value_and_dwell_ten_to_fifteen_minutes_drawn_from_the_seed() -> None:
    spots = [Spot(SpotKind.GRID, key, f"g{key}", 0, 0, incidents=key % 7) for key in range(40)]
    found = candidates(spots, weights=Weights(), shift_hours=EVENING, seed=4, most=30)
    again = candidates(spots[::-1], weights=Weights(), shift_hours=EVENING, seed=4, most=30)
    other = candidates(spots, weights=Weights(), shift_hours=EVENING, seed=5, most=30)
    assert found == again, "the order of the input does not matter"
    assert [one.dwell_s for one in found] != [one.dwell_s for one in other]
    assert len(found) == 30
    assert [one.value for one in found] == sorted((one.value for one in found), reverse=True)
    assert {one.dwell_s for one in found} <= {60 * minutes for minutes in range(10, 16)}
    assert len({one.dwell_s for one in found}) > 3


def test_a_spot_without_value_is_no_candidate() -> None:
    spot = Spot(SpotKind.GRID, 1, "quiet", 0, 0, incidents=0, days_since_visit=0.0)
    only_risk = Weights(risk=1.0, thin=0.0, stale=0.0)
    assert candidates([spot], weights=only_risk, shift_hours=EVENING, seed=1, most=9) == []


@pytest.mark.parametrize(
    "wrong",
    [{"risk": -1.0}, {"risk": 0.0, "thin": 0.0, "stale": 0.0}, {"stale_days": 0.0}, {"dwell_least_min": 20}],
    ids=str,
)
def test_nonsense_weights_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Weights(**wrong)
