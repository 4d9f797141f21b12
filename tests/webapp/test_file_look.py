"""A file on its way into a draft: kept aside, looked at, put right, read in once; and what refuses it."""

import io
import zipfile
from datetime import timedelta
from io import BytesIO

import numpy as np
import pyproj
import pytest
import shapely
from shapely import Polygon, box
from sqlalchemy import select, update

from core.db import Scope, transaction
from core.intake.header import SYNONYMS
from core.intake.vector import Layer
from core.outlet.vector import Format
from geo.areas.outlet import write_layer
from geo.boundaries import file_look
from geo.boundaries.models import BoundaryEdit, UploadedFile
from geo.boundaries.upload import MOST_WAITING
from geo.roads.models import RoadSection
from geo.shapes.datum import Datum
from geo.staff.service import create_account
from tests.webapp.conftest import PASSWORD, form_token, sign_in_with
from tests.webapp.sent_files import (
    CODES,
    EAST,
    NAMES,
    WEST,
    geojson,
    grounds,
    kept,
    look,
    office_file,
    shapefile,
    shifted,
    taken,
)
from webapp.cli.work import tidy


def test_a_shifted_office_file_is_recognised_and_changes_nothing(drawer, streets, draft, tmp_path) -> None:
    file = kept(drawer, draft, office_file(tmp_path, Datum.GCJ02))
    seen = look(drawer, draft, file)

    assert (seen["columns"], seen["rows"][0]) == (["备注", "网格名称", "网格编码"], ["", "西网格", CODES[0]])
    assert seen["fields"] == {"key": "", "code": "网格编码", "name": "网格名称"}
    assert (seen["encoding"]["taken"], seen["encoding"]["why"]) == ("gb18030", "cpg")
    assert (seen["system"]["why"], seen["open"]) == ("named", [])
    datum = seen["datum"]
    assert (datum["taken"], datum["why"], datum["ranking"][0]["datum"]) == ("gcj02", "found", "gcj02")
    assert datum["ranking"][0]["near_share"] > 0.95
    assert datum["ranking"][0]["typical_m"] < 1
    apart = {one["datum"]: one["apart_m"] for one in datum["ranking"]}
    assert apart["gcj02"] == 0
    assert 300 < apart["wgs84"] < 800
    counts = seen["change"]["counts"]
    assert counts == {"same": 2, "corner": 0, "moved": 0, "new": 0, "ended": 0, "renamed": 0}
    assert [one["type"] for one in seen["drawn"]] == ["Polygon", "Polygon"]


def test_a_moved_border_of_a_shifted_file_is_read_in_once_with_its_account(
    drawer, streets, draft, tmp_path
) -> None:
    moved = [box(119, 30, 119.0102, 30.01), box(119.0102, 30, 119.02, 30.01)]
    columns: dict[str, list[object]] = {"名称": NAMES, "编码": CODES}
    file = kept(drawer, draft, shapefile(tmp_path, shifted(moved, Datum.BD09), columns), "桥东 2026.ZIP")
    seen = look(drawer, draft, file)
    counts = seen["change"]["counts"]
    assert (counts["moved"], counts["same"], seen["datum"]["taken"]) == (2, 0, "bd09")
    assert seen["change"]["grids"][0]["moved_m"] == pytest.approx(19.3, abs=0.3)

    answer = taken(drawer, draft, file, datum="bd09", seen=seen["seen"])
    assert answer.status_code == 201, answer.text

    for key, wanted in zip((1, 2), moved, strict=True):
        assert shapely.hausdorff_distance(grounds(drawer, draft)[key], wanted) <= 2.5e-7
    assert shapely.coverage_is_valid(list(grounds(drawer, draft).values()))
    assert drawer.get(f"/api/change-sets/{draft['id']}/files").json["files"] == []
    with transaction(Scope.everything()) as session:
        edit = session.scalars(select(BoundaryEdit)).one()
    origin = edit.params["origin"]
    assert (origin["file"], origin["sha256"]) == ("桥东 2026.zip", file["sha256"])
    assert (origin["encoding"], origin["encoding_why"], origin["source_crs"]) == (
        "gb18030",
        "cpg",
        "EPSG:4490",
    )
    assert (origin["datum"], origin["datum_why"], origin["converted"]) == ("bd09", "found", True)
    assert origin["fit"]["ranking"][0]["datum"] == "bd09"
    assert origin["columns"] == {"key": "", "code": "编码", "name": "名称"}
    assert edit.author_id == streets.accounts["boundary"]
    (line,) = drawer.get(f"/api/change-sets/{draft['id']}").json["edits"]
    assert (line["origin"]["file"], line["origin"]["converted"]) == ("桥东 2026.zip", True)
    drawer.post(f"/api/change-sets/{draft['id']}/undo")
    assert grounds(drawer, draft)[1].equals(WEST)


