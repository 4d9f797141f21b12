"""The boundary staff's room and its API: communities, change sets, edits, review, files."""

import json
from io import BytesIO
from threading import Thread

import pytest
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, box
from shapely.geometry import mapping, shape
from sqlalchemy import event

from core.db import Scope, engine, transaction
from core.jobs import execute
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.households.models import Building
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


@pytest.fixture
def drawer(sign_in) -> FlaskClient:
    """A boundary editor of the whole county."""
    client = sign_in("boundary")
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north]]


def opened(client: FlaskClient, world: World, name: str = "南社区", **more: object) -> dict:
    """Start a change set of a community and return it."""
    found = communities(client)[name]["id"]
    answer = client.post("/api/change-sets", json={"community_id": found, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def edit(client: FlaskClient, draft: dict, **body: object):
    """Send an edit made from the grids as they are now."""
    now = client.get(f"/api/change-sets/{draft['id']}").json
    versions = {str(grid["key"]): grid["version"] for grid in now["grids"]}
    return client.post(f"/api/change-sets/{draft['id']}/edits", json={"versions": versions, **body})


SPLIT_WEST = {"kind": "split", "grid": 1, "lines": [[[118.99, 30.004], [119.02, 30.004]]]}


def listed_set(client: FlaskClient, draft: dict) -> dict:
    """Return a change set as the list has it."""
    listed = client.get("/api/boundaries/overview").json["change_sets"]
    return next(one for one in listed if one["id"] == draft["id"])


def communities(client: FlaskClient) -> dict[str, dict]:
    return {one["name"]: one for one in client.get("/api/boundaries/overview").json["communities"]}


@pytest.mark.parametrize(
    ("day", "code"), [("1900-01-01", "restored_day_empty"), ("2999-12-31", "restored_day_ahead")]
)
def test_a_day_without_grids_cannot_be_restored(
    drawer: FlaskClient, world: World, day: str, code: str
) -> None:
    found = communities(drawer)["南社区"]["id"]

    answer = drawer.post("/api/change-sets", json={"community_id": found, "as_of": day})

    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert day in answer.json["title"]


def test_a_draft_without_any_grid_has_nothing_to_hand_in_or_repair(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world, "北社区")

    submitted = drawer.post(f"/api/change-sets/{draft['id']}/submit", json={})
    repaired = edit(drawer, draft, kind="repair")

    assert (submitted.status_code, submitted.json["code"]) == (409, "change_set_empty")
    assert (repaired.status_code, repaired.json["code"]) == (422, "nothing_changes")


def test_the_page_opens_with_map_and_studio(drawer: FlaskClient) -> None:
    page = drawer.get("/boundaries")

    assert page.status_code == 200
    assert "map/grid_editor.js" in page.text
    assert 'id="patrol_map_main"' in page.text


@pytest.mark.parametrize("role", ["captain", "dispatcher", "leader", "admin", "auditor"])
def test_others_do_not_enter(sign_in, role: str) -> None:
    client = sign_in(role)

    assert client.get("/boundaries").status_code == 403
    assert client.get("/api/boundaries/overview").status_code == 403
    assert client.get("/api/change-sets").status_code == 403


def test_the_overview_names_the_community_that_is_not_divided(drawer: FlaskClient) -> None:
    found = communities(drawer)

    assert (found["南社区"]["divided"], found["南社区"]["grid_count"]) == (True, 2)
    assert (found["北社区"]["divided"], found["北社区"]["grid_count"]) == (False, 0)
    assert found["北社区"]["free_m2"] == pytest.approx(found["北社区"]["area_m2"])
    assert found["北社区"]["bbox"] == [119, 30.01, 119.02, 30.02]


def test_an_opened_community_shows_its_free_ground(drawer: FlaskClient) -> None:
    shown = drawer.get(f"/api/boundaries/communities/{communities(drawer)['北社区']['id']}").json

    (free,) = shown["free"]
    assert shape(free["place"]).equals(box(119, 30.01, 119.02, 30.02))
    assert shown["grids"] == []


def test_a_split_is_previewed_stored_and_counted(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    shown = drawer.post(f"/api/change-sets/{draft['id']}/preview", json=SPLIT_WEST).json
    done = edit(drawer, draft, **SPLIT_WEST)

    assert done.status_code == 201
    assert [grid["households"] for grid in shown["grids"] if grid["key"] in {1, 3}] == [1, 0]
    assert sorted(grid["key"] for grid in done.json["grids"]) == [1, 2, 3], (
        "the east grid gets the corner too"
    )
    new = next(grid for grid in done.json["grids"] if grid["key"] == 3)
    assert (new["code"], new["name"]) == ("990001001001003", "南社区第3网格")
    after = drawer.get(f"/api/change-sets/{draft['id']}").json
    assert [line["kind"] for line in after["edits"]] == ["split"]
    assert (after["changed"], after["cornered"]) == (2, 1)


def test_a_preview_says_which_rules_its_pieces_would_break(drawer: FlaskClient, world: World) -> None:
    # 6.4 m x 10 m in the corner of west, across a building; the corner it needs breaks nothing.
    draft = opened(drawer, world)
    with transaction(Scope.everything()) as session:
        house = from_shape(MultiPolygon([box(119.00004, 30.00002, 119.0001, 30.00007)]), srid=4326)
        session.add(Building(county_id=session.get_one(Area, draft["community_id"]).county_id, geom=house))
    corner = {
        "kind": "split",
        "grid": 1,
        "lines": [[[119.000067, 29.999], [119.000067, 30.00009], [118.999, 30.00009]]],
    }

    shown = drawer.post(f"/api/change-sets/{draft['id']}/preview", json=corner).json

    assert [(one["rule"], one["gravity"], one["grid"], one["limit"]) for one in shown["broken"]] == [
        ("area_small", "warn", 3, 500.0),
        ("building_cut", "warn", 1, None),
        ("building_cut", "warn", 3, None),
    ]
    assert shown["broken"][0]["size"] == pytest.approx(64.5, abs=1)
    assert drawer.post(f"/api/change-sets/{draft['id']}/preview", json=SPLIT_WEST).json["broken"] == []


def test_a_boundary_that_is_to_follow_has_two_sides(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    places = {"start": [119.01, 30.001], "end": [119.01, 30.009], "along": "gap"}

    for grids in ([1], [1, 2, 3]):
        refused = edit(drawer, draft, kind="follow", grids=grids, **places)
        assert (refused.status_code, refused.json["code"]) == (422, "parameter_unusable"), grids


def test_a_discarded_draft_leaves_the_map_and_comes_back_with_it(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)
    seen = [drawer.get("/api/layers").json["layers"]["drafts"]]

    for step in ("discard", "bring-back"):
        drawer.post(f"/api/change-sets/{draft['id']}/{step}", json={})
        seen.append(drawer.get("/api/layers").json["layers"]["drafts"])

    assert len(set(seen)) == 3, "its tiles are cut anew each time"


def test_undo_and_redo_follow_the_log(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)

    undone = drawer.post(f"/api/change-sets/{draft['id']}/undo").json
    redone = drawer.post(f"/api/change-sets/{draft['id']}/redo").json

    assert (undone["ended"], undone["edit"]["of"]) == ([3], 1)
    assert (redone["ended"], [grid["key"] for grid in redone["grids"]]) == ([], [1, 2, 3])
    assert drawer.post(f"/api/change-sets/{draft['id']}/redo").status_code == 422


def test_a_refused_edit_says_rule_and_place_and_changes_nothing(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)

    answer = edit(drawer, draft, kind="split", grid=1, lines=[[[119.002, 30.004], [119.006, 30.004]]])

    assert answer.status_code == 422
    assert answer.json["code"].startswith("edit_")
    assert answer.json["fields"]["place"]["type"] in {"Point", "MultiPoint", "LineString"}
    assert answer.json["title"] != answer.json["code"], "the refusal has words"
    assert drawer.get(f"/api/change-sets/{draft['id']}").json["last_edit"] == 0


def test_an_edit_from_grids_somebody_changed_is_refused_with_their_names(drawer, world: World) -> None:
    draft = opened(drawer, world)
    versions = {str(grid["key"]): grid["version"] for grid in draft["grids"]}
    edit(drawer, draft, **SPLIT_WEST)

    answer = drawer.post(
        f"/api/change-sets/{draft['id']}/edits", json={"kind": "merge", "grids": [1, 2], "versions": versions}
    )

    assert (answer.status_code, answer.json["code"]) == (409, "grid_changed")
    assert [grid["name"] for grid in answer.json["fields"]["grids"]] == ["西网格", "东网格"]
    since = drawer.get(f"/api/change-sets/{draft['id']}/since/0").json
    assert [line["kind"] for line in since["edits"]] == ["split"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"kind": "fly"}, "edit_unknown", id="tool"),
        pytest.param({"kind": "merge", "grids": [1, 99]}, "grid_gone", id="grid"),
        pytest.param({"kind": "split", "grid": "1", "lines": []}, "parameter_unusable", id="key"),
        pytest.param({"kind": "reshape", "line": [[500, 30], [501, 30]]}, "drawing_unreadable", id="world"),
        pytest.param({"kind": "reshape", "line": [[119, 30, 5], [1, 2, 5]]}, "drawing_unreadable", id="3-D"),
        pytest.param({"kind": "reshape", "line": "drop table"}, "drawing_unreadable", id="text"),
        pytest.param(
            {"kind": "reshape", "line": {"start": [119, 30], "legs": [{"bearing_deg": 400}]}},
            "leg_unusable", id="bearing",
        ),
        pytest.param({"kind": "simplify", "tolerance_m": -1}, "parameter_unusable", id="metres"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(drawer, world: World, body: dict, code: str) -> None:
    answer = edit(drawer, opened(drawer, world), **body)

    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["title"] != code


def test_free_ground_is_drawn_grid_by_grid_until_it_can_be_submitted(drawer, world: World) -> None:
    draft = opened(drawer, world, "北社区")
    first = edit(drawer, draft, kind="draw", polygon=ring(119, 30.01, 119.01, 30.02))
    early = drawer.post(f"/api/change-sets/{draft['id']}/submit", json={})
    second = edit(drawer, draft, kind="draw", polygon=ring(119.01, 30.01, 119.02, 30.02))
    overlap = edit(drawer, draft, kind="draw", polygon=ring(119.005, 30.012, 119.015, 30.018))
    ready = drawer.post(f"/api/change-sets/{draft['id']}/submit", json={"note": "两个新网格"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert (early.status_code, early.json["code"]) == (409, "partition_broken")
    assert (overlap.status_code, overlap.json["code"]) == (422, "edit_overlaps")
    assert shape(overlap.json["fields"]["place"]).equals(box(119.005, 30.012, 119.015, 30.018))
    assert ready.json["state"] == "review"


def test_a_line_may_be_given_by_bearings_and_distances(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    line = {"start": [118.999, 30.004], "legs": [{"bearing_deg": 90, "distance_m": 1300}]}

    done = edit(drawer, draft, kind="split", grid=1, lines=[line])

    assert done.status_code == 201


def test_a_second_person_approves_and_the_job_publishes(drawer, sign_in, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)
    own = drawer.post(f"/api/change-sets/{draft['id']}/approve", json={})
    drawer.post(f"/api/change-sets/{draft['id']}/submit", json={"note": "请审核"})
    own_reviewed = drawer.post(f"/api/change-sets/{draft['id']}/approve", json={})
    locked = edit(drawer, draft, kind="merge", grids=[1, 3])
    second = sign_in("approver")
    second.environ_base["HTTP_X_CSRFTOKEN"] = form_token(second)
    listed = second.get("/api/change-sets").json["change_sets"]
    approved = second.post(f"/api/change-sets/{draft['id']}/approve", json={})

    assert (own.status_code, own_reviewed.status_code) == (409, 403)
    assert (locked.status_code, locked.json["code"]) == (409, "change_set_closed")
    assert [one["state"] for one in listed] == ["review"]
    assert approved.json["state"] == "approved"
    execute(approved.json["run"])
    shown = drawer.get(f"/api/boundaries/communities/{draft['community_id']}").json
    assert [grid["name"] for grid in shown["grids"]] == ["西网格", "东网格", "南社区第3网格"]
    assert [one["state"] for one in shown["change_sets"]] == ["published"]
    new = next(grid["id"] for grid in shown["grids"] if grid["name"].endswith("第3网格"))
    (line,) = drawer.get(f"/api/boundaries/areas/{new}/lineage").json["lines"]
    assert (line["kind"], line["from"]["name"]) == ("split_from", "西网格")


def test_a_returned_change_set_is_drafted_again(drawer, sign_in, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)
    drawer.post(f"/api/change-sets/{draft['id']}/submit", json={})
    second = sign_in("approver")
    second.environ_base["HTTP_X_CSRFTOKEN"] = form_token(second)
    silent = second.post(f"/api/change-sets/{draft['id']}/return", json={"note": " "})
    back = second.post(f"/api/change-sets/{draft['id']}/return", json={"note": "边界应沿河"})

    assert (silent.status_code, silent.json["code"]) == (422, "comment_missing")
    assert back.json["state"] == "draft"
    said = drawer.get(f"/api/change-sets/{draft['id']}").json["comments"]
    assert [one["kind"] for one in said] == ["submitted", "returned"]
    assert listed_set(drawer, draft)["returned"] == {"by": "approver", "words": "边界应沿河"}

    drawer.post(f"/api/change-sets/{draft['id']}/submit", json={})
    assert listed_set(drawer, draft)["returned"] is None


def test_an_author_takes_the_own_change_set_back_without_words(drawer, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)
    drawer.post(f"/api/change-sets/{draft['id']}/submit", json={})
    back = drawer.post(f"/api/change-sets/{draft['id']}/return", json={"note": ""})

    assert back.json["state"] == "draft"
    said = drawer.get(f"/api/change-sets/{draft['id']}").json["comments"]
    assert [one["kind"] for one in said] == ["submitted", "taken_back"]
    assert listed_set(drawer, draft)["returned"] is None


def test_comments_are_heard_with_the_next_question_and_only_then(drawer, sign_in, world: World) -> None:
    draft = opened(drawer, world)
    base = f"/api/change-sets/{draft['id']}"
    second = sign_in("approver")
    second.environ_base["HTTP_X_CSRFTOKEN"] = form_token(second)
    first = second.post(f"{base}/comments", json={"body": "沿河", "at": [119.005, 30.005]})
    heard = drawer.get(f"{base}/since/0?said={draft['last_said']}").json
    again = drawer.get(f"{base}/since/0?said={heard['last_said']}").json
    drawer.post(f"{base}/comments", json={"body": "好", "answers": first.json["id"]})
    closed = second.post(f"{base}/comments/{first.json['id']}/settle")

    assert [one["body"] for one in heard["comments"]] == ["沿河"]
    assert "comments" not in again
    remark, answer = closed.json["comments"]
    assert (remark["spot"], remark["settled_by"] != "") == ([119.005, 30.005], True)
    assert (answer["answers"], answer["body"]) == (remark["id"], "好")
    opened_again = drawer.post(f"{base}/comments/{first.json['id']}/reopen").json
    assert opened_again["comments"][0]["settled_at"] is None


def test_the_grids_before_a_change_set_are_told(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)

    grids = drawer.get(f"/api/change-sets/{draft['id']}/before").json["grids"]

    assert [grid["name"] for grid in grids] == ["西网格", "东网格"]
    assert shape(grids[0]["geometry"]).area == pytest.approx(shape(draft["grids"][0]["geometry"]).area)


def test_the_grids_before_hold_the_households_that_were_placed_in_them(drawer, world: World) -> None:
    body = {"kind": "dwelling", "id": world.town.west_dwelling, "grid": world.town.east.id, "reason": "院落"}
    assert drawer.post("/api/placements", json=body).status_code == 201
    draft = opened(drawer, world)

    grids = drawer.get(f"/api/change-sets/{draft['id']}/before").json["grids"]

    drafted = {grid["name"]: grid["households"] for grid in draft["grids"]}
    assert drafted == {"西网格": 0, "东网格": 2}
    assert {grid["name"]: grid["households"] for grid in grids} == drafted


def test_whoever_edited_a_change_set_is_not_offered_to_approve_it(drawer, sign_in, world: World) -> None:
    with transaction(Scope.everything()) as session:
        county = session.get_one(Area, world.town.county.id)
        create_account(
            session, login="second", name="s", role_code="boundary", area=county, password=PASSWORD
        )
    editor = world.app.test_client()
    assert sign_in_with(editor, "second", PASSWORD).status_code == 303
    editor.environ_base["HTTP_X_CSRFTOKEN"] = form_token(editor)
    draft = opened(drawer, world)
    assert edit(editor, draft, **SPLIT_WEST).status_code == 201
    drawer.post(f"/api/change-sets/{draft['id']}/submit", json={})

    address = f"/api/change-sets/{draft['id']}"
    offered = {
        name: client.get(address).json["can"]["approve"]
        for name, client in (("author", drawer), ("editor", editor), ("other", sign_in("approver")))
    }

    assert offered == {"author": False, "editor": False, "other": True}
    assert editor.post(f"{address}/approve", json={}).json["code"] == "own_change_set"


def test_an_edit_that_is_stored_while_news_are_read_is_not_missed(drawer, sign_in, world: World) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)
    other = sign_in("boundary")
    stored = list[int]()

    def after_the_first_read(_connection, _cursor, statement: str, *_rest: object) -> None:
        reads_log = "FROM boundary_edit" in statement and "number >" in statement
        if (reads_log or "FROM area_draft" in statement) and not stored:
            stored.append(0)
            merging = Thread(
                target=lambda: stored.append(edit(drawer, draft, kind="merge", grids=[1, 3]).status_code)
            )
            merging.start()
            merging.join()

    event.listen(engine(), "after_cursor_execute", after_the_first_read)
    try:
        first = other.get(f"/api/change-sets/{draft['id']}/since/0").json
    finally:
        event.remove(engine(), "after_cursor_execute", after_the_first_read)
    second = other.get(f"/api/change-sets/{draft['id']}/since/{first['last_edit']}").json

    assert stored == [0, 201]
    heard: dict[int, int] = {}
    for news in (first, second):
        heard |= {grid["key"]: grid["version"] for grid in news["grids"]}
        heard = {key: version for key, version in heard.items() if key not in news["ended"]}
    whole = drawer.get(f"/api/change-sets/{draft['id']}").json
    assert heard == {grid["key"]: grid["version"] for grid in whole["grids"]}
    assert second["last_edit"] == whole["last_edit"] == 2


def test_an_overtaken_change_set_says_by_what(drawer, sign_in, world: World) -> None:
    first, second = opened(drawer, world), opened(drawer, world)
    assert second["overtaken"] == []
    edit(drawer, first, **SPLIT_WEST)
    edit(drawer, second, **SPLIT_WEST)
    drawer.post(f"/api/change-sets/{second['id']}/submit", json={})
    drawer.post(f"/api/change-sets/{first['id']}/submit", json={})
    reviewer = sign_in("approver")
    reviewer.environ_base["HTTP_X_CSRFTOKEN"] = form_token(reviewer)
    execute(reviewer.post(f"/api/change-sets/{first['id']}/approve", json={}).json["run"])

    late = reviewer.post(f"/api/change-sets/{second['id']}/approve", json={})

    assert (late.status_code, late.json["code"]) == (409, "boundaries_moved_on")
    # The line ended at the east grid, which got a corner by it.
    assert drawer.get(f"/api/change-sets/{second['id']}").json["overtaken"] == ["西网格", "东网格"]


def test_a_discarded_change_set_can_be_brought_back(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)

    assert drawer.post(f"/api/change-sets/{draft['id']}/discard").json["state"] == "discarded"
    assert drawer.get("/api/change-sets").json["change_sets"] == []
    assert drawer.post(f"/api/change-sets/{draft['id']}/bring-back").json["state"] == "draft"


@pytest.mark.parametrize("form", ["gpkg", "zip", "geojson", "kml"])
def test_a_draft_goes_through_a_file_and_back(drawer: FlaskClient, world: World, form: str) -> None:
    draft = opened(drawer, world)
    edit(drawer, draft, **SPLIT_WEST)
    sent = drawer.get(f"/api/change-sets/{draft['id']}/export?format={form}")
    drawer.post(f"/api/change-sets/{draft['id']}/discard")
    draft = opened(drawer, world)

    file = {"file": (BytesIO(sent.data), f"draft.{form}"), "datum": "wgs84"}
    back = drawer.post(f"/api/change-sets/{draft['id']}/import", data=file)

    assert (sent.status_code, back.status_code) == (200, 201), back.text
    grids = drawer.get(f"/api/change-sets/{draft['id']}").json["grids"]
    assert len(grids) == 3
    assert sum(grid["area_m2"] for grid in grids) == pytest.approx(
        sum(grid["area_m2"] for grid in draft["grids"]), rel=1e-6
    )


def test_a_file_does_not_overwrite_what_was_edited_since_it_was_written(drawer, world: World) -> None:
    draft = opened(drawer, world)
    sent = drawer.get(f"/api/change-sets/{draft['id']}/export?format=geojson")
    edit(drawer, draft, **SPLIT_WEST)

    file = {"file": (BytesIO(sent.data), "draft.geojson"), "datum": "wgs84"}
    answer = drawer.post(f"/api/change-sets/{draft['id']}/import", data=file)

    assert (answer.status_code, answer.json["code"]) == (409, "grid_changed")


def test_a_file_of_something_else_is_refused(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world)
    feature = {
        "type": "Feature",
        "properties": {"code": "1"},
        "geometry": mapping(box(119, 30, 119.01, 30.01)),
    }
    other = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()

    file = {"file": (BytesIO(other), "other.geojson"), "datum": "wgs84"}
    answer = drawer.post(f"/api/change-sets/{draft['id']}/import", data=file)
    nothing = drawer.post(f"/api/change-sets/{draft['id']}/import", data={})

    assert (answer.status_code, answer.json["code"]) == (422, "file_of_other_set")
    assert (nothing.status_code, nothing.json["code"]) == (422, "file_missing_in_form")


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
    assert client.get(f"/api/boundaries/areas/{world.town.west.id}/lineage").status_code == 404
    answer = client.post("/api/change-sets", json={"community_id": world.town.community.id})
    assert answer.status_code == 404


def test_free_ground_and_overlaps_are_found_with_their_places() -> None:
    parent = box(119, 30, 119.03, 30.01)
    west, middle = box(119, 30, 119.011, 30.01), box(119.01, 30, 119.02, 30.01)

    overlap, free = sorted(flaws([west, middle], parent), key=lambda flaw: flaw.size_m2)

    assert (overlap.parts, free.parts) == ((0, 1), ())
    assert overlap.place.equals(box(119.01, 30, 119.011, 30.01))
    assert free.place.equals(box(119.02, 30, 119.03, 30.01))
    assert [flaw.parts for flaw in flaws([], parent)] == [()]
    assert flaws([box(119, 30, 119.02, 30.01), box(119.02, 30, 119.03, 30.01)], parent) == []


def test_names_keep_no_sign_that_nobody_sees(drawer: FlaskClient, world: World) -> None:
    draft = opened(drawer, world, title="一\u202e二\x01")
    assert draft["title"] == "一二"
    key = draft["grids"][0]["key"]

    renamed = edit(drawer, draft, kind="rename", grid=key, name=" 桥东\x01\n第1\u202e网格 ")

    assert [grid["name"] for grid in renamed.json["grids"]] == ["桥东 第1网格"]
    assert (
        edit(drawer, draft, kind="rename", grid=key, name="\u200f\x07").json["code"] == "draft_name_unusable"
    )


@pytest.mark.parametrize("name", [["a"], {"a": 1}, True, 5.5], ids=str)
def test_a_name_that_is_no_text_is_refused(drawer: FlaskClient, world: World, name: object) -> None:
    draft = opened(drawer, world)
    key = draft["grids"][0]["key"]

    for refused in (
        edit(drawer, draft, kind="rename", grid=key, name=name),
        edit(drawer, draft, kind="rename", grid=key, name="西", code=name),
        drawer.post(f"/api/change-sets/{draft['id']}/comments", json={"body": name}),
    ):
        assert (refused.status_code, refused.json["code"]) == (422, "parameter_unusable")
