"""Areas and districts in GCJ-02 or BD-09: told by the streets, converted when a person says so, and once.

Real streets of Lujiazui (OpenStreetMap); the districts are blocks between them.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from core.db import Scope, transaction
from core.intake.vector import Layer
from core.outlet.vector import Format
from geo.areas.outlet import write_layer
from geo.shapes.datum import Datum, from_wgs84
from webapp.cli.imports import imports

WEB_MAPS = [(form, datum) for form in (Format.GEOJSON, Format.KML) for datum in (Datum.GCJ02, Datum.BD09)]


@cache
def blocks(roads: Path) -> list[shapely.Polygon]:
    """Return the twelve largest blocks between the streets, which do not overlap."""
    features = json.loads(roads.read_text("utf-8"))["features"]
    lines = [shapely.geometry.shape(one["geometry"]) for one in features if one["geometry"]]
    lines = [line for line in lines if "LineString" in line.geom_type]
    found = shapely.get_parts(shapely.polygonize(list(shapely.get_parts(shapely.union_all(lines)))))
    return sorted(found, key=lambda one: -one.area)[:12]


@pytest.fixture
def roads(database, shared_data: Path) -> Path:
    path = shared_data / "osm_shanghai_lujiazui" / "roads.geojson"
    run("roads", path, "--new-county", "陆家嘴")
    return path


def run(*arguments: object, exit_code: int = 0) -> str:
    result = CliRunner().invoke(imports, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result.output


def web_map_file(folder: Path, shapes: list[shapely.Polygon], datum: Datum, form: Format) -> Path:
    """Return a file in a shifted datum that does not say so, as programs of web maps write it."""
    codes = np.array([f"XQ{number:02}" for number in range(len(shapes))], object)
    moved = shapely.transform(np.array(shapes, object), lambda xy: from_wgs84(xy, datum))
    layer = Layer("districts", np.asarray(moved, object), ("code",), [codes], "EPSG:4326", "utf-8")
    return write_layer(folder / "districts.x", layer, form=form).path


def stored() -> list[shapely.Geometry]:
    with transaction(Scope.everything()) as session:
        rows = session.scalars(text("SELECT ST_AsBinary(geom) FROM patrol_district ORDER BY code"))
        return [shapely.from_wkb(bytes(wkb)) for wkb in rows]


def audited() -> dict:
    statement = "SELECT fields FROM audit_event WHERE action = 'district.import'"
    with transaction(Scope.everything()) as session:
        return session.scalars(text(statement)).one()


@pytest.mark.shared
@pytest.mark.parametrize(("form", "datum"), WEB_MAPS, ids=str)
def test_a_file_of_a_web_map_waits_for_a_word_and_is_converted_once(roads, tmp_path, form, datum) -> None:
    path = web_map_file(tmp_path, blocks(roads), datum, form)

    said = run("districts", path, exit_code=2)

    assert f"--datum {datum}" in said
    assert "落在道路上" in said
    assert "of the boundaries" in said
    assert stored() == []
    report = json.loads(run("districts", path, "--datum", datum, "--json"))
    assert (report["origin"]["datum"], report["origin"]["converted"]) == (datum, True)
    assert {"code": "datum_converted", "fields": {"datum": datum}} in report["notices"]
    for came, went in zip(stored(), blocks(roads), strict=True):
        assert shapely.hausdorff_distance(came, went) <= 3e-7
    assert (audited()["datum"], audited()["sha256"]) == (datum, report["origin"]["sha256"])
    again = json.loads(run("districts", path, "--datum", datum, "--json"))
    assert again["unchanged"]["patrol_district"] == len(blocks(roads))


@pytest.mark.shared
@pytest.mark.parametrize("form", [Format.GEOJSON, Format.KMZ])
def test_a_file_in_wgs84_is_loaded_without_a_question(roads, tmp_path, form) -> None:
    path = web_map_file(tmp_path, blocks(roads), Datum.WGS84, form)
    report = json.loads(run("districts", path, "--json"))
    assert (report["origin"]["datum"], report["origin"]["converted"]) == ("wgs84", False)
    assert [one["code"] for one in report["notices"]] == []


@pytest.mark.shared
def test_where_streets_are_too_few_it_is_loaded_as_it_says_and_told(roads, tmp_path) -> None:
    one = [min(blocks(roads), key=lambda block: block.length)]
    path = web_map_file(
        tmp_path, [shapely.box(*one[0].centroid.buffer(0.001).bounds)], Datum.GCJ02, Format.KML
    )

    said = run("districts", path)

    assert "不足以判断" in said
    assert "do not tell" in said
    assert shapely.hausdorff_distance(stored()[0], one[0]) > 0.003, "five hundred metres off"
    assert audited()["datum"] == "wgs84"


@pytest.mark.shared
def test_where_streets_are_too_few_a_person_may_say_the_datum(roads, tmp_path) -> None:
    one = min(blocks(roads), key=lambda block: block.length)
    path = web_map_file(tmp_path, [one], Datum.GCJ02, Format.KML)

    run("districts", path, "--datum", "gcj02")

    assert shapely.hausdorff_distance(stored()[0], one) <= 3e-7


@pytest.mark.shared
def test_a_marked_file_is_converted_when_its_datum_is_named(roads, tmp_path) -> None:
    codes = np.array([f"XQ{number:02}" for number in range(12)], object)
    layer = Layer("districts", np.array(blocks(roads), object), ("code",), [codes], "EPSG:4326", "utf-8")
    path = write_layer(tmp_path / "a", layer, form=Format.GEOJSON, datum=Datum.BD09).path
    assert "--datum bd09" in run("districts", path, exit_code=2)
    report = json.loads(run("districts", path, "--datum", "bd09", "--json"))
    assert report["origin"]["datum_why"] == "marked"


@pytest.mark.shared
def test_areas_are_asked_about_as_districts_are(roads, tmp_path) -> None:
    shapes = blocks(roads)
    county = shapely.box(*shapely.total_bounds(shapes))
    records = [("310115", "浦东新区", "county", county)]
    records += [(f"3101150{n:02}", f"第{n}街道", "town", shape) for n, shape in enumerate(shapes)]
    features = [
        {
            "type": "Feature",
            "properties": {"代码": code, "名称": name, "级别": level},
            "geometry": shapely.geometry.mapping(
                shapely.transform(shape, lambda xy: from_wgs84(xy, Datum.GCJ02))
            ),
        }
        for code, name, level, shape in records
    ]
    path = tmp_path / "areas.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    assert "--datum gcj02" in run("areas", path, exit_code=2)
    report = json.loads(run("areas", path, "--datum", "gcj02", "--json"))
    assert report["origin"]["datum"] == "gcj02"
    assert report["loaded"]["area"] == 12
