"""``gridpatrol import`` from end to end on real PostGIS, as the application's role."""

import csv
import json

import numpy as np
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from core.db import Scope, transaction
from webapp.cli.imports import imports

GRIDS = """
  +-----------+-----------+   town 001, community 001001 holds both grids;
  |  grid 1   |  grid 2   |   119.20 .. 119.22 x 30.10 .. 30.11
  +-----------+-----------+
"""
COUNTY, TOWN, COMMUNITY = "330199", "330199001", "330199001001"
WEST, EAST = shapely.box(119.20, 30.10, 119.21, 30.11), shapely.box(119.21, 30.10, 119.22, 30.11)
WHOLE = shapely.box(119.20, 30.10, 119.22, 30.11)
TREE = [
    (COUNTY, "青溪县", "county", WHOLE),
    (TOWN, "青溪镇", "town", WHOLE),
    (COMMUNITY, "桥东社区", "community", WHOLE),
    (COMMUNITY + "001", "第一网格", "grid", WEST),
    (COMMUNITY + "002", "第二网格", "grid", EAST),
]

pytestmark = pytest.mark.usefixtures("database")


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(imports, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    return result.output


def run_json(*arguments):
    return json.loads(run(*arguments, "--json"))


def rows(sql, **binds):
    with transaction(Scope.everything()) as session:
        return [tuple(row) for row in session.execute(text(sql), binds)]


def areas_file(tmp_path, records=TREE, name="areas.geojson"):
    features = [
        {
            "type": "Feature",
            "properties": {"代码": code, "名称": title, "级别": level},
            "geometry": shapely.geometry.mapping(shape),
        }
        for code, title, level, shape in records
    ]
    path = tmp_path / name
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8"
    )
    return path


def table(tmp_path, header, *body, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    with path.open("w", encoding=encoding, newline="") as handle:
        csv.writer(handle).writerows([header, *body])
    return path


def households(tmp_path, *body, **options):
    header = ("地址", "楼栋", "单元", "室", "经度", "纬度", "户主", "电话", "人数", "房屋性质")
    return table(tmp_path, header, *body, **options)


HOUSES = (
    ("桥东街1号", "1", "1", "101", "119.205", "30.105", "王小明", "19900001111", "3", "自住"),
    ("桥东街1号", "1", "1", "102", "119.205", "30.105", "李丽", "19900002222", "2", "出租"),
    ("桥东街3号", "", "", "", "119.215", "30.105", "", "", "", "空置"),
)


def test_an_area_tree_is_stored_with_parents_found_by_code(tmp_path):
    report = run_json("areas", areas_file(tmp_path))
    assert report["loaded"] == {"area": 5}
    assert rows(
        "SELECT level, nlevel(path), b.kind "
        "FROM area JOIN area_boundary b ON b.area_id = area.id ORDER BY code"
    ) == [
        ("county", 1, "published"),
        ("town", 2, "published"),
        ("community", 3, "published"),
        ("grid", 4, "published"),
        ("grid", 4, "published"),
    ]
    again = run_json("areas", areas_file(tmp_path))
    assert again["loaded"] == {} or sum(again["loaded"].values()) == 0
    assert again["unchanged"] == {"area": 5}


@pytest.mark.parametrize(
    "driver", [("GPKG", "areas.gpkg"), ("ESRI Shapefile", "areas.shp")], ids=lambda d: d[0]
)
def test_a_projected_file_comes_back_to_lon_lat(tmp_path, driver):
    kind, name = driver
    from geo.shapes.crs import shape_to_metric

    shapes = np.array([shape_to_metric(shapely.segmentize(r[3], 0.0005), 32650) for r in TREE], dtype=object)
    encoding = {"encoding": "GB18030"} if kind == "ESRI Shapefile" else {}
    path = tmp_path / name
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), [np.array([r[i] for r in TREE], dtype=object) for i in range(3)],
        ["code", "name", "level"], geometry_type="Polygon", crs="EPSG:32650", driver=kind, **encoding,
    )  # fmt: skip
    # Chinese shapefiles come without .cpg as a rule.
    (tmp_path / "areas.cpg").unlink(missing_ok=True)
    assert run_json("areas", path)["loaded"] == {"area": 5}
    west, name = rows(
        "SELECT ST_XMin(b.geom), a.name "
        "FROM area a JOIN area_boundary b ON b.area_id = a.id WHERE a.level = 'town'"
    )[0]
    assert west == pytest.approx(119.20, abs=1e-6)
    assert name == "青溪镇"


def test_overlapping_grids_are_refused_with_the_place_and_nothing_is_loaded(tmp_path):
    wide = [*TREE[:4], (COMMUNITY + "002", "第二网格", "grid", shapely.box(119.209, 30.10, 119.22, 30.11))]
    said = run("areas", areas_file(tmp_path, wide), exit_code=2)
    assert "第一网格" in said
    assert "119.2095, 30.105" in said
    assert rows("SELECT count(*) FROM area") == [(0,)]


