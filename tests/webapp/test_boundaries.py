"""The boundary staff's room: what is divided, checking, saving and discarding drawn grids."""

import pytest
from flask.testing import FlaskClient
from shapely import box
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select

from core.db import Scope, transaction
from geo.areas.models import Area, AreaDraft
from geo.areas.service import NewArea, create_area
from geo.shapes.partition import flaws
from geo.staff.service import create_account
from tests.webapp.conftest import PASSWORD, World, form_token, sign_in_with

# ::
#
#      119.00   119.01   119.02
# 30.02 ┌─────────────────┐
#       │  北社区 (free)  │
# 30.01 ├────────┬────────┤
#       │ 西网格 │ 东网格 │
# 30.00 └────────┴────────┘
NORTH_WEST = box(119, 30.01, 119.01, 30.02)
NORTH_EAST = box(119.01, 30.01, 119.02, 30.02)


@pytest.fixture
def drawer(sign_in) -> FlaskClient:
    """A boundary editor of the whole county."""
    client = sign_in("boundary")
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def save(client: FlaskClient, ground: BaseGeometry, name: str = "北一网格"):
    return client.post("/api/boundaries/drafts", json={"geometry": mapping(ground), "name": name})


def communities(client: FlaskClient) -> dict[str, dict]:
    return {one["name"]: one for one in client.get("/api/boundaries/overview").json["communities"]}


def test_the_page_opens_with_map_and_drawing_tools(drawer: FlaskClient) -> None:
    page = drawer.get("/boundaries")

    assert page.status_code == 200
    assert "map/draw_polygon.js" in page.text
    assert 'id="patrol_map_main"' in page.text


@pytest.mark.parametrize("role", ["captain", "dispatcher", "leader", "admin", "auditor"])
def test_others_do_not_enter(sign_in, role: str) -> None:
    client = sign_in(role)

    assert client.get("/boundaries").status_code == 403
    assert client.get("/api/boundaries/overview").status_code == 403


def test_the_overview_names_the_community_that_is_not_divided(drawer: FlaskClient) -> None:
    found = communities(drawer)

    assert (found["南社区"]["divided"], found["南社区"]["grid_count"]) == (True, 2)
    assert (found["北社区"]["divided"], found["北社区"]["grid_count"]) == (False, 0)
    assert found["北社区"]["free_m2"] == pytest.approx(found["北社区"]["area_m2"])
    assert found["北社区"]["bbox"] == [119, 30.01, 119.02, 30.02]


def test_drafts_divide_a_community_until_nothing_is_left(drawer: FlaskClient) -> None:
    before = communities(drawer)["北社区"]["free_m2"]
    assert save(drawer, NORTH_WEST).status_code == 201
    half = communities(drawer)["北社区"]
    assert save(drawer, NORTH_EAST, "北二网格").status_code == 201

    assert half["free_m2"] == pytest.approx(before / 2, rel=1e-3)
    assert communities(drawer)["北社区"]["divided"]
    opened = drawer.get(f"/api/boundaries/communities/{half['id']}").json
    assert (opened["free"], opened["overlaps"]) == ([], [])


def test_an_opened_community_shows_its_free_ground(drawer: FlaskClient) -> None:
    save(drawer, NORTH_WEST)
    opened = drawer.get(f"/api/boundaries/communities/{communities(drawer)['北社区']['id']}").json

    (free,) = opened["free"]
    assert shape(free["place"]).equals(NORTH_EAST)
    assert NORTH_EAST.contains(shape({"type": "Point", "coordinates": free["at"]}))
    assert [(part["name"], part["draft"]) for part in opened["parts"]] == [("北一网格", True)]


