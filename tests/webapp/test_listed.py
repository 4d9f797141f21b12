"""Listed areas over HTTP: each role does its part, nothing is lost, and every refusal is a sentence."""

import csv
import io
from datetime import timedelta

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from sqlalchemy import Engine, insert, text

from core.clock import now
from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from incidents.listed.due import Task
from incidents.listed.jobs import SEED
from incidents.listed.steps import Act, State
from incidents.models import Incident
from incidents.service import boundary_of
from patrols.models import PatrolPlan, PatrolRoute, PatrolStop, Team
from patrols.queries import minutes_inside
from tests.patrols.street_town import add_hotspot, owner_of
from tests.webapp.conftest import World, stranger, with_token
from tests.webapp.test_leader import add_incidents as burst
from tests.webapp.test_leader import find
from tests.webapp.test_tiles import address as tile_address
from tests.webapp.test_tiles import tile_at
from webapp.sentences.acts import ACTS
from webapp.sentences.listed import STATE_WORDS, STEP_WORDS, TASK_WORDS

RING = [[119.012, 30.002], [119.014, 30.002], [119.014, 30.004], [119.012, 30.004]]
DAY = {"reason": "情况属实", "ends_on": (now() + timedelta(days=60)).date().isoformat()}


@pytest.fixture
def dispatcher(sign_in) -> FlaskClient:
    return with_token(sign_in("dispatcher"))


@pytest.fixture
def leader(sign_in) -> FlaskClient:
    return with_token(sign_in("leader"))


def propose(client: FlaskClient, **form: object):
    answer = client.post("/api/listed", json={"ring": RING, "name": "东街口", "reason": "连续偏多"} | form)
    assert answer.status_code == 201, answer.text
    return answer.json


def step(
    client: FlaskClient, listed: dict, act: str, body: dict | None = None, *, version: int | None = None
):
    """Send a step with the version that `listed` carries; the answer's version goes back into it."""
    send = client.put if act == "plan" else client.post
    headers = {"If-Match": f'"{version or listed["version"]}"'}
    answer = send(f"/api/listed/{listed['id']}/{act}", json=body or {"reason": "因为"}, headers=headers)
    if answer.status_code == 200:
        listed |= answer.json
    return answer


def refusal(answer) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json", answer.text
    assert answer.json["title"]
    assert not answer.json["title"].isascii(), "in the reader's language"
    return answer.status_code, answer.json["code"]


def test_every_state_step_and_task_has_words() -> None:
    assert set(STATE_WORDS) == set(State)
    assert set(STEP_WORDS) == set(Act)
    assert set(TASK_WORDS) == set(Task)
    assert {f"listed.{act}" for act in Act} <= set(ACTS)


def test_from_a_hotspot_to_a_plan(world: World, dispatcher: FlaskClient, leader: FlaskClient) -> None:
    with transaction(Scope.everything()) as session:
        county = session.get_one(Area, world.town.county.id)
        hotspot_id = add_hotspot(session, county, "桥东路", 119.005, 30.005, observed=40).id
    assert "桥东路" in dispatcher.get(f"/leader/listed/propose?hotspot={hotspot_id}").text
    listed = propose(dispatcher, hotspot=hotspot_id)
    page = f"/leader/listed/{listed['id']}"

    seen_by_both = [client.get(page).text for client in (dispatcher, leader)]
    assert ['data-act="confirm"' in seen for seen in seen_by_both] == [False, True]
    assert "热点：实有 40 起" in seen_by_both[1]
    assert refusal(step(dispatcher, listed, "confirm", DAY)) == (403, "permission_missing")
    assert refusal(step(leader, listed, "confirm", DAY | {"reason": " "})) == (422, "listed_reason_missing")
    assert refusal(step(leader, listed, "confirm", DAY | {"ends_on": None})) == (422, "listed_end_missing")
    assert refusal(step(leader, listed, "confirm", DAY | {"ends_on": "soon"})) == (422, "parameter_unusable")
    assert step(leader, listed, "confirm", DAY).json["state"] == "listed"

    plan = {
        "owner_area": world.town.west.id, "owner_post": "captain",
        "dose_minutes_week": 240, "budget_yuan": 8000,
        "measures": [{"what": "加装路灯", "who": "镇综治中心", "until": "2030-01-01", "done_on": ""}],
    }  # fmt: skip
    assert refusal(step(dispatcher, listed, "plan", plan | {"measures": []})) == (
        422,
        "listed_measures_missing",
    )
    assert step(dispatcher, listed, "plan", plan).status_code == 200
    shown = leader.get(page).text
    for words in ("加装路灯", "西网格 · 网格长", "8,000", "每周 240 分钟", "情况属实", "连续偏多"):
        assert words in shown, words


