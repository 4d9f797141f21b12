"""``gridpatrol import districts`` on real PostGIS: what comes in, what is refused, nothing half there."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from shapely import box
from sqlalchemy import Connection, Engine, text

from core.db import Scope, transaction
from core.settings import PROJECT_DIR
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.shapes.crs import shape_to_metric
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town
from webapp.cli.imports import imports

# ::
#
#     119.00      119.008        119.02
#     30.02 ┌────────┬──────────────┐
#           │   a    │      b       │   two districts, parted where no grid is: grids meet at 119.01
#     30.00 └────────┴──────────────┘
A, B = box(119, 30, 119.008, 30.02), box(119.008, 30, 119.02, 30.02)
ROWS = [("XQ01", "西巡区", "", A), ("XQ02", "东巡区", "", B)]

type Row = tuple[str, str, str, shapely.Geometry | None]


@pytest.fixture
def town(database: Database) -> SmallTown:
    return build_small_town()


@pytest.fixture
def county(database: Database) -> int:
    """A county without any area below it."""
    with transaction(Scope.everything()) as session:
        ground = box(119, 30, 119.02, 30.02)
        return create_area(session, NewArea("county", "990001", "试验县", ground), None).id


def districts_file(folder: Path, rows: Sequence[Row] = ROWS, **more: str) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"巡区编码": code, "巡区名称": name, "巡防队伍": force, **more},
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
        }
        for code, name, force, shape in rows
    ]
    path = folder / "districts.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8"
    )
    return path


def run(path: Path, *options: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(imports, ["districts", str(path), *options], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result.output


def run_json(path: Path, *options: str, exit_code: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(path, *options, "--json", exit_code=exit_code))
    return answer


def stored() -> list[tuple[Any, ...]]:
    """Return (code, name, force, level of the owner, whether it has ended) of all districts, oldest first."""
    with transaction(Scope.everything()) as session:
        rows = session.execute(
            text(
                "SELECT d.code, d.name, f.name, a.level, d.valid_to IS NOT NULL FROM patrol_district AS d "
                "JOIN area AS a ON a.id = d.area_id LEFT JOIN force AS f ON f.id = d.force_id ORDER BY d.id"
            )
        )
        return [tuple(row) for row in rows]


def test_districts_belong_to_the_smallest_area_that_holds_them(town: SmallTown, tmp_path: Path) -> None:
    south = box(119, 30, 119.02, 30.004)
    with transaction(Scope.everything()) as session:
        # A strip of the county that belongs to no town.
        county = session.get_one(Area, town.county.id)
        create_area(session, NewArea("town", "990001009", "小镇", box(119, 30, 119.01, 30.02)), county)

    report = run_json(
        districts_file(tmp_path, [("1", "南", "", south), ("2", "北", "", box(119, 30.008, 119.02, 30.02))])
    )

    assert report["loaded"] == {"patrol_district": 2}
    assert stored() == [("1", "南", None, "community", False), ("2", "北", None, "town", False)]


def test_districts_that_came_before_their_areas_are_given_to_them_by_the_import_of_areas(
    county: int, tmp_path: Path
) -> None:
    run(districts_file(tmp_path))
    assert {row[3] for row in stored()} == {"county"}
    feature = {
        "type": "Feature",
        "properties": {"代码": "990001009", "名称": "小镇", "级别": "town"},
        "geometry": shapely.geometry.mapping(A),
    }
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")

    told = CliRunner().invoke(imports, ["areas", str(path), "--json"], catch_exceptions=False)

    assert {"code": "rows_reowned", "fields": {"patrol_district": 1}} in json.loads(told.output)["notices"]
    assert [(row[0], row[3]) for row in stored()] == [("XQ01", "town"), ("XQ02", "county")]


def test_districts_that_lie_in_a_new_area_are_given_to_it_when_read_again(
    county: int, tmp_path: Path
) -> None:
    path = districts_file(tmp_path)
    run(path)
    with transaction(Scope.everything()) as session:
        create_area(session, NewArea("town", "990001009", "小镇", A), session.get_one(Area, county))

    report = run_json(path)

    assert (report["loaded"], report["unchanged"]) == ({"patrol_district": 0}, {"patrol_district": 2})
    assert {"code": "rows_reowned", "fields": {"patrol_district": 1}} in report["notices"]
    assert [(row[0], row[3]) for row in stored()] == [("XQ01", "town"), ("XQ02", "county")]
    assert "rows_reowned" not in {notice["code"] for notice in run_json(path)["notices"]}


def test_columns_of_districts_come_before_those_of_another_thing(town: SmallTown, tmp_path: Path) -> None:
    path = districts_file(tmp_path, ROWS[:1], 网格编码="990001001001001", 名称="某网格", 另码="7", 另名="七")
    run(path)
    assert [row[:2] for row in stored()] == [("XQ01", "西巡区")]

    run(path, "--column", "code=另码", "--column", "name=另名", exit_code=2)
    renamed = districts_file(tmp_path, [("", "", "", B)], 另码="7", 另名="七")
    run(renamed, "--column", "code=另码", "--column", "name=另名")
    assert [row[:2] for row in stored()] == [("XQ01", "西巡区"), ("7", "七")]


def test_a_second_time_nothing_changes(town: SmallTown, tmp_path: Path) -> None:
    path = districts_file(tmp_path)
    assert run_json(path)["loaded"] == {"patrol_district": 2}
    before = stored()

    again = run_json(path)

    assert (again["loaded"].get("patrol_district", 0), again["unchanged"]) == (0, {"patrol_district": 2})
    assert stored() == before


def test_what_is_here_with_other_values_stays_unless_it_is_to_be_replaced(
    town: SmallTown, tmp_path: Path
) -> None:
    run(districts_file(tmp_path))
    newer = districts_file(
        tmp_path,
        [
            ("XQ01", "西巡区", "", box(119, 30, 119.005, 30.02)),
            ("XQ02", "东巡区", "", box(119.005, 30, 119.02, 30.02)),
        ],
    )

    assert run_json(newer)["kept"] == {"patrol_district": 2}
    kept = run(newer)
    assert kept.count("--replace") == 2
    assert "its room" not in kept
    assert len(stored()) == 2
    told = run(newer, "--replace")

    assert "XQ01, XQ02" in told
    assert [(code, ended) for code, *_, ended in stored()] == [
        ("XQ01", True), ("XQ02", True), ("XQ01", False), ("XQ02", False),
    ]  # fmt: skip
    assert run_json(newer, "--replace")["unchanged"] == {"patrol_district": 2}


@pytest.mark.parametrize(
    ("kind", "name", "encoding"),
    [("GPKG", "districts.gpkg", None), ("ESRI Shapefile", "districts.shp", "GB18030")],
    ids=["GeoPackage", "Shapefile"],
)
def test_an_office_file_in_metres_comes_back_to_lon_lat(
    town: SmallTown, tmp_path: Path, kind: str, name: str, encoding: str | None
) -> None:
    shapes = np.array(
        [shape_to_metric(shapely.segmentize(row[3], 0.0005), 32650) for row in ROWS], dtype=object
    )
    options = {"encoding": encoding} if encoding else {}
    pyogrio.raw.write(
        tmp_path / name, shapely.to_wkb(shapes),
        [np.array([row[place] for row in ROWS], dtype=object) for place in (0, 1)],
        ["巡区编码"[:3], "巡区名称"[:3]], geometry_type="Polygon", crs="EPSG:32650", driver=kind, **options,
    )  # fmt: skip
    (tmp_path / "districts.cpg").unlink(missing_ok=True)

    assert run_json(tmp_path / name)["loaded"] == {"patrol_district": 2}
    assert [row[:2] for row in stored()] == [("XQ01", "西巡区"), ("XQ02", "东巡区")]


@pytest.mark.parametrize(
    ("second", "code", "words"),
    [
        (("XQ02", "东巡区", "", box(119.007, 30, 119.02, 30.02)), "districts_overlap", ("重叠", "overlaps")),
        (("XQ02", "东巡区", "", box(119.008, 30, 119.03, 30.02)), "district_outside", ("越出", "leaves")),
    ],
    ids=["two overlap", "one leaves the county"],
)
def test_districts_that_do_not_fit_are_refused_and_nothing_is_loaded(
    town: SmallTown, tmp_path: Path, second: Row, code: str, words: tuple[str, str]
) -> None:
    path = districts_file(tmp_path, [ROWS[0], second])

    refused = run_json(path, exit_code=2)
    told = run(path, exit_code=2)

    (flaw,) = refused["error"]["fields"]["flaws"]
    assert (refused["error"]["code"], flaw["code"]) == ("districts_do_not_fit", code)
    assert all(word in told for word in words)
    assert stored() == []


def test_a_district_that_overlaps_one_already_here_is_refused(town: SmallTown, tmp_path: Path) -> None:
    run(districts_file(tmp_path, ROWS[:1]))

    told = run(
        districts_file(tmp_path, [("XQ09", "中巡区", "", box(119.007, 30, 119.01, 30.02))]), exit_code=2
    )

    assert "中巡区" in told
    assert "西巡区" in told
    assert len(stored()) == 1


def test_borders_that_differ_by_rounding_do_not_overlap(town: SmallTown, tmp_path: Path) -> None:
    report = run_json(
        districts_file(tmp_path, [ROWS[0], ("XQ02", "东巡区", "", box(119.0079999, 30, 119.02, 30.02))])
    )
    assert report["loaded"] == {"patrol_district": 2}


def test_bad_features_are_handed_back_with_a_reason_in_both_languages(
    town: SmallTown, tmp_path: Path
) -> None:
    bow = shapely.Polygon([(119.01, 30), (119.02, 30.01), (119.02, 30), (119.01, 30.01)])
    path = districts_file(
        tmp_path,
        [
            ROWS[0],
            ("XQ01", "同码", "", B),
            ("", "", "", B),
            ("XQ03", "无面", "", None),
            ("XQ04", "线", "", shapely.LineString([(119.01, 30), (119.02, 30)])),
            ("XQ05", "结", "", bow),
        ],
    )
    out = tmp_path / "refused.csv"

    told = run(path, "--refused", str(out))

    for words in (
        "代码 XQ01 重复",
        "stands twice",
        "neither code nor name",
        "no geometry",
        "XQ04 不是面",
        "XQ05 的边界有误",
    ):
        assert words in told
    assert [row[0] for row in stored()] == ["XQ01"]
    assert out.read_text("utf-8-sig").count("XQ0") >= 4


def test_a_file_without_one_usable_district_says_why_in_words(town: SmallTown, tmp_path: Path) -> None:
    bow = shapely.Polygon([(119.01, 30), (119.02, 30.01), (119.02, 30), (119.01, 30.01)])
    path = districts_file(
        tmp_path, [("XQ05", "结", "", bow), ("XQ06", "长" * 201, "", B), ("XQ" + "0" * 200, "", "", B)]
    )

    told = run(path, exit_code=2)

    assert "1 × XQ05 的边界有误" in told
    assert "the boundary of XQ05 is invalid: Self-intersection" in told
    assert "2 × 名称或代码过长：201 个字符，最多 200 个" in told
    assert stored() == []


def test_a_force_that_is_not_here_is_refused_by_name_or_made_when_told_its_kind(
    town: SmallTown, tmp_path: Path
) -> None:
    path = districts_file(tmp_path, [("XQ01", "西巡区", "西片巡防队", A), ROWS[1]])
    told = run(path)
    assert "西片巡防队" in told
    assert "is not here" in told
    assert [row[:3] for row in stored()] == [("XQ02", "东巡区", None)]

    assert run_json(path, "--force-kind", "full_time")["loaded"] == {"force": 1, "patrol_district": 1}
    assert [row[:3] for row in stored()][1] == ("XQ01", "西巡区", "西片巡防队")
    assert run_json(path)["unchanged"] == {"patrol_district": 2}
    assert "full_time" in run(path, "--force-kind", "knights", exit_code=2)


def test_columns_about_persons_refuse_the_file(town: SmallTown, tmp_path: Path) -> None:
    path = districts_file(tmp_path, 民族="汉")
    assert run_json(path, exit_code=2)["error"]["code"] == "column_forbidden"
    assert stored() == []
    report = run_json(path, "--drop-forbidden")
    assert report["loaded"] == {"patrol_district": 2}
    assert {"code": "columns_dropped", "fields": {"columns": ["民族"]}} in report["notices"]
    named = run_json(path, "--drop-forbidden", "--column", "name=民族", exit_code=2)
    assert named["error"]["code"] == "column_not_found"


def test_rows_handed_back_hold_no_attribute_of_persons(town: SmallTown, tmp_path: Path) -> None:
    unknown = ("XQ01", "西巡区", "无此队", A)
    path = districts_file(tmp_path, [unknown, ROWS[1], ("XQ03", "无面", "", None)], 民族="汉", 备注="留")
    out = tmp_path / "refused.csv"

    run(path, "--drop-forbidden", "--refused", str(out))

    back = out.read_text("utf-8-sig")
    assert back.count("留") == 2
    assert "民族" not in back
    assert "汉" not in back


def test_a_file_without_a_code_or_a_name_is_refused(town: SmallTown, tmp_path: Path) -> None:
    path = tmp_path / "plain.geojson"
    feature = {"type": "Feature", "properties": {"x1": 1}, "geometry": shapely.geometry.mapping(A)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")

    assert run_json(path, exit_code=2)["error"]["code"] == "columns_missing"
    assert run_json(path, "--column", "code=x1")["loaded"] == {"patrol_district": 1}


def test_heights_are_left_out_and_that_is_said(town: SmallTown, tmp_path: Path) -> None:
    path = districts_file(tmp_path, [(*row[:3], shapely.force_3d(row[3], 12.0)) for row in ROWS])

    assert {"code": "heights_dropped", "fields": {"count": 2}} in run_json(path)["notices"]
    assert "带高程" in run(path)
    assert len(stored()) == 2


@pytest.mark.parametrize("share", [0.02, 0.5], ids=["its head only", "half of it"])
def test_a_file_cut_off_is_refused_in_one_sentence(town: SmallTown, tmp_path: Path, share: float) -> None:
    path = tmp_path / "districts.gpkg"
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([A, B])), [np.array(["1", "2"], dtype=object)], ["code"],
        geometry_type="Polygon", crs="EPSG:4326", driver="GPKG",
    )  # fmt: skip
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    told = run(path, exit_code=2)

    assert told.count("\n") == 2
    assert "数据中断" in told
    assert stored() == []


def test_a_file_in_the_zone_of_another_place_says_to_check_the_system(
    town: SmallTown, tmp_path: Path
) -> None:
    # Metres of one zone, named as those of a zone to the east: the file lies where no county is.
    path = tmp_path / "districts.gpkg"
    metric = np.array([shape_to_metric(row[3], 32650) for row in ROWS], dtype=object)
    pyogrio.raw.write(
        path, shapely.to_wkb(metric), [np.array(["1", "2"], dtype=object)], ["code"],
        geometry_type="Polygon", crs="EPSG:32652", driver="GPKG",
    )  # fmt: skip

    told = run(path, "--county", "990001", exit_code=2)

    assert "请核对文件和坐标系" in told
    assert stored() == []


def test_an_import_killed_before_it_ended_leaves_nothing(
    town: SmallTown, owner_engine: Engine, tmp_path: Path
) -> None:
    # Whoever holds the audit trail keeps the import waiting after it has written its forces and districts.
    path = districts_file(tmp_path, [("XQ01", "西巡区", "新队", A), ROWS[1]])
    command = [sys.executable, "-c", "from webapp.cli.imports import imports\nimports()"]
    with owner_engine.connect() as holder, owner_engine.connect() as watcher:
        holder.execute(text("LOCK TABLE audit_event IN EXCLUSIVE MODE"))
        with subprocess.Popen(
            [*command, "districts", str(path), "--force-kind", "full_time"], cwd=PROJECT_DIR
        ) as child:
            until(lambda: waiting_for_audit(watcher) > 0)
            child.kill()
        holder.rollback()
        until(lambda: waiting_for_audit(watcher) == 0)

    assert stored() == []
    with transaction(Scope.everything()) as session:
        assert session.scalar(text("SELECT count(*) FROM force")) == 0
    assert run_json(path, "--force-kind", "full_time")["loaded"] == {"force": 1, "patrol_district": 2}


def waiting_for_audit(watcher: Connection) -> int:
    """Return how many wait for the audit trail."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit_event'::regclass"
    found: int = watcher.execute(text(waiting)).scalar_one()
    watcher.rollback()
    return found


def until(reached: Callable[[], bool]) -> None:
    """Ask until `reached` says yes."""
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end, "in a minute it has not come to it"
        time.sleep(0.05)
