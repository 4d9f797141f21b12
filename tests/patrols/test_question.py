"""What can be asked of a plan, and which shift "tonight" means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import DomainError
from patrols.planning.candidates import Weights
from patrols.question import PlanQuestion, evening_shift, hours_touched
from tests.conftest import Servers, pointed_at


@pytest.fixture(autouse=True)
def _shanghai(monkeypatch: pytest.MonkeyPatch, servers: Servers) -> object:
    with pointed_at(servers.environment("none") | {"GRIDPATROL_TIME_ZONE": "Asia/Shanghai"}):
        yield


@pytest.mark.parametrize(
    ("local", "begins", "ends"),
    [
        pytest.param("2026-11-22T08:00", "2026-11-22T19:00", "2026-11-22T23:00", id="in the morning"),
        pytest.param("2026-11-22T19:00", "2026-11-22T19:00", "2026-11-22T23:00", id="at its start"),
        pytest.param("2026-11-22T20:07", "2026-11-22T20:15", "2026-11-22T23:00", id="the rest of it"),
        pytest.param("2026-11-22T22:00", "2026-11-22T22:00", "2026-11-22T23:00", id="the last hour"),
        pytest.param("2026-11-22T22:01", "2026-11-23T19:00", "2026-11-23T23:00", id="too late for today"),
    ],
)
def test_tonight_is_the_evening_under_way_or_the_next(local: str, begins: str, ends: str) -> None:
    moment = datetime.fromisoformat(local + "+08:00").astimezone(UTC)
    found = evening_shift(moment)
    assert [one.isoformat()[:16] for one in found] == [begins, ends]
    assert found[0].utcoffset() == timedelta(hours=8)


def test_hours_are_those_of_the_deployment() -> None:
    start = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
    assert hours_touched(start, start + timedelta(hours=3)) == (0, 1, 22, 23)
    assert hours_touched(start, start + timedelta(hours=30)) == tuple(range(24))


def test_a_question_survives_json_and_settling_fills_shift_and_seed() -> None:
    asked = PlanQuestion(team_ids=(3, 1), weights=Weights(risk=0.9), iteration_limit=50)
    settled = asked.settled()
    assert PlanQuestion.from_params(settled.to_params()) == settled
    assert settled.seed is not None
    assert settled.shift_from is not None
    assert settled.settled() == settled


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"time_limit_s": 0}, "plan_setting_out_of_range"),
        ({"time_limit_s": float("nan")}, "plan_setting_out_of_range"),
        ({"most_stops": 10_000}, "plan_setting_out_of_range"),
        pytest.param({"most_stops": 10**400}, "plan_setting_out_of_range", id="most_stops beyond a float"),
        ({"seed": -1}, "plan_setting_out_of_range"),
        ({"colour": "red"}, "plan_setting_unknown"),
        ({"weights": {"luck": 1}}, "plan_setting_unknown"),
        ({"weights": {"risk": -1}}, "plan_weights_unusable"),
        ({"weights": {"risk": "much"}}, "plan_weights_unusable"),
        ({"team_ids": ["one"]}, "plan_setting_unreadable"),
        ({"shift_from": "tonight"}, "plan_setting_unreadable"),
        ({"shift_from": "2026-11-22T19:00", "shift_to": "2026-11-22T23:00"}, "time_without_zone"),
        ({"shift_from": "2026-11-22T19:00+08:00"}, "shift_unusable"),
        (
            {"shift_from": "2026-11-22T19:00+08:00", "shift_to": "2026-11-22T19:00+08:00"},
            "shift_unusable",
        ),
        (
            {"shift_from": "2026-11-22T19:00+08:00", "shift_to": "2026-11-23T19:00+08:00"},
            "shift_unusable",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_planned_is_refused_with_a_code(params: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as caught:
        PlanQuestion.from_params(params)
    assert caught.value.code == code