def test_a_grid_is_proposed_as_it_is_bounded(world: World, dispatcher: FlaskClient) -> None:
    grid = world.town.west
    listed = propose(dispatcher, ring=None, name=None, area=grid.id)

    ground = shapely.geometry.shape(dispatcher.get(f"/api/listed/{listed['id']}").json["shape"])
    with transaction(Scope.everything()) as session:
        assert ground.equals(boundary_of(session, grid))
    assert listed["name"] == grid.name
    again = {"area": grid.id, "reason": "连续偏多"}
    assert refusal(dispatcher.post("/api/listed", json=again)) == (409, "listed_overlaps")


def test_a_run_over_all_types_proposes_what_it_found(world: World, leader: FlaskClient) -> None:
    burst(world.town, burst=60)

    find(leader, types=["theft"])
    assert "还没有提请或挂牌" in leader.get("/leader/listed").text
    assert leader.get("/api/leader/state").json["places"][0]["listed"] is None
    find(leader)
    place = leader.get("/api/leader/state").json["places"][0]
    name = place["name"]
    assert place["listed"]["name"] == name
    assert leader.get(f"/leader/listed/{place['listed']['id']}").status_code == 200
    assert name in leader.get("/leader/listed?state=proposed").text
    find(leader)
    table = csv.DictReader(io.StringIO(leader.get("/api/listed/table.csv").get_data().decode("utf-8-sig")))
    assert [row["name"] for row in table] == [name], "the same place is not proposed again"


def test_who_proposed_is_told_that_another_decides(leader: FlaskClient) -> None:
    listed = propose(leader)

    assert 'data-act="confirm"' not in leader.get(f"/leader/listed/{listed['id']}").text
    assert refusal(step(leader, listed, "confirm", DAY)) == (403, "listed_own_proposal")
    assert step(leader, listed, "withdraw").json["state"] == "withdrawn"


def test_a_change_from_an_old_page_is_refused_and_told(dispatcher: FlaskClient, leader: FlaskClient) -> None:
    listed = propose(dispatcher)
    old = listed["version"]
    step(leader, listed, "confirm", DAY)

    assert refusal(step(leader, listed, "end", version=old)) == (409, "version_conflict")
    without = leader.post(f"/api/listed/{listed['id']}/end", json={"reason": "因为"})
    assert refusal(without) == (428, "version_missing")
    answer = leader.get(f"/api/listed/{listed['id']}")
    assert answer.headers["ETag"] == f'"{listed["version"]}"'
    assert shapely.geometry.shape(answer.json["shape"]).is_valid
    fresh = dict(answer.json)
    assert step(leader, fresh, "end").json["state"] == "ended"
    assert refusal(step(leader, fresh, "end")) == (409, "listed_state_forbids")


