"""The leader's room: the sentence, the places and charts behind it, exports, and nobody else's runs."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from pypdf import PdfReader
from sqlalchemy import text

from core.clock import now
from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from incidents.models import Incident
from tests.small_town import SmallTown
from tests.webapp.conftest import World, stranger, with_token
from webapp.house.translations import compile_catalogues
from webapp.i18n import translations

HOT = (119.0152, 30.0048)


@pytest.fixture
def leader(sign_in) -> FlaskClient:
    """The leader of the county."""
    return with_token(sign_in("leader"))


def add_incidents(town: SmallTown, *, burst: int, even: int = 1500, end: datetime | None = None) -> None:
    """Store `even` incidents over two years and the town, and `burst` in its last weeks around `HOT`."""
    rng = np.random.default_rng(3)
    end = end or now() - timedelta(hours=1)
    everywhere = rng.uniform((119.0005, 30.0005), (119.0195, 30.0095), (even, 2))
    places = np.vstack([everywhere, rng.normal(HOT, 0.0004, (burst, 2))])
    ages_days = [*rng.uniform(0, 750, even), *rng.uniform(0.5, 26, burst)]
    owner = {"county_id": town.county.id, "area_id": town.east.id, "area_path": town.east.path}
    with transaction(Scope.everything()) as session:
        session.add_all(
            Incident(
                type_code="e_scooter_theft",
                source="resident",
                occurred_at=end - timedelta(days=float(age)),
                geom=from_shape(shapely.Point(*place), srid=4326),
                **owner,
            )
            for place, age in zip(places, ages_days, strict=True)
        )


def find(client: FlaskClient, **question: object) -> int:
    started = client.post("/api/leader/runs", json={"days": 28} | question)
    assert started.status_code == 202, started.text
    execute(int(started.json["id"]))
    return int(started.json["id"])


def test_before_the_first_run_the_page_says_so(leader: FlaskClient) -> None:
    assert leader.get("/leader").status_code == 200
    answer = leader.get("/api/leader/state").json

    assert (answer["run"], answer["places"], answer["runs"]) == (None, [], [])
    assert answer["sentence"]
    charts = leader.get("/api/leader/charts")
    assert (charts.status_code, charts.json["code"]) == (404, "hotspot_run_unknown")


def test_without_incidents_the_run_ends_in_words(leader: FlaskClient) -> None:
    run_id = find(leader)

    told = leader.get(f"/api/jobs/{run_id}").json

    assert (told["state"], told["error"]["code"]) == ("failed", "no_incidents")
    assert "试验县" in told["message"]
    assert leader.get("/api/leader/state").json["run"] is None


def test_a_burst_is_one_place_with_a_name_a_number_and_a_sentence(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)

    run_id = find(leader)
    answer = leader.get("/api/leader/state").json

    assert answer["run"]["id"] == run_id
    first = answer["places"][0]
    west, south, east, north = first["bbox"]
    assert west < HOT[0] < east
    assert south < HOT[1] < north
    assert first["observed"] > 2 * first["expected"]
    assert first["ratio_low"] < first["ratio"] < first["ratio_high"]
    assert first["name"] in answer["sentence"]
    assert "试验县" in answer["sentence"]
    assert shapely.geometry.shape(first["shape"]).is_valid


def look_back_a_week(run_id: int) -> None:
    """Let a run have looked at days that ended a week earlier."""
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        window = {
            name: (datetime.fromisoformat(moment) - timedelta(days=7)).isoformat()
            for name, moment in run.result["window"].items()
        }
        run.result = run.result | {"window": window}


def test_a_place_is_new_unless_it_stood_out_in_the_run_before(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    first_run = find(leader)
    first = leader.get("/api/leader/state").json
    assert [place["is_new"] for place in first["places"]] == [None] * len(first["places"])
    assert first["before"] is None

    # A second look on the same day is no news.
    find(leader)
    assert leader.get("/api/leader/state").json["before"] is None
    look_back_a_week(first_run)
    again = leader.get("/api/leader/state").json
    assert again["before"]["id"] == first_run
    assert not any(place["is_new"] for place in again["places"])
    assert again["sentence"].startswith(first["sentence"])
    assert again["sentence"] != first["sentence"]

    # Another question is no earlier look at this one.
    find(leader, days=90)
    assert leader.get("/api/leader/state").json["before"] is None


@pytest.mark.parametrize("burst", [pytest.param(60, id="one place"), pytest.param(0, id="no place")])
def test_a_register_that_ended_long_ago_is_not_told_as_the_last_days(
    leader: FlaskClient, world: World, burst: int
) -> None:
    add_incidents(world.town, burst=burst, end=datetime(2017, 12, 31, 12, tzinfo=UTC))

    find(leader)
    sentence = leader.get("/api/leader/state").json["sentence"]

    # The newest of the incidents is some hours old at the end.
    assert sentence.startswith(("截至 2017-12-31 的 28 天，", "截至 2017-12-30 的 28 天，"))
    leader.post("/language", data={"locale": "en"})
    assert leader.get("/api/leader/state").json["sentence"].startswith("In the 28 days to 2017-12-3")


def test_an_even_town_has_no_hotspot_and_hears_it(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=0)
    before = leader.get("/api/leader/state").json["sentence"]

    find(leader)
    answer = leader.get("/api/leader/state").json

    assert answer["places"] == []
    assert answer["run"]["outcome"] != "too_few"
    assert answer["sentence"] != before
    assert str(answer["run"]["result"]["incidents"]["recent"]) in answer["sentence"]


def test_charts_count_the_place_within_the_town(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    place = leader.get("/api/leader/state").json["places"][0]

    whole = leader.get(f"/api/leader/charts?run={run_id}").json
    part = leader.get(f"/api/leader/charts?run={run_id}&hotspot={place['id']}").json

    recent = {week["ago"]: week["n"] for week in part["weeks"]}
    assert sum(n for ago, n in recent.items() if ago < 4) == place["observed"]
    assert sum(whole["hours"]) == sum(kind["n"] for kind in whole["types"])
    assert sum(week["n"] for week in whole["weeks"]) > sum(recent.values())


def test_the_question_is_checked(leader: FlaskClient) -> None:
    for question in ({"days": 5}, {"days": "28"}, {"types": "theft"}, {"types": [1]}):
        answer = leader.post("/api/leader/runs", json=question)
        assert (answer.status_code, answer.json["code"]) == (422, "hotspot_question_unusable"), question
        assert answer.content_type == "application/problem+json"
    with transaction(Scope.everything()) as session:
        assert session.query(JobRun).count() == 0


def test_an_unknown_type_of_incident_ends_in_words(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=0, even=10)

    told = leader.get(f"/api/jobs/{find(leader, types=['petition'])}").json

    assert (told["state"], told["error"]["code"]) == ("failed", "incident_type_unknown")
    assert "petition" in told["message"]


def test_files_hold_the_places_of_the_run(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    places = leader.get("/api/leader/state").json["places"]

    answer = leader.get(f"/api/leader/hotspots.csv?run={run_id}")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    shapes = leader.get(f"/api/leader/hotspots.geojson?run={run_id}")

    assert [row["name"] for row in rows] == [place["name"] for place in places]
    assert len(shapes.get_json(force=True)["features"]) == len(places)


def test_another_countys_run_does_not_exist(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    foreign = stranger(world, "leader")

    assert foreign.get("/api/leader/state").json["run"] is None
    for address in ("state", "charts", "hotspots.csv", "hotspots.geojson", "hotspots.gpkg"):
        answer = foreign.get(f"/api/leader/{address}?run={run_id}")
        assert (answer.status_code, answer.json["code"]) == (404, "hotspot_run_unknown"), address


def test_a_captain_has_no_leaders_room(sign_in) -> None:
    captain = with_token(sign_in("captain"))

    assert captain.get("/leader").status_code == 403
    assert captain.post("/api/leader/runs", json={"days": 28}).status_code == 403


def test_a_dispatcher_reads_but_does_not_start_a_run(sign_in) -> None:
    dispatcher = with_token(sign_in("dispatcher"))

    assert "data-find-form" not in dispatcher.get("/leader").text
    answer = dispatcher.post("/api/leader/runs", json={"days": 28})
    assert (answer.status_code, answer.json["fields"]["permission"]) == (403, "hotspot.run")


def test_two_runs_are_compared_by_the_ground_their_places_share(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    first, second = find(leader), find(leader)
    (place,) = leader.get("/api/leader/state").json["places"]

    same = leader.get(f"/api/leader/compare?run={second}&other={first}").json
    assert [(one["id"], one["fate"]) for one in same["places"]] == [(place["id"], "stayed")]
    assert "1" in same["sentence"]
    with transaction(Scope.everything()) as session:
        session.execute(
            text("UPDATE hotspot SET geom = ST_Translate(geom, 0.02, 0) WHERE run_id = :run"), {"run": first}
        )
    moved = leader.get(f"/api/leader/compare?run={second}&other={first}").json
    assert [one["fate"] for one in moved["places"]] == ["new", "gone"]
    assert leader.get(f"/api/leader/compare?run={second}&other={second}").status_code == 422
    foreign = stranger(world, "leader")
    assert foreign.get(f"/api/leader/compare?run={second}&other={first}").status_code == 404


def test_an_answer_taken_over_is_shown_as_the_earlier_run(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    first, again = find(leader), find(leader)
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, again)
        run.result = session.get_one(JobRun, first).result | {"same_as": first}

    answer = leader.get("/api/leader/state").json

    assert answer["run"]["id"] == first
    assert [run["id"] for run in answer["runs"]] == [first]
    assert leader.get(f"/api/leader/state?run={again}").json["run"]["id"] == first


def test_the_geopackage_opens_with_the_places(leader: FlaskClient, world: World, tmp_path: Path) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    places = leader.get("/api/leader/state").json["places"]

    answer = leader.get(f"/api/leader/hotspots.gpkg?run={run_id}")
    file = tmp_path / "places.gpkg"
    file.write_bytes(answer.get_data())
    meta, _, shapes, columns = pyogrio.raw.read(file, layer="hotspots")

    assert meta["crs"] == "EPSG:4326"
    assert list(columns[list(meta["fields"]).index("name")]) == [place["name"] for place in places]
    assert shapely.from_wkb(shapes[0]).equals(shapely.geometry.shape(places[0]["shape"]))


@pytest.mark.parametrize(
    ("locale", "words"), [("zh", ("结论", "检验时段", "常态")), ("en", ("The answer", "Tested:", "Usual"))]
)
def test_the_report_says_the_answer_and_every_place(
    leader: FlaskClient, world: World, locale: str, words: tuple[str, ...]
) -> None:
    compile_catalogues()
    translations.cache_clear()
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    leader.post("/language", data={"locale": locale})
    state = leader.get("/api/leader/state").json

    asked = leader.post(f"/api/leader/runs/{run_id}/report", json={})
    execute(int(asked.json["id"]))
    job = leader.get(f"/api/jobs/{asked.json['id']}").json
    answer = leader.get(job["result_url"])
    said = [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(answer.data)).pages]

    assert (asked.status_code, answer.status_code, len(said)) == (202, 200, 2)
    assert job["result_is_file"]
    for word in (*words, state["sentence"], *(place["name"] for place in state["places"])):
        assert re.sub(r"\s", "", word) in "".join(said), word
    place = state["places"][0]
    assert f"{place['ratio']:.1f}({place['ratio_low']:.1f}–{place['ratio_high']:.1f})" in said[1]
    assert stranger(world, "leader").get(f"/documents/{asked.json['id']}").status_code == 404


def report_pages(leader: FlaskClient, run_id: int) -> list[str]:
    """Return the text of each page of a run's report, without white space."""
    asked = leader.post(f"/api/leader/runs/{run_id}/report", json={})
    execute(int(asked.json["id"]))
    answer = leader.get(leader.get(f"/api/jobs/{asked.json['id']}").json["result_url"])
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(answer.data)).pages]


def test_the_report_tells_the_false_discovery_rate_that_was_asked_for(
    leader: FlaskClient, world: World
) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        run.result = run.result | {"params": run.result["params"] | {"q": 0.1}}
    leader.post("/language", data={"locale": "en"})

    assert "atmost10in100" in report_pages(leader, run_id)[-1]


@pytest.mark.parametrize(
    ("even", "is_tested"), [pytest.param(1500, True, id="none"), pytest.param(10, False, id="too few")]
)
def test_a_run_without_places_is_one_page(
    leader: FlaskClient, world: World, even: int, *, is_tested: bool
) -> None:
    add_incidents(world.town, burst=0, even=even)
    run_id = find(leader)
    leader.post("/language", data={"locale": "en"})

    pages = report_pages(leader, run_id)

    assert len(pages) == 1
    assert ("Noplacestoodout." in pages[0]) is is_tested
    assert re.sub(r"\s", "", leader.get("/api/leader/state").json["sentence"]) in pages[0]


def test_nobody_prints_another_countys_run(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)

    answer = stranger(world, "leader").post(f"/api/leader/runs/{run_id}/report", json={})

    assert (answer.status_code, answer.json["code"]) == (404, "hotspot_run_unknown")
