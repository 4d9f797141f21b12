"""The captain's room: today's list, the household card, visits that are stored once, and its log."""

import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.audit import AuditEvent
from core.clock import today
from core.db import Scope, transaction
from geo.boundaries.placement import place_by_hand
from geo.households.models import Dwelling, Visit
from tests.small_town import add_dwelling
from tests.webapp.conftest import World, count_statements, form_token


@pytest.fixture
def captain(sign_in) -> FlaskClient:
    """The captain of the western grid."""
    client = sign_in("captain")
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def events(action: str) -> list[AuditEvent]:
    with transaction(Scope.everything()) as session:
        found = session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all()
        session.expunge_all()
        return list(found)


def seen(dwelling_id: int, days_ago: int | None) -> None:
    with transaction(Scope.everything()) as session:
        dwelling = session.get_one(Dwelling, dwelling_id)
        dwelling.last_visit_on = None if days_ago is None else today() - timedelta(days=days_ago)


def test_the_page_opens_with_map_and_panel_and_holds_no_household(captain: FlaskClient) -> None:
    page = captain.get("/captain")

    assert page.status_code == 200
    assert 'id="patrol_map_main"' in page.text
    assert "data-today" in page.text
    assert "王" not in page.text


@pytest.mark.parametrize("role", ["dispatcher", "leader", "boundary", "admin", "auditor"])
def test_others_do_not_enter(sign_in, world: World, role: str) -> None:
    client = sign_in(role)

    assert client.get("/captain").status_code == 403
    assert client.get("/api/captain/today").status_code == 403
    assert client.get(f"/api/captain/dwellings/{world.town.west_dwelling}").status_code == 403


def test_today_counts_and_lists_the_own_grid_only(captain: FlaskClient, world: World) -> None:
    answer = captain.get("/api/captain/today").json

    assert answer["tally"] == {"total": 1, "fresh": 0, "due": 0, "overdue": 1}
    assert [item["id"] for item in answer["items"]] == [world.town.west_dwelling]
    assert answer["items"][0]["head"] == "王**"
    assert answer["origin"] == "area"
    assert not answer["more"]