#: What makes a proposal of no use, and the refusal.
USELESS = [
    ({"ring": RING[:2]}, "listed_ground_unusable"),
    ({"ring": [RING[0], RING[2], RING[1], RING[3]]}, "listed_ground_unusable"),
    ({"ring": [["x", 1], [2, 3], [4, 5]]}, "listed_ground_unusable"),
    ({"ring": [[1], [2, 3], [4, 5]]}, "listed_ground_unusable"),
    ({"ring": [[120.0, 31], [120.01, 31], [120.01, 31.01]]}, "listed_ground_size"),
    ({"reason": ""}, "listed_reason_missing"),
    ({"reason": ["x"]}, "parameter_unusable"),
    ({"name": "长" * 81}, "listed_name_too_long"),
    ({"hotspot": "1"}, "parameter_unusable"),
    ({"hotspot": 2**70}, "parameter_unusable"),
    ({"area": True}, "parameter_unusable"),
]


def test_proposals_of_no_use_are_refused(dispatcher: FlaskClient) -> None:
    for form, code in USELESS:
        answer = dispatcher.post("/api/listed", json={"ring": RING, "name": "", "reason": "连续偏多"} | form)
        assert refusal(answer) == (422, code), form
    assert "还没有提请或挂牌" in dispatcher.get("/leader/listed?state=all").text


def test_the_list_filters_sorts_and_teaches_the_first_step(
    dispatcher: FlaskClient, leader: FlaskClient
) -> None:
    assert "还没有提请或挂牌" in dispatcher.get("/leader/listed").text
    first = propose(dispatcher)
    beside = [[lon - 0.005, lat] for lon, lat in RING]
    second = propose(dispatcher, ring=beside, name="西街口")
    step(leader, second, "decline")

    def names(query: str) -> list[str]:
        page = leader.get(f"/leader/listed?{query}").text
        return (
            sorted(("东街口", "西街口"), key=page.find)
            if "西街口" in page and "东街口" in page
            else [name for name in ("东街口", "西街口") if name in page]
        )

    assert names("") == ["东街口"]
    assert names("state=declined") == ["西街口"]
    assert names("state=all&sort=-name") == ["西街口", "东街口"]
    assert names("state=all&sort=name") == ["东街口", "西街口"]
    assert leader.get("/leader/listed?state=lost").status_code == 422
    table = csv.DictReader(io.StringIO(leader.get("/api/listed/table.csv").get_data().decode("utf-8-sig")))
    rows = {row["name"]: row for row in table}
    assert (rows["东街口"]["id"], rows["东街口"]["state"]) == (str(first["id"]), "待批")
    assert rows["西街口"]["state"] == "不予挂牌"


def test_the_map_shows_and_names_what_is_open(dispatcher: FlaskClient, leader: FlaskClient) -> None:
    listed = propose(dispatcher)
    tile = tile_address("listed", tile_at(119.013, 30.003, 14))
    here = "/api/here?lon=119.013&lat=30.003&zoom=16&layers=listed"

    content = mapbox_vector_tile.decode(leader.get(tile).data)
    assert [f["properties"] for f in content["listed"]["features"]] == [
        {"id": listed["id"], "state": "proposed"}
    ]
    assert content["listed_labels"]["features"][0]["properties"]["name"] == "东街口"
    found = leader.get(here).json["features"][0]
    assert (found["kind"], found["label"], found["detail"]) == ("listed", "东街口", "待批")
    step(leader, listed, "decline")
    assert leader.get(tile).status_code == 204


def test_nobody_of_another_county_sees_it(world: World, dispatcher: FlaskClient) -> None:
    listed = propose(dispatcher)
    foreign = stranger(world, "leader")

    assert "东街口" not in foreign.get("/leader/listed?state=all").text
    for answer in (foreign.get(f"/api/listed/{listed['id']}"), step(foreign, listed, "decline")):
        assert (answer.status_code, answer.json["code"]) == (404, "listed_unknown")
    assert foreign.get(f"/leader/listed/{listed['id']}").status_code == 404


