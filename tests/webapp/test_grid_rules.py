"""The page of the rules for grids: who may look, who may change, what is tried before it holds."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient

from tests.webapp.conftest import World, count_statements, stranger, with_token


def english(client: FlaskClient) -> FlaskClient:
    """Return the client, whose person reads English."""
    assert with_token(client).post("/language", data={"locale": "en", "next": "/"}).status_code == 303
    return client


@pytest.fixture
def drawer(sign_in) -> FlaskClient:
    """A boundary editor of the whole county."""
    return english(sign_in("boundary"))


def rules(client: FlaskClient) -> dict:
    return client.get("/api/grid-rules").json


def put(client: FlaskClient, *, seen: int = 0, reason: str = "试用", **changed: object):
    return client.put("/api/grid-rules", json={"rules": changed, "seen": seen, "reason": reason})


def test_the_page_shows_the_defaults(drawer: FlaskClient) -> None:
    page = drawer.get("/boundaries/rules").text

    assert "the defaults, not changed so far" in page
    assert page.count("Default: 500.") == 2
    assert "Default: 6+3+3+3 digits." in page
    assert "Always refused" in page


def test_rules_put_in_force_stand_with_day_author_and_what_changed(drawer: FlaskClient) -> None:
    answer = put(drawer, max_households="400", severity={"area_small": "refuse"}, reason="小区人多")

    assert answer.status_code == 200, answer.text
    found = rules(drawer)
    assert (found["number"], found["rules"]["max_households"], found["by"]) == (1, 400.0, "boundary")
    page = drawer.get("/boundaries/rules").text
    assert re.search(r"no\. 1, in force since \d{4}-\d\d-\d\d \d\d:\d\d, set by boundary", page)
    assert "Most households: 500 → 400" in page
    assert "A small grid: is shown → is refused" in page
    assert "小区人多" in page


def test_a_crossed_pair_is_refused_in_one_sentence_and_the_form_keeps_what_was_typed(
    drawer: FlaskClient,
) -> None:
    answer = put(drawer, min_area_m2="9000", max_area_m2="500")

    assert answer.status_code == 422
    assert answer.json["title"] == "The smallest area (9000 m²) is larger than the largest (500 m²)."
    page = drawer.get("/boundaries/rules?min_area_m2=9000&max_area_m2=500").text
    assert "The smallest area (9000 m²) is larger than the largest (500 m²)." in page
    assert 'value="9000"' in page
    assert 'value="500"' in page
    assert rules(drawer)["number"] == 0


def test_the_field_that_cannot_be_used_is_marked(drawer: FlaskClient) -> None:
    page = drawer.get("/boundaries/rules?max_households=viele").text

    field = re.search(r'<input[^>]*name="max_households"[^>]*>', page)
    assert field
    assert 'aria-invalid="true"' in field[0]
    assert 'value="viele"' in field[0]


def test_how_many_grids_break_new_rules_is_told_before_they_hold(drawer: FlaskClient) -> None:
    address = "max_area_m2=1000000&severity.area_large=refuse"
    answer = drawer.get(f"/api/grid-rules/broken?{address}").json

    assert (answer["grids"], answer["broken"]) == (2, 2)
    assert [(one["kind"], one["count"], one["refuses"]) for one in answer["kinds"]] == [
        ("area_large", 2, True)
    ]
    assert drawer.get("/api/grid-rules/broken").json["broken"] == 0
    page = drawer.get(f"/boundaries/rules?{address}").text
    assert "2 of 2 grids of today break a rule." in page
    assert "These rules are not in force yet" in page


def test_the_list_of_grids_that_break_a_rule_is_filtered_sorted_and_exported(drawer: FlaskClient) -> None:
    address = "max_area_m2=1000000&min_households=2"
    rows = list(
        csv.DictReader(io.StringIO(drawer.get(f"/api/grid-rules/broken.csv?{address}").text.lstrip("\ufeff")))
    )
    assert [(row["Rule"], row["Grid"]) for row in rows] == [
        ("A large grid", "西网格"),
        ("A large grid", "东网格"),
        ("Few households", "西网格"),
        ("Few households", "东网格"),
    ]

    few = drawer.get(f"/api/grid-rules/broken.csv?{address}&kind=households_few&q=东&sort=-grid").text
    assert [row["Grid"] for row in csv.DictReader(io.StringIO(few.lstrip("\ufeff")))] == ["东网格"]
    backwards = drawer.get(f"/api/grid-rules/broken.csv?{address}&kind=area_large&sort=-grid").text
    assert [row["Grid"] for row in csv.DictReader(io.StringIO(backwards.lstrip("\ufeff")))] == [
        "东网格",
        "西网格",
    ]
    assert drawer.get("/boundaries/rules?kind=nonsense").status_code == 422
    assert drawer.get("/boundaries/rules?sort=nonsense").status_code == 422


def test_the_codes_that_a_community_would_get_are_shown(drawer: FlaskClient, world: World) -> None:
    address = f"/boundaries/rules?codes.grid=5&codes.sweep=columns&community={world.town.community.id}"

    page = drawer.get(address).text
    assert "99000100100100001" in page
    assert "99000100100100002" in page
    assert "by this scheme it would have" not in page
    assert "by this scheme it would have 13 digits" in drawer.get(address + "&codes.town=4").text


@pytest.mark.parametrize("role", ["captain", "dispatcher", "leader", "approver"])
def test_everybody_who_works_in_the_county_may_look_and_only_few_may_change(sign_in, role: str) -> None:
    client = english(sign_in(role))

    page = client.get("/boundaries/rules")
    assert page.status_code == 200
    assert "data-save" not in page.text
    assert client.get("/api/grid-rules/consequence?max_households=400").status_code == 403
    assert put(client, max_households="400").status_code == 403


def test_an_administrator_changes_rules_and_finds_them_from_the_settings(sign_in) -> None:
    client = english(sign_in("admin"))

    assert 'href="/boundaries/rules"' in client.get("/admin?view=settings").text
    assert put(client, max_households="400", min_width_m="2.5").status_code == 200
    trail = client.get("/admin?view=audit&action=grid_rules.change").text
    assert "Changed the rules for grids" in trail
    assert "Most households: 500 → 400" in trail
    assert "Smallest width (m): 3 → 2.5" in trail
    assert "试用" in trail


def test_somebody_of_another_county_neither_reads_nor_changes_these_rules(
    drawer: FlaskClient, world: World
) -> None:
    put(drawer, max_households="400")
    outside = stranger(world, "boundary")

    assert rules(outside)["number"] == 0
    assert outside.get(f"/api/grid-rules?county={world.town.county.code}").status_code == 404


def test_only_a_county_has_rules(drawer: FlaskClient, world: World) -> None:
    asked = f"/api/grid-rules?county={world.town.community.code}"

    assert drawer.get(asked).status_code == 404
    given = {"rules": {"max_households": "400"}, "seen": 0}
    assert drawer.put(asked, json=given).status_code == 404
    assert rules(drawer)["number"] == 0


def test_two_who_change_the_rules_at_once_lose_nothing_unseen(drawer: FlaskClient, sign_in) -> None:
    put(drawer, max_households="400")

    late = put(with_token(sign_in("admin")), max_households="300")
    assert (late.status_code, late.json["code"]) == (409, "rules_changed")


def test_the_page_reads_as_much_of_the_database_however_many_grids_there_are(drawer: FlaskClient) -> None:
    assert count_statements(drawer, "/boundaries/rules") <= 16


def test_a_draft_is_numbered_anew_through_the_studio(drawer: FlaskClient, world: World) -> None:
    draft = drawer.post("/api/change-sets", json={"community_id": world.town.community.id}).json
    address = f"/api/change-sets/{draft['id']}"
    split = {
        "kind": "split",
        "grid": 1,
        "lines": [[[119.005, 29.99], [119.005, 30.02]]],
        "versions": {"1": 1, "2": 1},
    }
    assert drawer.post(f"{address}/edits", json=split).status_code == 201

    codes = drawer.get(f"{address}/codes").json["codes"]
    assert [one["after"][-3:] for one in codes] == ["001", "002", "003"]
    done = drawer.post(f"{address}/edits", json={"kind": "renumber"})
    assert done.status_code == 201, done.text
    assert all(one["before"] == one["after"] for one in drawer.get(f"{address}/codes").json["codes"])
    assert drawer.post(f"{address}/undo").status_code in {200, 201}
    assert drawer.get(f"{address}/codes").json["codes"] == codes


def test_an_order_that_is_no_word_is_refused(drawer: FlaskClient) -> None:
    for order in ([], {"rows": 1}):
        assert put(drawer, codes={"sweep": order}).json["code"] == "code_scheme_unusable"


def test_there_are_no_rules_of_a_community(drawer: FlaskClient, world: World) -> None:
    code = world.town.community.code
    assert drawer.get(f"/api/grid-rules?county={code}").status_code == 404
    refused = drawer.put(f"/api/grid-rules?county={code}", json={"rules": {"max_households": 7}, "seen": 0})
    assert (refused.status_code, refused.json["code"]) == (404, "area_unknown")


def test_what_new_rules_would_change_and_break_is_told_before_they_hold(drawer: FlaskClient) -> None:
    address = "/api/grid-rules/consequence?max_area_m2=1000000&severity.area_large=refuse"

    answer = drawer.get(address).json

    assert answer == {
        "changes": ["Largest area (m²): 2,000,000 → 1,000,000", "A large grid: is shown → is refused"],
        "grids": 2,
        "broken": 2,
        "communities": 1,
        "now": 0,
    }
    assert rules(drawer)["number"] == 0
    assert drawer.get("/api/grid-rules/consequence").json["code"] == "nothing_changes"
    crossed = drawer.get("/api/grid-rules/consequence?min_area_m2=9000&max_area_m2=500")
    assert crossed.json["code"] == "grid_areas_crossed"


@pytest.mark.parametrize("reason", ["", " \u3000\n"], ids=["none", "blanks"])
def test_rules_without_a_reason_are_refused(drawer: FlaskClient, reason: str) -> None:
    answer = put(drawer, max_households="400", reason=reason)

    assert (answer.status_code, answer.json["code"]) == (422, "reason_missing")
    assert rules(drawer)["number"] == 0