def test_today_starts_from_where_the_captain_stands(captain: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        far, _ = add_dwelling(session, world.town.west, 119.009, 30.009, head="周")

    near = captain.get("/api/captain/today?lon=119.009&lat=30.0088").json
    abroad = captain.get("/api/captain/today?lon=2.35&lat=48.85").json

    assert near["origin"] == "here"
    assert [item["id"] for item in near["items"]] == [far, world.town.west_dwelling]
    assert near["items"][0]["distance_m"] < near["items"][1]["distance_m"]
    assert abroad["origin"] == "area", "from abroad every household is equally far"


def test_the_list_goes_on_page_by_page(captain: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        for number in range(35):
            add_dwelling(session, world.town.west, 119.001 + number / 10_000, 30.002, head="周")

    first = captain.get("/api/captain/today").json
    second = captain.get(f"/api/captain/today?offset={len(first['items'])}").json

    assert (len(first["items"]), first["more"]) == (30, True)
    assert (len(second["items"]), second["more"]) == (6, False)
    assert len({item["id"] for item in first["items"] + second["items"]}) == 36


def test_the_list_and_its_file_are_sorted_as_asked(captain: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        near, _ = add_dwelling(session, world.town.west, 119.0045, 30.005, head="周")
        far, _ = add_dwelling(session, world.town.west, 119.009, 30.009, head="吴")
        session.get_one(Dwelling, near).address = "乙路2号"
        session.get_one(Dwelling, far).address = "丙路1号"
    seen(world.town.west_dwelling, None)
    seen(near, 200)
    seen(far, 300)
    here = "lon=119.0045&lat=30.005"

    def listed(sort: str) -> list[int]:
        answer = captain.get(f"/api/captain/today?{here}&sort={sort}").json
        assert answer["sort"] == sort
        return [item["id"] for item in answer["items"]]

    def filed(sort: str) -> list[str]:
        sheet = captain.get(f"/api/captain/due.csv?sort={sort}").get_data().decode("utf-8-sig")
        return [row[2] for row in list(csv.reader(io.StringIO(sheet)))[1:]]

    assert listed("nearest")[0] == near
    assert listed("nearest") == listed("nearest")
    assert listed("longest") == [world.town.west_dwelling, far, near]
    by_address = listed("address")
    assert by_address.index(far) < by_address.index(near)  # 丙 stands before 乙 in code points' order
    assert filed("longest")[1:] == ["丙路1号", "乙路2号"]
    assert filed("address").index("丙路1号") < filed("address").index("乙路2号")
    assert filed("nearest") == filed("address"), "a file has no place to be near to"


def test_an_unknown_order_is_refused(captain: FlaskClient) -> None:
    for address in ("/api/captain/today?sort=income", "/api/captain/due.csv?sort=income"):
        answer = captain.get(address)
        assert (answer.status_code, answer.json["code"]) == (422, "parameter_unusable")


def test_sorted_pages_do_not_overlap(captain: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        for number in range(35):
            add_dwelling(session, world.town.west, 119.001 + number / 10_000, 30.002, head="周")

    for sort in ("longest", "address"):
        first = captain.get(f"/api/captain/today?sort={sort}").json["items"]
        second = captain.get(f"/api/captain/today?sort={sort}&offset={len(first)}").json["items"]
        assert len({item["id"] for item in first + second}) == 36, sort


@pytest.mark.parametrize(
    ("days_ago", "lists"),
    [
        pytest.param(None, {"all_due", "overdue", "all"}, id="never"),
        pytest.param(200, {"all_due", "overdue", "all"}, id="overdue"),
        pytest.param(100, {"all_due", "due", "all"}, id="due"),
        pytest.param(10, {"fresh", "all"}, id="fresh"),
    ],
)
def test_each_filter_lists_what_it_says(
    captain: FlaskClient, world: World, days_ago: int | None, lists: set[str]
) -> None:
    seen(world.town.west_dwelling, days_ago)

    found = {
        state
        for state in ("all_due", "overdue", "due", "fresh", "all")
        if captain.get(f"/api/captain/today?state={state}").json["items"]
    }

    assert found == lists


def test_an_unknown_filter_is_refused(captain: FlaskClient) -> None:
    answer = captain.get("/api/captain/today?state=bribed")

    assert (answer.status_code, answer.json["code"]) == (422, "filter_unknown")


def test_today_asks_the_database_as_often_for_many_as_for_one(captain: FlaskClient, world: World) -> None:
    one = count_statements(captain, "/api/captain/today")
    with transaction(Scope.everything()) as session:
        for number in range(20):
            add_dwelling(session, world.town.west, 119.001 + number / 10_000, 30.002, head="周")

    assert count_statements(captain, "/api/captain/today") == one


def test_the_card_is_masked(captain: FlaskClient, world: World) -> None:
    answer = captain.get(f"/api/captain/dwellings/{world.town.west_dwelling}")

    assert answer.json["head"] == "王**"
    assert answer.json["state"] == "overdue"
    assert answer.json["grid"] == "西网格"
    assert "王小明" not in answer.text
    assert "19900000001" not in answer.text
    assert answer.headers["ETag"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_dwelling_of_another_grid_does_not_exist(captain: FlaskClient, world: World) -> None:
    for address in ("", "/entrance"):
        answer = captain.get(f"/api/captain/dwellings/{world.town.east_dwelling}{address}")
        assert (answer.status_code, answer.json["code"]) == (404, "dwelling_unknown")


def test_the_entrance_lists_the_flats_behind_it(captain: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        second, _ = add_dwelling(session, world.town.west, 119.005, 30.005, head="周")

    answer = captain.get(f"/api/captain/dwellings/{second}/entrance").json

    assert [item["id"] for item in answer["items"]] == [world.town.west_dwelling, second]
    assert captain.get(f"/api/captain/dwellings/{second}").json["neighbours"] == 2


def test_name_and_phone_are_shown_for_a_purpose_and_logged(captain: FlaskClient, world: World) -> None:
    answer = captain.post(
        f"/api/captain/households/{world.town.west_household}/reveal", json={"purpose": "visit"}
    )

    assert answer.json == {"name": "王小明", "phone": "19900000001", "shown_s": 60}
    assert answer.headers["Cache-Control"] == "no-store"
    (logged,) = events("household.reveal")
    assert (logged.actor_id, logged.subject_id) == (world.accounts["captain"], world.town.west_household)
    assert logged.fields == {"purpose": "visit"}


def test_without_a_purpose_nothing_is_shown(captain: FlaskClient, world: World) -> None:
    answer = captain.post(f"/api/captain/households/{world.town.west_household}/reveal", json={})

    assert (answer.status_code, answer.json["code"]) == (422, "purpose_missing")
    assert "19900000001" not in answer.text
    assert events("household.reveal") == []


def test_a_contact_of_another_grid_is_not_shown(captain: FlaskClient, world: World) -> None:
    answer = captain.post(
        f"/api/captain/households/{world.town.east_household}/reveal", json={"purpose": "visit"}
    )

    assert (answer.status_code, answer.json["code"]) == (404, "household_unknown")


def store(client: FlaskClient, dwelling_id: int, **sent: object):
    return client.post(f"/api/captain/dwellings/{dwelling_id}/visits", json=sent)


def test_a_visit_is_stored_once_however_often_it_is_sent(captain: FlaskClient, world: World) -> None:
    for _ in range(3):
        answer = store(captain, world.town.west_dwelling, outcome="met", note="水管漏水", client_ref="a1")
        assert answer.status_code == 201, answer.text

    assert [(visit["outcome"], visit["note"]) for visit in answer.json["visits"]] == [("met", "水管漏水")]
    assert answer.json["state"] == "fresh"
    assert answer.json["last_visit_on"] == str(today())
    assert answer.json["visits"][0]["undo_s"] > 590


def test_nothing_typed_is_lost_when_a_dwelling_goes_to_another_grid(
    captain: FlaskClient, world: World
) -> None:
    with transaction(Scope((world.town.county.path,)), actor_id=world.town.drawer) as session:
        place_by_hand(
            session, "dwelling", world.town.west_dwelling, grid_id=world.town.east.id, reason="院落"
        )

    before = store(captain, world.town.west_dwelling, outcome="met", note="水管漏水", age_s=3600)
    after = store(captain, world.town.west_dwelling, outcome="met", note="又漏水")

    east = {"code": world.town.east.code, "name": world.town.east.name}
    assert (before.status_code, before.json) == (201, {"gone_to": east})
    assert (after.status_code, after.json["code"]) == (409, "dwelling_gone")
    assert east["name"] in after.json["title"]
    with transaction(Scope.everything()) as session:
        assert session.execute(select(Visit.area_id, Visit.note)).all() == [(world.town.east.id, "水管漏水")]


def test_a_visit_noted_without_a_network_keeps_its_time(captain: FlaskClient, world: World) -> None:
    store(captain, world.town.west_dwelling, outcome="met", client_ref="late", age_s=2 * 86400)

    with transaction(Scope.everything()) as session:
        visit = session.scalars(select(Visit)).one()
        assert (visit.created_at - visit.visited_at).total_seconds() == pytest.approx(2 * 86400, abs=60)
        assert session.get_one(Dwelling, world.town.west_dwelling).last_visit_on == today() - timedelta(2)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param({"outcome": "shot"}, "visit_outcome_unknown", id="outcome"),
        pytest.param({}, "visit_outcome_unknown", id="nothing"),
        pytest.param({"outcome": "met", "note": "x" * 2001}, "note_too_long", id="note"),
        pytest.param({"outcome": "met", "age_s": -5}, "visit_too_late", id="future"),
        pytest.param({"outcome": "met", "age_s": 10 * 86400}, "visit_too_late", id="too late"),
        pytest.param({"outcome": "met", "age_s": "soon"}, "visit_too_late", id="no number"),
    ],
)
def test_a_bad_visit_is_refused(captain: FlaskClient, world: World, sent: dict, code: str) -> None:
    answer = store(captain, world.town.west_dwelling, **sent)

    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_an_undone_visit_leaves_no_trace_but_in_the_log(captain: FlaskClient, world: World) -> None:
    seen(world.town.west_dwelling, 100)
    visit_id = store(captain, world.town.west_dwelling, outcome="met").json["visits"][0]["id"]

    answer = captain.post(f"/api/captain/visits/{visit_id}/undo", json={})

    assert (answer.json["state"], answer.json["visits"]) == ("due", [])
    assert len(events("visit.record")) == len(events("visit.undo")) == 1
    again = captain.post(f"/api/captain/visits/{visit_id}/undo", json={})
    assert (again.status_code, again.json["code"]) == (404, "visit_unknown")


def test_visits_undone_in_any_order_give_the_first_due_date_back(captain: FlaskClient, world: World) -> None:
    seen(world.town.west_dwelling, 100)
    ids = [
        store(captain, world.town.west_dwelling, outcome=outcome, client_ref=outcome).json["visits"][0]["id"]
        for outcome in ("phoned", "not_met", "met")
    ]

    states = [captain.post(f"/api/captain/visits/{visit_id}/undo", json={}).json["state"] for visit_id in ids]

    assert states == ["fresh", "fresh", "due"]


def test_the_file_is_masked_logged_and_safe_in_spreadsheets(captain: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        session.get_one(Dwelling, world.town.west_dwelling).address = '=HYPERLINK("x")'

    answer = captain.get("/api/captain/due.csv?state=all_due")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))

    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows[1][2] == '\'=HYPERLINK("x")'
    assert rows[1][7] == "王**"
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    assert "王小明" not in answer.text
    (logged,) = events("household.export")
    assert logged.fields == {"state": "all_due", "rows": 1}


def test_a_post_without_the_form_token_is_refused(sign_in, world: World) -> None:
    answer = store(sign_in("captain"), world.town.west_dwelling, outcome="met")

    assert (answer.status_code, answer.json["code"]) == (400, "form_expired")
