"""Gauss-Krueger zones: the registry's runs, guessing what a file leaves out, and the old datums."""

import json

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.intake.preview import preview_layer
from core.intake.reference import _RUNS, datum_marked, guess_crs, known_crs, old_datum
from core.intake.vector import Reading, read_layer

COUNTY = (119.17, 30.08, 119.23, 30.12)
SHAPE = shapely.box(119.2, 30.1, 119.21, 30.11)


@pytest.mark.parametrize("datum", list(_RUNS))
def test_the_runs_of_zones_are_those_of_the_registry(datum):
    for epsg, number, meridian, width, count in _RUNS[datum]:
        for step in range(count):
            crs = pyproj.CRS.from_epsg(epsg + step)
            given_values = {each.name: each.value for each in crs.coordinate_operation.params}
            assert crs.name.startswith(datum)
            assert ("3-degree" in crs.name) == (width == 3)
            assert given_values["Longitude of natural origin"] == meridian + width * step
            wanted = 500_000 + (1_000_000 * (number + step) if number else 0)
            assert given_values["False easting"] == wanted


def metres(epsg, shape=SHAPE):
    change = pyproj.Transformer.from_crs(4490, epsg, always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))


@given(st.floats(74.5, 134.5), st.floats(18.5, 53), st.sampled_from(["3", "3n", "6", "6n"]))
def test_the_right_zone_is_the_first_guess_near_the_county(lon, lat, kind):
    number = int((lon + 1.5) // 3) if kind[0] == "3" else int(lon // 6) + 1
    first = {"3": 4534 - 25, "3n": 4513 - 25, "6": 4502 - 13, "6n": 4491 - 13}[kind]
    epsg = first + number
    bounds = metres(epsg, shapely.box(lon, lat, lon + 0.02, lat + 0.02)).bounds
    guesses = guess_crs(bounds, (lon, lat, lon + 0.02, lat + 0.02))
    best = guesses[0]
    assert best.is_exact
    # A 3 and a 6 degree zone of one meridian are the same numbers; either name is right.
    again = metres(best.epsg, shapely.box(lon, lat, lon + 0.02, lat + 0.02)).bounds
    assert again == pytest.approx(bounds, abs=1e-3)
    assert best.centre == pytest.approx((lon + 0.01, lat + 0.01), abs=1e-3)


def test_guesses_say_why_and_old_datums_come_last():
    numbered = guess_crs(metres(4528).bounds)
    assert [(each.epsg, each.why) for each in numbered if each.is_exact] == [(4528, "zone_number")]
    assert [each.is_exact for each in numbered] == sorted((each.is_exact for each in numbered), reverse=True)
    assert guess_crs(metres(4549).bounds, COUNTY)[0].epsg == 4549
    assert {each.why for each in guess_crs(metres(4549).bounds)} == {"range", "utm"}
    assert guess_crs(SHAPE.bounds)[0].why == "degrees"
    assert guess_crs(metres(3857).bounds, COUNTY)[0].epsg == 3857
    assert guess_crs((np.nan, 0, 1, 1)) == []
    assert guess_crs((5e8, 5e8, 6e8, 6e8)) == []


def test_a_northing_written_first_is_told():
    west, south, east, north = metres(4549).bounds
    best = guess_crs((south, west, north, east), COUNTY)[0]
    assert (best.epsg, best.is_northing_first) == (4549, True)


def written(tmp_path, shape, crs, name="a.geojson"):
    path = tmp_path / name
    if name.endswith("geojson"):
        feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)}
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        return path
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([shape], object)), [np.array(["x"], object)], ["name"],
        driver="GPKG" if name.endswith("gpkg") else "ESRI Shapefile", geometry_type="Polygon", crs=crs,
    )  # fmt: skip
    return path


def test_metres_without_a_system_are_refused_with_proposals(tmp_path):
    path = written(tmp_path, metres(4549), None, "a.shp")
    with pytest.raises(InvalidInput, match="crs_missing") as refused:
        read_layer(path, how=Reading(near=COUNTY))
    assert refused.value.fields["guesses"][0]["epsg"] == 4549
    assert preview_layer(path, near=COUNTY).guesses[0].epsg == 4549
    read = read_layer(path, crs="EPSG:4549")
    assert shapely.hausdorff_distance(read.geometries[0], SHAPE) < 1.5e-7
    assert [notice.code for notice in read.notices] == ["crs_assumed"]


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg"])
def test_a_system_its_coordinates_contradict_is_not_believed(tmp_path, name):
    path = written(tmp_path, metres(4549), "EPSG:4326", name)
    with pytest.raises(InvalidInput, match="crs_contradicted"):
        read_layer(path)
    assert preview_layer(path, near=COUNTY).crs == ""
    read = read_layer(path, crs="EPSG:4549")
    assert shapely.hausdorff_distance(read.geometries[0], SHAPE) < 1.5e-7


def test_a_wrong_zone_can_be_overruled(tmp_path):
    path = written(tmp_path, metres(4549), "EPSG:4547", "a.gpkg")
    read = read_layer(path, how=Reading(crs_forced="EPSG:4549"))
    assert shapely.hausdorff_distance(read.geometries[0], SHAPE) < 1.5e-7


def test_swapped_axes_are_turned_when_a_person_says_so(tmp_path):
    turned = shapely.transform(metres(4549), lambda xy: xy[:, ::-1])
    path = written(tmp_path, turned, None, "a.shp")
    read = read_layer(path, crs="EPSG:4549", how=Reading(is_northing_first=True))
    assert shapely.hausdorff_distance(read.geometries[0], SHAPE) < 1.5e-7


@pytest.mark.parametrize(("epsg", "datum"), [(2385, "Xian 1980"), (2437, "Beijing 1954")])
def test_the_old_datums_need_parameters(tmp_path, epsg, datum):
    assert old_datum(known_crs(f"EPSG:{epsg}")) == datum
    assert old_datum(known_crs(pyproj.CRS(epsg).to_wkt("WKT1_ESRI"))) == datum
    path = written(tmp_path, metres(4549), f"EPSG:{epsg}", "a.shp")
    with pytest.raises(InvalidInput, match="crs_needs_shift") as refused:
        read_layer(path)
    assert refused.value.fields["datum"] == datum
    assert preview_layer(path).old_datum == datum
    plain = read_layer(path, how=Reading(shift=(0.0, 0.0, 0.0)))
    moved = read_layer(path, how=Reading(shift=(0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0)))
    # Three seconds about the pole turn the point east or west by three seconds of longitude.
    turn = moved.geometries[0].centroid.x - plain.geometries[0].centroid.x
    assert abs(turn) == pytest.approx(3 / 3600, rel=1e-3)
    with pytest.raises(InvalidInput, match="datum_shift_unusable"):
        read_layer(path, how=Reading(shift=(1.0,)))


def test_cgcs2000_is_no_old_datum():
    for name in ("EPSG:4490", "EPSG:4549", pyproj.CRS(4549).to_wkt("WKT1_ESRI"), "EPSG:4326", "EPSG:32650"):
        assert old_datum(known_crs(name)) == ""


def test_a_marked_datum_is_refused_by_who_does_not_convert(tmp_path):
    path = written(tmp_path, SHAPE, None, "grids_GCJ02.geojson")
    with pytest.raises(InvalidInput, match="datum_marked"):
        read_layer(path)
    assert read_layer(path, how=Reading(keeps_datum=True)).datum_marked == "gcj02"
    assert datum_marked("WGS 84 / UTM zone 50N") == ""