def add_even_ground(world: World) -> None:
    """Store two years of incidents all over the county; while the place was listed none happened in it."""
    rng = np.random.default_rng(5)
    spots, ages = rng.uniform((119.0, 30.0), (119.02, 30.02), (12_000, 2)), rng.uniform(0, 730, 12_000)
    inside = shapely.contains_xy(shapely.Polygon(RING), spots)
    kept = ~(inside & (ages > 29) & (ages < 101))
    owner = owner_of(world.town.county)
    moment = now()
    with transaction(Scope.everything()) as session:
        session.execute(
            insert(Incident),
            [
                {"type_code": "noise", "source": "resident",
                 "occurred_at": moment - timedelta(days=float(age)),
                 "geom": from_shape(shapely.Point(*spot), srid=4326)} | owner
                for spot, age in zip(spots[kept], ages[kept], strict=True)
            ],
        )  # fmt: skip


def end_long_ago(owner: Engine, listed_id: int) -> None:
    """Let an area be proposed 110 days ago, listed 100 days ago, and end 30 days ago."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE listed_area SET proposed_at = now() - interval '110 days', "
                "selected_from = now() - interval '138 days', selected_to = now() - interval '110 days', "
                "starts_on = CURRENT_DATE - 100, ends_on = CURRENT_DATE - 30 WHERE id = :id"
            ),
            {"id": listed_id},
        )


def evaluate(client: FlaskClient, listed: dict) -> dict:
    started = step(client, listed, "evaluate")
    assert started.status_code == 202, started.text
    execute(int(started.json["id"]))
    told = client.get(f"/api/jobs/{started.json['id']}").json
    assert told["state"] == "done", told
    assert told["result_url"] == f"/leader/listed/evaluated?run={told['id']}"
    assert client.get(told["result_url"]).headers["Location"] == f"/leader/listed/{listed['id']}"
    listed |= client.get(f"/api/listed/{listed['id']}").json
    return told["result"]


def test_an_evaluation_a_look_back_and_a_renewal(
    world: World, dispatcher: FlaskClient, leader: FlaskClient, owner_engine: Engine
) -> None:
    add_even_ground(world)
    listed = propose(dispatcher)
    step(leader, listed, "confirm", DAY)
    assert refusal(step(leader, listed, "evaluate")) == (409, "listed_state_forbids")
    end_long_ago(owner_engine, listed["id"])
    step(leader, listed, "end")
    end_long_ago(owner_engine, listed["id"])
    listed |= leader.get(f"/api/listed/{listed['id']}").json

    assert evaluate(dispatcher, listed)["verdict"] == "fell"
    page = leader.get(f"/leader/listed/{listed['id']}").text
    assert "与同类地点相比，警情/事件少了约" in page
    assert page.index("与同类地点相比，警情/事件少了约") < page.index("对照地点"), "words before figures"
    assert "没有记录" in page, "no patrol plan was published"
    with owner_engine.begin() as connection:
        kept = connection.scalar(text("SELECT evaluation FROM listed_area WHERE state = 'evaluated'"))
    assert (kept["study"], kept["seed"], "noise" in kept["types"]) == (world.town.county.name, SEED, True)
    assert kept["fingerprint"][:8] in page, "the question is told with the answer"
    assert refusal(step(leader, listed, "recheck", {"reason": "保持住了"})) == (409, "listed_recheck_early")

    with owner_engine.begin() as connection:
        connection.execute(text("UPDATE listed_area SET recheck_on = CURRENT_DATE"))
    assert step(dispatcher, listed, "recheck", {"reason": "有所反弹"}).json["state"] == "rechecked"
    assert "有所反弹" in leader.get(f"/leader/listed/{listed['id']}").text
    again = step(leader, listed, "renew", {"reason": "反弹，继续整治"})
    assert (again.status_code, again.json["state"]) == (201, "proposed")
    assert refusal(step(leader, dict(again.json), "confirm", DAY)) == (403, "listed_own_proposal")
    assert leader.get(f"/api/listed/{listed['id']}").json["state"] == "renewed"
    for shown, other in ((listed["id"], again.json["id"]), (again.json["id"], listed["id"])):
        assert f'href="/leader/listed/{other}"' in leader.get(f"/leader/listed/{shown}").text


def test_with_too_few_incidents_the_evaluation_says_so_and_the_life_goes_on(
    dispatcher: FlaskClient, leader: FlaskClient, owner_engine: Engine
) -> None:
    listed = propose(dispatcher)
    step(leader, listed, "confirm", DAY)
    step(leader, listed, "end")
    end_long_ago(owner_engine, listed["id"])
    run = int(step(leader, listed, "evaluate").json["id"])
    assert leader.post(f"/api/jobs/{run}/cancel").json["state"] == "cancelled"
    execute(run)
    assert leader.get(f"/api/listed/{listed['id']}").json["state"] == "ended", "a cancelled run tells nothing"

    assert evaluate(leader, listed)["verdict"] == "too_few"
    assert "数量太少，无法判断" in leader.get(f"/leader/listed/{listed['id']}").text
    with owner_engine.begin() as connection:
        connection.execute(text("UPDATE listed_area SET recheck_on = CURRENT_DATE"))
    step(leader, listed, "recheck")
    assert step(leader, listed, "close").json["state"] == "closed"
    assert "data-act" not in leader.get(f"/leader/listed/{listed['id']}").text


def test_patrol_minutes_are_those_of_published_plans_inside_the_place(
    world: World, dispatcher: FlaskClient
) -> None:
    listed = propose(dispatcher)
    begin = now() - timedelta(days=2)
    owner = owner_of(world.town.county)
    with transaction(Scope.everything()) as session:
        team = Team(
            name="一组", mode="foot", geom=from_shape(shapely.Point(119.013, 30.003), srid=4326), **owner
        )
        run = JobRun(kind="patrols.plan", queue="planning", state="done", scope=[""], **owner)
        session.add_all([team, run])
        session.flush()
        plan = PatrolPlan(run_id=run.id, shift_from=begin, shift_to=begin + timedelta(hours=4), **owner)
        session.add(plan)
        session.flush()
        line = shapely.LineString([(119.010, 30.003), (119.014, 30.003)])
        route = PatrolRoute(
            plan_id=plan.id, team_id=team.id, mode="foot", start_at=begin, end_at=begin + timedelta(hours=4),
            distance_m=385.9, travel_s=600, prize=1, geom=from_shape(line, srid=4326), **owner,
        )  # fmt: skip
        session.add(route)
        session.flush()
        for sequence, lon in enumerate((119.013, 119.010)):
            arrive = begin + timedelta(minutes=30 * sequence)
            session.add(
                PatrolStop(
                    plan_id=plan.id, route_id=route.id, sequence=sequence, kind="place", name="x",
                    prize=1, dwell_s=900,
                    arrive_at=arrive, leave_at=arrive + timedelta(minutes=15),
                    geom=from_shape(shapely.Point(lon, 30.003), srid=4326), **owner,
                )
            )  # fmt: skip
        plan_id = plan.id
    span = (begin - timedelta(days=1), now())

    def minutes() -> float | None:
        with transaction(Scope.everything()) as session:
            return minutes_inside(session, listed["id"], *span)

    assert minutes() is None, "a draft is no patrol"
    with transaction(Scope.everything()) as session:
        session.get_one(PatrolPlan, plan_id).state = "published"
    # A quarter of an hour at the stop inside, and half of the ten minutes' way.
    assert minutes() == pytest.approx(20, abs=0.2)


def test_a_captain_has_no_part_in_it(sign_in) -> None:
    captain = with_token(sign_in("captain"))

    assert captain.get("/leader/listed").status_code == 403
    assert captain.post("/api/listed", json={"ring": RING, "reason": "x"}).status_code == 403
