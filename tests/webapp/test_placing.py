"""Placing by hand through the API, its list, and the mark on the household card."""

import csv
import io

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


def place(client: FlaskClient, world: World, *, grid: str = "east", reason: str = "同一院落"):
    body = {
        "kind": "dwelling",
        "id": world.town.west_dwelling,
        "grid": getattr(world.town, grid).id,
        "reason": reason,
    }
    return client.post("/api/placements", json=body)


def test_a_thing_says_whose_it_is_where_it_lies_and_to_whom_it_may_be_given(
    drawer: FlaskClient, world: World
) -> None:
    thing = drawer.get(f"/api/placements/dwelling/{world.town.west_dwelling}").json

    assert (thing["label"], thing["owner"]["name"], thing["by_ground"]["name"]) == (
        "西网格1号",
        "西网格",
        "西网格",
    )
    assert [grid["name"] for grid in thing["grids"]] == ["西网格", "东网格"]
    assert thing["placement"] is None


def test_placed_and_taken_back_with_mark_and_reason(drawer: FlaskClient, world: World) -> None:
    answer = place(drawer, world)
    assert answer.status_code == 201, answer.text
    assert answer.json["owner"]["name"] == "东网格"
    held = answer.json["placement"]
    assert (held["by"], held["reason"], held["grid"]) == ("boundary", "同一院落", "东网格")

    back = drawer.post(f"/api/placements/{held['id']}/undo")
    assert (back.json["owner"]["name"], back.json["placement"]) == ("西网格", None)
    assert drawer.post(f"/api/placements/{held['id']}/undo").status_code == 409


def test_the_captain_sees_on_the_card_who_placed_it_and_why(
    drawer: FlaskClient, world: World, sign_in
) -> None:
    place(drawer, world, grid="west")

    card = sign_in("captain").get(f"/api/captain/dwellings/{world.town.west_dwelling}").json
    assert (card["placed"]["by"], card["placed"]["reason"]) == ("boundary", "同一院落")


def test_the_list_is_filtered_sorted_linked_and_exported(drawer: FlaskClient, world: World) -> None:
    held = place(drawer, world).json["placement"]
    drawer.post(f"/api/placements/{held['id']}/undo")
    place(drawer, world, reason="就近走访")

    page = drawer.get("/boundaries/placed").text
    assert "就近走访" in page
    assert "同一院落" not in page
    assert "同一院落" in drawer.get("/boundaries/placed?state=ended").text
    assert (
        "就近走访" in drawer.get(f"/boundaries/placed?area={world.town.community.id}&q=就近&sort=grid").text
    )
    assert "就近走访" not in drawer.get("/boundaries/placed?kind=camera").text
    rows = list(
        csv.reader(io.StringIO(drawer.get("/api/placements.csv?state=all&sort=when").text.lstrip("\ufeff")))
    )
    assert [row[6] for row in rows] == ["Why", "同一院落", "就近走访"]
    assert rows[1][8] == "taken back"
    for address in ("/boundaries/placed?state=x", "/boundaries/placed?kind=x", "/boundaries/placed?sort=x"):
        assert drawer.get(address).status_code == 422


@pytest.mark.parametrize("role", ["captain", "dispatcher", "leader", "approver", "admin"])
def test_only_boundary_staff_place_by_hand(sign_in, world: World, role: str) -> None:
    assert place(with_token(sign_in(role)), world).status_code == 403


def test_what_lies_in_another_county_does_not_exist(drawer: FlaskClient, world: World) -> None:
    held = place(drawer, world).json["placement"]
    outside = stranger(world, "boundary")

    assert outside.get(f"/api/placements/dwelling/{world.town.west_dwelling}").status_code == 404
    assert place(outside, world).status_code == 404
    assert outside.post(f"/api/placements/{held['id']}/undo").status_code == 404
    assert outside.get(f"/boundaries/placed?area={world.town.community.id}").status_code == 404
    assert "同一院落" not in outside.get("/boundaries/placed").text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "person", "id": 1, "grid": 1, "reason": "x"},
        {"kind": "dwelling", "id": "1", "grid": 1, "reason": "x"},
        {"kind": "dwelling", "id": True, "grid": 1, "reason": "x"},
        {"kind": "dwelling; DROP TABLE area", "id": 1, "grid": 1, "reason": "x"},
    ],
    ids=str,
)
def test_nonsense_is_refused(drawer: FlaskClient, body: dict) -> None:
    assert drawer.post("/api/placements", json=body).status_code == 422


def test_the_list_asks_the_database_as_often_for_many_as_for_one(drawer: FlaskClient, world: World) -> None:
    before = count_statements(drawer, "/boundaries/placed?state=all")
    for number in range(3):
        place(drawer, world, grid="west" if number % 2 else "east", reason=f"第{number}次")

    assert count_statements(drawer, "/boundaries/placed?state=all") == before
