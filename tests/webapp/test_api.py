"""Search, what is here, areas, jobs: what readers get and what stays hidden from them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text

import core.jobs
from core.audit import AuditEvent
from core.db import Scope, transaction
from core.jobs import job, request
from core.models import JobRun
from geo.areas.queries import area_by_id
from tests.webapp.conftest import World, form_token
from tests.webapp.test_tiles import furnished, owner_of, point

__all__ = ["furnished"]
SignIn = Callable[..., FlaskClient]


def found(client: FlaskClient, words: str) -> list[tuple[str, str]]:
    answer = client.get("/api/search", query_string={"q": words})
    assert answer.status_code == 200, answer.text
    return [(result["kind"], result["label"]) for result in answer.json["results"]]


def test_search_finds_areas_streets_places_and_dwellings(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    assert ("grid", "西网格") in found(client, "西网")
    assert found(client, "990001001001001")[0] == ("grid", "西网格")
    assert found(client, "解放") == [("road", "解放街")]
    assert found(client, "小学") == [("place", "第一小学")]
    assert ("dwelling", "西网格1号") in found(client, "西网格1号")


def test_search_shows_a_captain_no_dwelling_of_another_grid(furnished: World, sign_in: SignIn) -> None:
    assert ("dwelling", "东网格1号") in found(sign_in("leader"), "网格1号")
    assert found(sign_in("captain"), "网格1号") == [("dwelling", "西网格1号")]


def test_search_without_the_right_to_dwellings_leaves_them_out(
    furnished: World, sign_in: SignIn, owner_engine: Engine
) -> None:
    with owner_engine.begin() as owner:
        owner.execute(text("DELETE FROM role_permission WHERE permission = 'dwelling.map'"))

    assert found(sign_in("leader"), "网格1号") == []


@pytest.mark.parametrize(
    "words", ["", "   ", "%", "_", "\\", "'; DROP TABLE area; --", "\0", "王小明", "x" * 500]
)
def test_search_takes_any_words_and_never_names_of_persons(
    furnished: World, sign_in: SignIn, words: str
) -> None:
    assert found(sign_in("leader"), words) == []


def test_search_results_can_be_gone_to(furnished: World, sign_in: SignIn) -> None:
    [street] = sign_in("leader").get("/api/search?q=解放街").json["results"]

    assert street["bbox"] == [119.001, 30.005, 119.019, 30.005]
    assert (round(street["lon"], 3), round(street["lat"], 3)) == (119.01, 30.005)


def here(client: FlaskClient, lon: float, lat: float, **more: object) -> dict:
    answer = client.get("/api/here", query_string={"lon": lon, "lat": lat, "zoom": 17, **more})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_press_names_what_lies_there_and_who_owns_the_ground(furnished: World, sign_in: SignIn) -> None:
    told = here(sign_in("leader"), 119.00501, 30.005)

    assert [feature["kind"] for feature in told["features"]] == ["dwelling", "area"]
    assert told["features"][0]["label"] == "西网格1号"
    assert [owner["name"] for owner in told["owners"]] == ["试验县", "试验镇", "南社区", "西网格"]


@pytest.mark.parametrize(
    ("zoom", "metres_away", "hit"),
    [
        pytest.param(17, 20, True, id="within-a-finger"),
        pytest.param(17, 26, False, id="beyond-a-finger"),
        pytest.param(15, 80, True, id="farther-out-a-finger-covers-more"),
        pytest.param(19, 8, False, id="nearer-it-covers-less"),
    ],
)
def test_a_finger_covers_metres_on_the_ground_in_every_direction(
    furnished: World, sign_in: SignIn, zoom: int, metres_away: float, hit: bool
) -> None:
    # At latitude 30 a degree of longitude is 96.4 km, one of latitude 110.9 km.
    client = sign_in("leader")
    for lon, lat in ((119.005 + metres_away / 96_400, 30.005), (119.005, 30.005 + metres_away / 110_900)):
        kinds = [f["kind"] for f in here(client, lon, lat, zoom=zoom, layers="dwellings")["features"]]
        assert ("dwelling" in kinds) is hit


def test_a_press_asks_only_the_layers_that_are_shown_and_permitted(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("captain")

    assert [f["kind"] for f in here(client, 119.006, 30.005, layers="cameras")["features"]] == [
        "camera",
        "area",
    ]
    assert [f["kind"] for f in here(client, 119.006, 30.005, layers="hotspots")["features"]] == ["area"]
    assert [f["kind"] for f in here(client, 119.015, 30.005)["features"]] == ["area"], "not the own grid"


@pytest.mark.parametrize(
    "query", ["lon=abc&lat=30", "lon=1e400&lat=30", "lon=nan&lat=30", "lat=30", "lon=119&lat=89"]
)
def test_an_unusable_point_is_refused_by_name(world: World, sign_in: SignIn, query: str) -> None:
    answer = sign_in("leader").get(f"/api/here?{query}")

    assert (answer.status_code, answer.json["code"]) == (422, "parameter_unusable")


def test_the_area_tree_marks_the_own_part(world: World, sign_in: SignIn) -> None:
    areas = sign_in("captain").get("/api/areas/tree").json["areas"]

    seen = set()
    for area in areas:
        assert area["parent_id"] is None or area["parent_id"] in seen, "parents come first"
        seen.add(area["id"])
    assert [area["name"] for area in areas if area["own"]] == ["西网格"]


def test_boundaries_to_snap_to_keep_every_stored_digit(world: World, sign_in: SignIn) -> None:
    answer = sign_in("boundary").get("/api/areas/boundaries?bbox=119.001,30.001,119.002,30.002&levels=grid")

    [feature] = answer.json["features"]
    assert feature["properties"]["name"] == "西网格"
    assert [119.01, 30.01] in feature["geometry"]["coordinates"][0][0]
    assert answer.json["truncated"] is False


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "119,31,119,30", "nan,0,1,1"])
def test_an_unusable_box_is_refused(world: World, sign_in: SignIn, bbox: str) -> None:
    answer = sign_in("boundary").get("/api/areas/boundaries", query_string={"bbox": bbox})

    assert (answer.status_code, answer.json["code"]) == (422, "parameter_unusable")


def test_layer_versions_rise_with_the_data(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    before = client.get("/api/layers").json["layers"]
    with transaction(Scope.everything()) as session:
        from cameras.models import Camera

        session.add(Camera(name="新", geom=point(119.001, 30.001), **owner_of(furnished.town.west)))
    after = client.get("/api/layers").json["layers"]

    assert before["cameras"] != after["cameras"]
    assert {name: version for name, version in before.items() if "camera" not in name} == {
        name: version for name, version in after.items() if "camera" not in name
    }
    assert "drafts" not in before


@pytest.fixture
def kind() -> str:
    name = "test.wait"
    if name not in core.jobs.registered_kinds():
        job(name)(lambda run: None)
    return name


def asked_by(world: World, role: str, kind: str, place: str = "county") -> int:
    area_path = getattr(world.town, place).path
    with transaction(Scope((area_path,)), actor_id=world.accounts[role]) as session:
        area = area_by_id(session, getattr(world.town, place).id)
        return request(session, kind=kind, queue="analysis", owner=area, params={}).id


def test_the_tray_shows_jobs_in_scope_with_words(world: World, sign_in: SignIn, kind: str) -> None:
    run_id = asked_by(world, "leader", kind)
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        run.state, run.error = "failed", {"code": "job_worker_lost", "attempts": 3}

    [shown] = sign_in("leader").get("/api/jobs").json["jobs"]

    assert (shown["id"], shown["state"]) == (str(run_id), "failed")
    assert shown["message"].startswith("执行任务的机器多次中断。")
    assert sign_in("captain").get("/api/jobs").json["jobs"] == []
    assert sign_in("captain").get(f"/api/jobs/{run_id}").status_code == 404


def test_one_cancels_the_own_job_and_others_only_with_the_right(
    world: World, sign_in: SignIn, kind: str
) -> None:
    run_id = asked_by(world, "leader", kind)
    boundary, leader = sign_in("boundary"), sign_in("leader")

    refused = boundary.post(f"/api/jobs/{run_id}/cancel", headers={"X-CSRFToken": form_token(boundary)})
    accepted = leader.post(f"/api/jobs/{run_id}/cancel", headers={"X-CSRFToken": form_token(leader)})
    again = leader.post(f"/api/jobs/{run_id}/cancel", headers={"X-CSRFToken": form_token(leader)})

    assert (refused.status_code, refused.json["code"]) == (403, "permission_missing")
    assert (accepted.status_code, accepted.json["state"]) == (202, "cancelled")
    assert (again.status_code, again.json["code"]) == (409, "job_finished")
    with transaction(Scope.everything()) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "job.cancel")).one()
        assert (event.actor_id, event.subject_id) == (world.accounts["leader"], run_id)
