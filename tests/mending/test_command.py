"""``gridpatrol areas check`` and ``repair`` as a stranger runs them: no settings, no server, any file."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from click.testing import CliRunner

from geo.shapes.mending import find_flaws
from tests.mending.drawn import block, ground
from webapp.cli.areas import areas
from webapp.demo.town import make_town

ROOT = Path(__file__).resolve().parents[2]
#: An overlap of one step between 甲 and 乙, and 丙 in order.
BROKEN = [
    ("A", "甲", block(0, 0, 101, 100)),
    ("B", "乙", block(100, 0, 200, 100)),
    ("C", "丙", block(0, 100, 0 + 200, 200)),
]
SOUND = [("A", "甲", block(0, 0, 100, 100)), ("B", "乙", block(100, 0, 200, 100))]
TWO_GB = 2_000_000  # ulimit -v counts kilobytes


def run(*arguments):
    """Run the command in a shell of its own that has no setting of GridPatrol and 2 GB of address space."""
    command = [sys.executable, "-c", "from webapp.cli import main; main()", "areas", *map(str, arguments)]
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        ["sh", "-c", f'ulimit -v {TWO_GB}; exec "$@"', "sh", *command],
        cwd=ROOT,
        env={**bare, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run_here(*arguments):
    return CliRunner().invoke(areas, [str(each) for each in arguments], catch_exceptions=False)


def collection(records, **extra):
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name, "人口": 10},
            "geometry": shapely.geometry.mapping(shape),
        }
        for code, name, shape in records
    ]
    return {"type": "FeatureCollection", "features": features, **extra}


def drawn(folder, records=BROKEN, name="grids.geojson", **extra):
    path = folder / name
    path.write_text(json.dumps(collection(records, **extra), ensure_ascii=False), "utf-8")
    return path


def shapefile(folder, drop=()):
    path = folder / "grids.shp"
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([each[2] for each in SOUND], object)), [np.array(["甲", "乙"], object)],
        ["name"], driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:4326", encoding="UTF-8",
    )  # fmt: skip
    for ending in drop:
        path.with_suffix(ending).unlink()
    return path


def geopackage(folder):
    assert run_here("repair", drawn(folder, SOUND), folder / "sound.gpkg").exit_code == 0
    return folder / "sound.gpkg"


def cut(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def sparse(folder, name):
    path = folder / name
    with path.open("wb") as handle:
        handle.truncate(500_000_000)
    return path


def zipped(folder):
    path = folder / "letters.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "hello")
    return path


def moved(shape, change):
    return shapely.transform(shape, change)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&b;</name></Document></kml>"""
SYSTEM_4547 = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}}