def test_where_no_street_tells_the_datum_is_asked_for_and_not_assumed(drawer, world, draft, tmp_path) -> None:
    file = kept(drawer, draft, office_file(tmp_path))
    seen = look(drawer, draft, file)
    assert (seen["open"], seen["datum"]["taken"], seen["datum"]["verdict"]) == (["datum"], None, "no_roads")
    assert seen["change"] is None
    assert len(seen["drawn"]) == 2, "the polygons are drawn as they stand in the file"
    refused = taken(drawer, draft, file, seen=seen["seen"])
    assert (refused.status_code, refused.json["code"]) == (409, "datum_unsure")

    seen = look(drawer, draft, file, datum="wgs84")
    assert (seen["open"], seen["datum"]["why"], seen["change"]["counts"]["same"]) == ([], "chosen", 2)
    seen = look(drawer, draft, file, datum="gcj02")
    assert seen["change"]["counts"]["moved"] == 2
    assert seen["change"]["grids"][0]["moved_m"] > 300


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize("form", [Format.GEOJSON, Format.KML, Format.KMZ])
def test_the_streets_tell_the_datum_of_formats_whose_standard_says_wgs84(
    drawer, streets, draft, tmp_path, form, datum
) -> None:
    columns = [np.array(CODES, object), np.array(NAMES, object)]
    shapes = np.array(shifted([WEST, EAST], datum), object)
    layer = Layer("grids", shapes, ("code", "name"), columns, "EPSG:4326", "utf-8")
    path = write_layer(tmp_path / "grids", layer, form=form).path
    before = grounds(drawer, draft)
    file = kept(drawer, draft, path.read_bytes(), path.name)
    seen = look(drawer, draft, file)
    assert (seen["open"], seen["datum"]["taken"], seen["datum"]["why"]) == ([], datum, "found")
    assert seen["change"]["counts"]["same"] == 2
    assert grounds(drawer, draft) == before, "looking converts nothing"
    assert taken(drawer, draft, file, seen=seen["seen"]).json["code"] == "nothing_changes"


def test_a_mark_that_the_streets_contradict_is_asked_about(drawer, streets, draft, tmp_path) -> None:
    content = office_file(tmp_path)
    assert look(drawer, draft, kept(drawer, draft, content, "网格_GCJ02.zip"))["open"] == ["datum"]
    marked = office_file(tmp_path, Datum.GCJ02)
    seen = look(drawer, draft, kept(drawer, draft, marked, "网格_GCJ02.zip"))
    assert (seen["open"], seen["datum"]["marked"], seen["datum"]["taken"]) == ([], "gcj02", "gcj02")


