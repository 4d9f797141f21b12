"""The leader's forecast: asked for, told in words with its accuracy, hidden from others."""

from flask.testing import FlaskClient

from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from tests.webapp.conftest import World, stranger, with_token
from tests.webapp.test_leader import add_incidents, leader

__all__ = ["leader"]


def forecast(client: FlaskClient, **question: object) -> int:
    started = client.post("/api/leader/forecasts", json={"horizon_days": 7} | question)
    assert started.status_code == 202, started.text
    execute(int(started.json["id"]))
    return int(started.json["id"])


def test_before_the_first_forecast_the_page_says_so_and_how_long_it_takes(
    leader: FlaskClient, world: World
) -> None:
    add_incidents(world.town, burst=0)
    page = leader.get("/leader").text
    answer = leader.get("/api/leader/forecast?horizon=7").json

    assert 'data-view="7"' in page
    assert 'data-view="30"' in page
    assert (answer["run"], answer["bands"], answer["working"]) == (None, [], None)
    assert answer["sentence"]
    assert answer["takes_s"] > 0


def test_a_forecast_is_told_with_its_accuracy_and_its_ground(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)

    run_id = forecast(leader)
    answer = leader.get("/api/leader/forecast?horizon=7").json

    result = answer["run"]["result"]
    assert answer["run"]["id"] == run_id
    assert "试验县" in answer["sentence"]
    assert [band["percent"] for band in answer["bands"]] == [1, 5, 10, 20]
    assert "fingerprint" not in result
    for percent in ("1", "5", "10", "20"):
        low, high = result["chosen"]["hit_rate_interval"][percent]
        assert low <= result["chosen"]["hit_rate"][percent] <= high
        assert result["methods"]["count"]["hit_rate"][percent] <= result["best_possible"][percent] + 1e-9
    assert leader.get("/api/leader/forecast?horizon=30").json["run"] is None
    assert leader.get(f"/api/leader/forecast?forecast={run_id}").json["run"]["id"] == run_id
    assert leader.get(f"/api/jobs/{run_id}").json["result_url"].endswith(f"?forecast={run_id}")


def test_few_expected_incidents_are_not_told(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=0, even=400)

    forecast(leader)
    answer = leader.get("/api/leader/forecast?horizon=7").json

    # 400 incidents in 750 days are under four in a week.
    assert [band["expected"] for band in answer["bands"]] == [None] * 4
    assert "五" in answer["sentence"]


def test_too_few_incidents_are_said_with_what_is_needed(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=0, even=60)

    forecast(leader)
    answer = leader.get("/api/leader/forecast?horizon=7").json

    assert answer["run"]["result"]["outcome"] == "too_few"
    assert answer["bands"] == []
    assert "100" in answer["sentence"]


def test_the_question_is_checked(leader: FlaskClient) -> None:
    for question in ({"horizon_days": 8}, {"horizon_days": "7"}, {"types": "theft"}, {"types": [1]}):
        answer = leader.post("/api/leader/forecasts", json={"horizon_days": 7} | question)
        assert (answer.status_code, answer.json["code"]) == (422, "forecast_question_unusable"), question
    assert leader.get("/api/leader/forecast?horizon=5").status_code == 422
    with transaction(Scope.everything()) as session:
        assert session.query(JobRun).count() == 0


def test_another_countys_forecast_does_not_exist(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = forecast(leader)
    foreign = stranger(world, "leader")

    assert foreign.get("/api/leader/forecast?horizon=7").json["run"] is None
    answer = foreign.get(f"/api/leader/forecast?forecast={run_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "forecast_unknown")


def test_tiles_of_the_forecast_are_for_those_who_read_hotspots(
    leader: FlaskClient, world: World, sign_in
) -> None:
    add_incidents(world.town, burst=60)
    forecast(leader)

    assert leader.get("/tiles/forecast_7/12/3402/1690.mvt").status_code in (200, 204)
    captain = with_token(sign_in("captain"))
    assert captain.get("/tiles/forecast_7/12/3402/1690.mvt").status_code == 403
    assert captain.get("/api/leader/forecast?horizon=7").status_code == 403


def test_a_dispatcher_reads_but_does_not_ask(sign_in) -> None:
    dispatcher = with_token(sign_in("dispatcher"))

    assert dispatcher.get("/api/leader/forecast?horizon=7").json["takes_s"] is None
    answer = dispatcher.post("/api/leader/forecasts", json={"horizon_days": 7})
    assert (answer.status_code, answer.json["fields"]["permission"]) == (403, "hotspot.run")
