"""An exported draft on its way back: grids known again by their keys where these are the change set's own."""

import io
import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from shapely import Polygon, box

from tests.webapp.sent_files import (
    CODES,
    EAST,
    NAMES,
    WEST,
    geojson,
    grids_of,
    grounds,
    kept,
    look,
    opened,
    taken,
)


def as_qgis_writes(content: bytes, folder: Path, form: str, change: dict[int, Polygon]) -> bytes:
    """Return an exported draft as QGIS saves it: multipolygons, rings begun elsewhere, columns shuffled."""
    went = folder / f"went.{form}"
    went.write_bytes(content)
    source = f"/vsizip/{went}" if form == "zip" else went
    meta, _, wkb, values = pyogrio.raw.read(source, encoding="GBK" if form == "zip" else None)
    cells = dict(zip([str(name) for name in meta["fields"]], values, strict=True))
    shapes = [
        change.get(int(key), one) for key, one in zip(cells["gp_key"], shapely.from_wkb(wkb), strict=True)
    ]
    turned = [
        shapely.MultiPolygon([begun_elsewhere(part) for part in shapely.get_parts(one)]) for one in shapes
    ]
    order = ["name", "gp_version", "gp_set", "code", "gp_key"]
    columns = {"fid_1": np.arange(1, len(turned) + 1), **{name: cells[name] for name in order}}
    back = folder / ("back.shp" if form == "zip" else f"back.{form}")
    more = {"encoding": "GBK"} if form == "zip" else {}
    driver = {"zip": "ESRI Shapefile", "gpkg": "GPKG"}[form]
    pyogrio.raw.write(
        back, shapely.to_wkb(np.array(turned, object)), list(columns.values()), list(columns), driver=driver,
        geometry_type="MultiPolygon" if form == "gpkg" else "Polygon", crs=meta["crs"], **more,
    )  # fmt: skip
    if form == "gpkg":
        return back.read_bytes()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for part in sorted(folder.glob("back.*")):
            archive.write(part, part.name)
    return whole.getvalue()


def begun_elsewhere(part: Polygon) -> Polygon:
    ring = list(part.exterior.coords)[:-1]
    return Polygon([*ring[2:], *ring[:2]][::-1])


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4549"])
@pytest.mark.parametrize("form", ["gpkg", "zip"])
def test_a_draft_edited_in_qgis_comes_back_with_the_touched_grids_only(
    drawer, streets, draft, tmp_path, form, crs
) -> None:
    split = {"kind": "split", "grid": 1, "lines": [[[118.99, 30.004], [119.02, 30.004]]]}
    whole = drawer.get(f"/api/change-sets/{draft['id']}").json
    versions = {str(grid["key"]): grid["version"] for grid in whole["grids"]}
    drawer.post(f"/api/change-sets/{draft['id']}/edits", json={**split, "versions": versions})
    before = grounds(drawer, draft)
    sent = drawer.get(f"/api/change-sets/{draft['id']}/export?format={form}&encoding=gbk&crs={crs}")
    assert sent.status_code == 200

    # The street between the two western grids is drawn 20 m farther north, through the same ends.
    bend = (119.005, 30.0042)
    lower, upper = sorted((1, 3), key=lambda key: before[key].centroid.y)
    change = {
        lower: box(119, 30, 119.01, 30.004).union(Polygon([(119, 30.004), bend, (119.01, 30.004)])),
        upper: box(119, 30.004, 119.01, 30.01) - Polygon([(119, 30.004), bend, (119.01, 30.004)]),
    }
    metric = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    stored = {
        key: shapely.transform(one, lambda xy: np.column_stack(metric.transform(xy[:, 0], xy[:, 1])))
        for key, one in change.items()
    }
    file = kept(drawer, draft, as_qgis_writes(sent.data, tmp_path, form, stored), f"改.{form}")
    seen = look(drawer, draft, file, datum="wgs84")
    assert seen["fields"] == {"key": "gp_key", "code": "code", "name": "name"}
    assert {one["key"] for one in seen["change"]["grids"]} == {lower, upper}
    assert seen["change"]["counts"] == {
        "same": 1, "corner": 0, "moved": 2, "new": 0, "ended": 0, "renamed": 0,
    }  # fmt: skip
    assert taken(drawer, draft, file, datum="wgs84", seen=seen["seen"]).status_code == 201

    after = grounds(drawer, draft)
    assert shapely.to_wkb(after[2]) == shapely.to_wkb(before[2]), "to the last digit"
    for key, wanted in change.items():
        assert shapely.hausdorff_distance(after[key], wanted) <= 2e-7
    assert shapely.coverage_is_valid(list(after.values()))
    found = drawer.get(f"/api/change-sets/{draft['id']}/findings").json["findings"]
    assert [one for one in found if one["severity"] == "refuse"] == []