def test_a_check_tells_community_area_and_clashes_and_stores_nothing(drawer: FlaskClient) -> None:
    ground = box(119, 30.008, 119.01, 30.02)
    answer = drawer.post("/api/boundaries/check", json={"geometry": mapping(ground)}).json

    assert answer["community"]["name"] == "北社区"
    assert answer["number"] == 1
    assert answer["area_m2"] == pytest.approx(1_283_300, rel=1e-3)
    assert [clash["kind"] for clash in answer["clashes"]] == ["outside_parent"]
    with transaction(Scope.everything()) as session:
        assert session.scalar(select(func.count()).select_from(AreaDraft)) == 0


def test_an_overlap_is_refused_with_its_place(drawer: FlaskClient) -> None:
    save(drawer, NORTH_WEST)
    answer = save(drawer, box(119.009, 30.01, 119.02, 30.02), "北二网格")

    assert (answer.status_code, answer.json["code"]) == (409, "drawing_clashes")
    (clash,) = answer.json["fields"]["clashes"]
    assert (clash["kind"], clash["with"]) == ("overlap", "北一网格")
    assert shape(clash["place"]).equals(box(119.009, 30.01, 119.01, 30.02))
    assert [draft["name"] for draft in drawer.get("/api/boundaries/overview").json["drafts"]] == ["北一网格"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"name": "北"}, 422, "drawing_unreadable", id="no drawing"),
        pytest.param({"name": " ", "geometry": mapping(NORTH_WEST)}, 422, "draft_name_unusable", id="name"),
        pytest.param(
            {"name": "x" * 41, "geometry": mapping(NORTH_WEST)}, 422, "draft_name_unusable", id="long name"
        ),
        pytest.param(
            {"name": "北", "geometry": mapping(box(10, 10, 11, 11))}, 404, "drawing_outside", id="outside"
        ),
    ],
)
def test_a_bad_draft_is_refused(drawer: FlaskClient, sent: dict, status: int, code: str) -> None:
    answer = drawer.post("/api/boundaries/drafts", json=sent)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["title"] != answer.json["code"], "the refusal has words"


def test_a_discarded_draft_can_be_saved_again(drawer: FlaskClient) -> None:
    draft = save(drawer, NORTH_WEST).json

    gone = drawer.delete(f"/api/boundaries/drafts/{draft['id']}")
    assert drawer.get("/api/boundaries/overview").json["drafts"] == []
    back = drawer.post("/api/boundaries/drafts", json=gone.json)

    assert back.status_code == 201
    assert (back.json["name"], back.json["code"]) == (draft["name"], draft["code"])
    assert drawer.delete(f"/api/boundaries/drafts/{draft['id']}").status_code == 404


def test_an_editor_of_one_town_neither_sees_nor_draws_in_another(world: World) -> None:
    with transaction(Scope.everything()) as session:
        county = session.get_one(Area, world.town.county.id)
        other = create_area(session, NewArea("town", "990001002", "邻镇"), county)
        create_account(
            session, login="neighbour", name="n", role_code="boundary", area=other, password=PASSWORD
        )
    client = world.app.test_client()
    assert sign_in_with(client, "neighbour", PASSWORD).status_code == 303
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)

    assert communities(client) == {}
    assert client.get(f"/api/boundaries/communities/{world.town.community.id}").status_code == 404
    answer = save(client, NORTH_WEST)
    assert (answer.status_code, answer.json["code"]) == (404, "drawing_outside")


def test_free_ground_and_overlaps_are_found_with_their_places() -> None:
    parent = box(119, 30, 119.03, 30.01)
    west, middle = box(119, 30, 119.011, 30.01), box(119.01, 30, 119.02, 30.01)

    overlap, free = sorted(flaws([west, middle], parent), key=lambda flaw: flaw.size_m2)

    assert (overlap.parts, free.parts) == ((0, 1), ())
    assert overlap.place.equals(box(119.01, 30, 119.011, 30.01))
    assert free.place.equals(box(119.02, 30, 119.03, 30.01))
    assert [flaw.parts for flaw in flaws([], parent)] == [()]
    assert flaws([box(119, 30, 119.02, 30.01), box(119.02, 30, 119.03, 30.01)], parent) == []