def test_another_encoding_another_column_and_another_layer_can_be_chosen(
    drawer, streets, draft, tmp_path
) -> None:
    file = kept(drawer, draft, office_file(tmp_path, cpg=False))
    seen = look(drawer, draft, file)
    assert seen["encoding"]["taken"] == "gb18030"
    read = {one["encoding"]: one for one in seen["encoding"]["candidates"]}
    assert read["gb18030"]["misfits"] == 0
    assert read["utf-8"]["misfits"] > 0
    assert "西网格" in read["gb18030"]["texts"]

    wrong = look(drawer, draft, file, encoding="big5hkscs", fields={"code": "", "name": ""})
    assert wrong["encoding"]["why"] == "chosen"
    assert "西网格" not in str(wrong["rows"])
    swapped = look(drawer, draft, file, fields={"key": "", "code": "网格名称", "name": "网格编码"})
    assert (swapped["open"], swapped["change"], len(swapped["drawn"])) == (["columns"], None, 2)
    refused = taken(drawer, draft, file, fields=swapped["fields"], seen=swapped["seen"])
    assert refused.json["code"] == "file_of_other_set"


def test_files_without_system_are_told_by_the_streets_and_else_asked_about(
    drawer, streets, draft, tmp_path
) -> None:
    metric = pyproj.Transformer.from_crs(4326, 4549, always_xy=True)
    shapes = [
        shapely.transform(one, lambda xy: np.column_stack(metric.transform(xy[:, 0], xy[:, 1])))
        for one in (WEST, EAST)
    ]
    columns: dict[str, list[object]] = {"name": NAMES, "code": CODES}
    content = shapefile(tmp_path, shapes, columns, crs="EPSG:4549")
    bare = io.BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as whole, zipfile.ZipFile(bare, "w") as archive:
        for name in whole.namelist():
            if not name.endswith(".prj"):
                archive.writestr(name, whole.read(name))
    file = kept(drawer, draft, bare.getvalue())
    seen = look(drawer, draft, file)
    assert (seen["system"]["why"], seen["system"]["taken"]) == ("roads", "EPSG:4549")
    assert (seen["datum"]["taken"], seen["change"]["counts"]["same"]) == ("wgs84", 2)

    with transaction(Scope.everything()) as session:
        for road in session.scalars(select(RoadSection)):
            session.delete(road)
    seen = look(drawer, draft, file)
    assert (seen["open"], seen["system"]["taken"]) == (["crs"], "")
    assert "EPSG:4549" in [guess["crs"] for guess in seen["system"]["guesses"]]
    assert taken(drawer, draft, file, seen=seen["seen"]).json["code"] == "crs_missing"
    seen = look(drawer, draft, file, crs="4549", datum="wgs84")
    assert (seen["system"]["why"], seen["change"]["counts"]["same"]) == ("chosen", 2)
    assert drawer.post(
        f"/api/change-sets/{draft['id']}/files/{file['id']}/look", json={"crs": "EPSG:5737"}
    ).json["code"] in {"crs_kind_wrong"}  # fmt: skip


def test_an_old_datum_asks_for_its_parameters(drawer, streets, draft, tmp_path) -> None:
    content = office_file(tmp_path, crs="EPSG:4214")
    file = kept(drawer, draft, content)
    seen = look(drawer, draft, file)
    assert (seen["open"], seen["system"]["old_datum"]) == (["shift"], "Beijing 1954")
    assert look(drawer, draft, file, shift=[0, 0, 0], datum="wgs84")["open"] == []
    seen = look(drawer, draft, file, shift=[15.8, -154.4, -82.3], datum="wgs84")
    assert 20 < seen["change"]["grids"][0]["moved_m"] < 200


def test_a_file_that_lies_elsewhere_names_the_place(drawer, streets, draft, tmp_path) -> None:
    far = [shapely.affinity.translate(one, -40, 5) for one in (WEST, EAST)]
    file = kept(drawer, draft, shapefile(tmp_path, far, {"name": NAMES, "code": CODES}))
    seen = look(drawer, draft, file)
    assert (seen["open"], seen["system"]["elsewhere"]) == (["crs"], [79.01, 35.005])
    refused = taken(drawer, draft, file, seen=seen["seen"])
    assert (refused.json["code"], refused.json["fields"]["lon"]) == ("file_elsewhere", 79.01)
    assert "79.01" in refused.json["title"]


