"""The dispatcher's room: teams, a plan from request to table, and nobody else's plans."""

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.audit import AuditEvent
from core.clock import now
from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from geo.places.models import Place
from tests.patrols.street_town import add_spots, add_streets, add_teams
from tests.webapp.conftest import World, stranger, with_token

# The deployment's zone by default; the clock of a shift is what people there read off the wall.
TOMORROW = now().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
EVENING = TOMORROW.replace(hour=19, minute=0, second=0, microsecond=0)
SHIFT = {
    "shift_from": EVENING.strftime("%Y-%m-%dT%H:%M"),
    "shift_to": (EVENING + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"),
    "time_limit_s": 1,
}


@pytest.fixture
def dispatcher(sign_in) -> FlaskClient:
    """The dispatcher of the county."""
    return with_token(sign_in("dispatcher"))


@pytest.fixture
def streets(world: World) -> World:
    """The small town with streets, teams and places to go to."""
    with transaction(Scope.everything()) as session:
        county = area_by_id(session, world.town.county.id)
        add_streets(session, county)
        add_teams(session, county)
        add_spots(session, world.town)
    return world


def plan(client: FlaskClient, **changes: object) -> dict:
    """Ask for a plan, let the worker's part run here, and return the state of the page after it."""
    started = client.post("/api/dispatch/runs", json=SHIFT | changes)
    assert started.status_code == 202, started.text
    execute(int(started.json["id"]))
    return client.get(f"/api/dispatch/state?run={started.json['id']}").json


def test_an_empty_house_says_so(dispatcher: FlaskClient) -> None:
    assert dispatcher.get("/dispatch").status_code == 200
    assert dispatcher.get("/api/dispatch/state").json == {
        "teams": [],
        "plans": [],
        "plan": None,
        "working": None,
    }


def test_without_teams_the_run_ends_in_words(dispatcher: FlaskClient) -> None:
    started = dispatcher.post("/api/dispatch/runs", json=SHIFT).json
    execute(int(started["id"]))

    told = dispatcher.get(f"/api/jobs/{started['id']}").json

    assert (told["state"], told["error"]["code"]) == ("failed", "no_teams")
    assert "试验县" in told["message"]


def test_a_plan_comes_with_times_reasons_and_shapes(dispatcher: FlaskClient, streets: World) -> None:
    shown = plan(dispatcher)["plan"]

    assert {route["team"] for route in shown["routes"]} <= {"一组", "二组", "三组"}
    stops = [stop for route in shown["routes"] for stop in route["stops"]]
    assert len(stops) == shown["summary"]["stops_served"] > 10
    for route in shown["routes"]:
        times = [moment for stop in route["stops"] for moment in (stop["arrive_at"], stop["leave_at"])]
        assert [route["start_at"], *times, route["end_at"]] == sorted(
            [route["start_at"], *times, route["end_at"]]
        )
        assert route["mode_name"] != ""
    assert all(stop["dropped"] for stop in shown["dropped"])
    assert {feature["properties"]["kind"] for feature in shown["features"]["features"]} >= {"route", "stop"}


def test_the_weights_of_a_plan_are_told_with_it_and_each_value_is_made_of_them(
    dispatcher: FlaskClient, streets: World
) -> None:
    shown = plan(dispatcher, weights={"risk": 0.5, "thin": 0.3, "stale": 0.2})["plan"]

    weights = shown["weights"]
    assert (weights["formula"], weights["risk"], weights["thin"], weights["stale"]) == ("v1", 0.5, 0.3, 0.2)
    stops = [*shown["dropped"], *(stop for route in shown["routes"] for stop in route["stops"])]
    for stop in stops:
        parts = sum(weights[part] * stop["why"][part] for part in ("risk", "thin", "stale"))
        # Parts are kept to three decimals, values to one.
        assert stop["prize"] == pytest.approx(100 * parts, abs=0.11)


@pytest.mark.parametrize(
    ("locale", "reason", "advice"),
    [
        pytest.param("zh", "远山组的驻地距最近可走的道路", "请把驻地移到距道路 500 米以内", id="zh"),
        pytest.param("en", "The station of team 远山组 lies 28", "Move the station to within 500 m", id="en"),
    ],
)
def test_a_team_off_the_road_is_told_beside_the_plan_of_the_others(
    dispatcher: FlaskClient, streets: World, locale: str, reason: str, advice: str
) -> None:
    made = dispatcher.post(
        "/api/dispatch/teams", json=TEAM | {"name": "远山组", "mode": "car", "lon": 119.05, "lat": 30.0}
    )
    dispatcher.post("/language", data={"locale": locale})
    shown = plan(dispatcher)["plan"]

    (left_out,) = shown["off_road_teams"]
    assert left_out["team_id"] == made.json["id"]
    assert left_out["reason"].startswith(reason)
    assert left_out["advice"].startswith(advice)
    assert left_out["mode_name"] == {"zh": "乘车", "en": "by car"}[locale]
    assert left_out["road"] == pytest.approx([119.02, 30.0], abs=1e-5)
    assert len(shown["routes"]) == 3


def test_the_table_holds_every_stop_in_local_time(dispatcher: FlaskClient, streets: World) -> None:
    with transaction(Scope.everything()) as session:
        session.scalars(select(Place).limit(1)).one().name = "=cmd|' /C calc'!A0"
    shown = plan(dispatcher)["plan"]

    answer = dispatcher.get(f"/api/dispatch/plans/{shown['id']}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))

    assert len(rows) == shown["summary"]["stops_offered"]
    served = [row for row in rows if row["team"]]
    assert all(SHIFT["shift_from"][:10] in row["arrive_at"] for row in served)
    assert min(row["arrive_at"][11:13] for row in served) == "19"
    assert not [row for row in rows if row["name"].startswith("=")]
    with transaction(Scope.everything()) as session:
        assert "patrol_plan.export" in set(session.scalars(select(AuditEvent.action)))


def test_another_countys_plan_does_not_exist(dispatcher: FlaskClient, streets: World) -> None:
    own = plan(dispatcher)["plan"]
    foreign = stranger(streets, "dispatcher")

    assert foreign.get("/api/dispatch/state").json["plans"] == []
    for address in (
        f"/api/dispatch/plans/{own['id']}.csv",
        f"/api/dispatch/plans/{own['id']}.geojson",
        f"/api/dispatch/state?plan={own['id']}",
        f"/api/dispatch/state?run={own['run_id']}",
    ):
        answer = foreign.get(address)
        assert (answer.status_code, answer.json["code"]) == (404, "plan_unknown"), address
    cancelled = foreign.post(f"/api/jobs/{own['run_id']}/cancel", json={})
    assert (cancelled.status_code, cancelled.json["code"]) == (404, "job_unknown")


def test_another_countys_teams_cannot_be_planned_or_changed(dispatcher: FlaskClient, streets: World) -> None:
    team_id = dispatcher.get("/api/dispatch/state").json["teams"][0]["id"]
    foreign = stranger(streets, "dispatcher")

    changed = foreign.put(f"/api/dispatch/teams/{team_id}", json=TEAM, headers={"If-Match": '"1"'})

    assert (changed.status_code, changed.json["code"]) == (404, "team_unknown")


def test_a_shift_over_midnight_is_planned_to_its_end_the_next_day(
    dispatcher: FlaskClient, streets: World
) -> None:
    late = {
        "shift_from": EVENING.replace(hour=23).strftime("%Y-%m-%dT%H:%M"),
        "shift_to": (EVENING + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M"),
    }
    shown = plan(dispatcher, **late)["plan"]

    assert datetime.fromisoformat(shown["shift_from"]) == EVENING.replace(hour=23)
    ends = [datetime.fromisoformat(route["end_at"]) for route in shown["routes"]]
    midnight = EVENING.replace(hour=0) + timedelta(days=1)
    assert midnight < max(ends) <= midnight + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"shift_to": SHIFT["shift_from"]}, "shift_unusable", id="no length"),
        pytest.param({"shift_from": "tonight"}, "time_unreadable", id="time"),
        pytest.param({"time_limit_s": "long"}, "plan_setting_unreadable", id="no number"),
        pytest.param({"time_limit_s": 100_000}, "plan_setting_out_of_range", id="too long"),
        pytest.param({"weights": {"risk": -1, "thin": 0, "stale": 0}}, "plan_weights_unusable", id="weights"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    dispatcher: FlaskClient, changes: dict[str, object], code: str
) -> None:
    answer = dispatcher.post("/api/dispatch/runs", json=SHIFT | changes)

    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.content_type == "application/problem+json"
    with transaction(Scope.everything()) as session:
        assert session.scalars(select(JobRun)).all() == []


TEAM = {
    "name": "夜巡队",
    "mode": "e_scooter",
    "size": 3,
    "lon": 119.006,
    "lat": 30.006,
    "station_name": "东站",
}


def test_a_team_is_added_changed_and_rested(dispatcher: FlaskClient, streets: World) -> None:
    made = dispatcher.post("/api/dispatch/teams", json=TEAM)
    assert made.status_code == 201

    address = f"/api/dispatch/teams/{made.json['id']}"
    changed = TEAM | {"name": "晨巡队", "active": False}
    assert dispatcher.put(address, json=changed).json["code"] == "version_missing"
    assert dispatcher.put(address, json=changed, headers={"If-Match": '"1"'}).status_code == 200

    lost = dispatcher.put(address, json=TEAM, headers={"If-Match": '"1"'})
    assert (lost.status_code, lost.json["code"]) == (409, "version_conflict")

    teams = {team["id"]: team for team in dispatcher.get("/api/dispatch/state").json["teams"]}
    kept = teams[made.json["id"]]
    assert (kept["name"], kept["active"], kept["size"], kept["lon"]) == ("晨巡队", False, 3, 119.006)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"name": ""}, 422, "team_name_unusable", id="no name"),
        pytest.param({"name": "一组"}, 409, "team_name_taken", id="name taken"),
        pytest.param({"mode": "helicopter"}, 422, "team_mode_unknown", id="mode"),
        pytest.param({"size": 0}, 422, "team_size_unusable", id="size"),
        pytest.param({"lon": None}, 422, "team_form_unreadable", id="no station"),
        pytest.param({"lat": 95}, 422, "position_unusable", id="off the earth"),
    ],
)
def test_a_team_that_cannot_be_is_refused(
    dispatcher: FlaskClient, streets: World, changes: dict[str, object], status: int, code: str
) -> None:
    answer = dispatcher.post("/api/dispatch/teams", json=TEAM | changes)

    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.parametrize("role", ["captain", "leader", "admin"])
def test_only_dispatchers_plan(sign_in, role: str) -> None:
    answer = with_token(sign_in(role)).post("/api/dispatch/runs", json=SHIFT)

    assert (answer.status_code, answer.json["fields"]["permission"]) == (403, "patrol.plan")


def test_a_leader_sees_the_plan_without_its_buttons(sign_in, dispatcher: FlaskClient, streets: World) -> None:
    plan(dispatcher)
    leader = sign_in("leader")

    assert (
        "data-ask-form" not in leader.get("/dispatch").text or "data-ask>" not in leader.get("/dispatch").text
    )
    assert leader.get("/api/dispatch/state").json["plan"] is not None


def test_the_county_of_a_plan_is_the_readers_own(dispatcher: FlaskClient, streets: World) -> None:
    shown = plan(dispatcher)["plan"]
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, shown["run_id"])
        assert session.get_one(Area, run.area_id).code == "990001"
