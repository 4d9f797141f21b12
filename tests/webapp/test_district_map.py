"""Patrol districts on the map: in tiles and under the finger, inside the reader's scope, by role."""

import re
from collections.abc import Callable

import mapbox_vector_tile
import pytest
from flask.testing import FlaskClient
from shapely import box
from sqlalchemy import text

from core.clock import today
from core.db import Scope, transaction
from core.intake.report import ImportReport
from geo.areas.feature import Feature
from geo.areas.queries import area_by_id
from patrols.districts.intake import DistrictOptions, store_districts
from tests.webapp.conftest import World, stranger
from tests.webapp.test_tiles import address, features, tile_at

SignIn = Callable[..., FlaskClient]
NEAR = tile_at(119.01, 30.005, 13)
HERE = "/api/here?lon=119.003&lat=30.005&zoom=16&layers=districts"


@pytest.fixture
def patrolled(world: World) -> World:
    """The small town in two districts: one along the west grid's first third, one over the rest."""
    records = [
        Feature(1, "XQ01", "桥西巡区", {"force": "专职队"}, box(119, 30, 119.004, 30.02), {}),
        Feature(2, "XQ02", "桥东巡区", {"force": ""}, box(119.004, 30, 119.02, 30.02), {}),
    ]
    with transaction(Scope.everything()) as session:
        store_districts(
            session, records, area_by_id(session, world.town.county.id),
            report=ImportReport("districts", "test"), options=DistrictOptions(force_kind="full_time"),
        )  # fmt: skip
    return world


def test_tiles_carry_the_outline_and_a_label_of_each_district(patrolled: World, sign_in: SignIn) -> None:
    found = features(sign_in("dispatcher"), "districts", NEAR)

    names = [("XQ01", "桥西巡区"), ("XQ02", "桥东巡区")]
    assert sorted((one["code"], one["name"]) for one in found["districts"]) == names
    assert all(set(one) == {"id", "code", "name"} for one in found["districts"])
    assert {one["code"] for one in found["district_labels"]} <= {"XQ01", "XQ02"}


def test_near_by_every_tile_inside_a_district_names_it(patrolled: World, sign_in: SignIn) -> None:
    # Two tiles far apart in the wide district, and the stored label lies in one of them at most.
    for lon in (119.006, 119.018):
        found = features(sign_in("dispatcher"), "districts", tile_at(lon, 30.005, 17))
        assert [one["code"] for one in found["district_labels"]] == ["XQ02"]


def test_the_layer_is_offered_where_there_are_districts_only(world: World, sign_in: SignIn) -> None:
    assert "/tiles/districts/" not in sign_in("dispatcher").get("/dispatch").text


def test_the_layer_is_offered_with_districts(patrolled: World, sign_in: SignIn) -> None:
    assert "/tiles/districts/" in sign_in("dispatcher").get("/dispatch").text


def test_districts_that_meet_share_their_border_in_the_tile(patrolled: World, sign_in: SignIn) -> None:
    answer = sign_in("dispatcher").get(address("districts", tile_at(119.01, 30.005, 12)))
    shapes = [
        one["geometry"]["coordinates"][0]
        for one in mapbox_vector_tile.decode(answer.data)["districts"]["features"]
    ]
    first, second = ({tuple(corner) for corner in ring} for ring in shapes)

    assert len(first & second) == 2


def test_far_off_districts_are_left_out(patrolled: World, sign_in: SignIn) -> None:
    assert features(sign_in("dispatcher"), "districts", tile_at(119.01, 30.005, 7)) == {}


def test_a_reader_of_another_county_gets_none(patrolled: World) -> None:
    outsider = stranger(patrolled, "dispatcher")

    assert features(outsider, "districts", NEAR) == {}
    assert outsider.get(HERE).json["features"] == []


def test_an_ended_district_leaves_the_map(patrolled: World, sign_in: SignIn) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(
            text("UPDATE patrol_district SET valid_to = :today WHERE code = 'XQ01'"), {"today": today()}
        )

    found = features(sign_in("dispatcher"), "districts", NEAR)
    assert [one["code"] for one in found["districts"]] == ["XQ02"]


def test_what_is_here_names_the_district_and_its_force(patrolled: World, sign_in: SignIn) -> None:
    (district, _owner) = sign_in("dispatcher").get(HERE).json["features"]

    assert (district["kind"], district["label"], district["force"]) == ("district", "桥西巡区", "专职队")
    assert "XQ01" in district["detail"]
    assert district["geometry"]["type"] == "MultiPolygon"


@pytest.mark.parametrize(
    ("role", "page", "visible"),
    [
        ("dispatcher", "/dispatch", "true"),
        ("leader", "/leader", "false"),
        ("boundary", "/boundaries", "false"),
    ],
)
def test_the_layer_is_on_for_the_dispatcher_and_offered_to_others(
    patrolled: World, sign_in: SignIn, role: str, page: str, visible: str
) -> None:
    html = sign_in(role).get(page).text

    assert re.findall(r'"layer": "districts".*?"visible": (true|false)', html) == [visible]