def test_a_county_file_gives_this_community_its_grids_only(drawer, streets, draft, tmp_path) -> None:
    north = box(119, 30.01, 119.02, 30.02)
    columns: dict[str, list[object]] = {"name": [*NAMES, "北网格"], "code": [*CODES, "990001001002001"]}
    seen = look(drawer, draft, kept(drawer, draft, shapefile(tmp_path, [WEST, EAST, north], columns)))
    assert (seen["change"]["outside"], seen["change"]["unknown_codes"]) == (1, [])
    assert seen["change"]["counts"]["same"] == 2


def test_a_file_with_more_grids_than_are_read_at_once_is_refused(
    drawer, streets, draft, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(file_look, "MOST_GRIDS", 1)
    file = kept(drawer, draft, office_file(tmp_path))
    answer = drawer.post(f"/api/change-sets/{draft['id']}/files/{file['id']}/look", json={})

    assert (answer.status_code, answer.json["code"]) == (422, "file_grids_many")


def test_new_ended_and_unknown_grids_are_told_before(drawer, streets, draft, tmp_path) -> None:
    halves = [box(119, 30, 119.01, 30.005), box(119, 30.005, 119.01, 30.01)]
    columns: dict[str, list[object]] = {
        "name": ["西网格南", "西网格北"],
        "code": [CODES[0], "990001001001077"],
    }
    seen = look(drawer, draft, kept(drawer, draft, shapefile(tmp_path, halves, columns)))
    change = seen["change"]
    assert change["counts"] == {"same": 0, "corner": 0, "moved": 1, "new": 1, "ended": 1, "renamed": 1}
    assert change["unknown_codes"] == ["990001001001077"]
    assert [one["name"] for one in change["ended"]] == ["东网格"]
    assert change["renamed"][0]["to"] == ["西网格南", CODES[0]]


def test_crossing_outlines_and_heights_are_named(drawer, streets, draft) -> None:
    bow = Polygon([(119, 30, 5), (119.01, 30, 5), (119.01, 30.01, 5), (119, 30.01, 5), (119.002, 30.012, 5),
                   (119.002, 30.009, 5)])  # fmt: skip
    assert not bow.is_valid
    content = geojson([bow, EAST], name=NAMES, code=CODES)
    seen = look(drawer, draft, kept(drawer, draft, content, "grids.geojson"), datum="wgs84")
    assert len(seen["notices"]) == 2
    assert "西网格" in " ".join(seen["notices"])


def test_columns_about_persons_are_neither_shown_nor_read(drawer, streets, draft) -> None:
    content = geojson([WEST, EAST], name=NAMES, code=CODES, 民族=["x", "y"])
    seen = look(drawer, draft, kept(drawer, draft, content, "grids.geojson"))
    assert "民族" not in seen["columns"]
    assert "x" not in str(seen["rows"])
    assert "民族" in seen["notices"][0]


def test_a_draft_that_moved_on_asks_for_another_look(drawer, streets, draft, tmp_path) -> None:
    file = kept(drawer, draft, office_file(tmp_path))
    seen = look(drawer, draft, file)
    drawer.post(
        f"/api/change-sets/{draft['id']}/edits", json={"kind": "rename", "grid": 1, "name": "河西网格"}
    )
    late = taken(drawer, draft, file, datum="wgs84", seen=seen["seen"])
    assert (late.status_code, late.json["code"]) == (409, "file_look_old")
    assert len(drawer.get(f"/api/change-sets/{draft['id']}/files").json["files"]) == 1, "nothing is lost"
    again = look(drawer, draft, file)
    assert again["change"]["renamed"][0]["from"] == ["河西网格", CODES[0]]
    assert taken(drawer, draft, file, datum="wgs84", seen=again["seen"]).status_code == 201


def test_a_file_waits_for_its_sender_alone_through_errors_and_sign_outs(
    drawer, streets, draft, sign_in
) -> None:
    file = kept(drawer, draft, b"no layer at all", "草图.gpkg")
    refused = drawer.post(f"/api/change-sets/{draft['id']}/files/{file['id']}/look", json={})
    assert (refused.status_code, refused.json["code"]) == (422, "file_damaged")
    assert "草图.gpkg" in refused.json["title"]
    drawer.post("/logout")
    again = sign_in("boundary")
    again.environ_base["HTTP_X_CSRFTOKEN"] = form_token(again)
    listed = again.get(f"/api/change-sets/{draft['id']}/files").json["files"]
    assert [one["name"] for one in listed] == ["草图.gpkg"]

    with transaction(Scope.everything()) as session:
        county = streets.town.county
        create_account(session, login="other", name="o", role_code="boundary", area=county, password=PASSWORD)
    other = streets.app.test_client()
    sign_in_with(other, "other", PASSWORD)
    other.environ_base["HTTP_X_CSRFTOKEN"] = form_token(other)
    assert other.get(f"/api/change-sets/{draft['id']}/files").json["files"] == []
    address = f"/api/change-sets/{draft['id']}/files/{file['id']}"
    for way in ("look", "take", "discard"):
        assert other.post(f"{address}/{way}", json={"seen": 0}).json["code"] == "upload_gone"
    # The database itself does not show it, whatever a view forgets.
    with transaction(Scope((county.path,)), actor_id=streets.accounts["approver"]) as session:
        assert session.scalars(select(UploadedFile)).all() == []
    assert again.post(f"{address}/discard", json={}).status_code == 200
    assert again.get(f"/api/change-sets/{draft['id']}/files").json["files"] == []


def test_files_expire_and_one_person_keeps_few(drawer, world, draft) -> None:
    for number in range(MOST_WAITING + 2):
        kept(drawer, draft, b"x", f"{number}.gpkg")
    listed = drawer.get(f"/api/change-sets/{draft['id']}/files").json["files"]
    assert [one["name"] for one in listed] == [f"{n}.gpkg" for n in range(MOST_WAITING + 1, 1, -1)]
    with transaction(Scope.everything()) as session:
        session.execute(update(UploadedFile).values(expires_at=UploadedFile.at - timedelta(seconds=1)))
    assert drawer.get(f"/api/change-sets/{draft['id']}/files").json["files"] == []
    tidy()
    with transaction(Scope.everything()) as session:
        assert session.scalars(select(UploadedFile.id)).all() == []


def test_the_parts_of_a_shapefile_can_be_sent_together(drawer, streets, draft, tmp_path) -> None:
    office_file(tmp_path)
    parts = [(BytesIO(part.read_bytes()), part.name) for part in sorted(tmp_path.glob("网格.*"))]
    sent = drawer.post(f"/api/change-sets/{draft['id']}/files", data={"file": parts})
    assert (sent.status_code, sent.json["name"]) == (201, "网格.zip")
    assert look(drawer, draft, sent.json)["change"]["counts"]["same"] == 2
    alone = kept(drawer, draft, (tmp_path / "网格.shp").read_bytes(), "网格.shp")
    refused = drawer.post(f"/api/change-sets/{draft['id']}/files/{alone['id']}/look", json={})
    assert (refused.json["code"], refused.json["fields"]["part"]) == ("shape_part_missing", ".shx")


@pytest.mark.parametrize(
    "choices",
    [{"encoding": "rot13"}, {"crs": "/etc/passwd"}, {"datum": "mars"}, {"shift": ["a"]}, {"fields": []},
     {"layer": 7}, {"shift": [1e400]}],
    ids=str,
)  # fmt: skip
def test_choices_that_mean_nothing_are_refused(drawer, world, draft, choices) -> None:
    file = kept(drawer, draft, geojson([WEST], name=["a"], code=["1"]), "a.geojson")
    answer = drawer.post(f"/api/change-sets/{draft['id']}/files/{file['id']}/look", json=choices)
    assert answer.status_code in {400, 422}
    if answer.status_code == 422:
        assert answer.json["code"] == "parameter_unusable"


def test_readers_of_other_rooms_send_no_files(sign_in, drawer, draft) -> None:
    for role in ("captain", "approver", "leader"):
        client = sign_in(role)
        client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
        sent = client.post(f"/api/change-sets/{draft['id']}/files", data={"file": (BytesIO(b"x"), "a.gpkg")})
        assert sent.status_code == 403


def test_a_community_without_grids_takes_its_first_from_a_file(drawer, streets, tmp_path) -> None:
    overview = drawer.get("/api/boundaries/overview").json["communities"]
    north = next(one["id"] for one in overview if one["name"] == "北社区")
    draft = drawer.post("/api/change-sets", json={"community_id": north}).json
    whole = box(119, 30.01, 119.02, 30.02)
    columns: dict[str, list[object]] = {"name": ["北一网格", "西网格"], "code": ["990001001002001", CODES[0]]}
    file = kept(drawer, draft, shapefile(tmp_path, [whole, WEST], columns))
    seen = look(drawer, draft, file, datum="wgs84")
    assert (seen["change"]["counts"]["new"], seen["change"]["outside"]) == (1, 1)
    assert taken(drawer, draft, file, datum="wgs84", seen=seen["seen"]).status_code == 201
    (grid,) = drawer.get(f"/api/change-sets/{draft['id']}").json["grids"]
    assert (grid["name"], grid["code"]) == ("北一网格", "990001001002001")


@pytest.mark.parametrize("crs", ["EPSG:5737", "EPSG:4979", "EPSG:4978"])
def test_an_export_into_a_system_of_heights_says_what_is_wanted(drawer, draft, crs) -> None:
    answer = drawer.get(f"/api/change-sets/{draft['id']}/export?crs={crs}")
    assert (answer.status_code, answer.json["code"]) == (422, "crs_kind_wrong")
    assert "EPSG:4549" in answer.json["detail"]


def test_moved_ground_and_corners_are_counted_apart(drawer, world, draft) -> None:
    whole = drawer.get(f"/api/change-sets/{draft['id']}").json
    versions = {str(grid["key"]): grid["version"] for grid in whole["grids"]}
    split = {
        "kind": "split",
        "grid": 1,
        "lines": [[[118.99, 30.004], [119.02, 30.004]]],
        "versions": versions,
    }
    done = drawer.post(f"/api/change-sets/{draft['id']}/edits", json=split).json
    marks = {grid["key"]: (grid["changed"], grid["cornered"]) for grid in done["grids"]}
    assert marks == {1: (True, False), 2: (False, True), 3: (True, False)}
    (listed,) = drawer.get("/api/change-sets").json["change_sets"]
    assert (listed["changed"], listed["cornered"]) == (2, 1)
    drawer.post(f"/api/change-sets/{draft['id']}/undo")
    (listed,) = drawer.get("/api/change-sets").json["change_sets"]
    assert (listed["changed"], listed["cornered"]) == (0, 0)


def test_the_words_for_grid_columns_are_known() -> None:
    assert {"网格编码", "网格编"} <= set(SYNONYMS["code"])
    assert {"网格名称", "网格名"} <= set(SYNONYMS["name"])


def test_a_file_with_the_longest_of_names_is_looked_at(drawer, streets, draft) -> None:
    content = geojson([WEST, EAST], name=NAMES, code=CODES)
    file = kept(drawer, draft, content, "\U0001f600" * 60 + "." + "\U0001f600" * 12)
    assert look(drawer, draft, file)["count"] == 2