def test_a_grid_outside_its_community_is_refused(tmp_path):
    far = [*TREE[:4], (COMMUNITY + "002", "第二网格", "grid", shapely.box(119.21, 30.10, 119.23, 30.11))]
    assert "越出上级" in run("areas", areas_file(tmp_path, far), exit_code=2)


def test_a_grid_overlapping_one_already_here_is_refused(tmp_path):
    run("areas", areas_file(tmp_path, TREE[:4]))
    late = [(COMMUNITY + "009", "新网格", "grid", shapely.box(119.205, 30.10, 119.215, 30.11))]
    assert "第一网格" in run("areas", areas_file(tmp_path, late), exit_code=2)
    fitting = [(COMMUNITY + "002", "第二网格", "grid", EAST)]
    assert run_json("areas", areas_file(tmp_path, fitting))["loaded"] == {"area": 1}


def test_households_are_stored_masked_and_a_second_time_changes_nothing(tmp_path):
    run("areas", areas_file(tmp_path))
    path = households(tmp_path, *HOUSES, encoding="gb18030")
    report = run_json("households", path)
    assert report["loaded"] == {"dwelling": 3, "household": 2}
    assert rows(
        "SELECT head_masked, phone_masked, occupant_count FROM household ORDER BY occupant_count DESC"
    ) == [
        ("王**", "199****1111", 3),
        ("李*", "199****2222", 2),
    ]
    assert rows("SELECT a.code, d.tenure FROM dwelling d JOIN area a ON a.id = d.area_id ORDER BY d.id") == [
        (COMMUNITY + "001", "owner"),
        (COMMUNITY + "001", "rented"),
        (COMMUNITY + "002", "vacant"),
    ]
    again = run_json("households", path)
    assert sum(again["loaded"].values()) == 0
    assert again["unchanged"] == {"dwelling": 3, "household": 2}


def test_contacts_stay_closed_to_whoever_has_not_opened_them(tmp_path):
    run("areas", areas_file(tmp_path))
    said = run("households", households(tmp_path, *HOUSES))
    assert "王小明" not in said
    assert "19900001111" not in said
    assert rows("SELECT count(*) FROM household_contact") == [(0,)]
    with transaction(Scope.everything()) as session:
        session.execute(text("SELECT set_config('gridpatrol.contacts', 'import', true)"))
        found = session.execute(text("SELECT head_name, phone FROM household_contact ORDER BY 1")).all()
    assert [tuple(row) for row in found] == [("李丽", "19900002222"), ("王小明", "19900001111")]


def test_a_changed_row_is_told_and_what_is_stored_stays(tmp_path):
    run("areas", areas_file(tmp_path))
    run("households", households(tmp_path, *HOUSES))
    changed = [list(row) for row in HOUSES]
    changed[0][8] = "5"
    report = run_json("households", households(tmp_path, *changed))
    assert report["kept"]["household"] == 1
    assert rows("SELECT max(occupant_count) FROM household") == [(3,)]
    said = run("households", households(tmp_path, *changed))
    assert "left as they are 1" in said
    assert "docs/imports.md" in said, "and where to read how such a row is changed"
    assert "docs/imports.md" not in run("households", households(tmp_path, *HOUSES))


def test_bad_rows_are_handed_back_and_good_ones_loaded(tmp_path):
    run("areas", areas_file(tmp_path))
    path = households(
        tmp_path,
        *HOUSES,
        ("", "", "", "", "119.205", "30.105", "张三", "", "1", ""),
        ("桥东街5号", "", "", "", "30.105", "119.205", "", "", "1", ""),
        ("桥东街6号", "", "", "", "", "", "", "", "1", ""),
        ("桥东街7号", "", "", "", "119.205", "30.105", "", "abc", "1", ""),
        ("桥东街8号", "", "", "", "119.205", "30.105", "", "", "many", ""),
        ("桥东街9号", "", "", "", "121", "31", "", "", "1", ""),
        HOUSES[0],
    )
    out = tmp_path / "refused.csv"
    report = run_json("households", path, "--refused", out)
    assert report["loaded"]["dwelling"] == 3
    assert report["refused"] == {
        "address_missing": 1,
        "coordinate_swapped": 1,
        "coordinate_missing": 1,
        "phone_unreadable": 1,
        "occupants_unreadable": 1,
        "coordinate_outside": 1,
        "row_twice": 1,
    }
    with out.open(encoding="utf-8-sig", newline="") as handle:
        back = list(csv.DictReader(handle))
    assert len(back) == 7
    assert {row["地址"] for row in back} >= {"桥东街5号", "桥东街9号"}
    assert all(row["refused_reason"] for row in back)