REFUSED = {
    "a name of no file": (lambda folder: folder / "none.gpkg", "file_missing"),
    "a folder": (lambda folder: folder, "file_is_folder"),
    "unreadable": (lambda _: Path("/proc/self/mem"), "file_unreadable"),
    "a device": (lambda _: Path("/dev/zero"), "file_unreadable"),
    "a name too long": (lambda folder: folder / ("x" * 300), "file_unreadable"),
    "no byte": (lambda folder: written(folder, "no.geojson", b""), "file_empty"),
    "500 MB GeoPackage": (lambda folder: sparse(folder, "huge.gpkg"), "file_too_large"),
    "500 MB GeoJSON": (lambda folder: sparse(folder, "huge.geojson"), "file_too_large"),
    "500 MB Shapefile": (lambda folder: sparse(folder, "huge.shp"), "file_too_large"),
    "a hundred million brackets": (
        lambda folder: written(folder, "deep.geojson", b"[" * 100_000_000), "too_many_vertices",
    ),
    "GeoJSON cut off": (lambda folder: cut(drawn(folder)), "file_damaged"),
    "GeoPackage cut off": (lambda folder: cut(geopackage(folder)), "file_truncated"),
    "Shapefile cut off": (lambda folder: cut(shapefile(folder)), "file_truncated"),
    "Shapefile without .shx": (lambda folder: shapefile(folder, [".shx"]), "shape_part_missing"),
    "Shapefile without .dbf": (lambda folder: shapefile(folder, [".dbf"]), "shape_part_missing"),
    "a text called .gpkg": (lambda folder: written(folder, "text.gpkg", b"hello"), "file_type_wrong"),
    "a text called .geojson": (lambda folder: written(folder, "text.geojson", b"hello"), "file_damaged"),
    "a picture": (lambda folder: written(folder, "p.geojson", b"\x89PNG\r\n\x1a\n"), "file_type_wrong"),
    "a zip without layer": (zipped, "archive_choice"),
    "a zip cut off": (lambda folder: cut(zipped(folder)), "file_damaged"),
    "KML with a bomb": (lambda folder: written(folder, "bomb.kml", BOMB), "xml_entities"),
    "no feature": (lambda folder: drawn(folder, []), "layer_empty"),
    "points only": (lambda folder: drawn(folder, [("P", "点", shapely.Point(119, 30))]), "no_polygons"),
    "metres without system": (
        lambda folder: drawn(folder, [("A", "甲", moved(block(0, 0, 9, 9), lambda xy: xy * 1e4))]),
        "crs_contradicted",
    ),
    "latitude first": (
        lambda folder: drawn(folder, [("A", "甲", moved(block(0, 0, 9, 9), lambda xy: xy[:, ::-1]))]),
        "crs_contradicted",
    ),
    "degrees in a system of metres": (lambda folder: drawn(folder, **SYSTEM_4547), "crs_contradicted"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_gets_one_sentence_and_exit_code_2(case, tmp_path):
    make, code = REFUSED[case]
    path = make(tmp_path)
    told = run_here("check", path)
    assert (told.exit_code, told.stdout) == (2, "")
    chinese, english = told.stderr.strip().splitlines()
    assert chinese.endswith("。")
    assert english.endswith(".")
    assert "{" not in told.stderr
    report = json.loads(run_here("check", path, "--json").stdout)
    assert report["error"]["code"] == code


@pytest.mark.parametrize(
    "case",
    ["unreadable", "500 MB GeoJSON", "a hundred million brackets", "GeoPackage cut off", "KML with a bomb",
     "Shapefile without .dbf", "degrees in a system of metres"],
)  # fmt: skip
def test_a_refusal_needs_no_settings_and_no_more_than_2_gb(case, tmp_path):
    done = run("check", REFUSED[case][0](tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


def test_check_lists_findings_without_settings_or_server(tmp_path):
    done = run("check", drawn(tmp_path), "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert (report["file"], report["grids"], report["valid"]) == ("grids.geojson", 3, False)
    assert report["counts"]["sliver"] == 1
    (found,) = [each for each in report["findings"] if each["kind"] == "sliver"]
    assert (found["of"], found["grids"]) == ("overlap", ["甲", "乙"])
    assert found["size_m2"] == pytest.approx(0.965 * 110.85, rel=0.01)
    assert found["width_m"] == pytest.approx(0.965, rel=0.02)
    assert shapely.geometry.shape(found["place"]).contains(shapely.Point(found["at"]))


def test_repair_and_check_again_without_settings_or_server(tmp_path):
    source = drawn(tmp_path)
    before = source.read_bytes()
    done = run("repair", source, tmp_path / "mended.gpkg", "--json")
    assert done.returncode == 0, done.stderr
    account = json.loads(done.stdout)
    assert account["valid"]
    assert {move["rule"] for move in account["moves"]} == {"longest_border", "matched"}
    assert account["largest_shift_m"] == pytest.approx(0.965, rel=0.02)
    assert source.read_bytes() == before
    again = run("check", tmp_path / "mended.gpkg", "--json")
    assert (again.returncode, json.loads(again.stdout)["findings"]) == (0, [])


def test_what_stands_in_the_terminal_names_place_size_and_grids(tmp_path):
    told = run_here("check", drawn(tmp_path)).stdout
    assert "甲 + 乙" in told
    assert "119.00100" in told
    assert "重叠 / overlap" in told


@pytest.mark.parametrize("name", ["out.gpkg", "out.geojson", "out.shp"])
def test_attributes_and_sound_polygons_come_back_as_they_were(name, tmp_path):
    out = tmp_path / name
    assert run_here("repair", drawn(tmp_path, SOUND), out).exit_code == 0
    meta, _, wkb, values = pyogrio.raw.read(out)
    cells = dict(zip(meta["fields"].tolist(), values, strict=True))
    assert cells["name"].tolist() == ["甲", "乙"]
    assert cells["code"].tolist() == ["A", "B"]
    assert cells["人口"].tolist() == [10, 10]
    assert meta["crs"] == "EPSG:4326"
    kept = shapely.normalize(shapely.from_wkb(wkb))
    assert shapely.equals_exact(kept, shapely.normalize([each[2] for each in SOUND])).all()


def test_nothing_is_replaced_without_being_told_to(tmp_path):
    source, out = drawn(tmp_path), tmp_path / "out.geojson"
    out.write_text("precious")
    assert run_here("repair", source, out).exit_code == 2
    assert out.read_text() == "precious"
    assert run_here("repair", source, source, "--force").exit_code == 2
    assert run_here("repair", source, out, "--force").exit_code == 0
    assert run_here("check", out).exit_code == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["grids.geojson", "out.geojson"]


@pytest.mark.parametrize("name", ["out.txt", "none/out.gpkg", "out"])
def test_a_place_that_cannot_be_written_is_refused(name, tmp_path):
    told = run_here("repair", drawn(tmp_path), tmp_path / name)
    assert told.exit_code == 2
    assert len(told.stderr.strip().splitlines()) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["grids.geojson"]


def test_a_self_crossing_polygon_is_found_and_mended(tmp_path):
    bow = ground((0, 0), (100, 100), (100, 0), (0, 100))
    source = drawn(tmp_path, [("A", "甲", bow), ("B", "乙", block(100, 0, 200, 100))])
    report = json.loads(run_here("check", source, "--json").stdout)
    assert [each["grids"] for each in report["findings"] if each["kind"] == "self_crossing"] == [["甲"]]
    assert run_here("repair", source, tmp_path / "out.gpkg").exit_code == 0


def test_heights_are_left_out_and_said(tmp_path):
    high = [(code, name, shapely.force_3d(shape, 5.0)) for code, name, shape in SOUND]
    told = run_here("check", drawn(tmp_path, high))
    assert told.exit_code == 0
    assert "高程" in told.stdout


def test_a_file_without_names_numbers_its_polygons(tmp_path):
    path = tmp_path / "bare.geojson"
    shapes = [{"type": "Feature", "properties": {}, "geometry": each[2].__geo_interface__} for each in BROKEN]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": shapes}))
    report = json.loads(run_here("check", path, "--json").stdout)
    assert ["#1", "#2"] in [each["grids"] for each in report["findings"]]


def test_the_parent_is_a_file_too(tmp_path):
    whole = drawn(tmp_path, [("P", "社区", block(0, 0, 200, 110))], "parent.geojson")
    source = drawn(tmp_path, SOUND)
    report = json.loads(run_here("check", source, "--parent", whole, "--json").stdout)
    assert [each["kind"] for each in report["findings"]] == ["gap"]
    out = tmp_path / "out.gpkg"
    assert run_here("repair", source, out, "--parent", whole).exit_code == 0
    assert run_here("check", out, "--parent", whole).exit_code == 0


def test_the_demo_town_is_a_valid_partition_and_one_moved_vertex_is_found(tmp_path):
    tree = make_town(7, 600, datetime(2026, 11, 1, tzinfo=UTC)).areas
    records = [
        (str(code), str(name), shape)
        for code, name, shape in zip(tree.code, tree.name, tree.shapes, strict=True)
    ]
    told = json.loads(run_here("check", drawn(tmp_path, records, "town.geojson"), "--json").stdout)
    assert [each for each in told["findings"] if each["wrong"]] == []
    for parent in np.unique(tree.parent[tree.level == "grid"]):
        family = tree.shapes[(tree.parent == parent) & (tree.level == "grid")]
        assert [each for each in find_flaws(family, tree.shapes[parent]) if each.wrong] == []
    row = int(tree.rows("grid")[3])
    records[row] = (*records[row][:2], moved(records[row][2], nudged))
    bent = drawn(tmp_path, records, "bent.geojson")
    found = json.loads(run_here("check", bent, "--json").stdout)["findings"]
    assert [each["grids"] for each in found if each["wrong"]]
    assert all(records[row][1] in each["grids"] for each in found if each["wrong"])
    assert run_here("repair", bent, tmp_path / "bent.gpkg").exit_code == 0


def nudged(points):
    changed = points.copy()
    same = (points == points[1]).all(axis=1)
    changed[same] += [1.5e-5, 1e-5]
    return changed