@pytest.mark.parametrize("form", ["gpkg", "zip", "geojson", "kml", "kmz", "dxf"])
def test_keys_of_another_change_set_are_not_believed(drawer, streets, draft, form) -> None:
    """A gives its western grid to a new one; in B the keys of those pieces name other grids, or none."""
    halves = {"kind": "split", "grid": 1, "lines": [[[118.99, 30.004], [119.02, 30.004]]]}
    versions = {str(one["key"]): one["version"] for one in grids_of(drawer, draft)}
    drawer.post(f"/api/change-sets/{draft['id']}/edits", json={**halves, "versions": versions})
    # In B key 3 is the northern half of the EASTERN grid.
    other = opened(drawer, streets)
    across = {"kind": "split", "grid": 2, "lines": [[[119, 30.006], [119.03, 30.006]]]}
    drawer.post(f"/api/change-sets/{other['id']}/edits", json={**across, "versions": versions})
    codes = {one["key"]: one["code"] for one in grids_of(drawer, other)}
    recoded = {"kind": "rename", "grid": 3, "code": "990001001001099", "name": "东网格北"}
    assert drawer.post(f"/api/change-sets/{other['id']}/edits", json=recoded).status_code == 201, codes
    before = grounds(drawer, other)

    crs = "EPSG:4549" if form == "dxf" else "EPSG:4326"
    sent = drawer.get(f"/api/change-sets/{draft['id']}/export?format={form}&crs={crs}")
    file = kept(drawer, other, sent.data, f"甲.{form}")
    wish = {"datum": "wgs84", **({"crs": crs} if form == "dxf" else {})}
    seen = look(drawer, other, file, **wish)

    assert seen["fields"]["key"] == ""
    assert any(f"变更集 {draft['id']}" in one and "编码" in one for one in seen["notices"]), seen["notices"]
    by_key = {one["key"]: one for one in seen["change"]["grids"]}
    assert 3 not in by_key, "the grid of key 3 in B is another one"
    assert [one["name"] for one in seen["change"]["ended"]] == ["东网格北"]
    assert taken(drawer, other, file, **wish, seen=seen["seen"]).status_code == 201
    after = grounds(drawer, other)
    assert before[3].area > 0
    assert 3 not in after
    assert shapely.hausdorff_distance(after[2], EAST) <= 2e-7


def test_the_one_step_import_matches_a_file_of_another_set_by_code_and_says_so(
    drawer, streets, draft
) -> None:
    other = opened(drawer, streets)
    content = json.loads(drawer.get(f"/api/change-sets/{draft['id']}/export?format=geojson").data)
    # Somebody swapped the keys: B must go by the codes, which are right.
    for one in content["features"]:
        one["properties"]["gp_key"] = 3 - one["properties"]["gp_key"]
        one["properties"]["gp_version"] = 99
    content["features"][0]["properties"]["name"] = "河西网格"
    sent = {"file": (BytesIO(json.dumps(content).encode()), "甲.geojson"), "datum": "wgs84"}
    answer = drawer.post(f"/api/change-sets/{other['id']}/import", data=sent)
    assert answer.status_code == 201, answer.text
    assert len(answer.json["notices"]) == 1
    assert f"变更集 {draft['id']}" in answer.json["notices"][0]
    assert grounds(drawer, other)[1].equals(WEST)
    assert [one["name"] for one in grids_of(drawer, other)] == ["河西网格", "东网格"]


def test_records_of_another_set_within_a_file_of_this_one_go_by_their_codes(drawer, streets, draft) -> None:
    other = opened(drawer, streets)
    own = json.loads(drawer.get(f"/api/change-sets/{draft['id']}/export?format=geojson").data)
    foreign = json.loads(drawer.get(f"/api/change-sets/{other['id']}/export?format=geojson").data)
    own["features"][1] = foreign["features"][1]
    own["features"][1]["properties"]["gp_key"] = 1
    file = kept(drawer, draft, json.dumps(own).encode(), "a.geojson")
    seen = look(drawer, draft, file, datum="wgs84")
    assert (seen["fields"]["key"], seen["change"]["counts"]["same"]) == ("gp_key", 2)
    assert f"变更集 {other['id']}" in seen["notices"][0]


def test_keys_that_name_no_change_set_are_used_only_when_somebody_says_so(drawer, streets, draft) -> None:
    content = geojson([WEST, EAST], gp_key=[2, 1], code=CODES, name=NAMES)
    file = kept(drawer, draft, content, "old.geojson")
    seen = look(drawer, draft, file, datum="wgs84")
    assert (seen["fields"]["key"], seen["change"]["counts"]["same"]) == ("", 2)
    assert "gp_set" in seen["notices"][0]
    seen = look(drawer, draft, file, datum="wgs84", fields={**seen["fields"], "key": "gp_key"})
    assert (seen["fields"]["key"], seen["change"]["counts"]["moved"], seen["notices"]) == ("gp_key", 2, [])


def test_an_exclave_drawn_in_cad_stays_one_grid(drawer, streets, draft) -> None:
    yard = box(119.004, 30.004, 119.005, 30.006)
    content = geojson([WEST - yard, shapely.union_all([EAST, yard])], code=CODES, name=NAMES)
    file = kept(drawer, draft, content, "exclave.geojson")
    seen = look(drawer, draft, file, datum="wgs84")
    assert taken(drawer, draft, file, datum="wgs84", seen=seen["seen"]).status_code == 201
    assert grounds(drawer, draft)[2].geom_type == "MultiPolygon"

    sent = drawer.get(f"/api/change-sets/{draft['id']}/export?format=dxf&crs=EPSG:4549")
    file = kept(drawer, draft, sent.data, "grids.dxf")
    seen = look(drawer, draft, file, crs="EPSG:4549", datum="wgs84")
    assert seen["change"]["counts"] == {
        "same": 2, "corner": 0, "moved": 0, "new": 0, "ended": 0, "renamed": 0,
    }  # fmt: skip