def test_a_forbidden_column_is_named_and_can_be_left_out(tmp_path):
    run("areas", areas_file(tmp_path))
    path = table(tmp_path, ("地址", "经度", "纬度", "民族"), ("桥东街1号", "119.205", "30.105", "汉"))
    assert "民族" in run("households", path, exit_code=2)
    assert rows("SELECT count(*) FROM dwelling") == [(0,)]
    report = run_json("households", path, "--drop-forbidden")
    assert report["loaded"]["dwelling"] == 1
    assert {"code": "columns_dropped", "fields": {"columns": ["民族"]}} in report["notices"]


def test_areas_handed_back_hold_no_attribute_of_persons(tmp_path):
    path, out = areas_file(tmp_path), tmp_path / "refused.csv"
    content = json.loads(path.read_text("utf-8"))
    for feature in content["features"]:
        feature["properties"] |= {"民族": "汉", "备注": "留"}
    content["features"].append({**content["features"][-1], "geometry": None})
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    assert "民族" in run("areas", path, exit_code=2)

    report = run_json("areas", path, "--drop-forbidden", "--refused", out)

    assert report["loaded"] == {"area": 5}
    assert {"code": "columns_dropped", "fields": {"columns": ["民族"]}} in report["notices"]
    back = out.read_text("utf-8-sig")
    assert "留" in back
    assert "民族" not in back
    assert "汉" not in back


def incidents(tmp_path, *body):
    return table(tmp_path, ("发生时间", "类别", "经度", "纬度", "来源"), *body, name="jq.csv")


def test_incidents_go_to_the_smallest_area_and_know_our_types(tmp_path):
    run("areas", areas_file(tmp_path))
    path = incidents(
        tmp_path,
        ("2025/3/5 14:22", "入室盗窃", "119.205", "30.105", "110"),
        ("2025/3/5 14:22", "入室盗窃", "119.205", "30.105", "110"),
        ("2025-03-06T08:00", "偷盗三轮车", "119.215", "30.105", "巡逻"),
        ("2025-03-06T08:00", "集体上访", "119.215", "30.105", ""),
        ("2199-03-06T08:00", "噪声扰民", "119.215", "30.105", ""),
    )
    report = run_json("incidents", path)
    assert report["loaded"] == {"incident": 3, "incident_type": 1}
    assert report["refused"] == {"incident_type_never": 1, "time_impossible": 1}
    found = rows(
        "SELECT i.type_code, i.source, a.code, i.occurred_at AT TIME ZONE 'Asia/Shanghai' "
        "FROM incident i JOIN area a ON a.id = i.area_id ORDER BY i.id"
    )
    assert [row[:3] for row in found] == [
        ("burglary", "hotline", COMMUNITY + "001"),
        ("burglary", "hotline", COMMUNITY + "001"),
        ("偷盗三轮车", "patrol", COMMUNITY + "002"),
    ]
    assert str(found[0][3]) == "2025-03-05 14:22:00"
    again = run_json("incidents", path)
    assert sum(again["loaded"].values()) == 0
    assert again["unchanged"] == {"incident": 3}


def test_without_a_county_the_boundary_is_provisional_and_said_so(tmp_path):
    said = run("incidents", incidents(tmp_path, ("2025/3/5 14:22", "扒窃", "119.205", "30.105", "")))
    assert "provisional" in said
    assert "临时边界" in said
    assert rows("SELECT name, level FROM area") == [("jq", "county")]
    assert rows("SELECT kind FROM area_boundary") == [("provisional",)]


def test_true_areas_adopt_the_provisional_county_and_its_rows(tmp_path):
    run("incidents", incidents(tmp_path, ("2025/3/5 14:22", "扒窃", "119.205", "30.105", "")))
    run("households", households(tmp_path, *HOUSES))
    run("cameras", table(tmp_path, ("经度", "纬度"), ("119.215", "30.105"), name="cam.csv"))
    report = run_json("areas", areas_file(tmp_path))
    codes = [notice["code"] for notice in report["notices"]]
    assert codes == ["datum_untold", "county_adopted", "rows_reowned"]
    assert rows("SELECT code, name FROM area WHERE level = 'county'") == [(COUNTY, "青溪县")]
    assert rows("SELECT kind, count(*) FROM area_boundary GROUP BY 1") == [("published", 5)]
    for name in ("incident", "dwelling", "household", "camera"):
        assert rows(f"SELECT DISTINCT a.level FROM {name} t JOIN area a ON a.id = t.area_id") == [
            ("grid",)
        ], name
    with transaction(Scope.everything()) as session:
        session.execute(text("SELECT set_config('gridpatrol.contacts', 'import', true)"))
        astray = session.execute(
            text(
                "SELECT count(*) FROM household_contact c JOIN household h ON h.id = c.household_id "
                "WHERE c.area_id <> h.area_id"
            )
        ).scalar()
    assert astray == 0
    counted = rows(
        "SELECT area_id, sum(dwelling_count) FROM dwelling_cell WHERE zoom = 20 "
        "GROUP BY 1 HAVING sum(dwelling_count) <> 0"
    )
    assert sorted(count for _, count in counted) == [1, 2]


def test_cameras_are_checked_and_their_streams_never_read(tmp_path):
    run("areas", areas_file(tmp_path))
    path = table(
        tmp_path,
        ("设备编码", "名称", "经度", "纬度", "朝向", "视场角", "可视距离", "状态", "RTSP"),
        ("33019900001320000001", "东门", "119.205", "30.105", "东南", "60", "50", "在线", "rtsp://x"),
        ("33019900001110000001", "录像机", "119.205", "30.105", "", "", "", "", ""),
        ("33019900001320000002", "西门", "119.215", "30.105", "around", "", "", "", ""),
        ("", "南门", "119.215", "30.105", "-90", "", "", "故障", ""),
    )
    report = run_json("cameras", path)
    assert report["loaded"] == {"camera": 2}
    assert report["refused"] == {"camera_code_wrong": 1, "bearing_unreadable": 1}
    assert "access_columns_ignored" in [notice["code"] for notice in report["notices"]]
    assert rows("SELECT name, bearing_deg, view_angle_deg, status FROM camera ORDER BY id") == [
        ("东门", 135.0, 60.0, "working"),
        ("南门", 270.0, None, "faulty"),
    ]


def test_one_error_while_storing_leaves_nothing_behind(tmp_path, monkeypatch):
    import geo.roads.intake

    path = tmp_path / "t.geojson"
    line = shapely.geometry.mapping(shapely.LineString([(119.2, 30.1), (119.21, 30.1)]))
    features = [{"type": "Feature", "properties": {"highway": "primary"}, "geometry": line}]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")

    def out_of_disk(*_arguments, **_options):
        raise OSError("no space left on device")

    monkeypatch.setattr(geo.roads.intake, "load_places", out_of_disk)
    result = CliRunner().invoke(imports, ["roads", str(path)])
    assert isinstance(result.exception, OSError)
    assert rows("SELECT count(*) FROM road_section") == [(0,)]
    assert rows("SELECT count(*) FROM area") == [(0,)]


def test_exchanged_columns_are_recognised_as_such(tmp_path):
    run("areas", areas_file(tmp_path))
    path = table(tmp_path, ("lat", "lon", "time", "type"), ("119.205", "30.105", "2025-01-01T10:00", "扒窃"))
    assert "颠倒" in run("incidents", path, exit_code=2)
    assert run_json("incidents", path, "--lon", "lat", "--lat", "lon")["loaded"]["incident"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["roads", "no-such.osm.pbf"], "no-such.osm.pbf"),
        (["households", "no-such.csv"], "no-such.csv"),
        (["incidents", "no-such.csv", "--tz", "Mars/Olympus"], "Mars/Olympus"),
        (["incidents", "no-such.csv", "--column", "nothing=x"], "--column"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_each_language(arguments, said):
    output = run(*arguments, exit_code=2)
    assert said in output
    assert len(output.strip().splitlines()) == 2


def test_every_code_the_importers_raise_has_words():
    import re
    from pathlib import Path

    from webapp.cli.areas_words import ERRORS as AREA_ERRORS
    from webapp.cli.import_words import NOTICES, REASONS, SKIPPED

    project = Path(__file__).resolve().parents[2]
    files = [*project.glob("core/intake/*.py"), *project.glob("geo/*/intake.py"),
             *project.glob("geo/roads/*.py"),
             project / "geo/areas/county.py", project / "geo/areas/placing.py", project / "cameras/intake.py",
             project / "incidents/intake.py", project / "patrols/districts/intake.py"]  # fmt: skip
    source = "\n".join(path.read_text("utf-8") for path in files)
    wanted = {
        "errors": (re.findall(r'InvalidInput\(\s*"(\w+)"', source), AREA_ERRORS),
        "reasons": (
            re.findall(
                r'(?:refusal\(index|Refusal\(line|Refusal\([\w.+\s]+|_RefusedError\()[,\s]*"(\w+)"', source
            ),
            REASONS,
        ),
        "notices": (re.findall(r'notice\(\s*"(\w+)"', source), NOTICES),
        "skipped": (re.findall(r'skipped\["(\w+)"\]', source), SKIPPED),
    }
    for kind, (codes, words) in wanted.items():
        assert len(set(codes)) > 3, kind
        assert set(codes) - {"road_speeds_unusable"} - set(words) == set(), kind
